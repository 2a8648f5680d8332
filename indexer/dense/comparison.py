"""How near questions are to the rows of an index: compared with all of them in one product where they are few.

A small index is compared whole faster than it is decided what to compare; in a large one only what is asked for is.
"""

from collections.abc import Iterator

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


class Comparison:
    """The cosines of some questions with passages, spans and off-topic questions; shapes (rows, questions)."""

    def __init__(self, tables: "Comparer", vectors: Vectors, products: NDArray[np.float32] | None) -> None:
        """vectors: one where *products* is None, and rows are compared when they are asked for.

        products: shape (rows, questions), with all rows of the three tables in this order.
        """
        self._tables = tables
        self._vectors = vectors
        self._products = products

    def __len__(self) -> int:
        """The number of questions."""
        return len(self._vectors)

    def with_passages(self, some: AnswerRows) -> NDArray[np.float32]:
        """Return the cosines with some passages; not to be written to."""
        if self._products is None:
            return self._tables.passages.cosines(some.rows, self._vectors[0])[:, np.newaxis]
        return some.pick(self._products[: len(self._tables.passages)])

    def with_spans(self, some: AnswerRows) -> NDArray[np.float32]:
        """Return the cosines with some spans; not to be written to."""
        if self._products is None:
            return self._tables.spans.cosines(some.rows, self._vectors[0])[:, np.newaxis]
        first = len(self._tables.passages)
        return some.pick(self._products[first : first + len(self._tables.spans)])

    def with_off_topic(self) -> NDArray[np.float32]:
        """Return the cosines with all off-topic questions; not to be written to."""
        if self._products is None:
            return self._tables.off_topic @ self._vectors.T
        return self._products[len(self._tables.passages) + len(self._tables.spans) :]

    def nearest_passages(self, limit: int, *, among: NDArray[np.bool_] | None) -> NDArray[np.int64]:
        """Return the rows of the passages nearest to the one question, at most *limit*. among: as in DenseIndex.search.

        Only of a comparison that is not whole.
        """
        return self._tables.dense.search(self._vectors[0], limit=limit, among=among).rows


class Comparer:
    """Compares questions with the tables of one index; safe to use from several threads."""

    def __init__(self, passages: VectorTable, spans: VectorTable, off_topic: Vectors, dense: DenseIndex) -> None:
        """dense: of the passages."""
        self.passages = passages
        self.spans = spans
        self.off_topic = off_topic
        self.dense = dense
        self.is_whole = len(passages) + len(spans) + len(off_topic) <= WHOLE_UP_TO
        """Whether questions are compared with every row at once."""
        self._every = np.concatenate((passages.every, spans.every, off_topic)) if self.is_whole else None

    def compare(self, vectors: Vectors) -> Iterator[Comparison]:
        """Yield comparisons that have each of *vectors*, shape (questions, dimension), unit length, in order.

        Of a small index they have as many questions as pays together, of a large one a question each.
        """
        together = 1 if self._every is None else TOGETHER
        for start in range(0, len(vectors), together):
            some = vectors[start : start + together]
            yield Comparison(self, some, None if self._every is None else self._every @ some.T)
