"""The vectors of all texts of an index, each computed once.

Those of earlier indexes need not be computed again, nor those of a build that was cut off, which are in its journal.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.encoders import Encoder
from indexer.records import Progress, Vectors
from indexer.workforce import EncoderCall, Workforce

_CHUNK = 256  # texts between two entries of the journal: a few seconds of work, lost at worst
_BLOCK = 4096  # texts read at once, and sorted by length
_COPIED = 65_536  # vectors copied at once


class KnownVectors:
    """Vectors by the key of their text (see `text_key`), all of one encoder; they may be mapped from files."""

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._sources: list[_Source] = []

    @property
    def is_empty(self) -> bool:
        """Whether no vector is known."""
        return not any(len(source.keys) for source in self._sources)

    def add(self, keys: NDArray[np.bytes_], vectors: Vectors) -> None:
        """Make *vectors*, shape (n, dimension), known by *keys*, shape (n,)."""
        if vectors.shape != (len(keys), self._dimension):
            raise ValueError(f"shape {vectors.shape} does not fit {len(keys)} keys of dimension {self._dimension}")
        self._sources.append(_Source(keys, vectors))

    def fill(self, keys: NDArray[np.bytes_], rows: NDArray[np.int64], into: Vectors) -> NDArray[np.bool_]:
        """Write the known vectors of some rows of *keys* to the same rows of *into*; return which were known."""
        known = np.zeros(len(rows), dtype=np.bool_)
        for source in self._sources:
            missing = np.flatnonzero(~known)
            if not len(missing) or not len(source.keys):
                continue
            sought = keys[rows[missing]]
            at = np.minimum(np.searchsorted(source.sorted_keys, sought), len(source.keys) - 1)
            there = source.sorted_keys[at] == sought
            copy_vectors(source.vectors, source.order[at[there]], into, rows[missing[there]])
            known[missing[there]] = True
        return known


class _Source:
    """Vectors by their keys, which are sorted once, and only if any is sought among them."""

    def __init__(self, keys: NDArray[np.bytes_], vectors: Vectors) -> None:
        self.keys = keys
        self.vectors = vectors

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """The places of the keys, by rising key, of equals the first one first."""
        return np.argsort(self.keys, kind="stable")

    @cached_property
    def sorted_keys(self) -> NDArray[np.bytes_]:
        return self.keys[self.order]


class Journal:
    """A file to which vectors are added as they are computed, so that a killed build does not start over."""

    def __init__(self, file: Path, dimension: int) -> None:
        self.file = file
        self._record = np.dtype([("key", "S32"), ("vector", "<f4", (dimension,))])

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return not self.file.exists() or not self.file.stat().st_size

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


class ToEncode(Protocol):
    """Some texts of an index, and where their vectors go."""

    def plan(self, known: KnownVectors) -> "Plan":
        """Write the vectors that are known to their places; return what is to be done for the others."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A few seconds of work. place: writes the vectors of *call* to their places; returns those made, by their keys."""

    call: EncoderCall
    place: Callable[[Sequence[Vectors]], tuple[NDArray[np.bytes_], Vectors]]


class Plan(Protocol):
    """Texts to encode, each once. fresh: how many vectors will be made; reused: how many were known."""

    @property
    def fresh(self) -> int: ...

    @property
    def reused(self) -> int: ...

    def pieces(self, encoder: Encoder) -> Iterator[Piece]:
        """Yield what is to be encoded, piece by piece, as it is asked for; they may be placed in any order."""

    def finish(self) -> None:
        """Write the vectors of texts that occur again to their places, once all pieces are placed."""


