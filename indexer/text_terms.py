"""What is indexed of each text: the terms of its words, of its codes and their parts, of the acronyms it spells out."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from indexer.phrases import Phrases, key_of
from indexer.postings import RowTerms
from indexer.run_together import split_run_together
from indexer.spelling import SHORTEST
from indexer.text import fold
from indexer.words import STOP_WORDS, Word, read_chunk, simple_words, split_chunks, stems_of


class TextReader:
    """Turns texts into terms, each different chunk once."""

    def __init__(self, texts: Iterable[str], phrases: Phrases) -> None:
        """texts: all that will be read, since what is a word run together depends on the others."""
        self._phrases = phrases
        chunk_counts = Counter(chunk for text in texts for chunk in split_chunks(text))
        words_of = {chunk: list(simple_words(read_chunk(chunk))) for chunk in chunk_counts}
        counts: Counter[str] = Counter()
        for chunk, words in words_of.items():
            for word in words:
                if not word.is_code:
                    counts[word.surface.lower()] += chunk_counts[chunk]
        self.aliases = _join_stems(word.stems for words in words_of.values() for word in _with_parts(words))
        self._run_together = split_run_together(counts)
        spellings = {fold(word) for word in counts.keys() - self._run_together.keys()} | STOP_WORDS
        self.spellings = [word for word in spellings if word.isalpha() and len(word) >= SHORTEST - 1]
        self._read = {chunk: self._terms_of_chunk(words) for chunk, words in words_of.items()}

    def read(self, text: str) -> RowTerms:
        """Return the terms of *text*; its length counts words that say something, whatever their variants and parts."""
        terms: list[str] = []
        keys: list[str] = []
        for chunk in split_chunks(text):
            chunk_terms, chunk_keys = self._read[chunk]
            terms.extend(chunk_terms)
            keys.extend(chunk_keys)
        terms.extend(phrase.term for _, phrase in self._phrases.find(keys) if len(phrase.keys) > 1)
        return RowTerms(terms, len(keys))

    def _terms_of_chunk(self, words: Sequence[Word]) -> tuple[tuple[str, ...], tuple[str, ...]]:
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
