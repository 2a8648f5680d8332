"""Answers that say nearly the same, found without comparing each with each.

An answer is the set of its pairs of neighbouring words; two are alike as far as their sets overlap (Jaccard). MinHash
(Broder 1997) in bands of a few rows finds the pairs worth comparing; each answer keeps a bounded sketch, not its text.
Not datasketch: it would bring scipy to the core for these hundred lines.
"""

import re
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ALIKE = 0.75
"""From this overlap on two answers are told. In a text of twenty words, one changed word leaves 0.81."""

_SKETCH = 256  # the smallest hashes of a set: all of it for most answers, a fair sample of it for longer ones
_BANDS, _ROWS = 16, 4  # finds 99.7 % of the pairs at 0.75, and 1 in 40 at 0.2
_TOGETHER = 256
_REMEMBERED_WORDS = 200_000
_WORD = re.compile(r"\w+")
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """Answer number *second* is much like number *first*, which came before it; *overlap* in [0, 1]."""

    first: int
    second: int
    overlap: float


class NearDuplicates:
    """Takes answers one by one, then tells which are alike. About 1 kB an answer is kept."""

    def __init__(self) -> None:
        odd = np.arange(1, _BANDS * _ROWS + 1, dtype=np.uint64)
        self._factors = _mixed(odd) | np.uint64(1)  # (bands * rows,)
        self._sketches: list[NDArray[np.uint64]] = []
        self._bands: list[NDArray[np.uint64]] = []
        self._waiting: list[NDArray[np.uint64]] = []
        self._hashes = _WordHashes()

    def add(self, text: str) -> None:
        """Remember an answer; answers are numbered from 0 in the order of the calls."""
        self._waiting.append(_pairs(text, self._hashes))
        if len(self._waiting) == _TOGETHER:
            self._take_in()

    def _take_in(self) -> None:
        """Make the bands of the answers that wait: numpy's own cost is paid once for some of them."""
        if not self._waiting:
            return
        self._sketches += [pairs[:_SKETCH].copy() for pairs in self._waiting]
        starts = np.cumsum([0, *(len(pairs) for pairs in self._waiting[:-1])])
        every = np.concatenate(self._waiting)
        # Multiplying by an odd number permutes the 64-bit numbers; the high bits are the well mixed ones.
        minima = np.stack([np.minimum.reduceat(every * factor, starts) for factor in self._factors], axis=1)
        rows = minima.reshape(-1, _BANDS, _ROWS)  # (answers, bands, rows)
        bands = np.zeros((len(rows), _BANDS), dtype=np.uint64)
        for row in range(_ROWS):
            bands = _mixed(bands ^ rows[:, :, row])
        self._bands.append(bands)
        self._waiting = []

    def found(self) -> list[NearDuplicate]:
        """Return for each answer the most similar one before it, where they are alike; by *second*."""
        self._take_in()
        if not self._bands:
            return []
        bands = np.concatenate(self._bands)  # (answers, bands)
        best: dict[int, NearDuplicate] = {}
        compared: set[tuple[int, int]] = set()
        for column in bands.T:
            order = np.argsort(column, kind="stable")
            same = np.flatnonzero(column[order][1:] == column[order][:-1]) + 1  # places in *order* like the one before
            first = last = -1
            for at in same.tolist():
                if at - 1 != last:
                    first = at - 1
                last = at
                # With the first of its group and the one before: enough to tell every member, and never quadratic.
                compared.add((int(order[first]), int(order[at])))
                compared.add((int(order[at - 1]), int(order[at])))
        for first, second in sorted(compared):
            overlap = _overlap(self._sketches[first], self._sketches[second])
            if overlap >= ALIKE and (second not in best or overlap > best[second].overlap):
                best[second] = NearDuplicate(first, second, overlap)
        return [best[second] for second in sorted(best)]


def overlap_of(text: str, other: str) -> float:
    """Return how far two texts are alike, in [0, 1]."""
    hashes = _WordHashes()
    return _overlap(_pairs(text, hashes)[:_SKETCH], _pairs(other, hashes)[:_SKETCH])


class _WordHashes(dict[str, int]):
    """The hash of each word, remembered, since most words come again."""

    def __missing__(self, word: str) -> int:
        if len(self) >= _REMEMBERED_WORDS:
            self.clear()
        self[word] = found = zlib.crc32(word.encode(errors="replace"))
        return found


def _pairs(text: str, hashes_of: _WordHashes) -> NDArray[np.uint64]:
    """Return the hashes of the text's pairs of neighbouring words, sorted, each once; never empty."""
    # Accents are kept: folding them costs more than all the rest.
    words = _WORD.findall(text.lower()) or [""]
    hashes = np.array([hashes_of[word] for word in words], dtype=np.uint64)
    if len(words) > 1:
        hashes = (hashes[:-1] << np.uint64(32)) | hashes[1:]
    mixed = _mixed(hashes)
    # As np.unique, which looks at much more than a short list needs.
    mixed.sort()
    return mixed[np.concatenate(([True], mixed[1:] != mixed[:-1]))]


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return numbers scattered over all 64 bits; the finalizer of MurmurHash3."""
    mixed = numbers + _MIX
    for shift, factor in ((33, 0xFF51AFD7ED558CCD), (33, 0xC4CEB9FE1A85EC53)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(33))


def _overlap(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> float:
    """Return the Jaccard overlap of the sets, estimated on the smallest hashes of their union where they are longer."""
    smallest = np.union1d(first, second)[:_SKETCH]
    shared = np.intersect1d(np.intersect1d(first, second, assume_unique=True), smallest, assume_unique=True)
    return float(len(shared) / len(smallest))