def encode_all(
    texts: Sequence[ToEncode],
    *,
    encoder: Encoder,
    workforce: Workforce,
    known: KnownVectors,
    journal: Journal,
    progress: Progress,
) -> Encoded:
    """Write the vector of each text to its place; return how many were known and how many were not.

    encoder: of the workforce, which says here how texts are cut for it.
    """
    plans = [some.plan(known) for some in texts]
    total = sum(plan.fresh for plan in plans)
    workforce.expect(total)
    done = 0
    progress(done, total)
    under_way: dict[int, Piece] = {}

    def calls() -> Iterator[EncoderCall]:
        for number, piece in enumerate(piece for plan in plans for piece in plan.pieces(encoder)):
            under_way[number] = piece
            yield piece.call

    for number, vectors in workforce.run(calls()):
        keys, made = under_way.pop(number).place(vectors)
        journal.append(keys, made)
        done += len(keys)
        progress(done, total)
    for plan in plans:
        plan.finish()
    return Encoded(fresh=total, reused=sum(plan.reused for plan in plans))


@dataclass(frozen=True, slots=True)
class QuestionsToEncode:
    """Questions among the texts of an index. The same question twice is encoded once.

    keys: of all texts, shape (n,), see `text_key`. rows: which of them are questions. read: gives the texts of some
    rows, which are read a block at a time, so that they need no memory. into: where the vectors of all texts go, shape
    (n, dimension).
    """

    keys: NDArray[np.bytes_]
    rows: NDArray[np.int64]
    read: Callable[[Sequence[int]], Sequence[str]]
    into: Vectors

    def plan(self, known: KnownVectors) -> Plan:
        """Write the vectors that are known to their places; return what is to be done for the others."""
        return _PlanOfQuestions.of(self, self.rows[~known.fill(self.keys, self.rows, self.into)])


@dataclass(frozen=True, slots=True)
class _PlanOfQuestions:
    """The rows to encode, and those whose text is that of another: `repeated[i]` is like `first[i]`."""

    questions: QuestionsToEncode
    todo: NDArray[np.int64]
    repeated: NDArray[np.int64]
    first: NDArray[np.int64]

    @classmethod
    def of(cls, questions: QuestionsToEncode, missing: NDArray[np.int64]) -> "_PlanOfQuestions":
        _, first, same_as = np.unique(questions.keys[missing], return_index=True, return_inverse=True)
        owner = missing[first][same_as]
        again = owner != missing
        return cls(questions, np.sort(missing[first]), missing[again], owner[again])

    @property
    def fresh(self) -> int:
        return len(self.todo)

    @property
    def reused(self) -> int:
        return len(self.questions.rows) - len(self.todo) - len(self.repeated)

    def pieces(self, _: Encoder) -> Iterator[Piece]:
        for start in range(0, len(self.todo), _BLOCK):
            for rows, texts in self._chunks(self.todo[start : start + _BLOCK]):
                yield Piece(EncoderCall(texts), partial(self._place, rows))

    def finish(self) -> None:
        copy_vectors(self.questions.into, self.first, self.questions.into, self.repeated)

    def _place(self, rows: NDArray[np.int64], vectors: Sequence[Vectors]) -> tuple[NDArray[np.bytes_], Vectors]:
        self.questions.into[rows] = vectors[0]
        return self.questions.keys[rows], vectors[0]

    def _chunks(self, rows: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], tuple[str, ...]]]:
        """Yield rows with their texts, of like length: so little of a batch is padding."""
        texts = dict(zip(rows.tolist(), self.questions.read(rows.tolist()), strict=True))
        by_length = sorted(texts, key=lambda row: -len(texts[row]))
        for start in range(0, len(by_length), _CHUNK):
            chunk = by_length[start : start + _CHUNK]
            yield np.array(chunk), tuple(texts[row] for row in chunk)


def copy_vectors(source: Vectors, rows: NDArray[np.int64], target: Vectors, to: NDArray[np.int64]) -> None:
    """Copy vectors, not too many at once: both may be larger than the memory."""
    for start in range(0, len(rows), _COPIED):
        target[to[start : start + _COPIED]] = source[rows[start : start + _COPIED]]
