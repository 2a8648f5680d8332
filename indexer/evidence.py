"""What speaks for each candidate answer of a question: gathered here once, weighed in `ranking` and `calibration`.

Question-to-question similarity is on another scale than question-to-body, so they stay apart.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.parts import IndexParts
from indexer.passage_table import KINDS, PassageTable
from indexer.records import PassageKind, Vectors

_DENSE_CANDIDATES = 100
_LEXICAL_CANDIDATES = 50
"""Passages that make their answers candidates."""

_NO_ROWS = np.zeros(0, dtype=np.int64)


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
    among = None if allowed is None else np.flatnonzero(allowed[table.answers])
    match = parts.lexical.search(question)
    nearest = parts.dense.search(vector, limit=_DENSE_CANDIDATES, among=among).rows
    most_words = match.rows[np.argsort(-match.scores, kind="stable")[:_LEXICAL_CANDIDATES]]
    candidates = np.unique(table.answers[np.concatenate((nearest, most_words))]).astype(np.int64)
    candidates = candidates[candidates != left_out_answer]
    if allowed is not None:
        candidates = candidates[allowed[candidates]]

    rows, starts = _rows_of(table, candidates)
    embeddings = np.asarray(parts.embeddings[rows])
    cosines = embeddings @ vector
    asked = table.rows["kind"][rows] == KINDS.index(PassageKind.QUESTION)
    there = asked & (rows != left_out_passage)
    owners = np.repeat(np.arange(len(candidates)), np.diff(np.append(starts, len(rows))))
    body = _best(np.where(asked, -np.inf, cosines), rows, starts)
    by_question = _best(np.where(there, cosines, -np.inf), rows, starts)
    spans = _span_evidence(parts, candidates, vector, body=body.values)
    words = _align(match.rows, rows) if left_out_passage is None else _align(match.rows, rows, but=left_out_passage)

    def per_answer(values: NDArray[np.float32]) -> NDArray[np.float32]:
        # Every answer has a passage, so that no stretch of rows is empty.
        return np.maximum.reduceat(np.append(values, np.float32(0))[words], starts) if len(starts) else values[:0]

    off_topic = parts.off_topic["vector"] @ vector
    if left_out_off_topic is not None:
        off_topic[left_out_off_topic] = -1
    return Evidence(
        answers=candidates,
        body=body.values.astype(np.float32),
        stretch=spans.stretch.astype(np.float32),
        sentence=spans.sentence.values.astype(np.float32),
        opening=spans.opening.astype(np.float32),
        question=np.where(by_question.rows >= 0, by_question.values, np.nan).astype(np.float32),
        all_questions=_mean_cosines(embeddings[there], cosines[there], owners[there], len(candidates)),
        sentence_rows=spans.sentence.rows,
        question_rows=by_question.rows,
        lexical=per_answer(match.scores),
        coverage=per_answer(match.coverage),
        codes=per_answer(match.codes),
        off_topic=float(off_topic.max(initial=-1)),
        known_share=match.known_share,
    )


@dataclass(frozen=True, slots=True)
class _Best:
    """The greatest value of each candidate, and the row that has it, the first of equals; -inf and -1 for none."""

    values: NDArray[np.floating]
    rows: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _SpanEvidence:
    """What the spans of each candidate say; shapes (candidates,)."""

    stretch: NDArray[np.floating]
    sentence: _Best
    opening: NDArray[np.floating]


def _span_evidence(
    parts: IndexParts, candidates: NDArray[np.int64], vector: Vectors, *, body: NDArray[np.floating]
) -> _SpanEvidence:
    rows, starts = _rows_of(parts.spans, candidates)
    cosines = parts.span_embeddings[rows] @ vector
    are_stretches = parts.spans.rows["kind"][rows] == KINDS.index(PassageKind.STRETCH)
    stretch = _best(np.where(are_stretches, cosines, -np.inf), rows, starts)
    sentence = _best(np.where(are_stretches, -np.inf, cosines), rows, starts)
    has_sentences = sentence.rows >= 0
    # Sentences come before stretches, and in order.
    first = np.append(cosines, 0)[np.minimum(starts, len(cosines))]
    return _SpanEvidence(
        stretch=np.where(stretch.rows >= 0, stretch.values, body),
        sentence=_Best(np.where(has_sentences, sentence.values, body), sentence.rows),
        opening=np.where(has_sentences, first, body),
    )


def _mean_cosines(
    embeddings: Vectors, cosines: NDArray[np.float32], candidates: NDArray[np.int64], count: int
) -> NDArray[np.float32]:
    """Return each candidate's cosine with the mean direction of its vectors, NaN where it has none.

    embeddings, cosines: the vectors, and what they have with the question. candidates: whose each is, ascending.
    """
    means = np.full(count, np.nan, dtype=np.float32)
    if len(candidates):
        owners, first = np.unique(candidates, return_index=True)
        sums = np.add.reduceat(embeddings, first, axis=0)
        means[owners] = np.add.reduceat(cosines, first) / np.linalg.norm(sums, axis=1)
    return means


def _rows_of(table: PassageTable, candidates: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of the candidates, one candidate after the other, and where each one's rows start.

    Shapes (rows,) and (candidates,); a candidate without rows starts where the next one does.
    """
    first, end = table.first_rows[candidates], table.first_rows[candidates + 1]
    lengths = end - first
    starts = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) - np.repeat(starts - first, lengths), starts


def _best(values: NDArray[np.floating], rows: NDArray[np.int64], starts: NDArray[np.int64]) -> _Best:
    lengths = np.diff(np.append(starts, len(values)))
    greatest = np.full(len(starts), -np.inf)
    best_rows = np.full(len(starts), -1, dtype=np.int64)
    some = np.flatnonzero(lengths)
    if len(some) == 0:
        return _Best(greatest, best_rows)
    greatest[some] = np.maximum.reduceat(values, starts[some])
    is_greatest = (values == np.repeat(greatest, lengths)) & (values > -np.inf)
    position = np.minimum.reduceat(np.where(is_greatest, np.arange(len(values)), len(values)), starts[some])
    found = position < len(values)
    best_rows[some[found]] = rows[position[found]]
    return _Best(greatest, best_rows)


def _align(touched: NDArray[np.int64], rows: NDArray[np.int64], *, but: int = -1) -> NDArray[np.int64]:
    """Return where each of *rows* stands in the sorted *touched*, and len(touched) where it does not, or is *but*."""
    position = np.searchsorted(touched, rows)
    there = position < len(touched)
    there[there] = touched[position[there]] == rows[there]
    return np.where(there & (rows != but), position, len(touched))
