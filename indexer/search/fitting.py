"""What a corpus teaches about itself when it is built: ranking weights, confidence, thresholds.

Each curated question is asked with itself left out (a true pair), and again with its answer left out (what remains is a
realistic wrong answer), together with the questions known to have no answer, each with itself left out. Only questions
of answers that have others too: without its only question the right answer would have none, the wrong ones theirs, and
weights would learn to distrust curated questions (first answers right 0.86 instead of 0.96, with one an answer).
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.records import PassageKind
from indexer.search.confidence import Calibration, JudgedHits, design_matrix, fit_coefficients
from indexer.search.contents import IndexContents
from indexer.search.evidence import Evidence, gather_evidence
from indexer.search.features import feature_matrix
from indexer.search.own_questions import have_many_questions
from indexer.search.ranking import SHIPPED_WEIGHTS, TAUGHT_FROM, RankingWeights, fit_weights
from indexer.search.reliability import FirstHits
from indexer.search.thresholds import fit_thresholds
from indexer.search.verifier import TAUGHT_ON

SHIPPED_CALIBRATION = Calibration(coefficients=(-6.4, 0.75, 6.8, 0.0, -0.45), answered_from=0.97, show_from=0.15)
"""What holds where a corpus cannot teach: fitted to two FAQs together, the shipped one without its curated questions,
which served as queries, and one of 498 answers without any."""

_PRIOR = (-7.0, 0.8, 8.0, 0.8, -2.5)
"""Where a corpus's own fit starts from. Half or twice of each moved no figure on `dev` by more than its interval."""

MIN_QUESTIONS = 30
"""Fewer curated questions than these say less about a corpus than what is shipped does."""

_LEAST_SHARE = 0.5
"""Of the answers have many questions where they teach: those of a few would set weights that the others cannot meet."""

_MAX_QUESTIONS = 2_000
_MISSED = 0.05
"""The share of answerable questions that may be refused."""

_LOST_WEIGHT = 0.5
"""What a left-out question counts whose answer no longer comes first: the questions of an answer are made to differ, so
that one left out is further from the others than a visitor's is, and is lost about twice as often."""

_HITS = 3
_FOLDS = 5
_IN_SCOPE, _ANSWER_LEFT_OUT, _OFF_TOPIC = 0.65, 0.1, 0.25
"""The mix of questions that thresholds are chosen for; a visitor of an FAQ mostly asks what it is about."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A question of known answer, and how much its kind counts.

    features: shape (candidates, len(FEATURES)). right: shape (candidates,), which of them answers it. answerable:
    whether any answer does. off_topic: see `Evidence`. group: cases of one group are never in different folds.
    """

    features: NDArray[np.float64]
    right: NDArray[np.bool_]
    answerable: bool
    off_topic: float
    weight: float
    group: int

    @classmethod
    def of(cls, evidence: Evidence, *, right: int | None, weight: float, group: int) -> "_Case":
        """Return the case of one question from the evidence on it; right: the row of its answer, None where none is."""
        is_right = evidence.answers == (-1 if right is None else right)
        features = feature_matrix(evidence)[:, 0]
        return cls(features, is_right, right is not None, float(evidence.off_topic[0]), weight, group)


def fit(
    contents: IndexContents, *, off_topic: Sequence[str], risk: float, encoder: str
) -> tuple[RankingWeights, Calibration]:
    """Return the ranking weights and the calibration of an index, the shipped ones where too little teaches them.

    off_topic: the texts of contents.off_topic_vectors, in the same order. encoder: its name. With one that the verifier
    was taught on, its confidence and thresholds hold. With another, those that the corpus's own questions teach, and
    where they teach none, nothing is calibrated.
    """
    weights, calibration = _fit_to_own_questions(contents, off_topic=off_topic, risk=risk)
    if encoder in TAUGHT_ON:
        return weights, fit_thresholds(contents, weights, calibration, off_topic=off_topic)
    can_be_reached = calibration.fitted and calibration.answered_from < 1
    return weights, dataclasses.replace(calibration, is_calibrated=can_be_reached)


