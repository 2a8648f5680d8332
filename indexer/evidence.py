"""What speaks for each candidate answer of a question: gathered here once, weighed in `ranking` and `calibration`.

Question-to-question similarity is on another scale than question-to-body, so they stay apart.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.lexical import CODES, COVERAGE, SCORE
from indexer.parts import IndexParts
from indexer.passage_table import PassageTable
from indexer.records import Vectors

_DENSE_CANDIDATES = 100
_LEXICAL_CANDIDATES = 50
"""Passages that make their answers candidates."""

_NOWHERE = np.float32(-np.inf)
_NOT_THERE = np.float32(np.nan)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence on every candidate answer of one question; arrays have shape (candidates,), by rising answer row.

    body, stretch, sentence, opening: cosines with the nearest piece of the body, its nearest stretch, its nearest
    sentence, its first sentence; where the body is but one stretch, or one sentence, the body's own.
    question, all_questions: cosines with the nearest curated question, and with the mean direction of all; NaN where
    the answer has none. question_rows: which passage the nearest is, sentence_rows: which sentence; -1 where none.
    lexical: BM25 of the best passage. coverage, codes: best share of the question's words, and of its codes, in one
    passage. off_topic: cosine with the nearest question known to have no answer; -1 where none is known.
    known_share: share of the question's words, by weight, that occur in the corpus at all.
    """

    answers: NDArray[np.int64]
    body: NDArray[np.float32]
    stretch: NDArray[np.float32]
    sentence: NDArray[np.float32]
    opening: NDArray[np.float32]
    question: NDArray[np.float32]
    all_questions: NDArray[np.float32]
    sentence_rows: NDArray[np.int64]
    question_rows: NDArray[np.int64]
    lexical: NDArray[np.float32]
    coverage: NDArray[np.float32]
    codes: NDArray[np.float32]
    off_topic: float
    known_share: float

    def __len__(self) -> int:
        return len(self.answers)


