"""The answers that are weighed for a question, and where their passages and spans are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.answers.passage_table import PassageTable, Stretches


@dataclass(frozen=True, slots=True)
class Candidates:
    """Some answers, by rising row, shape (candidates,), and the stretches of each in the two tables of an index."""

    answers: NDArray[np.int64]
    passages: Stretches
    spans: Stretches

    @classmethod
    def of(cls, answers: NDArray[np.int64], *, table: PassageTable, spans: PassageTable) -> "Candidates":
        """Return the candidates *answers*, which rise."""
        return cls(answers, table.stretches(answers), spans.stretches(answers))

    @classmethod
    def every(cls, *, table: PassageTable, spans: PassageTable) -> "Candidates":
        """Return all answers of an index as candidates."""
        return cls.of(np.arange(len(table.later_rows)), table=table, spans=spans)
