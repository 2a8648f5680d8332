"""How far probabilities can be trusted."""

import numpy as np

from indexer.search.reliability import reliability


def test_a_bin_without_weight_is_passed_over() -> None:
    """Questions that count nothing fill no bin, and do not end the reckoning."""
    found = reliability(np.array([0.1, 0.95]), np.array([False, True]), np.array([1.0, 0.0]), bins=10)
    assert list(found) == [1]
