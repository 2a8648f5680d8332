"""Lexical search: which texts have the words of a question, how many of them, and its codes.

Owns the score and the trust in it. What a word is belongs to `indexer/french/words.py`, what does for a question's
word to `indexer/lexical/question_terms.py`, the inverted file to `indexer/lexical/postings.py`.
"""

import copy
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from indexer.errors import IndexFolderError
from indexer.french.words import Word
from indexer.lexical.acronyms import Phrases
from indexer.lexical.match import CODES, COVERAGE, SCORE, LexicalMatch, PrunedMatch, SoughtWord
from indexer.lexical.postings import Postings
from indexer.lexical.question_terms import QuestionReader, QuestionTerm
from indexer.lexical.read_texts import ReadTexts
from indexer.lexical.some_rows import PickedRows, SparseRows, SparseVector, dimension_of, sparse_vectors
from indexer.lexical.spelling import Speller
from indexer.lexical.text_terms import TextReader
from indexer.records import Acronym
from indexer.terminal import command_of

K1 = 1.5
B = 0.75

_ABOUT = "lexical.json"
_SMALL = 5_000
_REMEMBERED = 8192

_Having: TypeAlias = tuple[NDArray[np.integer], NDArray[np.float32], NDArray[np.float32]]
"""The rows that have a word, ascending, and in each the highest weighted impact and the highest weight of its terms."""


