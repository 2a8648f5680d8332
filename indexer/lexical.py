"""Lexical search: which texts have the words of a question, how many of them, and its codes.

Owns the score and the trust in it. What a word is belongs to `indexer/words.py`, what does for a question's word to
`indexer/wanted.py`, the inverted file to `indexer/postings.py`.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.errors import IndexFolderError
from indexer.phrases import Phrases
from indexer.postings import Postings
from indexer.records import Acronym
from indexer.spelling import Speller
from indexer.text_terms import TextReader
from indexer.wanted import QuestionReader, Wanted

K1 = 1.5
B = 0.75

SCORE, COVERAGE, CODES = range(3)
"""The rows of `LexicalMatch.values`."""

_ABOUT = "lexical.json"
_BLOCKS_FOR_ONE = 16
"""Blocks that all rows are looked at in, for each row wanted."""


@dataclass(frozen=True, slots=True)
class LexicalMatch:
    """What each row has of a question's words.

    values: shape (3, rows), the columns of the three rows `SCORE`, `COVERAGE` and `CODES`; 0 where a row has no word.
    Score: BM25, each word of the question once, the best of its variants. Coverage: the idf of the words that the row
    has, as a share of that of all words of the question, unknown words as heavy as the rarest; in [0, 1].
    Codes: the share of the question's codes that the row has exactly; 0 where it has none.
    known_share: like coverage, for the whole vocabulary: low for a question in another language.
    """

    values: NDArray[np.float32]
    known_share: float

    def best_rows(self, limit: int) -> NDArray[np.int64]:
        """Return the rows that have a word of the question, by falling score, then rising row; at most *limit*."""
        scores = self.values[SCORE]
        least = 0.0
        if len(scores) > limit:
            blocks = np.arange(0, len(scores), 1 + len(scores) // (_BLOCKS_FOR_ONE * limit))
            # So many blocks have a row that is as good: those that are worse need not be sorted.
            least = np.partition(np.maximum.reduceat(scores, blocks), -limit)[-limit]
        found = np.flatnonzero(scores >= least) if least > 0 else np.flatnonzero(scores)
        return found[np.argsort(-scores[found], kind="stable")[:limit]]


class LexicalIndex:
    """Finds rows by the words of a question."""

    def __init__(self, postings: Postings, speller: Speller, acronyms: Sequence[Acronym]) -> None:
        self._postings = postings
        self._speller = speller
        self._acronyms = tuple(acronyms)
        self._reader = QuestionReader(postings, speller, Phrases(acronyms))

    @classmethod
    def build(cls, texts: Iterable[str], *, acronyms: Sequence[Acronym] = ()) -> "LexicalIndex":
        """Return an index of *texts*, one row each, in order."""
        reader = TextReader(texts, Phrases(acronyms))
        postings = Postings.build(reader.terms, reader.read(), aliases=reader.aliases, k1=K1, b=B)
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
        """Return what every row has of the words of *question*."""
        wanted_words = self._reader.read(question)
        code_count = sum(wanted.is_code for wanted in wanted_words)
        idfs, total, known = [], 0.0, 0.0
        for wanted in wanted_words:
            best = max(wanted.terms.values(), default=0.0)
            idfs.append(self._idf(wanted, best))
            total += idfs[-1]
            known += idfs[-1] * best
        values = np.zeros((3, len(self)), dtype=np.float32)
        score, coverage, codes = values
        for idf, wanted in zip(idfs, wanted_words, strict=True):
            if not wanted.terms:
                continue
            rows, impacts, weights = self._best_terms(wanted)
            # Several times faster than score[rows] += …, and than one bincount of all words.
            np.add.at(score, rows, impacts * np.float32(idf))
            np.add.at(coverage, rows, weights * np.float32(idf / total))
            if wanted.is_code:
                np.add.at(codes, rows, (weights == 1) * np.float32(1 / code_count))
        # Roundings may add up to a little more than the whole.
        np.minimum(values[COVERAGE:], np.float32(1), out=values[COVERAGE:])
        return LexicalMatch(values, known_share=known / total if total else 0.0)

    def _idf(self, wanted: Wanted, best: float) -> float:
        """Return how much a word says: as its most frequent term of weight *best*, an unknown one as seen once."""
        if not wanted.terms:
            return self._postings.idf(min(1, len(self)))
        return self._postings.idf(
            max(self._postings.row_frequency(term) for term, weight in wanted.terms.items() if weight == best)
        )

    def _best_terms(
        self, wanted: Wanted
    ) -> tuple[NDArray[np.integer], NDArray[np.float32], NDArray[np.float32] | np.float32]:
        """Return the rows that have a term of a word, ascending, their highest weighted impact and highest weight.

        The weight of a word with one term is one for all rows.
        """
        if len(wanted.terms) == 1:
            ((term, weight),) = wanted.terms.items()
            rows, impacts = self._postings.of(term)
            return rows, impacts if weight == 1 else impacts * np.float32(weight), np.float32(weight)
        best_impacts, best_weights = np.zeros((2, len(self)), dtype=np.float32)
        for term, weight in sorted(wanted.terms.items(), key=lambda item: item[1]):
            rows, impacts = self._postings.of(term)
            best_impacts[rows] = np.maximum(best_impacts[rows], impacts * np.float32(weight))
            best_weights[rows] = weight  # the highest comes last
        found = np.flatnonzero(best_weights > 0)
        return found, best_impacts[found], best_weights[found]
