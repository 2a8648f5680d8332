"""Files of an index and of a model: durable before they are put in place, read without more memory than they need.

A file written aside is safe to put in place once its sum is known and it is on the disk. Its arrays are read into
memory. Of a very large file of vectors or answers parts are read instead, each as it is needed; the system keeps them
in its own memory as long as it can. No index that serves is looked at through a map: where another program cuts a
mapped file short, this one ends, which no `except` can help. Nor would that save memory: pages once looked at count as
that of the process. (The table of words of the bundled model is mapped: of its rows few are ever looked at.)
"""

import hashlib
import os
import stat
import weakref
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from indexer.errors import IndexFolderError
from indexer.terminal import command_of

_Number = TypeVar("_Number", bound=np.number)
COPIED_UP_TO = 256_000_000
"""Bytes of a file of vectors or answers that is read into memory when it is opened; of larger ones, what a question
needs is read piece by piece. Copied, 100 MB take 0.1 to 0.3 s more to open than mapped."""

_AT_ONCE = getattr(os, "RWF_NOWAIT", 0)


def sha256_of(file: Path) -> str:
    """Return the sha256 of a file in hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def open_plain(file: Path) -> BufferedReader:
    """Return *file* open for reading. OSError unless it is a plain file: a pipe or a device may never end, or begin."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("it is not a plain file")
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_plain_text(file: Path, *, most_bytes: int) -> str:
    """Return the text of a plain file. OSError if it is none, or larger; UnicodeDecodeError if it is not UTF-8."""
    with open_plain(file) as stream:
        content = stream.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OSError(f"it is larger than {most_bytes} bytes")
    return content.decode("utf-8")


def force_to_disk(path: Path) -> None:
    """Return once the content of a file, or the names in a folder, would outlive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def force_all_to_disk(folder: Path) -> None:
    """As `force_to_disk`, for a folder with everything in it."""
    for path in (*sorted(folder.rglob("*")), folder):
        force_to_disk(path)


@contextmanager
def written_aside(file: Path) -> Iterator[Path]:
    """Give a path beside *file* to write to, which takes its place if the block ends well; else it is removed.

    Whoever reads *file* sees the old or the new one, never anything between. OSError where it cannot take its place.
    """
    aside = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        yield aside
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)


def write_lines(file: Path, lines: Sequence[str]) -> None:
    """Write *lines*, none of which has a line break in it."""
    file.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="\n")


def read_lines(file: Path) -> list[str]:
    """Return the lines that `write_lines` wrote."""
    return file.read_text(encoding="utf-8").split("\n")[:-1]


def write_array(file: Path, array: NDArray[Any]) -> None:
    """Write an .npy file, as np.save does, whose error does not say that a disk is full. OSError if it cannot."""
    array = np.ascontiguousarray(array)
    with file.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(array))
        stream.write(array.data)


def write_arrays(file: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a packed .npz file; the same numbers make the same bytes, in whatever order and layout they are given.

    For small files that ship. np.savez makes the same bytes twice too; it is for what every build writes, or what
    hardly gets smaller: twenty million numbers of words take it 0.2 s, packed they would take 7.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in sorted(arrays.items()):
            # np.savez_compressed makes room for sizes of 64 bits: the bytes of the adapter that ships would be others,
            # and docs/adaptateur.md says that the same command makes the same.
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as stream:
                np.lib.format.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)


def read_array(file: Path, kind: type[_Number]) -> NDArray[_Number]:
    """Return the array saved in *file*, see `read_table`. ValueError if it is not of *kind*."""
    saved = read_table(file)
    if saved.dtype != kind or saved.ndim != 1:
        raise ValueError(f"{file.name} holds {saved.dtype} of {saved.ndim} dimensions")
    return saved


def read_table(file: Path) -> NDArray[Any]:
    """Return the array saved in *file*, copied into memory."""
    return np.asarray(np.load(file, allow_pickle=False))


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

    def read_pieces(self, places: Sequence[memoryview], starts: Sequence[int]) -> None:
        """Fill each of *places* with the bytes from its start on. IndexFolderError if the file has been cut short.

        From the first one that is not in the system's memory on, all are asked for before the first is waited for: a
        disk fetches hundreds of pieces in little more time than a few.
        """
        at = 0
        while at < len(places) and self._read_at_once(places[at], starts[at]):
            at += 1
        if at < len(places) and hasattr(os, "posix_fadvise"):
            for place, start in zip(places[at:], starts[at:], strict=True):
                os.posix_fadvise(self._descriptor, start, len(place), os.POSIX_FADV_WILLNEED)
        for place, start in zip(places[at:], starts[at:], strict=True):
            self.read_into(place, start)

    def _read_at_once(self, place: memoryview, start: int) -> bool:
        """Fill *place* if that needs no waiting for a disk, as far as the system can tell; return whether it did."""
        try:
            return os.preadv(self._descriptor, [place], start, _AT_ONCE) == len(place)
        except OSError:
            return False

    def _require(self, is_whole: bool) -> None:
        if not is_whole:
            raise IndexFolderError(f'{self._name} has been cut short. Run "{command_of("build")}" to build anew.')
