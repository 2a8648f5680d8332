"""How far a confidence can be trusted. Each metric is a statistic of weights, so that intervals come with it.

Those that a build needs as well (AUROC, calibration error, bins) are made in `indexer.search.reliability`.

Below, *right* says whether the first answer of a query is relevant; that of an off-topic query never is.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.metrics.resampling import mean_of
from indexer.search import reliability
from indexer.search.reliability import Flags, Floats, Statistic, divide, level_starts

BINS = 15
"""Of the reliability diagram and the calibration error: of equal width, as in Guo et al. (2017)."""

_NORMAL_95 = 1.959963984540054  # the normal distribution has 2.5 % beyond this


@dataclass(frozen=True, slots=True)
class Bin:
    """Queries whose confidence fell together: between which bounds, on average, how often right, how many.

    right_low, right_high: the 95 % interval of the share that is right.
    """

    low: float
    high: float
    confidence: float
    right: float
    right_low: float
    right_high: float
    count: int


def brier(confidence: Floats, right: Flags) -> Statistic:
    """Return the statistic of the mean squared distance between confidence and truth (Brier, 1950)."""
    return mean_of((confidence - right) ** 2)


def expected_calibration_error(confidence: Floats, right: Flags) -> Statistic:
    """Return the statistic of the mean distance of confidence and truth over BINS bins, by their queries."""
    return reliability.expected_calibration_error(confidence, right, bins=BINS)


def area_under_risk_coverage(confidence: Floats, right: Flags) -> Statistic:
    """Return the statistic of the mean share of wrong answers among the k surest, over all k (Geifman et al., 2017).

    Queries of equal confidence come in no order: the mean over all their orders is taken. With N queries and E wrong
    ones before a group of m with e wrong, that is sum over j = 1..m of (E + e j/m) / (N + j), in closed form below.
    """
    order = np.argsort(-confidence, kind="stable")
    starts = level_starts(-confidence[order])
    wrong = (~right[order]).astype(np.float64)

    def statistic(weights: Floats) -> Floats:
        sorted_weights = weights[:, order]
        sizes = np.add.reduceat(sorted_weights, starts, axis=1)  # (resamples, levels)
        errors = np.add.reduceat(sorted_weights * wrong, starts, axis=1)
        totals = np.cumsum(sizes, axis=1)
        before, errors_before = totals - sizes, np.cumsum(errors, axis=1) - errors
        harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, totals[:, -1].max() + 1))])
        spread = harmonic[totals.astype(np.int64)] - harmonic[before.astype(np.int64)]
        share = np.divide(errors, sizes, out=np.zeros_like(errors), where=sizes > 0)
        area = errors_before * spread + share * (sizes - before * spread)
        return divide(area.sum(axis=1), totals[:, -1])

    return statistic


def risk_coverage_curve(confidence: Floats, right: Flags) -> list[tuple[float, float, float]]:
    """Return coverage, risk and threshold for each distinct confidence, from the surest on.

    risk: the share of wrong first answers among the queries of this confidence or more.
    """
    order = np.argsort(-confidence, kind="stable")
    sure, wrong = confidence[order], np.cumsum(~right[order])
    last = np.flatnonzero(np.append(sure[1:] < sure[:-1], True)) if len(sure) else np.array([], dtype=np.int64)
    total = len(sure)
    return [((at + 1) / total, float(wrong[at]) / (at + 1), float(sure[at])) for at in last.tolist()]


def reliability_diagram(confidence: Floats, right: Flags) -> Sequence[Bin]:
    """Return the bins that hold any query, from unsure to sure."""
    bins = []
    for number, one in reliability.reliability(confidence, right, np.ones(len(confidence)), bins=BINS).items():
        count = round(one.weight)
        right_low, right_high = wilson_interval(round(one.right * count), count)
        bins.append(
            Bin(
                low=number / BINS,
                high=(number + 1) / BINS,
                confidence=one.confidence,
                right=one.right,
                right_low=right_low,
                right_high=right_high,
                count=count,
            )
        )
    return bins


def wilson_interval(hits: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson, 1927), which is sound for few queries too."""
    share, square = hits / count, _NORMAL_95**2
    centre = share + square / (2 * count)
    half = _NORMAL_95 * math.sqrt(share * (1 - share) / count + square / (4 * count**2))
    return max(0.0, (centre - half) / (1 + square / count)), min(1.0, (centre + half) / (1 + square / count))
