"""What rows have of the words of a question: each row where they are few, else the best ones, and those asked for.

Of a million rows, most have some word of a question, and few enough of them to be among the best. Words are added in
the order of what they can be worth at most; once what is left of them cannot bring a row among the best that has none
of those before, the lists of the others, which are the longest, are looked into for the rows alone that still may be
(MaxScore: Turtle and Flood, 1995). What is pruned so is what cannot be found: rows and numbers are the same to the
last bit as if every list were added.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

SCORE, COVERAGE, CODES = range(3)
"""The rows of `LexicalMatch.values`."""

_BLOCKS_FOR_ONE = 16
"""Blocks that all rows are looked at in, for each row wanted."""

_LOOKED_UP = 32
"""Rows of a list that are added in the time that one is looked up in it."""

_ROUNDING = 2.0**-22
"""Of a sum of float32 in another order, for each that is added: more than its error."""

_List: TypeAlias = tuple[NDArray[np.int32], NDArray[np.float32], np.float32]
"""The rows that have a term, ascending, its impact in each, and what the term counts for the word."""


@dataclass(frozen=True, slots=True)
class SoughtWord:
    """A known word of a question: the lists of its variants, those that count least first, and its idf."""

    lists: Sequence[_List]
    idf: np.float32
    is_code: bool

    def most(self) -> float:
        """Return the most that it adds to the score of a row."""
        return float(max(impacts.max(initial=0) * weight for _, impacts, weight in self.lists) * self.idf)

    def __len__(self) -> int:
        """How many entries its lists have."""
        return sum(len(rows) for rows, _, _ in self.lists)

    def add_to(self, scores: NDArray[np.float32]) -> None:
        """Add what it is worth in each row to *scores*, shape (all rows,)."""
        several = len(self.lists) > 1
        best = np.zeros_like(scores) if several else scores
        for rows, impacts, weight in self.lists:
            # By numbers of this type, it takes a third of the time that `best[rows] +=` does.
            (np.maximum if several else np.add).at(best, rows.astype(np.intp), impacts * (weight * self.idf))
        if several:
            scores += best

    def in_rows(self, rows: NDArray[np.int32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the highest weighted impact and the highest weight of its terms in each of *rows*, which rise."""
        best_impacts, best_weights = np.zeros((2, len(rows)), dtype=np.float32)
        for having, impacts, weight in self.lists:
            if not len(having):
                continue
            at = np.minimum(having.searchsorted(rows), len(having) - 1)
            found = np.flatnonzero(having[at] == rows)
            best_impacts[found] = np.maximum(best_impacts[found], impacts[at[found]] * weight)
            best_weights[found] = weight  # the highest comes last
        return best_impacts, best_weights


class Match(Protocol):
    """What rows have of a question's words."""

    @property
    def values(self) -> NDArray[np.float32]:
        """Of every row, see `LexicalMatch`."""

    @property
    def known_share(self) -> float:
        """See `LexicalMatch`."""

    def of(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the columns of *values* of some rows, which rise."""

    def best_rows(self, limit: int) -> NDArray[np.int64]:
        """Return the rows that have a word of the question, by falling score, then rising row; at most *limit*."""


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

    def of(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the columns of *values* of some rows."""
        return self.values[:, rows]

    def best_rows(self, limit: int) -> NDArray[np.int64]:
        """Return the rows that have a word of the question, by falling score, then rising row; at most *limit*."""
        scores = self.values[SCORE]
        least = _least_of_best(scores, limit)
        return _best_first(scores, np.flatnonzero(scores >= least) if least > 0 else np.flatnonzero(scores), limit)


class PrunedMatch:
    """What the best rows, and those asked for, have of a question's words; the same numbers as of a `LexicalMatch`."""

    def __init__(
        self, words: Sequence[SoughtWord], *, row_count: int, total: float, code_count: int, known_share: float
    ) -> None:
        """words: the known ones, in the order of the question. total: the idf of all. code_count: of all."""
        self.known_share = known_share
        self._words = words
        self._row_count = row_count
        self._total = np.float32(total)
        self._code_count = code_count

    @property
    def values(self) -> NDArray[np.float32]:
        """Of every row, see `LexicalMatch`."""
        return self.of(np.arange(self._row_count))

    def of(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return what some rows have, which rise: shape (3, rows), see `LexicalMatch`."""
        values = np.zeros((3, len(rows)), dtype=np.float32)
        sought = rows.astype(np.int32)  # as the lists are: otherwise these would be copied
        for word in self._words:
            impacts, weights = word.in_rows(sought)
            values[SCORE] += impacts * word.idf
            values[COVERAGE] += weights * word.idf / self._total
            if word.is_code:
                values[CODES] += (weights == 1) * np.float32(1 / self._code_count)
        # Roundings may add up to a little more than the whole.
        np.minimum(values[COVERAGE:], np.float32(1), out=values[COVERAGE:])
        return values

    def best_rows(self, limit: int) -> NDArray[np.int64]:
        """Return the rows that have a word of the question, by falling score, then rising row; at most *limit*."""
        rows = self._may_be_best(limit)
        scores = self.of(rows)[SCORE]
        return rows[_best_first(scores, np.flatnonzero(scores), limit)]

    def _may_be_best(self, limit: int) -> NDArray[np.int64]:
        """Return rows, rising, among which are the best *limit*, and all that are as good as the last of these."""
        words = sorted(((word.most(), word) for word in self._words), key=lambda one: -one[0])
        every = sum(most for most, _ in words)
        error = _ROUNDING * (len(words) + 1) * every
        # What those after each word can bring at most.
        left = (every - np.cumsum([most for most, _ in words]) + error).tolist()
        scores = np.zeros(self._row_count, dtype=np.float32)
        least, last, may_be = 0.0, len(words) - 1, np.zeros(self._row_count, dtype=np.bool_)
        for at, (_, word) in enumerate(words):
            word.add_to(scores)
            if at < last and every <= 2 * left[at]:
                continue  # no row has more yet than what is left
            least = max(least, _least_of_best(scores, limit) - error)
            if at < last and least <= left[at]:
                continue  # one with none of these words may still be among the best
            may_be = scores >= least - left[at] if least > left[at] else scores > 0
            if np.count_nonzero(may_be) * _LOOKED_UP < sum(len(later) for _, later in words[at + 1 :]):
                last = at
                break
        rows = np.flatnonzero(may_be)
        scores = scores[rows]
        for at in range(max(last, 0), len(words)):
            if at > last:
                scores += words[at][1].in_rows(rows.astype(np.int32))[0] * words[at][1].idf
            least = max(least, _least_of_best(scores, limit) - error)
            may_be = scores >= least - left[at]
            rows, scores = rows[may_be], scores[may_be]
        return rows


def _least_of_best(scores: NDArray[np.float32], limit: int) -> float:
    """Return a score that at least *limit* of *scores* reach, near the greatest such; 0 where they are no more."""
    if len(scores) <= limit:
        return 0.0
    blocks = np.arange(0, len(scores), 1 + len(scores) // (_BLOCKS_FOR_ONE * limit))
    # So many blocks have one that is as good; all need not be sorted.
    return float(np.partition(np.maximum.reduceat(scores, blocks), -limit)[-limit])


def _best_first(scores: NDArray[np.float32], found: NDArray[np.int64], limit: int) -> NDArray[np.int64]:
    """Return at most *limit* of *found*, which rise, by falling score, then rising place."""
    return found[np.argsort(-scores[found], kind="stable")[:limit]]