def _fit_to_own_questions(
    contents: IndexContents, *, off_topic: Sequence[str], risk: float
) -> tuple[RankingWeights, Calibration]:
    cases = _cases(contents, off_topic)
    answerable = sum(case.answerable for case in cases)
    folds = {case.group % _FOLDS for case in cases}
    # Questions of one answer alone, or none without an answer, leave nothing to judge a fit by.
    if answerable < MIN_QUESTIONS or len(folds) < 2 or answerable == len(cases):
        return SHIPPED_WEIGHTS, dataclasses.replace(SHIPPED_CALIBRATION, risk=risk)
    weights = _fit_weights(cases)
    cases = [_softened(case, weights) for case in cases]
    unseen = _judge_unseen(cases)
    hits = [_judged_hits(case, weights) for case in cases]
    answered_from = unseen.answered_from(risk=risk)
    return weights, Calibration(
        coefficients=fit_coefficients(hits, prior=_PRIOR),
        answered_from=round(answered_from, 4),
        show_from=round(min(answered_from, unseen.show_from(missed=_MISSED)), 4),
        risk=risk,
        fitted=True,
        examples=answerable,
        expected_calibration_error=round(unseen.expected_calibration_error(), 4),
        auroc=round(unseen.auroc(), 4),
        reliability=unseen.reliability(),
    )


def _cases(contents: IndexContents, off_topic: Sequence[str]) -> list[_Case]:
    rows = _fair_rows(contents)
    if len(rows) > _MAX_QUESTIONS:
        rows = rows[np.linspace(0, len(rows) - 1, _MAX_QUESTIONS, dtype=np.int64)]
    cases = []
    for row in rows.tolist():
        answer = int(contents.table.answers[row])
        question = contents.answers[answer].matched_texts[int(contents.table.rows[row]["number"])]
        (comparison,) = contents.comparer.compare(contents.embeddings.every[row : row + 1])
        known = gather_evidence(contents, [question], comparison, left_out_passage=row)
        unknown = gather_evidence(contents, [question], comparison, left_out_answer=answer)
        cases.append(_Case.of(known, right=answer, weight=1.0, group=answer))
        cases.append(_Case.of(unknown, right=None, weight=_ANSWER_LEFT_OUT / _IN_SCOPE, group=answer))
    for at, question in enumerate(off_topic):
        (comparison,) = contents.comparer.compare(contents.off_topic_vectors[at : at + 1])
        evidence = gather_evidence(contents, [question], comparison, left_out_off_topic=at)
        weight = len(rows) * _OFF_TOPIC / _IN_SCOPE / len(off_topic)
        cases.append(_Case.of(evidence, right=None, weight=weight, group=at))
    return [case for case in cases if len(case.right)]


def _fair_rows(contents: IndexContents) -> NDArray[np.int64]:
    """Return the passages that are questions of answers with many, none where too few answers have many."""
    table = contents.table
    has_many = have_many_questions(table)
    if not len(has_many) or has_many.mean() < _LEAST_SHARE:
        return np.empty(0, dtype=np.int64)
    rows = np.flatnonzero(table.are(PassageKind.QUESTION))
    return np.asarray(rows[has_many[table.answers[rows]]], dtype=np.int64)


def _softened(case: _Case, weights: RankingWeights) -> _Case:
    lost = case.answerable and not case.right[_order(weights.score(case.features))[0]]
    return dataclasses.replace(case, weight=case.weight * _LOST_WEIGHT) if lost else case


def _judge_unseen(cases: Sequence[_Case]) -> FirstHits:
    """Return the first hits of all questions, each judged by a fit that knew no question of its group."""
    confidence, right = np.zeros(len(cases)), np.zeros(len(cases), dtype=np.bool_)
    folds = np.array([case.group % _FOLDS for case in cases])
    for fold in range(_FOLDS):
        seen = [case for case, of in zip(cases, folds, strict=True) if of != fold]
        weights = _fit_weights(seen)
        coefficients = fit_coefficients([_judged_hits(case, weights) for case in seen], prior=_PRIOR)
        calibration = dataclasses.replace(SHIPPED_CALIBRATION, coefficients=coefficients)
        for at in np.flatnonzero(folds == fold).tolist():
            case = cases[at]
            scores = weights.score(case.features)
            first = _order(scores)[0]
            confidence[at] = calibration.confidence(case.features, scores, off_topic=case.off_topic)[first]
            right[at] = case.right[first]
    return FirstHits(
        confidence=confidence,
        right=right,
        in_scope=np.array([case.answerable for case in cases]),
        weight=np.array([case.weight for case in cases]),
    )


def _fit_weights(cases: Sequence[_Case]) -> RankingWeights:
    return fit_weights([(case.features, case.right) for case in cases if case.answerable], prior=TAUGHT_FROM)


def _judged_hits(case: _Case, weights: RankingWeights) -> JudgedHits:
    scores = weights.score(case.features)
    best = _order(scores)[:_HITS]
    rows = design_matrix(case.features, scores, off_topic=case.off_topic)[best]
    return JudgedHits(rows=rows, right=case.right[best], weight=case.weight)


def _order(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the positions of the candidates, best first, ties by rising row, in which candidates are."""
    return np.argsort(-scores, kind="stable")
