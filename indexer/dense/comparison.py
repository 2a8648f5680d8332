"""How near questions are to the rows of an index: compared with all of them in one product where they are few.

A small index is compared whole faster than it is decided what to compare; in a large one only what is asked for is.
"""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.answers.passage_table import AnswerRows
from indexer.dense.faiss_index import DenseIndex
from indexer.dense.vector_table import VectorTable
from indexer.records import Vectors

WHOLE_UP_TO = 5_000
"""Vectors of 384 numbers that are compared with one question in a quarter of a millisecond, and copied once."""

TOGETHER = 16
"""Questions whose evidence is gathered at once: most of the time for one goes into calls, not into numbers. With more,
the numbers leave the cache."""


def is_compared_whole(vectors: int) -> bool:
    """Whether questions are compared with every vector of an index that has so many."""
    return vectors <= WHOLE_UP_TO


class Comparison(Protocol):
    """The cosines of some questions with passages, spans and off-topic questions; shapes (rows, questions)."""

    def __len__(self) -> int:
        """The number of questions."""

    def with_passages(self, some: AnswerRows) -> NDArray[np.float32]:
        """Return the cosines with some passages; not to be written to."""

    def with_spans(self, some: AnswerRows) -> NDArray[np.float32]:
        """Return the cosines with some spans; not to be written to."""

    def with_off_topic(self) -> NDArray[np.float32]:
        """Return the cosines with all off-topic questions; not to be written to."""

    def nearest_passages(self, limit: int, /, *, among: NDArray[np.bool_] | None) -> NDArray[np.int64]:
        """Return the rows of the passages nearest to the one question, at most *limit*. among: as in DenseIndex.search.

        Only where not all answers are candidates.
        """


class WholeComparison:
    """A comparison with every row there is, made beforehand."""

    def __init__(self, products: NDArray[np.float32], *, passages: int, spans: int) -> None:
        """products: shape (rows, questions), with so many passages, then so many spans, then off-topic questions."""
        self._products = products
        self._passages = passages
        self._off_topic_from = passages + spans

    def __len__(self) -> int:
        return len(self._products.T)

    def with_passages(self, some: AnswerRows) -> NDArray[np.float32]:
        return some.pick(self._products[: self._passages])

    def with_spans(self, some: AnswerRows) -> NDArray[np.float32]:
        return some.pick(self._products[self._passages : self._off_topic_from])

    def with_off_topic(self) -> NDArray[np.float32]:
        return self._products[self._off_topic_from :]

    def nearest_passages(self, _limit: int, *, among: NDArray[np.bool_] | None) -> NDArray[np.int64]:  # noqa: ARG002  # as of every comparison
        raise ValueError("of a comparison with every row, all answers are candidates")


class _RowComparison:
    """A comparison of one question with the rows that are asked for."""

    def __init__(self, tables: "Comparer", vector: Vectors) -> None:
        """vector: shape (dimension,)."""
        self._tables = tables
        self._vector = vector

    def __len__(self) -> int:
        return 1

    def with_passages(self, some: AnswerRows) -> NDArray[np.float32]:
        return self._tables.passages.cosines(some.rows, self._vector)[:, np.newaxis]

    def with_spans(self, some: AnswerRows) -> NDArray[np.float32]:
        return self._tables.spans.cosines(some.rows, self._vector)[:, np.newaxis]

    def with_off_topic(self) -> NDArray[np.float32]:
        return self._tables.off_topic @ self._vector[:, np.newaxis]

    def nearest_passages(self, limit: int, *, among: NDArray[np.bool_] | None) -> NDArray[np.int64]:
        return self._tables.dense.search(self._vector, limit=limit, among=among).rows


class Comparer:
    """Compares questions with the tables of one index; safe to use from several threads."""

    def __init__(self, passages: VectorTable, spans: VectorTable, off_topic: Vectors, dense: DenseIndex) -> None:
        """dense: of the passages."""
        self.passages = passages
        self.spans = spans
        self.off_topic = off_topic
        self.dense = dense
        self.is_whole = is_compared_whole(len(passages) + len(spans) + len(off_topic))
        """Whether questions are compared with every row at once."""
        self._every = np.concatenate((passages.every, spans.every, off_topic)) if self.is_whole else None

    def compare(self, vectors: Vectors) -> Iterator[Comparison]:
        """Yield comparisons that have each of *vectors*, shape (questions, dimension), unit length, in order.

        Of a small index they have as many questions as pays together, of a large one a question each.
        """
        if self._every is None:
            yield from (_RowComparison(self, vector) for vector in vectors)
            return
        for start in range(0, len(vectors), TOGETHER):
            products = self._every @ vectors[start : start + TOGETHER].T
            yield WholeComparison(products, passages=len(self.passages), spans=len(self.spans))
