"""Asks an index the questions of its own corpus: as they are, with themselves left out, with their answers left out.

What comes first then is what thresholds are chosen by, see `thresholds`.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.answers.passage_table import PassageTable
from indexer.records import PassageKind
from indexer.search.contents import IndexContents
from indexer.search.coverage import CoverageReader
from indexer.search.evidence import Evidence, gather_evidence
from indexer.search.features import feature_matrix
from indexer.search.ranking import RankingWeights, best_first
from indexer.search.verifier import IN_SCOPE, LEFT_OUT, OFF_TOPIC, Verifier

_MOST_ASKED = 300
_MANY_QUESTIONS = 3
"""From so many questions on, an answer without one of them still is of the same shape."""


@dataclass(frozen=True, slots=True)
class FirstHit:
    """The first hit of a question: the verifier's logit, whether it answers, what the question is, if it is curated.

    is_fair: whether it is like a visitor's question to an answer of its shape.
    """

    logit: float
    right: bool
    kind: int
    same_words: bool
    is_fair: bool = True


class OwnQuestionsAsked:
    """Asks an index the questions of its own corpus."""

    def __init__(self, contents: IndexContents, weights: RankingWeights, verifier: Verifier) -> None:
        self._contents = contents
        self._weights = weights
        self._reader = CoverageReader(contents)
        self._verifier = verifier
        rows = np.flatnonzero(contents.table.are(PassageKind.QUESTION))
        if len(rows) > _MOST_ASKED:
            rows = rows[np.linspace(0, len(rows) - 1, _MOST_ASKED, dtype=np.int64)]
        self._rows = rows.tolist()

    def left_out(self) -> Iterator[FirstHit]:
        """Yield each question asked with itself left out; it is fair where its answer has enough others."""
        table = self._contents.table
        is_fair = have_many_questions(table)
        for row in self._rows:
            answer = int(table.answers[row])
            for first in self._ask_own(row, right=answer, kind=IN_SCOPE, left_out_passage=row):
                yield dataclasses.replace(first, is_fair=bool(is_fair[answer]))

    def verbatim(self) -> Iterator[FirstHit]:
        """Yield each question as it is."""
        for row in self._rows:
            yield from self._ask_own(row, right=int(self._contents.table.answers[row]), kind=IN_SCOPE)

    def unanswered(self, off_topic: Sequence[str]) -> Iterator[FirstHit]:
        """Yield each question with its answer left out, and each off-topic one with itself left out."""
        for row in self._rows:
            answer = int(self._contents.table.answers[row])
            yield from self._ask_own(row, right=None, kind=LEFT_OUT, left_out_answer=answer)
        for at, question in enumerate(off_topic):
            (comparison,) = self._contents.comparer.compare(self._contents.off_topic_vectors[at : at + 1])
            evidence = gather_evidence(self._contents, [question], comparison, left_out_off_topic=at)
            yield from self._first(question, evidence, right=None, kind=OFF_TOPIC)

    def _ask_own(
        self,
        row: int,
        *,
        right: int | None,
        kind: int,
        left_out_passage: int | None = None,
        left_out_answer: int | None = None,
    ) -> Iterator[FirstHit]:
        table = self._contents.table
        question = self._contents.answers[int(table.answers[row])].matched_texts[int(table.rows[row]["number"])]
        vector = self._contents.embeddings.every[row : row + 1]
        (comparison,) = self._contents.comparer.compare(vector)
        evidence = gather_evidence(
            self._contents,
            [question],
            comparison,
            left_out_passage=left_out_passage,
            left_out_answer=left_out_answer,
        )
        yield from self._first(question, evidence, right=right, kind=kind, left_out=left_out_passage)

    def _first(
        self, question: str, evidence: Evidence, *, right: int | None, kind: int, left_out: int | None = None
    ) -> Iterator[FirstHit]:
        """Yield the first hit, none where no answer is left. left_out: a passage that is ignored."""
        if not len(evidence.answers):
            return
        scores = self._weights.score(feature_matrix(evidence))
        best = best_first(scores[:, 0], 1)
        coverage = self._reader.read(question, evidence, scores, best.tolist(), left_out=left_out)
        logit = float(self._verifier.logits(coverage)[0])
        yield FirstHit(logit, int(evidence.answers[best[0]]) == right, kind, bool(coverage.same_words[0]))


def have_many_questions(table: PassageTable) -> NDArray[np.bool_]:
    """Return which answers still are of the same shape without one of their questions, shape (answers,)."""
    return np.asarray(table.lengths[:, 1] >= _MANY_QUESTIONS)
