"""The vectors of a table of passages, in the file of an index: all of them, and the cosines of some with a question."""

from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.files import COPIED_UP_TO, LargeFile
from indexer.records import Vectors


class VectorTable:
    """Unit vectors, one a row. Safe to use from several threads."""

    def __init__(self, every: Vectors) -> None:
        """every: shape (rows, dimension); an array in memory, or mapped from a file: then `pick` is safe, not this."""
        self.every = every
        self._file: _RowFile | None = None

    @classmethod
    def load(cls, file: Path, *, copied: bool = True) -> "VectorTable":
        """Return the table saved in *file*: copied into memory, or mapped where it is larger than COPIED_UP_TO.

        copied: False to map it in any case. OSError or ValueError if it cannot be read.
        """
        if copied and file.stat().st_size <= COPIED_UP_TO:
            return cls(np.load(file, allow_pickle=False))
        mapped = np.load(file, mmap_mode="r", allow_pickle=False)
        table = cls(np.asarray(mapped))
        if mapped.nbytes > COPIED_UP_TO:
            table._file = _RowFile(file, mapped)
        return table

    def __len__(self) -> int:
        """The number of vectors."""
        return len(self.every)

    def cosines(self, rows: NDArray[np.int64], vector: Vectors) -> NDArray[np.float32]:
        """Return the cosines of some rows with *vector*, shape (dimension,), unit length.

        IndexFolderError if the file has been cut short since it was opened.
        """
        return np.asarray(self.pick(rows) @ vector)

    def pick(self, rows: NDArray[np.int64]) -> Vectors:
        """Return the vectors of some rows, shape (rows, dimension); errors as `cosines`."""
        return self._file.read(rows) if self._file else self.every[rows]


class _RowFile:
    """Rows of a mapped array, read from its file."""

    def __init__(self, file: Path, mapped: "np.memmap[tuple[int, ...], np.dtype[np.float32]]") -> None:
        self._file = LargeFile(file)
        self._row_bytes = mapped.strides[0]
        self._offset = mapped.offset
        self._width = mapped.shape[1]

    def read(self, rows: NDArray[np.int64]) -> Vectors:
        found = np.empty((len(rows), self._width), dtype=np.float32)
        places = found.reshape(-1).view(np.uint8).data
        size = self._row_bytes
        # Rows that follow each other come in one piece.
        firsts = np.flatnonzero(np.diff(rows, prepend=-2) != 1)
        bounds = pairwise((size * np.append(firsts, len(rows))).tolist())
        pieces = [places[start:end] for start, end in bounds]
        self._file.read_pieces(pieces, (self._offset + size * rows[firsts]).tolist())
        return found
