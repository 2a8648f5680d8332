"""Chance: bootstrap intervals, the paired randomisation test, and Holm's correction. All seeded, all vectorised."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.json_documents import Count
from indexer.search.reliability import Floats, Statistic, divide

RESAMPLES = 1_000
PERMUTATIONS = 10_000
SEED = 20_240_229
_CELLS = 100_000
"""Of a block of weights or signs. What is computed of 0.8 MB stays in the cache: with 8, the area under a curve takes
twice as long."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, the 95 % interval around it, and over how many queries."""

    value: float
    low: float
    high: float
    count: Count


def estimate_all(statistics: Sequence[Statistic], *, count: int) -> list[tuple[float, float, float]]:
    """Return value, low and high of each statistic over *count* queries.

    The interval is the percentile bootstrap's (Efron, 1979): 2.5 % to 97.5 % of the values over RESAMPLES drawings of
    *count* queries with replacement, the same drawings for all. A drawing on which a statistic says NaN is passed over.
    """
    if count == 0:
        return [(float("nan"),) * 3 for _ in statistics]
    everything = np.ones((1, count))
    blocks = [[statistic(weights) for statistic in statistics] for weights in _drawings(count)]
    estimates = []
    for at, statistic in enumerate(statistics):
        drawn = np.concatenate([block[at] for block in blocks])
        drawn = drawn[~np.isnan(drawn)]
        low, high = np.percentile(drawn, [2.5, 97.5]) if len(drawn) else (float("nan"),) * 2
        estimates.append((float(statistic(everything)[0]), float(low), float(high)))
    return estimates


def permutation_p_value(differences: Floats) -> float:
    """Return the two-sided p of a mean this far from 0, were the sign of each difference a matter of chance.

    differences: shape (queries,), paired. PERMUTATIONS random sign flips (Fisher's randomisation test; Smucker et al.,
    2007), the observed one counted among them, so that p is never 0.
    """
    differences = differences[differences != 0]  # their sign changes nothing
    if len(differences) == 0:
        return 1.0
    generator = np.random.default_rng(SEED)
    observed = abs(differences.sum())
    at_least = 0
    rows = max(1, _CELLS // len(differences))
    for start in range(0, PERMUTATIONS, rows):
        flips = min(rows, PERMUTATIONS - start)
        bits = np.frombuffer(generator.bytes(flips * (-(-len(differences) // 8))), dtype=np.uint8)
        signs = np.unpackbits(bits.reshape(flips, -1), axis=1, count=len(differences))
        sums = differences.sum() - 2 * (signs @ differences)
        # The same sum added in another order may differ in its last digits.
        at_least += int((np.abs(sums) >= observed * (1 - 1e-9)).sum())
    return (at_least + 1) / (PERMUTATIONS + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p values adjusted for their number (Holm, 1979), in the same order."""
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for position, at in enumerate(sorted(range(len(p_values)), key=lambda at: p_values[at])):
        largest = max(largest, min(1.0, p_values[at] * (len(p_values) - position)))
        adjusted[at] = largest
    return adjusted


def mean_of(values: Floats) -> Statistic:
    """Return the statistic of the weighted mean of *values*; NaN there means that the query does not take part."""
    takes_part = ~np.isnan(values)
    filled = np.where(takes_part, values, 0.0)

    def statistic(weights: Floats) -> Floats:
        return divide(weights @ filled, weights @ takes_part.astype(np.float64))

    return statistic


def _drawings(count: int) -> Iterator[Floats]:
    """Yield blocks of how often each query was drawn, shape (some, count), RESAMPLES rows in all."""
    generator = np.random.default_rng(SEED)
    rows = max(1, _CELLS // count)
    for start in range(0, RESAMPLES, rows):
        drawn = min(rows, RESAMPLES - start)
        picks = generator.integers(0, count, size=(drawn, count))
        picks += np.arange(drawn)[:, np.newaxis] * count
        yield np.bincount(picks.ravel(), minlength=drawn * count).reshape(drawn, count).astype(np.float64)
