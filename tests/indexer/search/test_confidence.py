"""Confidence and its thresholds."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from indexer.records import Status
from indexer.search.confidence import COLUMNS, Calibration, JudgedHits, OwnQuestions, design_matrix, fit_coefficients
from indexer.search.features import feature_matrix
from indexer.search.ranking import TAUGHT_FROM
from indexer.search.reliability import FirstHits
from tests.indexer.search.test_ranking import make_evidence

GENERATOR = np.random.default_rng(5)


def judged(count: int = 400) -> FirstHits:
    confidence = GENERATOR.uniform(0, 1, count).round(2)
    right = GENERATOR.uniform(0, 1, count) < confidence
    return FirstHits(
        confidence, right, right | (GENERATOR.uniform(0, 1, count) < 0.3), GENERATOR.uniform(0.5, 2, count)
    )


def test_answered_from_keeps_the_risk() -> None:
    """At the threshold the wrong share is within the risk, and at every lower confidence it is not."""
    some = judged()
    threshold = some.answered_from(risk=0.1)
    for bound in np.unique(some.confidence):
        taken = some.confidence >= bound
        wrong = (some.weight * ~some.right)[taken].sum() / some.weight[taken].sum()
        if bound == threshold:
            assert wrong <= 0.1
        elif bound < threshold:
            assert wrong > 0.1


def test_answered_from_is_one_where_nothing_is_sure() -> None:
    """If even the surest answers are wrong, nothing is given as answered."""
    nothing = np.zeros(10, dtype=np.bool_)
    assert FirstHits(np.linspace(0, 0.9, 10), nothing, nothing, np.ones(10)).answered_from(risk=0.05) == 1.0


def test_auroc_is_that_of_scikit_learn() -> None:
    """Ties included."""
    some = judged()
    assert some.auroc() == pytest.approx(roc_auc_score(some.in_scope, some.confidence), abs=1e-12)


def test_calibration_error_by_hand() -> None:
    """Two bins, one perfect and one a half off, a quarter of the weight in the second."""
    some = FirstHits(
        np.array([0.05, 0.05, 0.95, 0.95]),
        np.array([False, False, True, False]),
        np.ones(4, dtype=np.bool_),
        np.array([1.0, 2.0, 0.5, 0.5]),
    )
    bins = some.reliability()
    assert [(one.confidence, one.right, one.weight) for one in bins] == [(0.05, 0.0, 3.0), (0.95, 0.5, 1.0)]
    assert some.expected_calibration_error() == pytest.approx((3 * 0.05 + 1 * 0.45) / 4)


def test_coefficients_are_those_of_scikit_learn() -> None:
    """A logistic regression with the same penalty, around the same centre, gives the same coefficients."""
    rows = np.column_stack([np.ones(300), GENERATOR.standard_normal((300, len(COLUMNS) - 1))])
    right = GENERATOR.uniform(0, 1, 300) < 1 / (1 + np.exp(-rows @ np.linspace(-1, 1, len(COLUMNS))))
    hits = [JudgedHits(row[np.newaxis], np.array([truth]), weight=1.0) for row, truth in zip(rows, right, strict=True)]
    other = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-10, max_iter=1000).fit(rows, right)
    assert_allclose(fit_coefficients(hits, prior=[0.0] * len(COLUMNS)), other.coef_[0], atol=1e-4)


@pytest.mark.parametrize("shift", [0.0, -1.5, -3.0, 3.0])
def test_coefficients_are_at_the_maximum_wherever_the_features_lie(shift: float) -> None:
    """Features of another encoder lie elsewhere, where the prior's chances are all near 0 or 1."""
    generator = np.random.default_rng(1)
    rows = np.column_stack([np.ones(300), generator.standard_normal((300, len(COLUMNS) - 1))])
    rows[:, COLUMNS.index("similarity")] += shift
    right = generator.uniform(0, 1, 300) < 0.5
    prior = np.array([-8.0, 0.5, 9.0, 1.0, -1.0])
    hits = [JudgedHits(row[np.newaxis], np.array([truth]), weight=1.0) for row, truth in zip(rows, right, strict=True)]
    found = np.array(fit_coefficients(hits, prior=prior.tolist()))
    # At the maximum the gradient is zero, up to the six decimals that are kept.
    chance = 1 / (1 + np.exp(-rows @ found))
    assert_allclose(rows.T @ (right - chance) + (prior - found), 0, atol=1e-2)


def test_hits_of_one_question_share_its_weight() -> None:
    """A question counts once, whether one or three of its hits are looked at."""
    row = np.array([[1.0, 0.2, 0.3, 0.4, 0.5]])
    once = [JudgedHits(row, np.array([True]), 1.0)]
    thrice = [JudgedHits(np.repeat(row, 3, axis=0), np.array([True] * 3), 1.0)]
    assert fit_coefficients(once, prior=[0.0] * 5) == fit_coefficients(thrice, prior=[0.0] * 5)


def test_confidence_grows_with_margin_and_similarity_and_shrinks_with_off_topic() -> None:
    """Each piece of evidence moves the confidence the way a person expects."""
    calibration = Calibration(coefficients=(-6.0, 1.0, 7.0, 1.0, -0.5), answered_from=0.6, show_from=0.3)
    weights = TAUGHT_FROM

    def first(evidence_body: list[float], *, off_topic: float = -1.0) -> float:
        evidence = make_evidence(evidence_body, off_topic=off_topic)
        features = feature_matrix(evidence)
        return float(calibration.confidence(features, weights.score(features), off_topic=evidence.off_topic)[0])

    assert first([0.9, 0.8]) > first([0.9, 0.88])
    assert first([0.92, 0.82]) > first([0.88, 0.78])
    assert first([0.9, 0.8], off_topic=0.95) < first([0.9, 0.8], off_topic=0.8)


def test_single_answer_has_a_finite_share() -> None:
    """With one candidate its share is 1, whose log-odds are bounded, not infinite."""
    features = feature_matrix(make_evidence([0.9]))
    matrix = design_matrix(features, TAUGHT_FROM.score(features), off_topic=-1.0)
    assert np.isfinite(matrix).all()
    assert matrix.shape == (1, len(COLUMNS))


def test_status_by_threshold() -> None:
    """Thresholds belong to the better status."""
    calibration = Calibration(coefficients=(0.0,) * 5, answered_from=0.6, show_from=0.3)
    assert [calibration.status(value, same_words=False, is_missing=False) for value in (0.6, 0.59, 0.3, 0.29, 0.0)] == [
        Status.ANSWERED,
        Status.UNCERTAIN,
        Status.UNCERTAIN,
        Status.NO_ANSWER,
        Status.NO_ANSWER,
    ]


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        (4, "1 de vos 5 questions, posées mot pour mot, n'obtient pas sa réponse"),
        (3, "2 de vos 5 questions, posées mot pour mot, n'obtiennent pas leur réponse"),
    ],
)
def test_editors_are_told_of_questions_without_their_answer(answered: int, said: str) -> None:
    """In French that agrees with how many there are."""
    own = OwnQuestions(5, answered, 0, 0, expected_answered=0.8, risk=0.05, risk_low=0.0, risk_high=0.1)
    assert (own.warning() or "").startswith(said)
