"""The answers of an index in a Milvus: fetched when they are asked for, many in one journey, and not kept."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.answers.store import Answers, decode_answer
from indexer.records import Answer
from indexer.store.milvus import collections
from indexer.store.milvus.client import Milvus
from indexer.store.milvus.collections import ABOUT, ANSWERS, Names

_AT_ONCE = 200
"""Answers of one journey: some hundred kilobytes."""


class MilvusAnswers(Answers):
    """All answers of an index; safe to use from several threads."""

    fetched_together = _AT_ONCE

    def __init__(self, milvus: Milvus, names: Names, *, count: int, renamed: Mapping[str, str]) -> None:
        self._milvus = milvus
        self._name = names.collection(ANSWERS)
        self._about = names.collection(ABOUT)
        self._count = count
        self._renamed = renamed

    def fetch(self, rows: Sequence[int]) -> list[Answer]:
        """Return the answers of *rows* in their order."""
        found = self._milvus.rows_by_number(self._name, rows, ["document", "more", "more_from"])
        later = [
            number for row in found for number in range(int(row["more_from"]), int(row["more_from"]) + int(row["more"]))
        ]
        rest = iter(self._milvus.rows_by_number(self._about, later, ["content"]))
        return [
            decode_answer(
                collections.unpack([row["document"], *(next(rest)["content"] for _ in range(int(row["more"])))])
            )
            for row in found
        ]

    def __len__(self) -> int:
        return self._count

    def row_of(self, answer_id: str) -> int | None:
        found = self._milvus.rows(self._name, f'key == "{collections.key_of_id(answer_id)}"', [])
        return int(found[0]["row"]) if found else None

    @property
    def renamed(self) -> Mapping[str, str]:
        return self._renamed

    def expect(self, rows: Iterable[int]) -> None:
        """Do nothing: nothing is kept."""


class AnswersOfOneLookup(Answers):
    """Some answers, by their place among these; those that are expected are fetched together, and kept as long."""

    def __init__(self, every: MilvusAnswers, rows: NDArray[np.int64]) -> None:
        """rows: rising. For one thread."""
        self._every = every
        self._rows = rows
        self._fetched: dict[int, Answer] = {}

    def expect(self, rows: Iterable[int]) -> None:
        missing = sorted(set(rows) - self._fetched.keys())
        answers = self._every.fetch(self._rows[missing].tolist()) if missing else []
        self._fetched.update(zip(missing, answers, strict=True))

    def __len__(self) -> int:
        return len(self._rows)

    def fetch(self, rows: Sequence[int]) -> list[Answer]:
        """Return the answers of *rows* in their order."""
        self.expect(rows)
        return [self._fetched[row] for row in rows]

    def pick(self, rows: NDArray[np.int64]) -> Sequence[Answer]:
        return self._every.pick(self._rows[rows])

    def row_of(self, answer_id: str) -> int | None:
        row = self._every.row_of(answer_id)
        at = int(self._rows.searchsorted(-1 if row is None else row))
        return at if row is not None and at < len(self) and self._rows[at] == row else None

    @property
    def renamed(self) -> Mapping[str, str]:
        return self._every.renamed
