"""What speaks for each candidate answer of a question: gathered here once, weighed in `ranking` and `confidence`.

Question-to-question similarity is on another scale than question-to-body, so they stay apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.answers.passage_table import AnswerRows
from indexer.dense.comparison import Comparison
from indexer.lexical import CODES, COVERAGE, SCORE, Match
from indexer.search.contents import Candidates, SearchContents

DENSE_CANDIDATES = 100
LEXICAL_CANDIDATES = 50
"""Passages that make their answers candidates."""

_NOWHERE = np.float32(-np.inf)
_NOT_THERE = np.float32(np.nan)
_FAR = np.float32(-0.99)
"""The least cosine with an off-topic question, of an encoder whose scale was stretched: -1 means that there is none."""


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near the rows of some candidates in one table are to some questions.

    cosines: shape (rows, questions), -inf for a row left out. best: shape (groups, questions), the greatest of each
    group of `AnswerRows`, -inf of an empty one.
    """

    of_answers: AnswerRows
    cosines: NDArray[np.float32]
    best: NDArray[np.float32]

    def best_row(self, group: int, question: int) -> int | None:
        """Return the row of the greatest cosine of a group, the first of equals; None for an empty one."""
        if self.best[group, question] == _NOWHERE:
            return None
        start, end = self.of_answers.bounds[group : group + 2].tolist()
        return int(self.of_answers.rows[start + self.cosines[start:end, question].argmax()])


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence on every candidate answer of some questions; arrays have shape (candidates, questions).

    All cosines but those of passages and spans are on the scale of E5, see `CosineScale`.

    answers: shape (candidates,), ascending rows; the candidates are those of all the questions.
    body, stretch, sentence, opening: cosines with the nearest piece of the body, its nearest stretch, its nearest
    sentence, its first sentence; where the body is but one stretch, or one sentence, the body's own.
    question, all_questions: cosines with the nearest curated question, and with the mean direction of all; NaN where
    the answer has none.
    lexical: BM25 of the best passage. coverage, codes: best share of the question's words, and of its codes, in one
    passage. off_topic: shape (questions,), cosine with the nearest question known to have no answer; -1 where none is
    known. known_share: shape (questions,), share of a question's words, by weight, that occur in the corpus at all.
    passages, spans: what the cosines come from.
    """

    answers: NDArray[np.int64]
    body: NDArray[np.float32]
    stretch: NDArray[np.float32]
    sentence: NDArray[np.float32]
    opening: NDArray[np.float32]
    question: NDArray[np.float32]
    all_questions: NDArray[np.float32]
    lexical: NDArray[np.float32]
    coverage: NDArray[np.float32]
    codes: NDArray[np.float32]
    off_topic: NDArray[np.float32]
    known_share: NDArray[np.float64]
    passages: Nearness
    spans: Nearness

    def nearest(self) -> NDArray[np.float32]:
        """Return the encoder's own cosines with the nearest of the candidate's texts, body or curated question."""
        return np.maximum(self.passages.best[::2], self.passages.best[1::2])

    def question_row(self, position: int, question: int) -> int | None:
        """Return which passage the nearest curated question of a candidate is, None where it has none."""
        return self.passages.best_row(2 * position + 1, question)

    def sentence_row(self, position: int, question: int) -> int | None:
        """Return which span the nearest sentence of a candidate is, None where its text is one sentence."""
        return self.spans.best_row(2 * position, question)


def gather_evidence(
    contents: SearchContents,
    questions: Sequence[str],
    comparison: Comparison,
    *,
    allowed: NDArray[np.bool_] | None = None,
    left_out_passage: int | None = None,
    left_out_answer: int | None = None,
    left_out_off_topic: int | None = None,
) -> Evidence:
    """Return the evidence on the candidate answers of some questions.

    comparison: of these questions, by the comparer of *contents*. allowed: shape (answers,), None for all.
    left_out_*: rows of the table, the answers, and the off-topic questions to be ignored as if they were not there:
    this is how a corpus is asked its own questions. Their words stay known.
    """
    match_words = contents.lexical.search if contents.every_candidate else contents.lexical.look_up
    found = [match_words(question) for question in questions]
    candidates = _choose(contents, comparison, found, allowed, left_out_passage, left_out_answer)
    passages = _nearness(candidates.passages, comparison.with_passages, left_out=left_out_passage)
    spans = _nearness(candidates.spans, comparison.with_spans)
    body, by_question = passages.best[::2], passages.best[1::2]
    sentence, stretch = spans.best[::2], spans.best[1::2]
    to_e5 = contents.cosine_scale.to_e5
    has_sentences = candidates.spans.bounds[:-1:2] < candidates.spans.bounds[1::2]
    opening = body.copy()
    # Sentences come before stretches, and in order.
    opening[has_sentences] = spans.cosines[candidates.spans.bounds[:-1:2][has_sentences]]
    lexical = _lexical(candidates.passages, found, left_out_passage)
    return Evidence(
        answers=candidates.answers,
        body=to_e5(body),
        stretch=to_e5(np.where(stretch > _NOWHERE, stretch, body)),
        sentence=to_e5(np.where(sentence > _NOWHERE, sentence, body)),
        opening=to_e5(opening),
        question=to_e5(np.where(by_question > _NOWHERE, by_question, _NOT_THERE)),
        all_questions=to_e5(_mean_cosines(contents, passages, candidates.answers, left_out_passage)),
        lexical=lexical[SCORE],
        coverage=lexical[COVERAGE],
        codes=lexical[CODES],
        off_topic=_off_topic(comparison, to_e5, left_out_off_topic),
        known_share=np.array([match.known_share for match in found]),
        passages=passages,
        spans=spans,
    )


def _choose(
    contents: SearchContents,
    comparison: Comparison,
    found: Sequence[Match],
    allowed: NDArray[np.bool_] | None,
    left_out_passage: int | None,
    left_out_answer: int | None,
) -> Candidates:
    """Return the answers to weigh: all of a small index, else those of the passages that are nearest or share words."""
    every = contents.every_candidate
    if every:
        if allowed is None and left_out_answer is None:
            return every
        chosen = every.answers
    else:
        among = None if allowed is None else allowed[contents.table.answers]
        nearest = comparison.nearest_passages(DENSE_CANDIDATES, among=among)
        worded = [match.best_rows(LEXICAL_CANDIDATES + (left_out_passage is not None)) for match in found]
        if left_out_passage is not None:
            nearest = nearest[nearest != left_out_passage]
            worded = [rows[rows != left_out_passage][:LEXICAL_CANDIDATES] for rows in worded]
        rows = np.concatenate((nearest, *worded))
        # For so few, faster than np.unique.
        chosen = np.array(sorted(set(contents.table.answers[rows].tolist())), dtype=np.int64)
    if left_out_answer is not None:
        chosen = chosen[chosen != left_out_answer]
    if allowed is not None:
        chosen = chosen[allowed[chosen]]
    return Candidates.of(chosen, table=contents.table, spans=contents.spans)


def _nearness(
    rows: AnswerRows,
    cosines_with: Callable[[AnswerRows], NDArray[np.float32]],
    *,
    left_out: int | None = None,
) -> Nearness:
    cosines = cosines_with(rows)
    if left_out is not None:
        cosines = np.where((rows.rows == left_out)[:, np.newaxis], _NOWHERE, cosines)
    return Nearness(rows, cosines, rows.greatest(cosines))


def _off_topic(
    comparison: Comparison,
    to_e5: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    left_out: int | None,
) -> NDArray[np.float32]:
    """Return the cosines with the nearest question known to have no answer, shape (questions,); -1 for no such one."""
    cosines = comparison.with_off_topic()
    if left_out is not None:
        cosines = np.delete(cosines, left_out, axis=0)
    if not len(cosines):
        return np.full(len(comparison), np.float32(-1))
    return np.maximum(to_e5(cosines.max(axis=0)), _FAR)


def _lexical(passages: AnswerRows, found: Sequence[Match], left_out: int | None) -> NDArray[np.float32]:
    """Return the best passage of each candidate by each of what a match says: shape (3, candidates, questions)."""
    # Every answer has a body, so that no answer is without rows.
    starts = passages.bounds[:-1:2]
    of_each = []
    for match in found:
        values = match.values if passages.is_every else match.of(passages.rows)
        if left_out is not None:
            values = np.where(passages.rows == left_out, np.float32(0), values)
        of_each.append(np.maximum.reduceat(values, starts, axis=1))
    return np.array(of_each).transpose(1, 2, 0)


def _mean_cosines(
    contents: SearchContents, passages: Nearness, answers: NDArray[np.int64], left_out: int | None
) -> NDArray[np.float32]:
    """Return the cosine of each candidate with the mean direction of its questions, NaN where it has none."""
    cosines = passages.cosines
    means = np.full((len(answers), cosines.shape[1]), _NOT_THERE)
    norms = contents.question_norms[answers]
    if not norms.any():
        return means
    if left_out is not None:
        owner = int(contents.table.answers[left_out])
        norms = np.where(answers == owner, contents.question_norm_without(owner, left_out), norms)
        cosines = np.where(cosines > _NOWHERE, cosines, np.float32(0))
    sums = passages.of_answers.sums(cosines)[1::2]
    return np.divide(sums, norms[:, np.newaxis], out=means, where=norms[:, np.newaxis] > 0)
