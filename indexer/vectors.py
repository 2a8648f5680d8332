"""Vectors that need not be computed again: those of earlier indexes, and those of a build that was cut off."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.encoders import Encoder
from indexer.passage_table import text_key
from indexer.records import Vectors

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with the number of texts encoded so far and in all."""


def no_progress(_done: int, _total: int) -> None:
    """Show nothing."""


_CHUNK = 256  # texts between two entries of the journal: a few seconds of work, lost at worst


class KnownVectors:
    """Vectors by the key of their text (see `text_key`), all of one encoder."""

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._sources: list[tuple[NDArray[np.bytes_], Vectors]] = []

    def add(self, keys: NDArray[np.bytes_], vectors: Vectors) -> None:
        """Make *vectors*, shape (n, dimension), known by *keys*, shape (n,)."""
        if vectors.shape != (len(keys), self._dimension):
            raise ValueError(f"shape {vectors.shape} does not fit {len(keys)} keys of dimension {self._dimension}")
        order = np.argsort(keys)
        self._sources.append((keys[order], vectors[order]))

    def fill(self, keys: NDArray[np.bytes_], into: Vectors) -> NDArray[np.bool_]:
        """Write the known vectors of *keys* into the same rows of *into*; return which rows were known."""
        known = np.zeros(len(keys), dtype=np.bool_)
        for source_keys, vectors in self._sources:
            if len(source_keys) == 0:
                continue
            at = np.minimum(np.searchsorted(source_keys, keys), len(source_keys) - 1)
            fresh = (source_keys[at] == keys) & ~known
            into[fresh] = vectors[at[fresh]]
            known |= fresh
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
        records = np.fromfile(self.file, dtype=self._record, count=whole)
        with self.file.open("r+b") as stream:
            stream.truncate(whole * self._record.itemsize)
        known.add(records["key"], np.ascontiguousarray(records["vector"]))

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


def encode_all(
    texts: Sequence[str],
    *,
    as_question: NDArray[np.bool_],
    into: Vectors,
    encoder: Encoder,
    known: KnownVectors,
    journal: Journal,
    progress: Progress,
) -> Encoded:
    """Write the vector of each text into the same row of *into*; return how many were known and how many were not.

    as_question: shape (len(texts),), whether each is encoded as a question or as a passage.
    The same text twice is encoded once.
    """
    keys = np.array(
        [text_key(text, as_question=bool(asked)) for text, asked in zip(texts, as_question, strict=True)], dtype="S32"
    )
    reused = known.fill(keys, into)
    missing = np.flatnonzero(~reused)
    _, first, same_as = np.unique(keys[missing], return_index=True, return_inverse=True)
    # Longest first: the time left is then never too hopeful, and a batch holds texts of about one length.
    todo = sorted(missing[first].tolist(), key=lambda row: (bool(as_question[row]), -len(texts[row]), row))
    for begin in range(0, len(todo), _CHUNK):
        progress(begin, len(todo))
        chunk = np.array(todo[begin : begin + _CHUNK])
        for role, encode in ((True, encoder.encode_questions), (False, encoder.encode_passages)):
            rows = chunk[as_question[chunk] == role]
            if len(rows):
                into[rows] = encode([texts[row] for row in rows])
        journal.append(keys[chunk], into[chunk])
    progress(len(todo), len(todo))
    into[missing] = into[missing[first][same_as]]
    return Encoded(fresh=len(todo), reused=int(reused.sum()))
