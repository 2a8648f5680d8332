"""Nearest vectors. The only module that knows FAISS: its rows and its -1 padding never leave it.

Exact as long as that is fast. A larger index keeps a byte for each number of a vector, and the largest looks only into
the lists nearest to the question; what they find is scored again with the vectors themselves. Which of them does is
chosen when an index is built, by its size and the memory it may take, and checked against exact search there.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.dense.blas import processor_named
from indexer.dense.vector_table import VectorTable
from indexer.errors import IndexFolderError
from indexer.records import DenseChoice, Vectors
from indexer.terminal import command_of

with processor_named():
    import faiss

EXACT_UP_TO = 50_000
"""Vectors of 384 numbers that one thread compares in less than 5 ms."""

SCAN_UP_TO = 200_000
"""Vectors of as many bytes that it scans in about 6 ms; beyond, lists pay for the time that they take to make."""

LEAST_RECALL = 0.99

_PROBES = (16, 32, 64, 128, 256, 512)
_SAMPLE = 200
_LIST_SAMPLES = 40  # vectors that each list's centre is learnt from
_RESCORED = 4
"""Rows looked at again for each one wanted."""
_FEW = 5_000
"""Rows that are compared one by one faster than they are told apart from all others."""
_AT_ONCE = 100_000
_COMPARED_AT_ONCE = 5_000

EXACT, BYTES, HALF_BYTES, LISTS = (
    "exact",
    "8 bits, scored again",
    "4 bits, scored again",
    "lists of 8 bits, scored again",
)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Rows of the nearest vectors, best first, and their cosines. Both of shape (found,)."""

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep FAISS on the calling thread: its others would wait busily on cores that are needed.

    Of 10,000 vectors a search takes 0.6 ms so and 3.6 with two threads, and the next question is encoded 0.2 to 1 ms
    sooner. An index is built beside the reading of words, which takes as long, and the other core.
    """
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


class DenseIndex:
    """Search by cosine over unit vectors."""

    def __init__(self, index: faiss.Index, vectors: VectorTable) -> None:
        """vectors: those of the index."""
        self._index = index
        self._vectors = vectors
        self._is_exact = isinstance(index, faiss.IndexFlat)

    @classmethod
    @_one_thread()
    def build(
        cls, vectors: Vectors, *, questions: Vectors | None = None, memory_bytes: int | None = None
    ) -> "tuple[DenseIndex, DenseChoice]":
        """Return an index of *vectors*, shape (rows, dimension), unit length, and what was chosen.

        questions: what its recall is measured with, shape (n, dimension); the vectors themselves if not given.
        memory_bytes: most that the index may take while it serves; not bounded if None. IndexFolderError if nothing
        that reaches LEAST_RECALL fits.
        """
        sample = _sample(vectors if questions is None or not len(questions) else questions)
        expected = None
        for method in _methods(len(vectors), vectors.shape[1], memory_bytes):
            index = cls(_MAKERS[method](vectors), VectorTable(vectors))
            if method == EXACT:
                return index, DenseChoice(method, 1.0)
            expected = expected if expected is not None else _exact_rows(sample, vectors)
            for probes in _PROBES if method == LISTS else (1,):
                index.look_into(probes)
                recall = index._recall(sample, expected)
                if recall >= LEAST_RECALL:
                    return index, DenseChoice(method, round(recall, 4))
        raise _too_large(len(vectors), memory_bytes)

    @classmethod
    def load(cls, file: Path, vectors: VectorTable, *, copied: bool = True) -> "DenseIndex":
        """Return the index saved in *file*, copied into memory, whatever its size: that is what `memory` bounds.

        Of a million vectors (395 MB) that takes 1.4 s, mapped 0.03; searches take 15 ms in either case, and the memory
        of the process is the same after the first of them. copied: False to map it. IndexFolderError if FAISS cannot
        read it.
        """
        try:
            return cls(faiss.read_index(str(file), 0 if copied else faiss.IO_FLAG_MMAP_IFC), vectors)
        except RuntimeError as error:
            raise IndexFolderError(
                f'{file} is not an index that FAISS can read. Run "{command_of("build")}".'
            ) from error

    def save(self, file: Path) -> None:
        """Write the index to *file*, without the vectors."""
        faiss.write_index(self._index, str(file))

    def __len__(self) -> int:
        """The number of vectors."""
        return int(self._index.ntotal)

    def look_into(self, probes: int) -> None:
        """Set how many lists are looked into, where there are lists."""
        if isinstance(self._index, faiss.IndexIVF):
            self._index.nprobe = probes

    @_one_thread()
    def search(self, question: Vectors, *, limit: int, among: NDArray[np.bool_] | None = None) -> Neighbours:
        """Return the rows nearest to *question*, shape (dimension,), at most *limit*; ties by row.

        among: shape (rows,), which rows may be found, None for all: however few they are, none of them is missed.
        ValueError if the vector has not the dimension of the index.
        """
        if question.shape != (self._index.d,):
            raise ValueError(f"The question has shape {question.shape}, the index needs ({self._index.d},).")
        if among is not None and np.count_nonzero(among) <= _FEW:
            return self._score_again(question, np.flatnonzero(among), limit)
        parameters = None if among is None else self._only(among)
        scores, rows = self._index.search(question[np.newaxis], self._asked_of_faiss(limit), params=parameters)
        found = rows[0] >= 0  # faiss pads missing neighbours with row -1
        if self._is_exact:
            order = np.lexsort((rows[0][found], -scores[0][found]))
            return Neighbours(rows[0][found][order], scores[0][found][order])
        return self._score_again(question, np.sort(rows[0][found]), limit)

    def _asked_of_faiss(self, limit: int) -> int:
        """Return how many rows to ask FAISS for, where *limit* are to be given."""
        return min(limit if self._is_exact else _RESCORED * limit, len(self))

    def _only(self, among: NDArray[np.bool_]) -> faiss.SearchParameters:
        selector = faiss.IDSelectorBitmap(np.packbits(among, bitorder="little"))  # type: ignore[call-arg,arg-type]  # wrapped
        if isinstance(self._index, faiss.IndexIVF):
            # The lists nearest to the question may hold none of these rows.
            return faiss.SearchParametersIVF(sel=selector, nprobe=self._index.nlist)  # type: ignore[call-arg]  # stub lacks it
        return faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]  # stub lacks it

    def _score_again(self, question: Vectors, rows: NDArray[np.int64], limit: int) -> Neighbours:
        scores = self._vectors.cosines(rows, question)
        order = np.argsort(-scores, kind="stable")[:limit]
        return Neighbours(rows[order], scores[order])

    def _recall(self, sample: Vectors, expected: NDArray[np.int64]) -> float:
        """Return the share of *expected* that a search for 100 finds: scored again, the nearest rows found come first.

        In one call: beside the words that are read meanwhile, each waits for the interpreter's lock.
        """
        _, rows = self._index.search(sample, self._asked_of_faiss(100))
        return float(np.mean([np.isin(those, found).mean() for those, found in zip(expected, rows, strict=True)]))


def require_memory(rows: int, dimension: int, memory_bytes: int | None) -> None:
    """Raise IndexFolderError where so many vectors fit into *memory_bytes* in no way: before they are made."""
    if not any(_methods(rows, dimension, memory_bytes)):
        raise _too_large(rows, memory_bytes)


def _too_large(rows: int, memory_bytes: int | None) -> IndexFolderError:
    return IndexFolderError(
        f"{rows} vectors cannot be searched within {(memory_bytes or 0) // 1_000_000} MB of memory. "
        "Give --memory more, or leave it out."
    )


def _methods(rows: int, dimension: int, memory_bytes: int | None) -> Iterator[str]:
    """Yield what may do for so many vectors, in the order of trying: fast enough first, then what finds more."""
    sizes = {EXACT: 4 * dimension, LISTS: dimension + 8, BYTES: dimension, HALF_BYTES: dimension // 2}
    order = [BYTES, EXACT, HALF_BYTES]
    if rows <= EXACT_UP_TO:
        order = [EXACT, BYTES, HALF_BYTES]
    elif rows > SCAN_UP_TO:
        order = [LISTS, BYTES, EXACT, HALF_BYTES]
    return (method for method in order if memory_bytes is None or rows * sizes[method] <= memory_bytes)


def _make_exact(vectors: Vectors) -> faiss.Index:
    return _filled(faiss.IndexFlatIP(vectors.shape[1]), vectors)


def _make_quantised(kind: int) -> Callable[[Vectors], faiss.Index]:
    def make(vectors: Vectors) -> faiss.Index:
        index = faiss.IndexScalarQuantizer(vectors.shape[1], kind, faiss.METRIC_INNER_PRODUCT)
        index.train(_sample(vectors, count=_AT_ONCE))
        return _filled(index, vectors)

    return make


def _make_lists(vectors: Vectors) -> faiss.Index:
    rows, dimension = vectors.shape
    lists = 2 ** round(np.log2(2 * np.sqrt(rows)))
    centres = faiss.IndexFlatIP(dimension)
    kind = faiss.ScalarQuantizer.QT_8bit
    index = faiss.IndexIVFScalarQuantizer(centres, dimension, lists, kind, faiss.METRIC_INNER_PRODUCT, False)
    index.cp.niter = 10  # more move recall by less than its error
    index.train(_sample(vectors, count=_LIST_SAMPLES * lists))
    return _filled(index, vectors)


_MAKERS: dict[str, Callable[[Vectors], faiss.Index]] = {
    EXACT: _make_exact,
    BYTES: _make_quantised(faiss.ScalarQuantizer.QT_8bit_uniform),
    HALF_BYTES: _make_quantised(faiss.ScalarQuantizer.QT_4bit),
    LISTS: _make_lists,
}


def _filled(index: faiss.Index, vectors: Vectors) -> faiss.Index:
    for start in range(0, len(vectors), _AT_ONCE):
        index.add(np.ascontiguousarray(vectors[start : start + _AT_ONCE]))
    return index


def _sample(vectors: Vectors, *, count: int = _SAMPLE) -> Vectors:
    """Return at most *count* of the vectors, at even distances."""
    chosen = np.unique(np.linspace(0, len(vectors) - 1, min(count, len(vectors)), dtype=np.int64))
    return np.ascontiguousarray(vectors[chosen])


def _exact_rows(sample: Vectors, vectors: Vectors) -> NDArray[np.int64]:
    """Return the rows of the ten nearest vectors of each of the sample, shape (sample, 10), in no order.

    Without FAISS: a second opinion, and for a few hundred questions ten times as fast.
    """
    count = min(10, len(vectors))
    best_scores = np.zeros((len(sample), 0), dtype=np.float32)
    best_rows = np.zeros((len(sample), 0), dtype=np.int64)
    for start in range(0, len(vectors), _COMPARED_AT_ONCE):
        part = vectors[start : start + _COMPARED_AT_ONCE]
        scores = np.concatenate((best_scores, sample @ part.T), axis=1)
        rows = np.concatenate((best_rows, np.tile(np.arange(start, start + len(part)), (len(sample), 1))), axis=1)
        nearest = np.argpartition(scores, -count, axis=1)[:, -count:]
        best_scores = np.take_along_axis(scores, nearest, axis=1)
        best_rows = np.take_along_axis(rows, nearest, axis=1)
    return best_rows
