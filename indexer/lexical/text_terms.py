"""What is indexed of each text: the terms of its words, of its codes and their parts, of the acronyms it spells out.

Some words were published without the space between them, such as « simplesà respecter »: pages saved from the web lose
the spaces between their parts. No dictionary is needed to find them: the corpus is its own.
What its numbers mean with the words that they count is indexed beside these (`indexer/french/numbers`).
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.french.text import fold
from indexer.french.words import STOP_WORDS, Word, simple_words, split_words, stems_of
from indexer.lexical.acronyms import Phrases, key_of
from indexer.lexical.postings import TextTerms
from indexer.lexical.read_texts import ReadTexts
from indexer.lexical.spelling import SHORTEST_CORRECTED

_TEXTS_A_BLOCK = 50_000

_SHORTEST_RUN_TOGETHER = 6
_LEAST_SEEN_PART = 2
_ONE_LETTER_WORDS = frozenset("aày")


class TextReader:
    """Turns texts into terms. What is between two spaces is read once, however often it occurs."""

    def __init__(self, texts: ReadTexts, phrases: Phrases) -> None:
        """texts: all there are, since what is a word run together depends on the others."""
        self._phrases = phrases
        self.terms: list[str] = []
        """By their number; complete once all texts are read."""
        self._term_ids: dict[str, int] = {}
        mention_terms = np.array(self._ids_of(texts.mentioned.different), dtype=np.int64)
        self._mentioned = mention_terms[texts.mentioned.numbers]
        mentions = np.diff(texts.mentioned.ends, prepend=0)
        self._mentioning = np.repeat(np.arange(len(mentions)), mentions)
        self._tokens = texts.strings.numbers
        self._ends = texts.strings.ends
        words = [list(simple_words(split_words(string))) for string in texts.strings.different]
        counts: Counter[str] = Counter()
        often = np.bincount(self._tokens, minlength=len(words)).tolist()
        for times, those in zip(often, words, strict=True):
            for word in those:
                if not word.is_code:
                    counts[word.surface.lower()] += times
        self.aliases = _join_stems(word.stems for those in words for word in _with_parts(those))
        self._run_together = split_run_together(counts)
        spellings = {fold(word) for word in counts.keys() - self._run_together.keys()} | STOP_WORDS
        self.spellings = [word for word in spellings if word.isalpha() and len(word) >= SHORTEST_CORRECTED - 1]
        read = [self._terms_of_words(those) for those in words]
        self._terms_of = _Lists.of([self._ids_of(terms) for terms, _ in read])
        self._keys = [keys for _, keys in read]
        self._key_counts = np.array([len(keys) for keys in self._keys], dtype=np.int64)
        self._leads = np.array([any(map(phrases.leads, keys)) for keys in self._keys], dtype=np.bool_)

    def read(self) -> Iterator[TextTerms]:
        """Yield the terms of all texts in order, many texts at a time.

        The length of a text counts words that say something, whatever their variants and parts.
        """
        for first in range(0, len(self._ends), _TEXTS_A_BLOCK):
            ends = self._ends[first : first + _TEXTS_A_BLOCK]
            start = int(self._ends[first - 1]) if first else 0
            tokens = self._tokens[start : int(ends[-1])]
            text_of = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=start))
            terms, counts = self._terms_of.expand(tokens)
            phrase_terms, phrase_texts = self._find_phrases(tokens, text_of)
            some = slice(*np.searchsorted(self._mentioning, (first, first + len(ends))))
            yield TextTerms(
                terms=np.concatenate((terms, phrase_terms, self._mentioned[some])),
                texts=np.concatenate((np.repeat(text_of, counts), phrase_texts, self._mentioning[some] - first)),
                lengths=np.bincount(text_of, self._key_counts[tokens], minlength=len(ends)).astype(np.float64),
            )

    def _find_phrases(
        self, tokens: NDArray[np.int32], text_of: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the numbers of the phrases of several words, and the text that each is in."""
        terms: list[int] = []
        texts: list[int] = []
        for text in np.unique(text_of[self._leads[tokens]]).tolist():
            begin, end = np.searchsorted(text_of, (text, text + 1))
            keys = [key for token in tokens[begin:end].tolist() for key in self._keys[token]]
            found = [phrase.term for _, phrase in self._phrases.find(keys) if len(phrase.keys) > 1]
            terms.extend(self._ids_of(found))
            texts.extend([text] * len(found))
        return np.array(terms, dtype=np.int64), np.array(texts, dtype=np.int64)

    def _ids_of(self, terms: Iterable[str]) -> list[int]:
        ids = []
        for term in terms:
            number = self._term_ids.setdefault(term, len(self.terms))
            if number == len(self.terms):
                self.terms.append(term)
            ids.append(number)
        return ids

    def _terms_of_words(self, words: Sequence[Word]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        content = [word for word in words if not word.is_stop_word]
        return tuple(term for word in content for term in self._terms(word)), tuple(map(key_of, content))

    def _terms(self, word: Word) -> Iterator[str]:
        if word.is_code:
            yield word.code
            for part in word.parts:
                yield from self._terms(part)
        else:
            yield from (self.aliases[stem] for stem in word.stems[:1])
            for piece in self._run_together.get(word.surface.lower(), ()):
                if piece not in STOP_WORDS:
                    yield self.aliases[stems_of(piece)[0]]


def split_run_together(counts: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Return the words that are others run together, each with the two or three words it is made of.

    counts: how often each word occurs, in lower case. A word is taken for several only if it occurs once, no other
    word has its stem, and each part occurs by itself twice or more; of several ways, the one with the most frequent
    parts, two before three.
    """
    related: dict[str, int] = {}
    for word in counts:
        for stem in stems_of(word):
            related[stem] = related.get(stem, 0) + 1
    suspects = [
        word
        for word, count in counts.items()
        if count == 1
        and len(word) >= _SHORTEST_RUN_TOGETHER
        and word.isalpha()
        and word not in STOP_WORDS
        and all(related[stem] == 1 for stem in stems_of(word))
    ]
    known = {word: count for word, count in counts.items() if count >= _LEAST_SEEN_PART and _can_be_part(word)}
    found: dict[str, tuple[str, ...]] = {}
    for word in suspects:
        ways = list(_halves(word, known)) or [
            (word[:at], *rest)
            for at in range(1, len(word) - 1)
            if word[:at] in known
            for rest in _halves(word[at:], known)
        ]
        if ways:
            found[word] = max(ways, key=lambda parts: (math.prod(known[part] for part in parts), parts))
    return found


@dataclass(frozen=True, slots=True)
class _Lists:
    """Lists of numbers, one after the other: list i is values[starts[i] : starts[i + 1]]."""

    values: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, lists: Sequence[Sequence[int]]) -> "_Lists":
        lengths = np.array([len(one) for one in lists], dtype=np.int64)
        values = np.array([value for one in lists for value in one], dtype=np.int64)
        return cls(values, np.concatenate(([0], np.cumsum(lengths))))

    def expand(self, chosen: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the values of the chosen lists, one list after the other, and how many each has."""
        lengths = np.diff(self.starts)[chosen]
        ends = np.cumsum(lengths)
        total = int(ends[-1]) if len(ends) else 0
        return self.values[np.arange(total) + np.repeat(self.starts[chosen] - (ends - lengths), lengths)], lengths


def _join_stems(words: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """Return each stem with the one that stands for it: stems of one word are one term, the first in order.

    Written with its accents or without, a word then finds all its forms, and each form counts once.
    """
    parents: dict[str, str] = {}

    def root(stem: str) -> str:
        while parents.setdefault(stem, stem) != stem:
            stem = parents[stem]
        return stem

    for stems in words:
        for stem in stems:
            low, high = sorted((root(stems[0]), root(stem)))
            parents[high] = low
    return {stem: root(stem) for stem in parents}


def _with_parts(words: Iterable[Word]) -> Iterator[Word]:
    for word in words:
        yield word
        yield from _with_parts(word.parts)


def _halves(word: str, known: Mapping[str, int]) -> Iterator[tuple[str, ...]]:
    for at in range(1, len(word)):
        if word[:at] in known and word[at:] in known:
            yield word[:at], word[at:]


def _can_be_part(word: str) -> bool:
    return len(word) > 1 or word in _ONE_LETTER_WORDS
