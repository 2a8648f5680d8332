"""Nearest vectors. The only module that knows FAISS: its rows and its -1 padding never leave it."""

from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from indexer.errors import IndexFolderError
from indexer.records import Vectors


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Rows of the nearest vectors, best first, and their cosines. Both of shape (found,)."""

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]


class DenseIndex:
    """Exact search by cosine over unit vectors."""

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @classmethod
    def build(cls, vectors: Vectors) -> "DenseIndex":
        """Return an index of *vectors*, shape (rows, dimension), unit length."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors))
        return cls(index)

    @classmethod
    def load(cls, file: Path) -> "DenseIndex":
        """Return the index saved in *file*, read by memory map. IndexFolderError if FAISS cannot read it."""
        try:
            return cls(faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC))
        except RuntimeError as error:
            raise IndexFolderError(f'{file} is not an index that FAISS can read. Run "make index".') from error

    def save(self, file: Path) -> None:
        """Write the index to *file*."""
        faiss.write_index(self._index, str(file))

    def __len__(self) -> int:
        """The number of vectors."""
        return int(self._index.ntotal)

    def search(self, question: Vectors, *, limit: int, among: NDArray[np.int64] | None = None) -> Neighbours:
        """Return the rows nearest to *question*, shape (dimension,), at most *limit*; ties by row.

        among: the only rows that may be found, None for all. The search is exact however few they are.
        ValueError if the vector has not the dimension of the index.
        """
        if question.shape != (self._index.d,):
            raise ValueError(f"The question has shape {question.shape}, the index needs ({self._index.d},).")
        parameters = None
        if among is not None:
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(among))  # type: ignore[call-arg]  # stub lacks it
        scores, rows = self._index.search(question[np.newaxis], min(limit, len(self)), params=parameters)
        found = rows[0] >= 0  # faiss pads missing neighbours with row -1
        order = np.lexsort((rows[0][found], -scores[0][found]))
        return Neighbours(rows[0][found][order], scores[0][found][order])
