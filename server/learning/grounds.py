"""What proposals are made from: the index in service, the questions kept, and what was decided of them before.

Owns what the index says today of a question: what was said when it was asked may be long past.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from indexer.corpus.phrasings.memory import DecidedQuestions, key_of
from indexer.index.index import SEARCHED_TOGETHER, Found, Index
from indexer.records import Answer, Progress, Status, Vectors, no_progress
from indexer.store import QuestionVectors
from server.feedback.asked import AskedQuestion, JudgedAnswer
from server.feedback.store import FeedbackStore
from server.learning.meaning import nearness_of, sameness_of
from server.learning.records import NearAnswer
from server.learning.vectors import KeptVectors
from server.page.views import title_of
from server.privacy.redaction import find_personal_data, has_redacted

DEPTH = 10
"""Hits that are looked at of a question."""
BEGINNING_CHARACTERS = 500
"""Of a question, which say what it is about: longer ones are never taken into an answer, and take long to encode."""
_MOST_CURATED = 30_000
"""Curated questions that are compared with; of more, as many spread evenly."""


@dataclass(frozen=True, slots=True)
class Today:
    """What the index in service says of a question: the first hit, how sure, and the hits by id."""

    first_id: str
    status: Status
    confidences: Mapping[str, float]
    nearness: Mapping[str, float]

    @classmethod
    def of(cls, found: Found) -> "Today":
        """Return what is kept of a search."""
        return cls(
            found.hits[0].answer.id if found.hits else "",
            found.status if found.hits else Status.NO_ANSWER,
            {hit.answer.id: hit.confidence for hit in found.hits},
            {hit.answer.id: hit.dense for hit in found.hits},
        )


@dataclass(frozen=True)
class Grounds:
    """Everything that proposals are made from."""

    index: Index
    asked: Sequence[AskedQuestion]
    judged: Sequence[JudgedAnswer]
    decided: DecidedQuestions
    vectors: KeptVectors
    progress: Progress = no_progress

    @classmethod
    def of(
        cls,
        index: Index,
        feedback: FeedbackStore,
        decided: DecidedQuestions,
        vectors: KeptVectors,
        *,
        progress: Progress = no_progress,
    ) -> "Grounds":
        """Return what *feedback* gives to propose now. FeedbackError where it cannot be read."""
        return cls(index, feedback.asked(), feedback.judged(), decided, vectors, progress)

    @cached_property
    def asked_by_words(self) -> Mapping[str, AskedQuestion]:
        """The questions by their words."""
        return {one.folded: one for one in self.asked}

    @cached_property
    def curated(self) -> Mapping[str, str]:
        """The key of each curated question to the id of an answer that has it."""
        return {key_of(question): one.id for one in self.index.answers_with_questions() for question in one.questions}

    @cached_property
    def curated_vectors(self) -> QuestionVectors:
        """The curated questions' vectors."""
        return self.index.question_vectors(most=_MOST_CURATED)

    @cached_property
    def refused(self) -> frozenset[tuple[str, str]]:
        """Key and answer of what was refused."""
        return self.decided.refused_places

    @cached_property
    def accepted(self) -> frozenset[str]:
        """The keys of the questions that were accepted, and of those that mean the same."""
        return frozenset(key for one in self.decided.accepted for key in (one.key, *one.asked))

    @cached_property
    def judged_useful(self) -> frozenset[str]:
        """The words of the questions that got an answer which somebody found useful."""
        return frozenset(one.folded for one in self.judged if one.useful_days)

    @cached_property
    def judged_useless(self) -> frozenset[str]:
        """The words of the questions that got an answer which somebody found useless."""
        return frozenset(one.folded for one in self.judged if one.useless_days)

    @cached_property
    def nearness(self) -> float:
        """The cosine from which on two questions mean the same."""
        return nearness_of(self.index)

    @cached_property
    def sameness(self) -> float:
        """The cosine from which on two questions are nearly the same words."""
        return sameness_of(self.nearness)

    def is_refused(self, question: AskedQuestion, answer_id: str) -> bool:
        """Whether an editor does not want it for this answer, or at all."""
        key = key_of(question.question)
        return (key, answer_id) in self.refused or (key, "") in self.refused

    def encode(self, questions: Sequence[AskedQuestion]) -> Vectors:
        """Return the vectors of the beginnings of some questions."""
        return self.vectors.of([one.question[:BEGINNING_CHARACTERS] for one in questions], progress=self.progress)

    def search(self, questions: Sequence[AskedQuestion], vectors: Vectors) -> Iterator[Today]:
        """Yield what the index says of each question today."""
        for start in range(0, len(questions), SEARCHED_TOGETHER):
            some = slice(start, start + SEARCHED_TOGETHER)
            texts = [one.question[:BEGINNING_CHARACTERS] for one in questions[some]]
            yield from map(Today.of, self.index.search(texts, vectors[some], limit=DEPTH))

    def curated_nearness(self, vectors: Vectors) -> Iterator[Mapping[str, float]]:
        """Yield for each vector the cosine of the nearest curated question of each answer near to it, by id."""
        curated = self.curated_vectors
        if not len(curated.vectors):
            yield from ({} for _ in vectors)
            return
        ids = {row: self.index.answers[row].id for row in np.unique(curated.answers).tolist()}
        for start in range(0, len(vectors), SEARCHED_TOGETHER):
            cosines = vectors[start : start + SEARCHED_TOGETHER] @ curated.vectors.T
            yield from (_nearest_by_answer(row, curated.answers, ids) for row in cosines)

    def named(self, answer_id: str) -> NearAnswer | None:
        """Return an answer as editors know it, None where there is none any more."""
        answer = self.index.get_answer(answer_id)
        return named(answer) if answer else None


def named(answer: Answer) -> NearAnswer:
    """Return an answer as editors know it."""
    return NearAnswer(answer.id, title_of(answer))


def is_personal(question: str) -> bool:
    """Whether something personal is in a question, or was before it was kept."""
    return has_redacted(question) or bool(find_personal_data(question))


def _nearest_by_answer(
    cosines: NDArray[np.float32], answers: NDArray[np.int64], ids: Mapping[int, str]
) -> Mapping[str, float]:
    nearest: dict[str, float] = {}
    for row in np.argsort(-cosines, kind="stable")[:200].tolist():
        nearest.setdefault(ids[int(answers[row])], float(cosines[row]))
    return nearest
