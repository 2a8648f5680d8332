"""The words of some rows of an index alone: picked from its inverted file, or told by who else keeps the words.

As sparse vectors, the words of a row are its terms by number with their impacts, and those of a question its terms with
what each counts: their product is the score, but that of a word's variants all count and not the best alone. It is
never less than the score, so that the best rows are found by it, and known to be the best.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.lexical.postings import Postings

SparseVector = Mapping[int, float]
"""Dimension to value, all above 0. Dimension 0 stands in a text without words, and in no question."""

NO_WORDS = 0


class PickedRows:
    """Some rows of an inverted file, numbered by their place."""

    def __init__(self, postings: Postings, rows: NDArray[np.int64]) -> None:
        """rows: rising."""
        self.row_count = len(rows)
        self._postings = postings
        self._rows = rows.astype(np.int32)  # as those of the terms: else these would be copied each time

    def of(self, term: str) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the rows of a known *term*, ascending, and its impact in each."""
        having, impacts = self._postings.of(term)
        if not len(having):
            return having, impacts
        at = np.minimum(having.searchsorted(self._rows), len(having) - 1)
        found = np.flatnonzero(having[at] == self._rows)
        return found.astype(np.int32), impacts[at[found]]


class SparseRows:
    """Some rows by their sparse vectors, numbered by their place."""

    def __init__(self, postings: Postings, vectors: Sequence[SparseVector]) -> None:
        """postings: only what these know of terms is asked."""
        self.row_count = len(vectors)
        self._postings = postings
        lengths = [len(vector) for vector in vectors]
        terms = np.fromiter((term for vector in vectors for term in vector), np.int64, sum(lengths))
        impacts = np.fromiter((value for vector in vectors for value in vector.values()), np.float32, sum(lengths))
        rows = np.repeat(np.arange(len(vectors), dtype=np.int32), lengths)
        order = np.argsort(terms, kind="stable")
        self._terms, self._rows, self._impacts = terms[order], rows[order], impacts[order]

    def of(self, term: str) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the rows of a known *term*, ascending, and its impact in each."""
        dimension = dimension_of(self._postings, term)
        first, last = self._terms.searchsorted((dimension, dimension + 1)).tolist()
        return self._rows[first:last], self._impacts[first:last]


def dimension_of(postings: Postings, term: str) -> int:
    """Return the dimension of a known *term*."""
    return postings.number_of(term) + 1


def sparse_vectors(postings: Postings) -> Iterator[SparseVector]:
    """Yield the sparse vector of each row, in order."""
    terms, starts, impacts = postings.by_row()
    for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        found = dict(zip((terms[start:end] + 1).tolist(), impacts[start:end].tolist(), strict=True))
        yield found or {NO_WORDS: 1.0}
