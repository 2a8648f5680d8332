"""Metrics against second ways of computing them: the libraries of the field, and plain loops."""

import math
import random
from collections.abc import Mapping

import ir_measures
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, roc_auc_score

from evaluation.metrics.columns import Columns, read_columns
from evaluation.metrics.confidence import (
    BINS,
    area_under_risk_coverage,
    brier,
    expected_calibration_error,
    reliability_diagram,
    risk_coverage_curve,
    wilson_interval,
)
from evaluation.metrics.estimates import MEANINGS, estimate
from evaluation.metrics.ranking import RANKING_METRICS, RankingMeter
from evaluation.records import Query, Result, Returned, Scope
from indexer.records import Status
from indexer.search.reliability import auroc

RUNS = 200
CLOSE = 1e-9
Confidences = tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]


def random_rankings(generator: random.Random) -> tuple[dict[str, dict[str, int]], dict[str, list[str]]]:
    """Return graded judgments and rankings of a few queries; some rankings are empty, short, or hold nothing judged."""
    answers = [f"a{number}" for number in range(30)]
    judgments, rankings = {}, {}
    for number in range(generator.randint(1, 8)):
        query = f"q{number}"
        judged = generator.sample(answers, generator.randint(1, 6))
        judgments[query] = {answer: generator.choice([-1, 0, 1, 2, 3]) for answer in judged} | {judged[0]: 1}
        rankings[query] = generator.sample(answers, generator.choice([0, 1, 3, 10, 20]))
    return judgments, rankings


def by_hand(expected: Mapping[str, int], ranking: list[str]) -> dict[str, float]:
    """Return the metrics of one query by their textbook definitions."""
    relevant = {answer for answer, grade in expected.items() if grade > 0}
    at = [rank for rank, answer in enumerate(ranking, start=1) if answer in relevant]
    gains = [max(0, expected.get(answer, 0)) for answer in ranking[:10]]
    ideal = sorted((max(0, grade) for grade in expected.values()), reverse=True)[:10]

    def discounted(values: list[int]) -> float:
        return sum(value / math.log2(rank + 1) for rank, value in enumerate(values, start=1))

    return {
        **{f"Success@{k}": float(any(rank <= k for rank in at)) for k in (1, 3, 5)},
        "RR@10": 1 / at[0] if at and at[0] <= 10 else 0.0,
        "nDCG@10": discounted(gains) / discounted(ideal),
        **{f"R@{k}": sum(rank <= k for rank in at) / len(relevant) for k in (1, 3, 5, 10)},
        "AP": sum(found / rank for found, rank in enumerate(at, start=1)) / len(relevant),
    }


def random_confidences(seed: int) -> Confidences:
    """Return confidences with many ties, which answers are right, and which questions are in scope."""
    generator = np.random.default_rng(seed)
    count = int(generator.integers(4, 60))
    confidence = np.round(generator.random(count), int(generator.integers(1, 4)))
    in_scope = np.append([True, False], generator.random(count - 2) < 0.7)
    return confidence, in_scope & (generator.random(count) < confidence), in_scope


def value_of(statistic: object, count: int) -> float:
    """Return the value of a statistic over everything, once each."""
    assert callable(statistic)
    return float(statistic(np.ones((1, count)))[0])


def test_ranking_metrics_equal_ir_measures_and_their_definitions() -> None:
    """200 random runs: each query's value is that of ir_measures on the same ranking, and that of the textbook."""
    measures = [ir_measures.parse_measure(name) for name in RANKING_METRICS]
    for seed in range(RUNS):
        judgments, rankings = random_rankings(random.Random(seed))
        found = RankingMeter().measure(judgments, rankings)
        qrels = [
            ir_measures.Qrel(query, answer, max(0, grade))
            for query, grades in judgments.items()
            for answer, grade in grades.items()
        ]
        # Scores of another shape than ours, without ties: only the order may matter.
        run = [
            ir_measures.ScoredDoc(query, answer, math.exp(-rank / 7))
            for query, ranking in rankings.items()
            for rank, answer in enumerate(ranking)
        ]
        for metric in ir_measures.iter_calc(measures, qrels, run):
            assert found[metric.query_id][str(metric.measure)] == pytest.approx(metric.value, abs=CLOSE)
        for query, values in found.items():
            assert values == pytest.approx(by_hand(judgments[query], rankings[query]), abs=CLOSE)


