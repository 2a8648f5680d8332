"""The vectors of all texts of an index, each computed once.

Those of earlier indexes need not be computed again, nor those of a build that was cut off, which are in its journal.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.encoders import Encoder
from indexer.records import Progress, Vectors

_CHUNK = 256  # texts between two entries of the journal: a few seconds of work, lost at worst
_BLOCK = 4096  # texts read at once, and sorted by length
_COPIED = 65_536  # vectors copied at once


class KnownVectors:
    """Vectors by the key of their text (see `text_key`), all of one encoder; they may be mapped from files."""

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._sources: list[tuple[NDArray[np.bytes_], Vectors]] = []

    def add(self, keys: NDArray[np.bytes_], vectors: Vectors) -> None:
        """Make *vectors*, shape (n, dimension), known by *keys*, shape (n,)."""
        if vectors.shape != (len(keys), self._dimension):
            raise ValueError(f"shape {vectors.shape} does not fit {len(keys)} keys of dimension {self._dimension}")
        self._sources.append((keys, vectors))

    def fill(self, keys: NDArray[np.bytes_], into: Vectors) -> NDArray[np.bool_]:
        """Write the known vectors of *keys* into the same rows of *into*; return which rows were known."""
        known = np.zeros(len(keys), dtype=np.bool_)
        for source_keys, vectors in self._sources:
            missing = np.flatnonzero(~known)
            if not len(missing) or not len(source_keys):
                continue
            order = np.argsort(source_keys)
            sought = keys[missing]
            at = order[np.minimum(np.searchsorted(source_keys, sought, sorter=order), len(order) - 1)]
            there = source_keys[at] == sought
            _copy(vectors, at[there], into, missing[there])
            known[missing[there]] = True
        return known


class Journal:
    """A file to which vectors are added as they are computed, so that a killed build does not start over."""

    def __init__(self, file: Path, dimension: int) -> None:
        self.file = file
        self._record = np.dtype([("key", "S32"), ("vector", "<f4", (dimension,))])

    def read_into(self, known: KnownVectors) -> None:
        """Make the vectors of the journal known; a record cut off in the middle is dropped."""
        if not self.file.exists():
            return
        whole = self.file.stat().st_size // self._record.itemsize
        with self.file.open("r+b") as stream:
            stream.truncate(whole * self._record.itemsize)
        if whole:
            records = np.memmap(self.file, dtype=self._record, mode="r", shape=(whole,))
            known.add(records["key"], records["vector"])

    def append(self, keys: NDArray[np.bytes_], vectors: Vectors) -> None:
        """Add *vectors* by their keys."""
        records = np.zeros(len(keys), dtype=self._record)
        records["key"], records["vector"] = keys, vectors
        with self.file.open("ab") as stream:
            stream.write(records.tobytes())

    def remove(self) -> None:
        """Remove the file, once its vectors are safe in an index."""
        self.file.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Encoded:
    """How many texts were encoded, each once however often it occurs, and how many had their vector already."""

    fresh: int
    reused: int


@dataclass(frozen=True, slots=True)
class TextsToEncode:
    """Some texts of an index, one row each.

    keys: see `text_key`, shape (n,). are_questions: shape (n,), whether each is encoded as a question or as a passage.
    read: gives the texts of some rows. into: where their vectors go, shape (n, dimension).
    """

    keys: NDArray[np.bytes_]
    are_questions: NDArray[np.bool_]
    read: Callable[[Sequence[int]], Sequence[str]]
    into: Vectors


def encode_all(
    texts: Sequence[TextsToEncode], *, encoder: Encoder, known: KnownVectors, journal: Journal, progress: Progress
) -> Encoded:
    """Write the vector of each text to its place; return how many were known and how many were not.

    The same text twice in one of *texts* is encoded once. They are read a block at a time, so that they need no memory.
    """
    missing = [np.flatnonzero(~known.fill(some.keys, some.into)) for some in texts]
    plans = [_Plan.of(some, rows) for some, rows in zip(texts, missing, strict=True)]
    total = sum(len(plan.todo) for plan in plans)
    done = 0
    for plan in plans:
        for start in range(0, len(plan.todo), _BLOCK):
            for rows, chunk in _chunks(plan.texts, plan.todo[start : start + _BLOCK]):
                progress(done, total)
                encode = encoder.encode_questions if plan.texts.are_questions[rows[0]] else encoder.encode_passages
                vectors = encode(chunk)
                plan.texts.into[rows] = vectors
                journal.append(plan.texts.keys[rows], vectors)
                done += len(rows)
        _copy(plan.texts.into, plan.first, plan.texts.into, plan.repeated)
    progress(total, total)
    return Encoded(fresh=total, reused=sum(len(some.keys) for some in texts) - sum(map(len, missing)))


@dataclass(frozen=True, slots=True)
class _Plan:
    """The rows of some texts to encode, and those whose text is that of another: `repeated[i]` is like `first[i]`."""

    texts: TextsToEncode
    todo: NDArray[np.int64]
    repeated: NDArray[np.int64]
    first: NDArray[np.int64]

    @classmethod
    def of(cls, texts: TextsToEncode, missing: NDArray[np.int64]) -> "_Plan":
        _, first, same_as = np.unique(texts.keys[missing], return_index=True, return_inverse=True)
        owner = missing[first][same_as]
        again = owner != missing
        return cls(texts, np.sort(missing[first]), missing[again], owner[again])


def _chunks(some: TextsToEncode, rows: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], list[str]]]:
    """Yield rows of one role with their texts, of like length: so little of a batch is padding."""
    texts = dict(zip(rows.tolist(), some.read(rows.tolist()), strict=True))
    for role in (False, True):
        chosen = rows[some.are_questions[rows] == role].tolist()
        chosen.sort(key=lambda row: -len(texts[row]))
        for start in range(0, len(chosen), _CHUNK):
            chunk = chosen[start : start + _CHUNK]
            yield np.array(chunk), [texts[row] for row in chunk]


def _copy(source: Vectors, rows: NDArray[np.int64], target: Vectors, to: NDArray[np.int64]) -> None:
    """Copy vectors, not too many at once: both may be larger than the memory."""
    for start in range(0, len(rows), _COPIED):
        target[to[start : start + _COPIED]] = source[rows[start : start + _COPIED]]
