"""What to look for in an index for each word of a question: variants, parts of codes, acronyms, misspelt words.

Owns how much each of them counts. A number is looked for with the word that it counts
(`indexer/french/numbers`): it counts for little without it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from indexer.french.numbers import Mention, Span, find_mentions, respell
from indexer.french.text import fold, normalise, unshouted
from indexer.french.words import STOP_WORDS, Word, place_chunks, read_chunk, stems_of
from indexer.lexical.acronyms import Phrases, key_of
from indexer.lexical.postings import Postings
from indexer.lexical.spelling import Speller

_OTHER_CASE = 0.5
"""A code that stands in the text as an ordinary word: ANS and « ans »."""
_PART = 0.4
"""A part of a code: XDM for IHE_XDM. And a number without what it counts: 3 for « 3 ans »."""
_ACRONYM = 0.5
"""The long form for the short one, and the other way round: the literal match wins."""
_CORRECTED = {1: 0.8, 2: 0.6}
"""A word of the vocabulary one or two edits from what was typed."""
_CUT_SHORT = 0.6
"""A word that begins with what was typed: certificat for certif."""
_MOST_COMPLETIONS = 3

_REMEMBERED = 8192
_LONGEST_REMEMBERED = 40
"""Longer strings are rare, and remembered they would let a visitor fill the memory."""


@dataclass(frozen=True, slots=True)
class QuestionTerm:
    """A word of the question: the known terms that do for it with how much each counts, and whether it is a code.

    variants: pairs of a term and what it counts, those that count least first. weight: of those that count most.
    row_frequency: how many rows have the most frequent of these. Both are 0 for an unknown word. names: the terms
    alone, or what stands for an unknown word: two words with the same names are one.
    """

    variants: tuple[tuple[str, float], ...]
    weight: float
    row_frequency: int
    names: frozenset[str]
    is_code: bool


class QuestionReader:
    """Reads questions in the light of a vocabulary."""

    def __init__(self, postings: Postings, speller: Speller, phrases: Phrases, *, has_mentions: bool = True) -> None:
        """has_mentions: whether the texts were read with the meaning of their numbers, as questions then are."""
        self._has_mentions = has_mentions
        self._postings = postings
        self._speller = speller
        self._phrases = phrases
        # The words of questions come again and again, and a misspelt one takes longer to read than all others.
        self._remembered = lru_cache(_REMEMBERED)(self._read_chunk)

    def read(self, question: str) -> list[QuestionTerm]:
        """Return the different words of *question* that say something; one that the index does not know has no term."""
        return [term for _, term in self.read_words(question)]

    def read_words(self, question: str) -> list[tuple[Word, QuestionTerm]]:
        """Return as `read`, with each word as it was asked."""
        found: list[tuple[Word, QuestionTerm]] = []
        unsaid: list[tuple[Word, QuestionTerm]] = []
        text = unshouted(normalise(question))
        mentions: Sequence[Mention] = ()
        if self._has_mentions:
            text = respell(text)
            mentions = tuple(find_mentions(text))
        numbers_at = _by_place((mention, mention.number) for mention in mentions)
        counted_at = _by_place((mention, mention.counted) for mention in mentions if mention.counted)
        for chunk, start, end in place_chunks(text):
            words = self._remembered(chunk) if len(chunk) <= _LONGEST_REMEMBERED else self._read_chunk(chunk)
            if mentions:
                numbers = list(dict.fromkeys(one for at in range(start, end) for one in numbers_at.get(at, ())))
                counted = list(dict.fromkeys(one for at in range(start, end) for one in counted_at.get(at, ())))
                if numbers or counted:
                    words = [(word, self._mentioned(word, term, numbers, counted)) for word, term in words]
                # « deux » is a stop word, but not in « deux ans ».
                if not words and (means := self._known(numbers)):
                    word = Word(chunk, (), "", False)
                    unsaid.append((word, self._weigh(word, dict.fromkeys(means, 1.0))))
            found += words
        keys = [word.code if term.is_code else key_of(word) for word, term in found]
        for start, phrase in self._phrases.find(keys):
            if phrase.other_side in self._postings:
                for at in range(start, start + len(phrase.keys)):
                    word, term = found[at]
                    variants = {phrase.other_side: _ACRONYM, **dict(term.variants)}
                    found[at] = word, self._weigh(word, variants, is_code=term.is_code)
        unique: dict[frozenset[str], tuple[Word, QuestionTerm]] = {}
        for word, term in (*found, *unsaid):
            unique.setdefault(term.names, (word, term))
        return list(unique.values())

    def _read_chunk(self, chunk: str) -> list[tuple[Word, QuestionTerm]]:
        words = self._content_words(read_chunk(chunk))
        return [(word, term) for word in words if (term := self._look_up(word)) is not None]

    def _content_words(self, words: Sequence[Word]) -> Iterator[Word]:
        """Yield the words to look for: a compound or a code that no text has is taken apart."""
        for word in words:
            if word.parts and not self._is_known_code(word):
                yield from self._content_words(word.parts)
            elif not word.is_stop_word:
                yield word

    def _is_known_code(self, word: Word) -> bool:
        return word.code in self._postings or word.code in self._phrases

    def _look_up(self, word: Word) -> QuestionTerm | None:
        """Return what to look for, None for a stop word in capitals or misspelt."""
        stems = {known: 1.0 for stem in word.stems if (known := self._postings.canonical(stem)) is not None}
        if word.code in self._postings:
            return self._look_up_code(word, stems)
        if stems:
            return self._weigh(word, stems)
        if word.surface.lower() in STOP_WORDS:
            return None
        if word.is_code or word.code in self._phrases:
            return self._weigh(word, {}, is_code=True)
        typed = fold(word.surface)
        corrections = self._speller.nearest(typed) or self._speller.nearest_by_ear(typed)
        if any(correction.word in STOP_WORDS for correction in corrections):
            return None
        if corrections:
            return self._weigh(word, {stems_of(found.word)[-1]: _CORRECTED[found.distance] for found in corrections})
        completed = dict.fromkeys(stems_of(found)[-1] for found in self._speller.completions(typed))
        likeliest = sorted(completed, key=self._postings.row_frequency, reverse=True)[:_MOST_COMPLETIONS]
        return self._weigh(word, dict.fromkeys(likeliest, _CUT_SHORT))

    def _look_up_code(self, word: Word, stems: Mapping[str, float]) -> QuestionTerm:
        parts = {term: _PART for part in word.parts for term in (part.code, *part.stems) if term in self._postings}
        if word.is_code:
            return self._weigh(word, {**parts, **dict.fromkeys(stems, _OTHER_CASE), word.code: 1.0}, is_code=True)
        # Typed small, it may be either: « les ans » or « les ANS ».
        often = self._postings.row_frequency(word.code)
        rarer_as_word = all(often >= self._postings.row_frequency(stem) for stem in stems)
        return self._weigh(word, {**parts, **stems, word.code: 1.0}, is_code=rarer_as_word)

    def _mentioned(
        self, word: Word, term: QuestionTerm, numbers: Sequence[Mention], counted: Sequence[Mention]
    ) -> QuestionTerm:
        """Return what to look for where the word is part of these numbers, and one of the words that those count."""
        means = self._known(numbers)
        variants = dict(term.variants)
        if means or any(mention.is_strict for mention in numbers):
            variants = {name: min(counts, _PART) for name, counts in variants.items()}
        for name in (name for mention in numbers for name in mention.implied if name in self._postings):
            variants[name] = max(variants.get(name, 0.0), _PART)
        variants.update(dict.fromkeys((*means, *self._known(counted)), 1.0))
        return self._weigh(word, variants, is_code=term.is_code)

    def _known(self, mentions: Sequence[Mention]) -> list[str]:
        return [mention.term for mention in mentions if mention.term in self._postings]

    def _weigh(self, word: Word, variants: Mapping[str, float], *, is_code: bool = False) -> QuestionTerm:
        rising = tuple(sorted(variants.items(), key=lambda item: item[1]))
        weight = rising[-1][1] if rising else 0.0
        often = (self._postings.row_frequency(term) for term, counts in rising if counts == weight)
        return QuestionTerm(rising, weight, max(often, default=0), frozenset(variants or [word.code]), is_code)


def _by_place(spans: Iterable[tuple[Mention, Span]]) -> dict[int, list[Mention]]:
    """Return the mentions that each character belongs to."""
    found: dict[int, list[Mention]] = {}
    for mention, (start, end) in spans:
        for at in range(start, end):
            found.setdefault(at, []).append(mention)
    return found
