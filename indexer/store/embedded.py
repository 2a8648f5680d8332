"""An index in files of this machine, its vectors searched by FAISS: what a small or middling FAQ needs, and all."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from indexer.answers.store import Answers
from indexer.errors import Wording
from indexer.records import Answer, Facet, PassageKind, Vectors
from indexer.search.contents import IndexContents
from indexer.search.coverage import CoverageReader
from indexer.store import Filters, Lookup, QuestionVectors, VectorSums


class EmbeddedStore:
    """The contents of an index as a store; every lookup is into all of them."""

    def __init__(self, contents: IndexContents) -> None:
        self._contents = contents
        self._coverage = CoverageReader(contents)

    @property
    def answers(self) -> Answers:
        return self._contents.answers

    @property
    def facets(self) -> tuple[Facet, ...]:
        return self._contents.facets.facets

    @property
    def unavailable(self) -> str | None:
        """None: what lies on this machine is always there."""
        return None

    def check(self) -> None:
        """Do nothing."""

    def look_up(self, questions: Sequence[str], vectors: Vectors, *, filters: Filters) -> Iterator[Lookup]:
        allowed = self._contents.facets.allowed(filters)
        remaining = iter(questions)
        for comparison in self._contents.comparer.compare(vectors):
            some = tuple(islice(remaining, len(comparison)))
            yield Lookup(some, comparison, self._contents, self._coverage, allowed)

    def known_filters(self, filters: Filters) -> dict[str, list[str]]:
        return self._contents.facets.known(filters)

    def unknown_filter(self, filters: Filters) -> Wording | None:
        return self._contents.facets.unknown(filters)

    def rows_left(self, filters: Filters) -> NDArray[np.int64] | None:
        allowed = self._contents.facets.allowed(filters)
        return None if allowed is None else np.flatnonzero(allowed)

    def count_facets(self, filters: Filters) -> Mapping[str, Mapping[str, int]]:
        rows = self.rows_left(filters)
        return self._contents.facets.count(np.arange(len(self.answers)) if rows is None else rows)

    def answers_with_questions(self) -> Sequence[Answer]:
        table = self._contents.table
        return self.answers.pick(np.flatnonzero(table.later_rows < table.first_rows[1:]))

    def question_vectors(self, *, most: int) -> QuestionVectors:
        table = self._contents.table
        rows = np.flatnonzero(table.are(PassageKind.QUESTION))
        rows = rows[:: max(1, len(rows) // most)]
        return QuestionVectors(self._contents.embeddings.pick(rows), table.answers[rows].astype(np.int64))

    def vector_sums(self, *, most: int) -> VectorSums:
        rows = np.arange(len(self.answers))[:: max(1, -(-len(self.answers) // most))]
        of_answers = self._contents.table.rows_of(rows)
        # Of each answer two groups: its bodies, then its questions.
        sums = of_answers.sums(self._contents.embeddings.pick(of_answers.rows))
        bodies, questions = self._contents.table.lengths[rows].T
        return VectorSums(self.answers.pick(rows), sums[::2], sums[1::2], bodies, questions)

    def answer_vectors(self) -> Vectors:
        first_rows = self._contents.table.first_rows[:-1]
        sums = np.add.reduceat(np.array(self._contents.embeddings.every), first_rows, axis=0)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        return np.asarray(sums / np.maximum(lengths, 1e-12), dtype=np.float32)
