"""Builds an index for each rung, asks all of them the same questions, and says what each rung brought, with intervals.

The intervals are of answers drawn with replacement: the questions of one answer are alike, and do not count as so many
independent ones. What a rung gains over the one before is estimated over the same drawings, question by question.
"""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluation.curve.plan import Fold, corpus_of
from evaluation.metrics.resampling import Estimate, estimate_all
from indexer.encoders import Encoder
from indexer.index.build import build_index
from indexer.index.index import Index
from indexer.records import Answer, AnswerSource, Progress, Status, no_progress
from indexer.search.reliability import Floats, Statistic, divide
from server.answering.answering import Answering
from server.http.schemas import MAX_BATCH

FIGURES = ("first_right", "answered", "wrong", "wrong_answered")
"""What is told of a rung: shares of all questions asked, and of those given as answered the wrong ones."""


@dataclass(frozen=True, slots=True)
class Rung:
    """What the questions got of indexes with at most *kept* questions an answer, None for all.

    really: how many the answers that were asked for had on average, as some have fewer. first_right, answered, wrong:
    shares of all questions asked; wrong: given as answered, by a wrong answer. wrong_answered: the wrong ones among
    the answered, None where none was. gains: of each figure over the rung before, empty on the first.
    """

    kept: int | None
    really: float
    first_right: Estimate
    answered: Estimate
    wrong: Estimate
    wrong_answered: Estimate | None
    gains: dict[str, Estimate]


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """The rungs, from few questions to all. questions, answers: asked, and of how many answers. builds: indexes made.

    source: where the questions come from, in words; own_questions: from the corpus itself.
    """

    corpus: str
    source: str
    own_questions: bool
    encoder: str
    questions: int
    answers: int
    builds: int
    rungs: tuple[Rung, ...]

    def to_json(self) -> str:
        """Return the curve as a JSON document."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def measure_curve(
    source: AnswerSource,
    folds: Sequence[Fold],
    kept: Sequence[int | None],
    folder: Path,
    *,
    encoder: Encoder,
    risk: float,
    corpus: str,
    asked_from: str,
    own_questions: bool,
    progress: Progress = no_progress,
) -> LearningCurve:
    """Return the curve of a corpus. folder: where its index stays, so that no text is encoded twice; see `build_index`.

    corpus, asked_from: how the corpus and the questions are called. progress: of the builds.
    """
    build_index(source, folder, encoder=encoder, risk=risk, keep=1)
    everything = Index.open(folder)
    cached = sum(len(fold.asked) for fold in folds)
    answering = Answering(everything, encoder, cached_questions=cached + 1)
    owners = [question.expected[0] for fold in folds for question in fold.asked]
    rows = {name: row for row, name in enumerate(dict.fromkeys(owners))}
    clusters = np.array([rows[name] for name in owners])
    builds = len(folds) * len(kept)
    outcomes: list[Floats] = []
    really: list[float] = []
    for number, most in enumerate(kept):
        parts = []
        counts: list[int] = []
        for at, fold in enumerate(folds):
            answers = fold.kept(most)
            counts += _counts(answers, fold)
            parts.append(_measure(answers, fold, source, folder, everything, answering, encoder=encoder, risk=risk))
            progress(number * len(folds) + at + 1, builds)
        outcomes.append(np.concatenate(parts))
        really.append(float(np.mean(counts)))
    return LearningCurve(
        corpus=corpus,
        source=asked_from,
        own_questions=own_questions,
        encoder=encoder.name,
        questions=len(owners),
        answers=len(rows),
        builds=builds,
        rungs=_rungs(kept, really, outcomes, clusters),
    )


def _counts(answers: Sequence[Answer], fold: Fold) -> list[int]:
    known = {answer.id: len(answer.questions) for answer in answers}
    return [known[question.expected[0]] for question in fold.asked]


def _measure(
    answers: Sequence[Answer],
    fold: Fold,
    source: AnswerSource,
    folder: Path,
    everything: Index,
    answering: Answering,
    *,
    encoder: Encoder,
    risk: float,
) -> Floats:
    """Return what each question of the fold gets, shape (questions, 3): first right, answered, answered and wrong."""
    found: list[Floats] = []

    def ask(index: Index) -> bool:
        answering.switch(answering.prepare(index))
        found.append(_outcomes(answering, fold))
        # Not put into service: the index of everything stays, with the vectors of all texts.
        return False

    build_index(corpus_of(answers, source), folder, encoder=encoder, risk=risk, keep=1, approve=ask)
    if not found:  # nothing was left out of this one
        ask(everything)
    return found[0]


def _outcomes(answering: Answering, fold: Fold) -> Floats:
    outcomes = np.zeros((len(fold.asked), 3))
    for start in range(0, len(fold.asked), MAX_BATCH):
        some = fold.asked[start : start + MAX_BATCH]
        replies = answering.answer_many([question.text for question in some], limit=1)
        for row, (question, reply) in enumerate(zip(some, replies, strict=True), start=start):
            right = bool(reply.hits) and reply.hits[0].answer.id in question.expected
            answered = reply.status is Status.ANSWERED
            outcomes[row] = right, answered, answered and not right
    return outcomes


def _rungs(
    kept: Sequence[int | None], really: Sequence[float], outcomes: Sequence[Floats], clusters: np.ndarray
) -> tuple[Rung, ...]:
    count = int(clusters.max()) + 1
    sizes = np.bincount(clusters, minlength=count).astype(np.float64)
    ratios = [_ratios(one, clusters, sizes) for one in outcomes]
    rungs = []
    for at, most in enumerate(kept):
        values = dict(zip(FIGURES, estimate_all([ratios[at][name] for name in FIGURES], count=count), strict=True))
        numbers = {name: len(clusters) for name in FIGURES} | {"wrong_answered": int(outcomes[at][:, 1].sum())}
        found = {name: Estimate(*values[name], numbers[name]) for name in FIGURES if numbers[name]}
        rungs.append(
            Rung(
                kept=most,
                really=really[at],
                first_right=found["first_right"],
                answered=found["answered"],
                wrong=found["wrong"],
                wrong_answered=found.get("wrong_answered"),
                gains=_gains(ratios[at - 1], ratios[at], count, len(clusters)) if at else {},
            )
        )
    return tuple(rungs)


def _gains(
    before: dict[str, Statistic], after: dict[str, Statistic], count: int, questions: int
) -> dict[str, Estimate]:
    names = FIGURES[:3]
    moved = [_difference(before[name], after[name]) for name in names]
    return {
        name: Estimate(*value, questions) for name, value in zip(names, estimate_all(moved, count=count), strict=True)
    }


def _difference(before: Statistic, after: Statistic) -> Statistic:
    return lambda weights: after(weights) - before(weights)


def _ratios(outcomes: Floats, clusters: np.ndarray, sizes: Floats) -> dict[str, Statistic]:
    """Return the statistic of each figure over weights of answers."""
    right, answered, wrong = (
        np.asarray(np.bincount(clusters, weights=column, minlength=len(sizes)), dtype=np.float64)
        for column in outcomes.T
    )
    parts = {
        "first_right": (right, sizes),
        "answered": (answered, sizes),
        "wrong": (wrong, sizes),
        "wrong_answered": (wrong, answered),
    }
    return {name: _ratio(over, under) for name, (over, under) in parts.items()}


def _ratio(over: Floats, under: Floats) -> Statistic:
    return lambda weights: divide(weights @ over, weights @ under)
