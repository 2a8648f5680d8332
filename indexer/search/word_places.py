"""How far the texts of a few answers have each word of a question, by the inverted file: body and curated questions.

All answers and all their texts are looked into at once: a word's list of rows is searched but once for all of them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

_SYNONYM = 0.8
"""What a word counts that an answer has only in another word of the same meaning."""


class SoughtWord(Protocol):
    """A word to look for."""

    @property
    def variants(self) -> Sequence[tuple[str, float]]:
        """The terms that do for it, with what each counts."""

    @property
    def groups(self) -> Sequence[int]:
        """The groups of words of one meaning that it is in."""


@dataclass(frozen=True, slots=True)
class AnswerTexts:
    """The texts of some answers, one after the other in a row of columns, with an empty one after each group of them.

    Two groups an answer: its body, and its curated questions. starts: of each group, its first column. bounds: of
    each answer its first row in the index, and the row after its last. questions, shifts: of each answer the row of its
    first question, and how far a column is from the row of a body's text; a question is one farther.
    """

    starts: NDArray[np.int64]
    bounds: NDArray[np.int64]
    questions: tuple[int, ...]
    shifts: tuple[int, ...]
    width: int

    @classmethod
    def of(cls, rows: Iterable[tuple[int, int, int]]) -> "AnswerTexts":
        """rows: of each answer its first row in the index, that of its first question, and the one after its last."""
        starts, bounds, questions, shifts = [], [], [], []
        width = 0
        for first, first_question, end in rows:
            starts += [width, width + first_question - first + 1]
            bounds += [first, end]
            questions.append(first_question)
            shifts.append(width - first)
            # An empty group still has a column, as `reduceat` wants one.
            width += end - first + 2
        return cls(
            np.array(starts, dtype=np.int64), np.array(bounds, dtype=np.int64), tuple(questions), tuple(shifts), width
        )

    def column(self, answer: int, row: int) -> int:
        """Return which column a row of the index is, of the answer at place *answer*."""
        return row + self.shifts[answer] + (row >= self.questions[answer])

    def greatest(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the greatest of each group, shape (words, answers, 2), 0 in an empty one; weights: (words, width)."""
        return np.maximum.reduceat(weights, self.starts, axis=1).reshape(len(weights), len(self.questions), 2)


def weigh_words(
    words: Sequence[SoughtWord],
    texts: AnswerTexts,
    *,
    rows_of: Callable[[str], NDArray[np.int32]],
    terms_of_group: Callable[[int], Sequence[str]],
) -> NDArray[np.float64]:
    """Return how far each text has each word, in [0, 1], shape (words, texts.width).

    rows_of: the rows of a known term, ascending. terms_of_group: of a group of words of one meaning, the known terms.
    """
    weights = np.zeros((len(words), texts.width))
    every = range(len(texts.questions))
    for row, word in zip(weights, words, strict=True):
        for term, weight in word.variants:
            _mark(row, texts, rows_of(term), weight, every)
    if any(word.groups for word in words):
        is_poor = texts.greatest(weights).max(axis=2) < _SYNONYM
        for row, word, poor in zip(weights, words, is_poor.tolist(), strict=True):
            answers = [at for at in every if poor[at]]
            for term in (term for group in word.groups for term in terms_of_group(group)):
                _mark(row, texts, rows_of(term), _SYNONYM, answers)
    return weights


def _mark(
    weights: NDArray[np.float64],
    texts: AnswerTexts,
    rows: NDArray[np.int32],
    weight: float,
    answers: Sequence[int],
) -> None:
    """Note in *weights* of one word, shape (width,), that *rows* have it; only of *answers*."""
    # Numbers of another type would have all the rows copied.
    found = rows.searchsorted(texts.bounds.astype(rows.dtype)).tolist()
    for at in answers:
        first, last = found[2 * at], found[2 * at + 1]
        if first < last:
            some = rows[first:last]
            columns = some + texts.shifts[at] + (some >= texts.questions[at])
            weights[columns] = np.maximum(weights[columns], weight)
