"""Intervals and tests of chance, against scipy and against counting everything."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import bootstrap

from evaluation.metrics.resampling import PERMUTATIONS, estimate_all, holm, mean_of, permutation_p_value


def test_the_interval_of_a_mean_is_that_of_another_bootstrap() -> None:
    """Value, low and high agree with scipy's percentile bootstrap, but for the chance of the drawing."""
    values = np.random.default_rng(5).random(300) ** 2
    ((value, low, high),) = estimate_all([mean_of(values)], count=len(values))
    expected = bootstrap((values,), np.mean, method="percentile", rng=np.random.default_rng(1)).confidence_interval
    assert value == pytest.approx(values.mean())
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=0.004)


def test_intervals_are_the_same_each_time_and_for_each_company() -> None:
    """The drawing is seeded, and all statistics are taken on the same drawings."""
    values = np.random.default_rng(5).random(50)
    once = estimate_all([mean_of(values)], count=50)
    assert estimate_all([mean_of(values), mean_of(1 - values)], count=50)[:1] == once


def test_values_that_do_not_exist_take_no_part() -> None:
    """NaN is left out of the mean and of the interval; nothing at all gives NaN."""
    values = np.array([1.0, np.nan, 1.0, np.nan])
    assert estimate_all([mean_of(values)], count=4) == [(1.0, 1.0, 1.0)]
    assert np.isnan(estimate_all([mean_of(np.array([]))], count=0)).all()


def test_a_large_set_is_drawn_in_blocks() -> None:
    """The interval of 20,000 values is as wide as theory says."""
    values = np.random.default_rng(5).standard_normal(20_000)
    ((_, low, high),) = estimate_all([mean_of(values)], count=len(values))
    assert (high - low) == pytest.approx(2 * 1.96 * values.std() / np.sqrt(len(values)), rel=0.1)


@pytest.mark.parametrize("differences", [[0.5, 0.2, -0.1, 0.4, 0.3, 0.6, 0.0], [1.0, -1.0, 1.0, 1.0], [0.1, -0.1]])
def test_the_randomisation_test_approaches_counting_all_sign_flips(differences: list[float]) -> None:
    """p is near the share of all 2^n assignments of signs whose sum is as far from zero."""
    values = np.array(differences)
    sums = [abs(float(np.dot(signs, values))) for signs in product((-1, 1), repeat=len(values))]
    exact = np.mean([one >= abs(values.sum()) - 1e-12 for one in sums])
    assert permutation_p_value(values) == pytest.approx(exact, abs=4 * np.sqrt(0.25 / PERMUTATIONS))


def test_no_difference_is_no_evidence_and_a_constant_one_is_the_strongest() -> None:
    """p is 1 where nothing changed, and the least that the permutations can show where everything improved."""
    assert permutation_p_value(np.zeros(10)) == 1.0
    assert permutation_p_value(np.full(100, 0.3)) == 1 / (PERMUTATIONS + 1)


def test_holm_steps_down() -> None:
    """The smallest p is multiplied by their number, the next by one less, and none becomes smaller than one before."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []
