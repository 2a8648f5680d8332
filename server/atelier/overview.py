"""What editors see in the atelier beside the inbox: questions served badly, by meaning, a map, and the index.

Who may see it is for `access` to decide.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from pydantic import BaseModel, Field

from indexer.index.index import Index
from indexer.index.manifest import Manifest
from server.answering.answering import Answering
from server.atelier.answer_map import Plane, PointBody, points_of
from server.atelier.beginning_vectors import BeginningVectors
from server.feedback.store import FeedbackStore, Unanswered
from server.learning.meaning import group_by_meaning, nearness_of
from server.page.views import title_of

MOST_QUESTIONS = 500
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


def describe_atelier(
    answering: Answering, *, vectors: BeginningVectors, feedback: FeedbackStore | None, now: datetime | None = None
) -> AtelierReply:
    """Return what editors see of the index in service and of the questions kept in *feedback*."""
    index = answering.index
    asked = feedback.unanswered(limit=MOST_QUESTIONS) if feedback else ()
    found = vectors.of([one.question for one in asked])
    encoded = [(one, vector) for one, vector in zip(asked, found, strict=True) if vector is not None]
    plane = Plane(index)
    themes, points = points_of(index, plane)
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
