"""How far probabilities can be trusted: one AUROC, one calibration error, one way of putting them into bins.

Each is a statistic of weights, so that one call with many resamples gives an interval, and one with ones the value.
Below, *right* says whether a first answer is right; that of a question without an answer never is.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Statistic = Callable[[Floats], Floats]
"""Takes the weight of each question, shape (resamples, questions), and returns shape (resamples,)."""

BINS_OF_A_BUILD = 10
"""Of the reliability in a manifest, which some hundred questions fill; reports, which may have more, use their own."""


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Questions whose confidence fell together: how sure on average, how often right, how many (weighted)."""

    confidence: float
    right: float
    weight: float


def bin_numbers(confidence: Floats, *, bins: int) -> NDArray[np.int64]:
    """Return the bin of each confidence, of equal width: [0, 1/bins), … and the last with 1."""
    return np.minimum((confidence * bins).astype(np.int64), bins - 1)


def reliability(confidence: Floats, right: Flags, weight: Floats, *, bins: int) -> dict[int, ReliabilityBin]:
    """Return the bins that hold any question, by number, from unsure to sure."""
    at = bin_numbers(confidence, bins=bins)
    found = {}
    for number in np.unique(at[weight > 0]).tolist():
        chosen = at == number
        of_these = weight[chosen]
        found[number] = ReliabilityBin(
            confidence=float(np.average(confidence[chosen], weights=of_these)),
            right=float(np.average(right[chosen], weights=of_these)),
            weight=float(of_these.sum()),
        )
    return found


def auroc(confidence: Floats, in_scope: Flags) -> Statistic:
    """Return the statistic of the chance that an in-scope question has more confidence than another; ties count half.

    NaN where one of the two kinds has no weight.
    """
    order = np.argsort(confidence, kind="stable")
    starts = level_starts(confidence[order])
    inside = in_scope[order].astype(np.float64)

    def statistic(weights: Floats) -> Floats:
        sorted_weights = weights[:, order]
        positives = np.add.reduceat(sorted_weights * inside, starts, axis=1)  # (resamples, levels)
        negatives = np.add.reduceat(sorted_weights * (1 - inside), starts, axis=1)
        below = np.cumsum(negatives, axis=1) - negatives
        pairs = positives.sum(axis=1) * negatives.sum(axis=1)
        return divide((positives * (below + negatives / 2)).sum(axis=1), pairs)

    return statistic


def expected_calibration_error(confidence: Floats, right: Flags, *, bins: int) -> Statistic:
    """Return the statistic of the mean distance of confidence and truth over bins, by weight (Naeini et al., 2015)."""
    gaps = np.zeros((len(confidence), bins))
    gaps[np.arange(len(confidence)), bin_numbers(confidence, bins=bins)] = confidence - right

    def statistic(weights: Floats) -> Floats:
        return divide(np.abs(weights @ gaps).sum(axis=1), weights.sum(axis=1))

    return statistic


def level_starts(ascending: Floats) -> NDArray[np.int64]:
    """Return where each distinct value of an ascending array begins."""
    return np.flatnonzero(np.append(True, ascending[1:] > ascending[:-1]))


def divide(above: Floats, below: Floats) -> Floats:
    """Return the quotients, NaN where *below* is 0."""
    return np.asarray(np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0))


@dataclass(frozen=True, slots=True)
class FirstHits:
    """The first hit of each of some questions of known answer: shapes (questions,). Confidences the fit did not see."""

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
        return float(auroc(self.confidence, self.in_scope)(np.ones((1, len(self.confidence))))[0])

    def expected_calibration_error(self) -> float:
        """Return the mean distance of confidence and truth over the bins of a build, by weight."""
        error = expected_calibration_error(self.confidence, self.right, bins=BINS_OF_A_BUILD)
        return float(error(self.weight[np.newaxis])[0])

    def reliability(self) -> tuple[ReliabilityBin, ...]:
        """Return the bins of a build that hold any question, from unsure to sure, to four digits."""
        bins = reliability(self.confidence, self.right, self.weight, bins=BINS_OF_A_BUILD)
        return tuple(
            ReliabilityBin(round(one.confidence, 4), round(one.right, 4), round(one.weight, 4)) for one in bins.values()
        )
