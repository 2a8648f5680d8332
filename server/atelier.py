"""What editors see in the atelier: the questions served badly, by meaning, a map of the corpus, and the index.

Owns the map, plain NumPy; who may see it is for `app` to decide, and which questions mean the same is in `learning`.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from indexer.index.index import Index
from indexer.index.manifest import Manifest
from indexer.records import Vectors
from server.answering.answering import Answering
from server.answering.batching import divide
from server.answering.request_budget import stop_if_given_up
from server.feedback.store import FeedbackStore, Unanswered
from server.learning.meaning import group_by_meaning, nearness_of
from server.page.views import OTHER_THEME, theme_facet, title_of

EncodeQuestions = Callable[[Sequence[str]], Vectors]
"""Encoder.encode_questions, of the encoder that the index was built with."""

ENCODING_SECONDS = 3.0
"""How long new questions are encoded for one page. Those left are shown by themselves, and grouped on a later page."""
BEGINNING_CHARACTERS = 200
"""Of a question, which say what it is about; 500 of 2,000 characters each took more than three minutes to encode."""
_TOGETHER = 16

MOST_QUESTIONS = 500
MOST_POINTS = 3000

_MIDDLE = (0.5, 0.5)


class AskedBody(BaseModel):
    """A question as visitors put it, and how often each sign of failure was seen."""

    question: str
    times: int
    no_answer: int
    uncertain: int
    judged_useless: int
    last_asked: str


class GroupBody(BaseModel):
    """Questions that mean about the same, the most frequent first; x and y: place on the map, in [0, 1]."""

    times: int
    questions: list[AskedBody]
    nearest_id: str | None
    nearest_title: str | None
    x: float
    y: float


class PointBody(BaseModel):
    """An answer on the map; theme: its place in `themes`. x and y in [0, 1]."""

    id: str
    title: str
    theme: int
    x: float
    y: float


class BinBody(BaseModel):
    """Questions whose confidence fell together: how sure on average, how often right, how many (weighted)."""

    confidence: float
    right: float
    weight: float


class IndexStateBody(BaseModel):
    """The index in service, and how far its confidence could be trusted when it was built."""

    id: str
    built_at: str
    age_days: float
    encoder: str
    answers: int
    questions: int
    risk: float
    examples: int = Field(description="questions that taught the calibration; 0 where it is the shipped one")
    auroc: float | None
    expected_calibration_error: float | None
    reliability: list[BinBody]


class AtelierReply(BaseModel):
    """Everything of the atelier. keeps_questions: whether this server has a file to keep them in."""

    keeps_questions: bool
    groups: list[GroupBody]
    themes: list[str]
    points: list[PointBody]
    index: IndexStateBody


class BeginningVectors:
    """The vectors of the beginnings of questions, kept from one page to the next: a question is encoded once."""

    def __init__(
        self, encode: EncodeQuestions, *, seconds: float = ENCODING_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """seconds: of encoding at each call, about."""
        self._encode = encode
        self._seconds = seconds
        self._clock = clock
        self._kept: dict[str, Vectors] = {}

    def of(self, questions: Sequence[str]) -> list[Vectors | None]:
        """Return the vector of each of *questions*, the most important first; None where there was no time for it.

        Those of other questions are forgotten. GivenUpError if nobody waits for them any more.
        """
        until = self._clock() + self._seconds
        beginnings = [question[:BEGINNING_CHARACTERS] for question in questions]
        fresh = list(dict.fromkeys(text for text in beginnings if text not in self._kept))
        for start in range(0, len(fresh), _TOGETHER):
            for part in divide(fresh[start : start + _TOGETHER]):
                stop_if_given_up()
                if self._clock() < until:
                    self._kept.update(zip(part, self._encode(part), strict=True))
        self._kept = {text: self._kept[text] for text in beginnings if text in self._kept}
        return [self._kept.get(text) for text in beginnings]


def describe_atelier(
    answering: Answering, *, vectors: BeginningVectors, feedback: FeedbackStore | None, now: datetime | None = None
) -> AtelierReply:
    """Return what editors see of the index in service and of the questions kept in *feedback*."""
    index = answering.index
    asked = feedback.unanswered(limit=MOST_QUESTIONS) if feedback else ()
    found = vectors.of([one.question for one in asked])
    encoded = [(one, vector) for one, vector in zip(asked, found, strict=True) if vector is not None]
    plane = _Plane(index)
    themes, points = _points(index, plane)
    place_of = {point.id: (point.x, point.y) for point in points}
    groups = [
        _group_body(index, [encoded[at][0] for at in members], tuple(plane.place_question(encoded[members[0]][1])))
        for members in group_by_meaning(np.array([vector for _, vector in encoded]), nearness=nearness_of(index))
    ]
    # Where there was no time, beside the answer that was given.
    groups += [
        _group_body(index, [one], place_of.get(one.answer_id or "", _MIDDLE))
        for one, vector in zip(asked, found, strict=True)
        if vector is None
    ]
    return AtelierReply(
        keeps_questions=feedback is not None,
        groups=sorted(groups, key=lambda group: -group.times),
        themes=themes,
        points=points,
        index=_index_body(index.manifest, now or datetime.now(UTC)),
    )


class _Plane:
    """The two directions in which the answers of an index differ most (principal components), scaled to [0, 1].

    Questions and bodies are each taken from their own mean: an encoder puts them in different places.
    """

    def __init__(self, index: Index) -> None:
        sums = index.vector_sums(most=MOST_POINTS)
        self.answers = sums.answers
        """The answers that are drawn, evenly spread where there are too many."""
        of_bodies, of_questions = sums.body_counts[:, np.newaxis], sums.question_counts[:, np.newaxis]
        body_mean = _mean(sums.bodies, of_bodies)
        self._question_mean = _mean(sums.questions, of_questions) if of_questions.any() else body_mean
        centred = sums.bodies - of_bodies * body_mean + sums.questions - of_questions * self._question_mean
        means = centred / np.maximum(1, of_bodies + of_questions)  # (points, dimension)
        self._directions = np.linalg.eigh(means.T @ means)[1][:, :-3:-1]  # (dimension, 2), the widest first
        flat = means @ self._directions
        self._low = flat.min(axis=0, initial=0)
        self._span = np.maximum(flat.max(axis=0, initial=0) - self._low, 1e-9)
        self.places = self._scale(flat)
        """Shape (points, 2), in [0, 1]."""

    def place_question(self, vector: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return where a question lies, shape (2,); one beyond the answers is put on the edge."""
        return self._scale((vector - self._question_mean) @ self._directions)

    def _scale(self, flat: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.asarray(np.round(np.clip((flat - self._low) / self._span, 0, 1), 4))


def _mean(sums: NDArray[np.floating], counts: NDArray[np.int64]) -> NDArray[np.floating]:
    return np.asarray(sums.sum(axis=0, dtype=np.float64) / max(1, counts.sum()))


def _points(index: Index, plane: _Plane) -> tuple[list[str], list[PointBody]]:
    """Return the themes that occur, and the drawn answers, each by the first of its themes."""
    facet = theme_facet(index.facets)
    answers = list(plane.answers)
    of_answer = [(answer.facets.get(facet.key, ()) if facet else ())[:1] or (OTHER_THEME,) for answer in answers]
    used = {theme for (theme,) in of_answer}
    themes = [value for value in (*(facet.values if facet else ()), OTHER_THEME) if value in used]
    points = [
        PointBody(id=answer.id, title=title_of(answer), theme=themes.index(theme), x=x, y=y)
        for answer, (theme,), (x, y) in zip(answers, of_answer, plane.places.tolist(), strict=True)
    ]
    return themes, points


def _group_body(index: Index, asked: Sequence[Unanswered], place: Sequence[float]) -> GroupBody:
    nearest = index.get_answer(asked[0].answer_id) if asked[0].answer_id else None
    return GroupBody(
        times=sum(one.times for one in asked),
        questions=[
            AskedBody(
                question=one.question,
                times=one.times,
                no_answer=one.no_answer,
                uncertain=one.uncertain,
                judged_useless=one.judged_useless,
                last_asked=one.last_asked,
            )
            for one in asked
        ],
        nearest_id=nearest.id if nearest else None,
        nearest_title=title_of(nearest) if nearest else None,
        x=float(place[0]),
        y=float(place[1]),
    )


def _index_body(manifest: Manifest, now: datetime) -> IndexStateBody:
    calibration = manifest.calibration
    return IndexStateBody(
        id=manifest.id,
        built_at=manifest.built_at,
        age_days=round((now - datetime.fromisoformat(manifest.built_at)).total_seconds() / 86_400, 3),
        encoder=manifest.encoder.name,
        answers=manifest.counts.answers,
        questions=manifest.counts.questions,
        risk=calibration.risk,
        examples=calibration.examples,
        auroc=calibration.auroc,
        expected_calibration_error=calibration.expected_calibration_error,
        reliability=[
            BinBody(confidence=one.confidence, right=one.right, weight=one.weight) for one in calibration.reliability
        ],
    )
