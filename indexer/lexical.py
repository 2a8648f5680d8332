"""Lexical search: which texts have the words of a question, how many of them, and its codes.

Owns the score and the trust in it. What a word is belongs to `indexer/words.py`, what does for a question's word to
`indexer/wanted.py`, the inverted file to `indexer/postings.py`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.errors import IndexFolderError
from indexer.phrases import Phrases, key_of
from indexer.postings import Postings, RowTerms
from indexer.records import Acronym
from indexer.spelling import SHORTEST, Speller
from indexer.text import fold
from indexer.wanted import QuestionReader, Wanted
from indexer.words import STOP_WORDS, Word, content_words, read_chunk, split_chunks

K1 = 1.2
B = 0.75

_ABOUT = "lexical.json"


@dataclass(frozen=True, slots=True)
class LexicalMatch:
    """The rows that have a word of the question, ascending; the arrays have the same shape (found,).

    scores: BM25, each word of the question once, the best of its variants. coverage: the idf of the words that the row
    has, as a share of that of all words of the question, unknown words as heavy as the rarest; in [0, 1].
    codes: the share of the question's codes that the row has exactly; 0 where it has none.
    known_share: like coverage, for the whole vocabulary: low for a question in another language.
    code_count: how many codes and acronyms the question has.
    """

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]
    coverage: NDArray[np.float32]
    codes: NDArray[np.float32]
    known_share: float
    code_count: int


class LexicalIndex:
    """Finds rows by the words of a question."""

    def __init__(self, postings: Postings, speller: Speller, acronyms: Sequence[Acronym]) -> None:
        self._postings = postings
        self._speller = speller
        self._acronyms = tuple(acronyms)
        self._reader = QuestionReader(postings, speller, Phrases(acronyms))

    @classmethod
    def build(cls, texts: Sequence[str], *, acronyms: Sequence[Acronym] = ()) -> "LexicalIndex":
        """Return an index of *texts*, one row each, in order."""
        reader = _TextReader(Phrases(acronyms))
        postings = Postings.build(map(reader.read, texts), k1=K1, b=B)
        return cls(postings, Speller.build(reader.spellings), acronyms)

    def save(self, folder: Path) -> None:
        """Write the index to *folder*, made if need be. The same texts and acronyms make the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        self._postings.save(folder)
        self._speller.save(folder)
        acronyms = [[acronym.short, acronym.long] for acronym in self._acronyms]
        about = json.dumps({"rows": len(self), "acronyms": acronyms}, ensure_ascii=False, indent=1)
        (folder / _ABOUT).write_text(about + "\n", encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, folder: Path) -> "LexicalIndex":
        """Return the index saved in *folder*, its arrays by memory map. IndexFolderError if it cannot be read."""
        try:
            about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
            acronyms = [Acronym(short, long) for short, long in about["acronyms"]]
            return cls(Postings.load(folder, row_count=about["rows"]), Speller.load(folder), acronyms)
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise IndexFolderError(f'{folder} is no lexical index to read: {error}. Run "make index".') from error

    def __len__(self) -> int:
        """The number of rows."""
        return self._postings.row_count

    def search(self, question: str) -> LexicalMatch:
        """Return every row that has a word of *question*. No word, or none that is known, finds no row."""
        scores, coverage, codes = (np.zeros(len(self), dtype=np.float32) for _ in range(3))
        total = known = 0.0
        wanted_words = self._reader.read(question)
        for wanted in wanted_words:
            idf = self._idf(wanted)
            total += idf
            if wanted.terms:
                known += idf * max(wanted.terms.values())
                rows, impacts, weights = self._best_terms(wanted)
                scores[rows] += np.float32(idf) * impacts
                coverage[rows] += np.float32(idf) * weights
                codes[rows] += wanted.is_code & (weights == 1.0)
        code_count = sum(wanted.is_code for wanted in wanted_words)
        found = np.flatnonzero(coverage)
        return LexicalMatch(
            rows=found,
            scores=scores[found],
            coverage=np.minimum(coverage[found] / np.float32(total or 1.0), np.float32(1.0)),
            codes=codes[found] / np.float32(max(code_count, 1)),
            known_share=known / total if total else 0.0,
            code_count=code_count,
        )

    def _idf(self, wanted: Wanted) -> float:
        """Return how much a word says: as its most frequent best term, or as a word seen once if it is unknown."""
        best = max(wanted.terms.values(), default=0.0)
        frequencies = (self._postings.row_frequency(term) for term, weight in wanted.terms.items() if weight == best)
        return self._postings.idf(max(frequencies, default=min(1, len(self))))

    def _best_terms(self, wanted: Wanted) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
        """Return the rows that have a term of a word, ascending, their highest weighted impact and highest weight."""
        found = [(*self._postings.of(term), np.float32(weight)) for term, weight in wanted.terms.items()]
        rows = np.concatenate([rows for rows, _, _ in found])
        impacts = np.concatenate([impacts * weight for _, impacts, weight in found])
        weights = np.concatenate([np.full(len(rows), weight) for rows, _, weight in found])
        if len(found) == 1:
            return rows, impacts, weights
        order = np.argsort(rows, kind="stable")  # merges the ascending runs in linear time
        rows = rows[order]
        first = np.flatnonzero(np.diff(rows, prepend=-1))
        return rows[first], np.maximum.reduceat(impacts[order], first), np.maximum.reduceat(weights[order], first)


class _TextReader:
    """Turns texts into terms, each different word once."""

    def __init__(self, phrases: Phrases) -> None:
        self.spellings = {word for word in STOP_WORDS if len(word) >= SHORTEST - 1}
        self._phrases = phrases
        self._read: dict[str, tuple[tuple[str, ...], tuple[str, ...], int]] = {}

    def read(self, text: str) -> RowTerms:
        """Return the terms of *text*; its length counts words that say something, whatever their variants and parts."""
        terms: list[str] = []
        keys: list[str] = []
        length = 0
        for chunk in split_chunks(text):
            seen = self._read.get(chunk)
            if seen is None:
                seen = self._read[chunk] = self._read_chunk(chunk)
            terms.extend(seen[0])
            keys.extend(seen[1])
            length += seen[2]
        terms.extend(phrase.term for _, phrase in self._phrases.find(keys) if len(phrase.keys) > 1)
        return RowTerms(terms, length)

    def _read_chunk(self, chunk: str) -> tuple[tuple[str, ...], tuple[str, ...], int]:
        words = list(content_words(list(read_chunk(chunk))))
        terms = tuple(term for word in words for term in self._terms(word))
        return terms, tuple(map(key_of, words)), len(words)

    def _terms(self, word: Word) -> Iterator[str]:
        if word.is_code:
            yield word.code
            for part in word.parts:
                yield from self._terms(part)
        else:
            yield from word.stems
            spelling = fold(word.surface)
            if spelling.isalpha() and len(spelling) >= SHORTEST - 1:
                self.spellings.add(spelling)