def test_the_order_of_a_reply_counts_where_its_scores_are_equal() -> None:
    """Answers that come back with one score keep the order of the reply, whatever their ids."""
    for ranking in (["b", "a"], ["a", "b"]):
        metrics = RankingMeter().measure({"q": {"a": 1}}, {"q": ranking})["q"]
        assert metrics["RR@10"] == 1 / (ranking.index("a") + 1)
        assert metrics["nDCG@10"] == pytest.approx(1 / math.log2(ranking.index("a") + 2))
        assert metrics["Success@1"] == float(ranking[0] == "a")


def test_a_run_with_ties_is_measured_in_the_order_that_trec_eval_gives_it() -> None:
    """200 random runs full of equal scores: read in trec_eval's order (ties by id, last first), all values agree."""
    measures = [ir_measures.parse_measure(name) for name in RANKING_METRICS if name != "RR@10"]  # other tie rule
    for seed in range(RUNS):
        generator = random.Random(seed)
        judgments, rankings = random_rankings(generator)
        scores = {query: {a: float(generator.randint(1, 4)) for a in ranking} for query, ranking in rankings.items()}
        ordered = {
            q: sorted(some, key=lambda answer: (some[answer], answer), reverse=True) for q, some in scores.items()
        }
        found = RankingMeter().measure(judgments, ordered)
        graded = {q: {answer: max(0, grade) for answer, grade in some.items()} for q, some in judgments.items()}
        for metric in ir_measures.iter_calc(measures, graded, scores):
            assert found[metric.query_id][str(metric.measure)] == pytest.approx(metric.value, abs=CLOSE)


@pytest.mark.slow
def test_auroc_and_brier_equal_scikit_learn() -> None:
    """200 random sets of confidences, ties included, once each and weighted as the bootstrap weights them."""
    for seed in range(RUNS):
        confidence, right, in_scope = random_confidences(seed)
        weights = np.random.default_rng(seed).integers(0, 4, len(confidence)).astype(np.float64)
        weights[:2] = 1
        for weighting in (np.ones(len(confidence)), weights):
            rows = weighting[np.newaxis]
            area = roc_auc_score(in_scope, confidence, sample_weight=weighting)
            assert auroc(confidence, in_scope)(rows)[0] == pytest.approx(area, abs=CLOSE)
            loss = brier_score_loss(right, confidence, sample_weight=weighting, pos_label=True)
            assert brier(confidence, right)(rows)[0] == pytest.approx(loss, abs=CLOSE)


def test_calibration_error_equals_the_bins_of_scikit_learn() -> None:
    """The mean distance over the bins, weighted by their queries, is that of calibration_curve's bins."""
    for seed in range(RUNS):
        confidence, right, _ = random_confidences(seed)
        # scikit-learn closes its bins on the right, ours are closed on the left: keep off the edges.
        confidence = np.clip(confidence * 0.99 + 0.0031, 0, 1)
        shares, means = calibration_curve(right, confidence, n_bins=BINS)
        counts = np.histogram(confidence, bins=np.linspace(0, 1, BINS + 1))[0]
        expected = np.sum(counts[counts > 0] / len(confidence) * np.abs(shares - means))
        found = value_of(expected_calibration_error(confidence, right), len(confidence))
        assert found == pytest.approx(expected, abs=CLOSE)
        bins = reliability_diagram(confidence, right)
        assert [one.right for one in bins] == pytest.approx(shares)
        assert sum(one.count * abs(one.right - one.confidence) for one in bins) / len(confidence) == pytest.approx(
            found
        )


def test_area_under_risk_coverage_is_the_mean_over_all_orders_of_equals() -> None:
    """200 random sets: the closed form is the mean selective risk, each tie being wrong as often as its equals."""
    for seed in range(RUNS):
        confidence, right, _ = random_confidences(seed)
        risks: list[float] = []
        errors = 0.0
        for level in sorted(set(confidence.tolist()), reverse=True):
            equals = right[confidence == level]
            share = float((~equals).mean())
            for _ in equals:
                errors += share
                risks.append(errors / (len(risks) + 1))
        found = value_of(area_under_risk_coverage(confidence, right), len(confidence))
        assert found == pytest.approx(np.mean(risks), abs=CLOSE)


