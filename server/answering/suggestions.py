"""Suggests curated questions while a visitor types: those that begin so, then those that have all the words.

Owns two sorted tables; knows nothing of HTTP or of indexes. Questions are numbered in the order in which they are
shown, so that the best of a set are its smallest numbers and no suggestion is ever scored.
"""

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from indexer.french.text import visible_words_of
from indexer.lexical.spelling import Speller

MAX_PREFIX_CHARACTERS = 300

_AFTER_ALL = "\U0010ffff"  # sorts behind every word
_ELIDED = frozenset(["c", "d", "j", "l", "m", "n", "qu", "s", "t"])


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A curated question, and the answer that it belongs to."""

    question: str
    answer_id: str


class Suggester:
    """Finds questions by their beginning and by their words; accents, case and punctuation do not count."""

    def __init__(self, questions: Sequence[tuple[str, str]]) -> None:
        """*questions*: text and answer id. The tables are made at the first suggestion."""
        self._questions = questions
        self._tables: _Tables | None = None
        self._lock = threading.Lock()

    def suggest(self, prefix: str, *, limit: int = 8) -> tuple[Suggestion, ...]:
        """Return at most *limit* questions: first those that begin with *prefix*, then those that have all its words.

        Where there are none, words that are in no question are taken for the nearest that are: « renouvelement ».
        The last word typed may be the beginning of one. Among either sort the shorter come first, then by the alphabet.
        Nothing for a text without letters or digits, or of more than MAX_PREFIX_CHARACTERS.
        """
        if len(prefix) > MAX_PREFIX_CHARACTERS or not (folded := visible_words_of(prefix)):
            return ()
        with self._lock:
            tables = self._tables = self._tables or _Tables(self._questions)
        return tuple(Suggestion(*self._questions[row]) for row in tables.find(folded, limit=limit))


class _Tables:
    """Question numbers by beginning and by word. A number is the place of a question among all, shortest first."""

    def __init__(self, questions: Sequence[tuple[str, str]]) -> None:
        folded = _fold_all([question for question, _ in questions])
        # Questions that fold alike are shown once, with the answer whose id is the first.
        rows: dict[str, int] = {}
        for row, key in enumerate(folded):
            if key and (key not in rows or questions[row][::-1] < questions[rows[key]][::-1]):
                rows[key] = row
        self._beginnings = sorted(rows)
        order = np.argsort([len(key) for key in self._beginnings], kind="stable")
        self._beginning_ranks = np.empty(len(order), dtype=np.int32)
        """Question number of each of the sorted texts."""
        self._beginning_ranks[order] = np.arange(len(order))
        by_rank = [self._beginnings[place] for place in order]
        self._rows = [rows[key] for key in by_rank]
        """Place in *questions* of each question number."""

        numbers: defaultdict[str, int] = defaultdict(count().__next__)
        words = [key.split() for key in by_rank]
        lengths = [len(line) for line in words]
        numbered = np.fromiter((numbers[word] for line in words for word in line), np.int32, sum(lengths))
        vocabulary = sorted(numbers)
        places = np.empty(len(vocabulary), dtype=np.int32)
        places[[numbers[word] for word in vocabulary]] = np.arange(len(vocabulary))
        word_places = places[numbered]
        order = np.argsort(word_places, kind="stable")
        self._vocabulary = vocabulary
        self._speller = Speller.build(vocabulary)
        self._postings = np.repeat(np.arange(len(words), dtype=np.int32), lengths)[order]
        """Question numbers, of the first word of the alphabet, then of the second: a beginning is one run of them."""
        self._starts = np.searchsorted(word_places[order], np.arange(len(vocabulary) + 1))

    def find(self, folded: str, *, limit: int) -> list[int]:
        """Return the places in *questions* of the suggestions for a folded, non-empty text."""
        low, high = _bounds(self._beginnings, folded)
        beginning = _smallest(self._beginning_ranks[low:high], limit)
        containing: list[int] = []
        if len(beginning) < limit:
            # The first of these may be among those that begin so.
            most = limit + len(beginning)
            containing = [rank for rank in self._having_all(folded.split())[:most].tolist() if rank not in beginning]
        found = [self._rows[rank] for rank in (beginning + containing)[:limit]]
        if not found and (corrected := self._corrected(folded)) != folded:
            return self.find(corrected, limit=limit)
        return found

    def _corrected(self, folded: str) -> str:
        """Return the text with each word that no word begins with replaced by the nearest, where there is one.

        What is corrected is known, so that correcting again changes nothing.
        """
        words = []
        for word in folded.split():
            low, high = _bounds(self._vocabulary, word)
            nearest = () if low < high else self._speller.nearest(word)
            words.append(nearest[0].word if nearest else word)
        return " ".join(words)

    def _having_all(self, words: list[str]) -> NDArray[np.intp]:
        """Return the numbers of the questions that have every word and a word that begins like the last, ascending."""
        # "l annuaire" asks for annuaire: what is elided before it may differ.
        whole, last = {word for word in words[:-1] if word not in _ELIDED}, words[-1]
        low, high = _bounds(self._vocabulary, last)
        has_all = np.zeros(len(self._rows), dtype=np.bool_)
        has_all[self._postings[self._starts[low] : self._starts[high]]] = True
        for word in whole:
            place = bisect_left(self._vocabulary, word)
            if place == len(self._vocabulary) or self._vocabulary[place] != word:
                return np.empty(0, dtype=np.intp)
            has_word = np.zeros_like(has_all)
            has_word[self._postings[self._starts[place] : self._starts[place + 1]]] = True
            has_all &= has_word
        return np.flatnonzero(has_all)


def _bounds(ordered: list[str], beginning: str) -> tuple[int, int]:
    """Return the first place and the place after the last of the texts that begin so."""
    low = bisect_left(ordered, beginning)
    return low, bisect_left(ordered, beginning + _AFTER_ALL, lo=low)


def _smallest(numbers: NDArray[np.int32], limit: int) -> list[int]:
    if len(numbers) > limit:
        numbers = np.partition(numbers, limit - 1)[:limit]
    return sorted(numbers.tolist())


def _fold_all(texts: Sequence[str]) -> list[str]:
    """Return each text folded; what stands between spaces once each: text by text it would take seconds."""
    folded = {piece: visible_words_of(piece) for piece in {piece for text in texts for piece in text.split()}}
    return [" ".join(filter(None, map(folded.__getitem__, text.split()))) for text in texts]
