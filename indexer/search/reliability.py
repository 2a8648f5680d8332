"""How far probabilities can be trusted: what was judged, in bins, and the calibration error."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BINS = 10


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Questions whose confidence fell together: how sure on average, how often right, how many (weighted)."""

    confidence: float
    right: float
    weight: float


@dataclass(frozen=True, slots=True)
class Judged:
    """The first hits of questions of known answer: shapes (questions,). Confidences the fit did not see."""

    confidence: NDArray[np.float64]
    right: NDArray[np.bool_]
    in_scope: NDArray[np.bool_]
    weight: NDArray[np.float64]

    def answered_from(self, *, risk: float) -> float:
        """Return the lowest confidence from which on at most the share *risk* of first answers are wrong.

        1.0 where not even the surest are good enough.
        """
        order = np.argsort(-self.confidence, kind="stable")
        total = np.cumsum(self.weight[order])
        wrong = np.cumsum((self.weight * ~self.right)[order])
        good = np.flatnonzero(wrong <= risk * total)
        # Equal confidences are accepted or refused together.
        sure = self.confidence[order]
        good = good[[at + 1 == len(sure) or sure[at + 1] < sure[at] for at in good]]
        return float(sure[good[-1]]) if len(good) else 1.0

    def show_from(self, *, missed: float) -> float:
        """Return the confidence below which the share *missed* of the questions in scope fall."""
        return float(np.quantile(self.confidence[self.in_scope], missed)) if self.in_scope.any() else 0.0

    def auroc(self) -> float:
        """Return the chance that a question in scope has more confidence than one that is not; ties count half."""
        inside, outside = self.confidence[self.in_scope], self.confidence[~self.in_scope]
        above = (inside[:, np.newaxis] > outside).mean() + (inside[:, np.newaxis] == outside).mean() / 2
        return float(above)

    def reliability(self) -> tuple[ReliabilityBin, ...]:
        """Return the bins of equal width that hold any question, from unsure to sure."""
        at = np.minimum((self.confidence * _BINS).astype(np.int64), _BINS - 1)
        bins = []
        for number in np.unique(at):
            chosen = at == number
            weight = self.weight[chosen]
            bins.append(
                ReliabilityBin(
                    confidence=round(float(np.average(self.confidence[chosen], weights=weight)), 4),
                    right=round(float(np.average(self.right[chosen], weights=weight)), 4),
                    weight=round(float(weight.sum()), 4),
                )
            )
        return tuple(bins)


def expected_calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """Return the mean distance between confidence and truth over the bins, by weight (Naeini et al., 2015)."""
    total = sum(one.weight for one in bins)
    return sum(one.weight * abs(one.confidence - one.right) for one in bins) / total
