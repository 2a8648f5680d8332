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
from indexer.vector_table import VectorTable

_DENSE_CANDIDATES = 100
_LEXICAL_CANDIDATES = 50
"""Passages that make their answers candidates."""

_NOWHERE = np.float32(-np.inf)
_NOT_THERE = np.float32(np.nan)


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near the rows of some candidates in one table are, each with two stretches of rows: see `PassageTable`.

    rows: shape (rows,), one candidate after the other. cosines: shape (rows + 1,), -inf for a row left out and at the
    end. starts: of each stretch, shape (2 * candidates,); an empty one starts where the next one does. best: the
    greatest cosine of each stretch, -inf of an empty one.
    """

    rows: NDArray[np.int64]
    cosines: NDArray[np.float32]
    starts: NDArray[np.int64]
    best: NDArray[np.float32]

    def best_row(self, stretch: int) -> int | None:
        """Return the row of the greatest cosine of a stretch, the first of equals; None for an empty one."""
        if self.best[stretch] == _NOWHERE:
            return None
        start = self.starts[stretch]
        end = self.starts[stretch + 1] if stretch + 1 < len(self.starts) else len(self.rows)
        return int(self.rows[start + self.cosines[start:end].argmax()])


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence on every candidate answer of one question; arrays have shape (candidates,), by rising answer row.

    body, stretch, sentence, opening: cosines with the nearest piece of the body, its nearest stretch, its nearest
    sentence, its first sentence; where the body is but one stretch, or one sentence, the body's own.
    question, all_questions: cosines with the nearest curated question, and with the mean direction of all; NaN where
    the answer has none.
    lexical: BM25 of the best passage. coverage, codes: best share of the question's words, and of its codes, in one
    passage. off_topic: cosine with the nearest question known to have no answer; -1 where none is known.
    known_share: share of the question's words, by weight, that occur in the corpus at all.
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
    off_topic: float
    known_share: float
    passages: Nearness
    spans: Nearness

    def __len__(self) -> int:
        return len(self.answers)

    def question_row(self, position: int) -> int | None:
        """Return which passage the nearest curated question of a candidate is, None where it has none."""
        return self.passages.best_row(2 * position + 1)

    def sentence_row(self, position: int) -> int | None:
        """Return which span the nearest sentence of a candidate is, None where its text is one sentence."""
        return self.spans.best_row(2 * position)


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
    this is how a corpus is asked its own questions. Their words stay known.
    """
    table = parts.table
    among = None if allowed is None else allowed[table.answers]
    words = parts.lexical.search(question)
    if left_out_passage is not None:
        words.values[:, left_out_passage] = 0
    nearest = parts.dense.search(vector, limit=_DENSE_CANDIDATES, among=among).rows
    if left_out_passage is not None:
        nearest = nearest[nearest != left_out_passage]
    found = np.concatenate((nearest, words.best_rows(_LEXICAL_CANDIDATES)))
    # For so few, faster than np.unique.
    candidates = np.array(sorted(set(table.answers[found].tolist())), dtype=np.int64)
    if left_out_answer is not None:
        candidates = candidates[candidates != left_out_answer]
    if allowed is not None:
        candidates = candidates[allowed[candidates]]

    passages = _nearness(table, parts.embeddings, candidates, vector, left_out=left_out_passage)
    spans = _nearness(parts.spans, parts.span_embeddings, candidates, vector)
    body, by_question = passages.best[::2], passages.best[1::2]
    sentence, stretch = spans.best[::2], spans.best[1::2]
    has_sentences = sentence > _NOWHERE
    # Every answer has a body, so that no answer is without rows.
    lexical = np.maximum.reduceat(words.values[:, passages.rows], passages.starts[::2], axis=1)
    off_topic = parts.off_topic_vectors @ vector
    if left_out_off_topic is not None:
        off_topic[left_out_off_topic] = -1
    return Evidence(
        answers=candidates,
        body=body,
        stretch=np.where(stretch > _NOWHERE, stretch, body),
        sentence=np.where(has_sentences, sentence, body),
        # Sentences come before stretches, and in order.
        opening=np.where(has_sentences, spans.cosines[spans.starts[::2]], body),
        question=np.where(by_question > _NOWHERE, by_question, _NOT_THERE),
        all_questions=_mean_cosines(parts, passages, candidates, left_out_passage),
        lexical=lexical[SCORE],
        coverage=lexical[COVERAGE],
        codes=lexical[CODES],
        off_topic=float(off_topic.max(initial=-1)),
        known_share=words.known_share,
        passages=passages,
        spans=spans,
    )


def _nearness(
    table: PassageTable,
    embeddings: VectorTable,
    candidates: NDArray[np.int64],
    vector: Vectors,
    *,
    left_out: int | None = None,
) -> Nearness:
    lengths = table.lengths[candidates].ravel()
    ends = np.cumsum(lengths)
    starts = ends - lengths
    total = int(ends[-1]) if len(ends) else 0
    rows = np.arange(total)
    rows += np.repeat(table.first_rows[candidates] - starts[::2], ends[1::2] - starts[::2])
    cosines = np.empty(total + 1, dtype=np.float32)
    cosines[:-1] = embeddings.cosines(rows, vector)
    cosines[-1] = _NOWHERE
    if left_out is not None:
        cosines[:-1][rows == left_out] = _NOWHERE
    # An empty stretch at the end starts after the last row.
    best = np.maximum.reduceat(cosines, starts)
    best[lengths == 0] = _NOWHERE
    return Nearness(rows, cosines, starts, best)


def _mean_cosines(
    parts: IndexParts, passages: Nearness, candidates: NDArray[np.int64], left_out: int | None
) -> NDArray[np.float32]:
    """Return the cosine of each candidate with the mean direction of its questions, NaN where it has none."""
    norms = parts.question_norms[candidates]
    if left_out is not None:
        owner = int(parts.table.answers[left_out])
        norms = np.where(candidates == owner, _norm_without(parts, owner, left_out), norms)
    cosines = np.where(passages.cosines > _NOWHERE, passages.cosines, np.float32(0))
    sums = np.add.reduceat(cosines, passages.starts)[1::2]
    return np.divide(sums, norms, out=np.full(len(candidates), _NOT_THERE), where=norms > 0)


def _norm_without(parts: IndexParts, answer: int, left_out: int) -> np.float32:
    """Return the length of the sum of an answer's questions but for one, 0 for none."""
    rows = np.arange(parts.table.later_rows[answer], parts.table.first_rows[answer + 1])
    return np.float32(np.linalg.norm(parts.embeddings.every[rows[rows != left_out]].sum(axis=0)))
