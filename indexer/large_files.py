"""Files too large to be mapped: pages once looked at count as memory of the process, and parts from anywhere in such a
file would soon make that all of them. They are read instead; the system keeps them in its own memory as long as it can.
"""

import os
import weakref
from pathlib import Path

from indexer.errors import IndexFolderError

MAPPED_UP_TO = 256_000_000
"""Bytes of a file that is looked at where it is mapped."""


class LargeFile:
    """A file that parts are read of. Safe to use from several threads."""

    def __init__(self, file: Path) -> None:
        self._name = str(file)
        self._descriptor = os.open(file, os.O_RDONLY)
        self._size = os.fstat(self._descriptor).st_size
        weakref.finalize(self, os.close, self._descriptor)

    def __len__(self) -> int:
        """How many bytes it had when it was opened."""
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        """Return the bytes from part.start to part.stop. IndexFolderError if the file has been cut short."""
        content = os.pread(self._descriptor, part.stop - part.start, part.start)
        self._require(len(content) == part.stop - part.start)
        return content

    def read_into(self, place: memoryview, start: int) -> None:
        """Fill *place* with the bytes from *start* on. IndexFolderError if the file has been cut short."""
        self._require(os.preadv(self._descriptor, [place], start) == len(place))

    def _require(self, is_whole: bool) -> None:
        if not is_whole:
            raise IndexFolderError(f'{self._name} has been cut short. Run "make index" to build anew.')