def gather_evidence(
    parts: IndexParts,
    question: str,
    vector: Vectors,
    *,
    allowed: NDArray[np.bool_] | None = None,
    left_out_passage: int | None = None,
    left_out_answer: int | None = None,
    left_out_off_topic: int | None = None,
) -> Evidence:
    """Return the evidence on the candidate answers of a question.

    vector: shape (dimension,), unit length. allowed: shape (answers,), None for all.
    left_out_*: rows of the table, the answers, and the off-topic questions to be ignored as if they were not there:
    this is how a corpus is asked its own questions.
    """
    table = parts.table
    among = None if allowed is None else allowed[table.answers]
    words = parts.lexical.search(question)
    if left_out_passage is not None:
        words.values[:, left_out_passage] = 0
    nearest = parts.dense.search(vector, limit=_DENSE_CANDIDATES, among=among).rows
    found = np.concatenate((nearest, words.best_rows(_LEXICAL_CANDIDATES)))
    candidates = np.unique(table.answers[found]).astype(np.int64)
    if left_out_answer is not None:
        candidates = candidates[candidates != left_out_answer]
    if allowed is not None:
        candidates = candidates[allowed[candidates]]

    rows = _rows_of(table, candidates)
    cosines = _cosines(parts.embeddings, rows.rows, vector)
    if left_out_passage is not None:
        cosines[rows.rows == left_out_passage] = -np.inf
    body, by_question = _best_of_both(cosines, rows)
    has_questions = by_question.rows >= 0
    span_rows = _rows_of(parts.spans, candidates)
    span_cosines = _cosines(parts.span_embeddings, span_rows.rows, vector)
    sentence, stretch = _best_of_both(span_cosines, span_rows)
    has_sentences = sentence.rows >= 0
    # Sentences come before stretches, and in order.
    opening = np.append(span_cosines, np.float32(0))[span_rows.starts[::2]]
    # Every answer has a body, so that no stretch of rows is empty.
    lexical = np.maximum.reduceat(words.values[:, rows.rows], rows.starts[::2], axis=1)
    off_topic = parts.off_topic["vector"] @ vector
    if left_out_off_topic is not None:
        off_topic[left_out_off_topic] = -1
    return Evidence(
        answers=candidates,
        body=body.values,
        stretch=np.where(stretch.rows >= 0, stretch.values, body.values),
        sentence=np.where(has_sentences, sentence.values, body.values),
        opening=np.where(has_sentences, opening, body.values),
        question=np.where(has_questions, by_question.values, _NOT_THERE),
        all_questions=_mean_cosines(parts, rows, cosines, candidates, left_out_passage),
        sentence_rows=sentence.rows,
        question_rows=by_question.rows,
        lexical=lexical[SCORE],
        coverage=lexical[COVERAGE],
        codes=lexical[CODES],
        off_topic=float(off_topic.max(initial=-1)),
        known_share=words.known_share,
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of some candidates, one candidate after the other, each with two stretches of rows: see `PassageTable`.

    rows: shape (rows,). starts, lengths: of each stretch, shape (2 * candidates,); an empty one starts where the next
    one does.
    """

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Best:
    """The greatest value of each candidate, and the row that has it, the first of equals; -inf and -1 for none."""

    values: NDArray[np.float32]
    rows: NDArray[np.int64]


def _rows_of(table: PassageTable, candidates: NDArray[np.int64]) -> _Rows:
    first, later, end = table.first_rows[candidates], table.later_rows[candidates], table.first_rows[candidates + 1]
    lengths = np.stack((later - first, end - later), axis=1).ravel()
    ends = np.cumsum(lengths)
    starts = ends - lengths
    total = int(ends[-1]) if len(ends) else 0
    return _Rows(np.arange(total) + np.repeat(first - starts[::2], end - first), starts, lengths)


def _cosines(embeddings: Vectors, rows: NDArray[np.int64], vector: Vectors) -> NDArray[np.float32]:
    """Return the cosines of some different rows, ascending, with a vector; without a copy where all are asked for."""
    chosen = embeddings if len(rows) == len(embeddings) else embeddings[rows]
    return np.asarray(chosen @ vector)


def _best_of_both(values: NDArray[np.float32], of: _Rows) -> tuple[_Best, _Best]:
    """Return the best of the first and of the second stretch of each candidate."""
    # An empty stretch at the end starts after the last value.
    greatest = np.maximum.reduceat(np.append(values, _NOWHERE), of.starts)
    greatest[of.lengths == 0] = _NOWHERE
    stretch_of = np.repeat(np.arange(len(of.starts)), of.lengths)
    hits = np.flatnonzero((values == greatest[stretch_of]) & (values > _NOWHERE))[::-1]
    best_rows = np.full(len(of.starts), -1)
    best_rows[stretch_of[hits]] = of.rows[hits]  # the first of equals is written last
    return _Best(greatest[::2], best_rows[::2]), _Best(greatest[1::2], best_rows[1::2])


def _mean_cosines(
    parts: IndexParts,
    of: _Rows,
    cosines: NDArray[np.float32],
    candidates: NDArray[np.int64],
    left_out_passage: int | None,
) -> NDArray[np.float32]:
    """Return the cosine of each candidate with the mean direction of its questions, NaN where it has none."""
    norms = parts.question_norms[candidates]
    if left_out_passage is not None:
        cosines = np.where(of.rows == left_out_passage, np.float32(0), cosines)
        owner = int(parts.table.answers[left_out_passage])
        norms = np.where(candidates == owner, _norm_without(parts, owner, left_out_passage), norms)
    sums = np.add.reduceat(np.append(cosines, np.float32(0)), of.starts)[1::2]
    return np.divide(sums, norms, out=np.full(len(candidates), _NOT_THERE), where=norms > 0)


def _norm_without(parts: IndexParts, answer: int, left_out: int) -> np.float32:
    """Return the length of the sum of an answer's questions but for one, 0 for none."""
    rows = np.arange(parts.table.later_rows[answer], parts.table.first_rows[answer + 1])
    return np.float32(np.linalg.norm(parts.embeddings[rows[rows != left_out]].sum(axis=0)))
