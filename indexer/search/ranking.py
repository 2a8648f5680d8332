"""One score from a few features that a person can read. Its weights are shipped, or taught by the corpus itself.

The score is the utility of a conditional logit model (McFadden, 1974): the softmax of the scores of the candidates is
the probability of each, given that one of them is right. So differences of scores mean something, and a margin is odds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.records import Hit
from indexer.search.features import FEATURES, weighed

_EXPLAINED = ("dense", "lexical", *(f"ranking.{name}" for name in FEATURES))

_PRIOR_STRENGTH = 60.0
"""How strongly a fit is held near the shipped weights, as the precision of a normal prior on each weight.

Strongly: the questions of one answer are made to differ, so that a left-out one is further from the others than a
visitor's question is, and teaches to trust them too little.
"""


@dataclass(frozen=True, slots=True)
class RankingWeights:
    """The weight of each feature, by its name; fitted says whether this corpus taught them, by how many examples."""

    by_feature: Mapping[str, float]
    fitted: bool = False
    examples: int = 0

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "RankingWeights":
        """Return the weights stored in a manifest. TypeError where the fields are not those of this version.

        An index of a version that did not know a question asked word for word answers as it did.
        """
        fields = {"same_question": 0.0, **record}
        taught = {"fitted": fields.pop("fitted", False), "examples": fields.pop("examples", 0)}
        if fields.keys() != FEATURES.keys():
            raise TypeError(f"weights of {sorted(fields)}, those of {sorted(FEATURES)} are needed")
        return cls({name: fields[name] for name in FEATURES}, **taught)

    def to_record(self) -> dict[str, Any]:
        """Return what a manifest stores."""
        return {**self.by_feature, "fitted": self.fitted, "examples": self.examples}

    def score(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the score of each candidate, higher is better; the shape of *features* without its last axis.

        features: the last axis as in `feature_matrix`.
        """
        return weighed(features, self.vector())

    def vector(self) -> NDArray[np.float64]:
        """Return the weights in the order of `FEATURES`."""
        return np.array([self.by_feature[name] for name in FEATURES])


SHIPPED_WEIGHTS = RankingWeights({name: feature.shipped for name, feature in FEATURES.items()})
"""What holds where a corpus cannot teach."""

TAUGHT_FROM = RankingWeights({name: feature.taught_from for name, feature in FEATURES.items()})
"""Where the weights of a corpus with curated questions start from."""


def best_first(scores: NDArray[np.float64], limit: int) -> NDArray[np.int64]:
    """Return the positions of the highest scores, best first, of equals the first; at most *limit*."""
    least = np.partition(scores, -limit)[-limit] if limit < len(scores) else -np.inf
    among = np.flatnonzero(scores >= least)
    return among[np.argsort(-scores[among], kind="stable")[:limit]]


def named_features(hit: Hit) -> dict[str, float]:
    """Return what the ranking saw of a hit, by name: the raw similarities, and the features that it weighed."""
    return dict(zip(_EXPLAINED, (hit.dense, hit.lexical, *hit.weighed), strict=True))


def fit_weights(
    examples: Sequence[tuple[NDArray[np.float64], NDArray[np.bool_]]], *, prior: RankingWeights
) -> RankingWeights:
    """Return the weights most probable after *examples*: the features of a question's candidates, and which are right.

    Examples without a right candidate teach nothing.
    The objective is concave, so Newton's steps from the prior end at its one maximum; no weight goes below zero, since
    every feature speaks for an answer.
    """
    usable = [(features, int(np.argmax(right))) for features, right in examples if right.any()]
    start = prior.vector()
    precision = _PRIOR_STRENGTH / np.maximum(1.0, start) ** 2
    weights = start.copy()
    for _ in range(100):
        gradient = precision * (start - weights)
        curvature = np.diag(precision)
        for features, right in usable:
            shares = softmax(features @ weights)
            mean = shares @ features
            gradient += features[right] - mean
            centred = features - mean
            curvature += centred.T @ (centred * shares[:, np.newaxis])
        # A weight at zero that wants to go below stays there, and the others move as if it were not.
        free = (weights > 0) | (gradient > 0)
        step = np.zeros(len(weights))
        step[free] = np.linalg.solve(curvature[np.ix_(free, free)], gradient[free])
        moved = np.maximum(0.0, weights + step)
        if np.abs(moved - weights).max() < 1e-9:
            break
        weights = moved
    taught = {name: round(float(weight), 6) for name, weight in zip(FEATURES, weights, strict=True)}
    return RankingWeights(taught, fitted=True, examples=len(usable))


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return exp(scores), scaled to a sum of 1 along the first axis; empty for none."""
    if len(scores) == 0:
        return scores
    powers = np.exp(scores - scores.max(axis=0))
    return np.asarray(powers / powers.sum(axis=0))
