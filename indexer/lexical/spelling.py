"""Which words of a vocabulary a misspelt word may be, or one cut short. The only module that imports rapidfuzz.

Every word within the distance is found, the first letter may be wrong too. A signature of the letters rules
out nearly all words with one NumPy pass, so that 100,000 words cost a fraction of a millisecond.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from indexer.files import read_array, read_lines, write_lines

SHORTEST_CORRECTED = 5
"""Letters that a word needs to be corrected: among shorter ones, one edit too often makes another word."""

_WORDS = "words.txt"
_SIGNATURES = "signatures.npy"
_TWO_EDITS_FROM = 9
_MOST_CORRECTIONS = 3
_ENDINGS = ("ees", "ee", "es", "er", "ez", "e")
"""Written for one another, since they sound alike: renouvler, renouvlez and renouvlé. Longest first; folded."""
_ENDS_OF_CUT_WORDS = frozenset("abcfgimopquv")
"""What words cut short end with: certif, appli, compta. Others end a word that is whole, such as « mandat », which is
not « mandataire »."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A word of the vocabulary, and how many letters are added, left out, replaced or swapped with their neighbour."""

    word: str
    distance: int


class Speller:
    """Looks for the words nearest to a misspelt one."""

    def __init__(self, words: Sequence[str], signatures: NDArray[np.uint64]) -> None:
        """words: by length, then by code point. signatures: shape (words,), as `_signature` makes them."""
        self._words = words
        self._signatures = signatures
        lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
        self._first_of_length = np.searchsorted(lengths, np.arange(int(lengths.max(initial=0)) + 2))

    @classmethod
    def build(cls, words: Iterable[str]) -> "Speller":
        """Return a speller of a vocabulary, folded words in any order."""
        ordered = sorted(set(words), key=lambda word: (len(word), word))
        return cls(ordered, np.array([_signature(word) for word in ordered], dtype=np.uint64))

    def save(self, folder: Path) -> None:
        """Write the vocabulary to *folder*, which exists. The same words make the same bytes."""
        write_lines(folder / _WORDS, self._words)
        np.save(folder / _SIGNATURES, self._signatures)

    @classmethod
    def load(cls, folder: Path) -> "Speller":
        """Return the speller saved in *folder*. OSError or ValueError if it cannot be read."""
        words = read_lines(folder / _WORDS)
        signatures = read_array(folder / _SIGNATURES, np.uint64)
        if len(words) != len(signatures):
            raise ValueError(f"{_WORDS} and {_SIGNATURES} have not the same length")
        return cls(words, signatures)

    def nearest(self, word: str) -> tuple[Correction, ...]:
        """Return the nearest words, at most three, the same first letter before others, then in order.

        One edit is allowed in a word of five to eight letters, two in a longer one, none in a shorter one. The distance
        is optimal string alignment: a swap of neighbours is one edit.
        """
        if len(word) < SHORTEST_CORRECTED:
            return ()
        most = 2 if len(word) >= _TWO_EDITS_FROM else 1
        candidates = self._candidates(word, most)
        found = process.extract(word, candidates, scorer=OSA.distance, score_cutoff=most, limit=None, processor=None)
        if not found:
            return ()
        least = min(distance for _, distance, _ in found)
        nearest = sorted((other[0] != word[0], other) for other, distance, _ in found if distance == least)
        return tuple(Correction(other, int(least)) for _, other in nearest[:_MOST_CORRECTIONS])

    def nearest_by_ear(self, word: str) -> tuple[Correction, ...]:
        """Return the nearest words where *word* has another ending of the same sound, as `nearest`; one edit more."""
        ending = next((one for one in _ENDINGS if word.endswith(one)), None)
        if ending is None:
            return ()
        stem = word.removesuffix(ending)
        found = {one for other in _ENDINGS if other != ending for one in self.nearest(stem + other)}
        least = min((one.distance for one in found), default=0)
        nearest = sorted(
            (one for one in found if one.distance == least), key=lambda one: (one.word[0] != word[0], one.word)
        )
        return tuple(Correction(one.word, 2) for one in nearest[:_MOST_CORRECTIONS] if least <= 1)

    def completions(self, word: str) -> list[str]:
        """Return the words that begin with *word*, shortest first; none where it is short or does not look cut off."""
        if len(word) < SHORTEST_CORRECTED or word[-1] not in _ENDS_OF_CUT_WORDS:
            return []
        start = int(self._first_of_length[min(len(word) + 1, len(self._first_of_length) - 1)])
        signature = np.uint64(_signature(word))
        has_its_letters = (self._signatures[start:] & signature) == signature
        return [
            other
            for at in np.flatnonzero(has_its_letters).tolist()
            if (other := self._words[start + at]).startswith(word)
        ]

    def _candidates(self, word: str, most: int) -> list[str]:
        """Return the words whose length and letters do not exclude that *most* edits lead to them."""
        last = len(self._first_of_length) - 1
        start = int(self._first_of_length[min(max(len(word) - most, 0), last)])
        end = int(self._first_of_length[min(len(word) + most + 1, last)])
        differing = np.bitwise_count(self._signatures[start:end] ^ np.uint64(_signature(word)))
        # An edit removes one letter at most and adds one at most, and each flips one bit at most.
        return [self._words[start + at] for at in np.flatnonzero(differing <= 2 * most).tolist()]


def _signature(word: str) -> int:
    """Return a bit for each letter that *word* has, and another for each that it has twice."""
    once = twice = 0
    for character in word:
        bit = 1 << (ord(character) & 31)
        twice |= once & bit
        once |= bit
    return once | twice << 32