def test_a_weight_of_two_is_a_query_asked_twice() -> None:
    """Every statistic of weights equals the statistic of a set with as many copies."""
    confidence, right, in_scope = random_confidences(3)
    weights = np.random.default_rng(3).integers(0, 4, len(confidence))
    weights[:2] = 2
    again = np.repeat(np.arange(len(confidence)), weights)
    for make, truth in (
        (area_under_risk_coverage, right),
        (expected_calibration_error, right),
        (brier, right),
        (auroc, in_scope),
    ):
        weighted = make(confidence, truth)(weights[np.newaxis].astype(np.float64))[0]
        copied = value_of(make(confidence[again], truth[again]), len(again))
        assert weighted == pytest.approx(copied, abs=CLOSE)


def test_the_risk_coverage_curve_ends_with_everything() -> None:
    """At full coverage the risk is the share of wrong answers; equal confidences are accepted together."""
    curve = risk_coverage_curve(np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, False, True, False]))
    assert curve == [(0.25, 0.0, 0.9), (0.75, pytest.approx(1 / 3), 0.5), (1.0, 0.5, 0.1)]


@pytest.mark.parametrize(("hits", "count"), [(0, 1), (1, 1), (3, 7), (290, 400)])
def test_the_interval_of_a_share_is_wilsons(hits: int, count: int) -> None:
    """It equals scipy's."""
    expected = binomtest(hits, count).proportion_ci(method="wilson")
    assert wilson_interval(hits, count) == pytest.approx((expected.low, expected.high), abs=CLOSE)


def results() -> list[Result]:
    """Return one result of each sort, with all that refusal metrics tell apart."""

    def result(number: int, scope: Scope, status: Status, confidence: float, first: str, kind: str) -> Result:
        expected = {"a": 1} if scope is Scope.IN_SCOPE else {}
        metrics = RankingMeter().measure({"q": expected}, {"q": [first]})["q"] if expected else {}
        query = Query(f"q{number}", "?", scope, expected, kind=kind)
        return Result(
            query, {"produit": ("DMP",)}, status, confidence, (Returned(first, 1.0, confidence),), metrics, 2.0
        )

    return [
        result(1, Scope.IN_SCOPE, Status.ANSWERED, 0.9, "a", "in_scope"),
        result(2, Scope.IN_SCOPE, Status.ANSWERED, 0.8, "b", "in_scope"),
        result(3, Scope.IN_SCOPE, Status.NO_ANSWER, 0.1, "a", "in_scope"),
        result(4, Scope.OFF_TOPIC, Status.ANSWERED, 0.7, "a", "near_domain"),
        result(5, Scope.OFF_TOPIC, Status.NO_ANSWER, 0.2, "a", "chit_chat"),
        result(6, Scope.UNJUDGED, Status.ANSWERED, 0.2, "a", ""),
    ]


def columns() -> Columns:
    return read_columns(results())


def test_refusal_counts_what_it_says() -> None:
    """Kept, refused, held and false answers are shares of the queries they are about; unjudged ones count nowhere."""
    found = estimate(columns())
    expected = {"kept": (2 / 3, 3), "answered": (2 / 3, 3), "refused": (1 / 2, 2), "near_domain_held": (0.0, 1)}
    expected |= {"false_answers": (2 / 3, 3), "Success@1": (2 / 3, 3), "AUROC": (4 / 6, 5)}
    for name, (value, count) in expected.items():
        assert found[name].value == pytest.approx(value)
        assert found[name].count == count
    assert list(found) == list(MEANINGS)
    assert found["Brier"].value == pytest.approx(np.mean([0.01, 0.64, 0.81, 0.49, 0.04]))


def test_metrics_that_need_off_topic_queries_are_absent_without_them() -> None:
    """A set whose queries all have an answer has no AUROC and no refusals, rather than a made-up value."""
    inside = estimate(columns().take(np.array([0, 1, 2])))
    assert not {"AUROC", "refused", "near_domain_held"} & set(inside)
    assert inside["kept"].count == 3


def test_groups_hold_the_queries_that_name_them() -> None:
    """A query is in the group of its kind and of each facet value of its expected answers."""
    groups = columns().groups
    assert groups["kind"]["in_scope"].tolist() == [0, 1, 2]
    assert groups["kind"]["near_domain"].tolist() == [3]
    assert groups["produit"]["DMP"].tolist() == [0, 1, 2, 3, 4, 5]
    assert "style" not in groups