class LexicalIndex:
    """Finds rows by the words of a question."""

    def __init__(
        self, postings: Postings, speller: Speller, acronyms: Sequence[Acronym], *, has_mentions: bool = True
    ) -> None:
        """has_mentions: whether the texts were read with the meaning of their numbers; in earlier versions not."""
        self._postings = postings
        self._lists: Postings | PickedRows | SparseRows = postings
        self._speller = speller
        self._acronyms = tuple(acronyms)
        self._has_mentions = has_mentions
        self._reader = QuestionReader(postings, speller, Phrases(acronyms), has_mentions=has_mentions)
        # The rows of all the words of a small index, in every spelling, take little more room than its postings.
        is_small = postings.row_count <= _SMALL
        self._having = lru_cache(_REMEMBERED)(self._rows_with) if is_small else self._rows_with

    @classmethod
    def build(cls, texts: Iterable[str], *, acronyms: Sequence[Acronym] = ()) -> "LexicalIndex":
        """Return an index of *texts*, one row each, in order."""
        return cls.of_read(ReadTexts.of(texts), acronyms=acronyms)

    @classmethod
    def of_read(cls, texts: ReadTexts, *, acronyms: Sequence[Acronym] = ()) -> "LexicalIndex":
        """Return an index of texts that were read, one row each, in order."""
        reader = TextReader(texts, Phrases(acronyms))
        postings = Postings.build(reader.terms, reader.read(), aliases=reader.aliases, k1=K1, b=B)
        return cls(postings, Speller.build(reader.spellings), acronyms)

    def save(self, folder: Path) -> None:
        """Write the index to *folder*, made if need be. The same texts and acronyms make the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        self._postings.save(folder)
        self._speller.save(folder)
        acronyms = [[acronym.short, acronym.long] for acronym in self._acronyms]
        about = json.dumps(
            {"rows": len(self), "mentions": self._has_mentions, "acronyms": acronyms}, ensure_ascii=False, indent=1
        )
        (folder / _ABOUT).write_text(about + "\n", encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, folder: Path, *, has_rows: bool = True) -> "LexicalIndex":
        """Return the index saved in *folder*. IndexFolderError if it cannot be read.

        has_rows: False for its vocabulary alone, see `of_vectors`.
        """
        try:
            about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
            acronyms = [Acronym(short, long) for short, long in about["acronyms"]]
            postings = Postings.load(folder, row_count=about["rows"], has_rows=has_rows)
            return cls(postings, Speller.load(folder), acronyms, has_mentions=about.get("mentions", False))
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise IndexFolderError(
                f'{folder} is no lexical index to read: {error}. Run "{command_of("build")}".'
            ) from error

    def of_rows(self, rows: NDArray[np.int64]) -> "LexicalIndex":
        """Return the index of some rows, which rise, numbered by their place; terms weigh what they do in all."""
        return self._with(PickedRows(self._postings, rows))

    def of_vectors(self, vectors: Sequence[SparseVector]) -> "LexicalIndex":
        """Return the index of some rows, by their sparse vectors and numbered by their place; see `of_rows`."""
        return self._with(SparseRows(self._postings, vectors))

    def _with(self, lists: PickedRows | SparseRows) -> "LexicalIndex":
        some = copy.copy(self)
        some._lists = lists
        some._having = some._rows_with
        return some

    def sparse_vectors(self) -> Iterator[SparseVector]:
        """Yield the sparse vector of each row, in order."""
        return sparse_vectors(self._postings)

    def sparse_question(self, question: str) -> SparseVector:
        """Return the sparse vector of *question*: its product with that of a row is at least the row's score."""
        found: dict[int, float] = {}
        for term in self._reader.read(question):
            idf = self._postings.idf(term.row_frequency)
            for name, weight in term.variants:
                dimension = dimension_of(self._postings, name)
                found[dimension] = found.get(dimension, 0.0) + weight * idf
        return found

    def __len__(self) -> int:
        """The number of rows."""
        return self._lists.row_count

    def read_words(self, question: str) -> list[tuple[Word, QuestionTerm]]:
        """Return the different content words of *question*, each with the known terms that do for it."""
        return self._reader.read_words(question)

    def idf(self, row_frequency: int) -> float:
        """Return the weight of a term that so many rows have."""
        return self._postings.idf(row_frequency)

    def canonical(self, term: str) -> str | None:
        """Return the term that *term* is a name of, None for an unknown one."""
        return self._postings.canonical(term)

    def rows_of(self, term: str) -> NDArray[np.int32]:
        """Return the rows of a known *term*, ascending."""
        return self._lists.of(term)[0]

    def search(self, question: str) -> LexicalMatch:
        """Return what every row has of the words of *question*."""
        asked = self._read(question)
        values = np.zeros((3, len(self)), dtype=np.float32)
        if not asked.known:
            return LexicalMatch(values, known_share=0.0)
        known, total, code_count = asked.known, asked.total, asked.code_count
        found = [self._having(term.variants) for term, _ in known]
        rows, impacts, weights = (np.concatenate(parts) for parts in zip(*found, strict=True))
        idf_of_each = np.repeat(np.array([idf for _, idf in known], np.float32), [len(some) for some, _, _ in found])
        # Once for all words: for one word at a time it takes five times as long in a small index.
        np.add.at(values[SCORE], rows, impacts * idf_of_each)
        np.add.at(values[COVERAGE], rows, weights * idf_of_each / np.float32(total))
        for (term, _), (having, _, weights_of_one) in zip(known, found, strict=True):
            if term.is_code:
                np.add.at(values[CODES], having, (weights_of_one == 1) * np.float32(1 / code_count))
        # Roundings may add up to a little more than the whole.
        np.minimum(values[COVERAGE:], np.float32(1), out=values[COVERAGE:])
        return LexicalMatch(values, known_share=asked.known_share)

    def look_up(self, question: str) -> PrunedMatch:
        """Return what `search` does, of the best rows and of those that are asked for: for an index of many rows."""
        asked = self._read(question)
        words = [
            SoughtWord(
                [(*self._lists.of(name), np.float32(weight)) for name, weight in term.variants],
                np.float32(idf),
                term.is_code,
            )
            for term, idf in asked.known
        ]
        return PrunedMatch(
            words,
            row_count=len(self),
            total=asked.total,
            code_count=asked.code_count,
            known_share=asked.known_share,
        )

    def _read(self, question: str) -> "_Asked":
        terms = self._reader.read(question)
        # An unknown word says as much as one that is in one row.
        idfs = [self._postings.idf(term.row_frequency or min(1, self._postings.row_count)) for term in terms]
        known = [(term, idf) for term, idf in zip(terms, idfs, strict=True) if term.variants]
        total = sum(idfs)
        share = sum(idf * term.weight for term, idf in known) / total if known else 0.0
        return _Asked(known, total, sum(term.is_code for term in terms), share)

    def _rows_with(self, variants: Sequence[tuple[str, float]]) -> _Having:
        """Return the rows that have one of *variants*, which come by rising weight."""
        if len(variants) == 1:
            ((term, weight),) = variants
            rows, impacts = self._lists.of(term)
            return (
                rows,
                impacts if weight == 1 else impacts * np.float32(weight),
                np.full(len(rows), weight, np.float32),
            )
        best_impacts, best_weights = np.zeros((2, len(self)), dtype=np.float32)
        for term, weight in variants:
            rows, impacts = self._lists.of(term)
            best_impacts[rows] = np.maximum(best_impacts[rows], impacts * np.float32(weight))
            best_weights[rows] = weight  # the highest comes last
        found = np.flatnonzero(best_weights)
        return found, best_impacts[found], best_weights[found]


@dataclass(frozen=True, slots=True)
class _Asked:
    """The words of a question. known: those that the index knows, each with its idf. total: the idf of all."""

    known: Sequence[tuple[QuestionTerm, float]]
    total: float
    code_count: int
    known_share: float
