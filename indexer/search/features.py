"""The features of an answer that its score is made of, as columns of a matrix."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from indexer.search.evidence import Evidence

QUESTION_ADVANTAGE = 0.03
"""How much nearer a question lies to a good curated question than to the sentence that answers it, in cosine.

With it, the body, its stretch and its sentence stand in for the curated question of an answer that has none, so that
such an answer is neither favoured nor lost.
"""
_STAND_IN = np.array([0.6, 0.25, 0.15])
"""How much the cosines of body, stretch and sentence count then."""

FEATURES = ("body", "stretch", "sentence", "opening", "question", "all_questions", "lexical", "coverage", "codes")
"""The columns of a feature matrix, in order; each is about 0 for a poor match and about 1 for a good one."""
Scaled = TypeVar("Scaled", float, NDArray[np.float64])
_COSINE_FLOOR, _COSINE_RANGE = 0.75, 0.2
"""The cosines of E5 lie between 0.75 and 0.95; other encoders are brought to that scale by their own fit."""


def feature_matrix(evidence: Evidence) -> NDArray[np.float64]:
    """Return the features of each candidate, shape (candidates, questions, len(FEATURES)).

    Evidence on one question may come without the axis of questions, and so do its features.
    The words of a question in another language are mostly unknown to the corpus; its lexical features count less.
    """
    features = np.empty((len(FEATURES), *evidence.body.shape))
    features[0] = evidence.body
    features[1] = evidence.stretch
    features[2] = evidence.sentence
    features[3] = evidence.opening
    stand_in = weighed(columns_last(features[:3]), _STAND_IN) + QUESTION_ADVANTAGE
    features[4] = np.where(np.isnan(evidence.question), stand_in, evidence.question)
    features[5] = np.where(np.isnan(evidence.all_questions), stand_in, evidence.all_questions)
    features[:6] = scale_cosine(features[:6])
    most_lexical = evidence.lexical.max(axis=0, initial=0)
    # Where nothing is shared, nothing is divided.
    features[6] = evidence.lexical * (evidence.known_share / np.where(most_lexical > 0, most_lexical, 1))
    features[7] = evidence.coverage * evidence.known_share
    features[8] = evidence.codes
    return columns_last(features)


def scale_cosine(cosine: Scaled) -> Scaled:
    """Return cosines on the scale of the features: 0 for E5's poorest match, 1 for its best."""
    return (cosine - _COSINE_FLOOR) / _COSINE_RANGE


def columns_last(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return columns, the first axis, as the last axis; in memory each stays in one piece."""
    return columns.transpose(*range(1, columns.ndim), 0)


def weighed(rows: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weighted sum of the columns, the last axis of *rows*: as @ does, but fast after `columns_last`."""
    columns = rows.transpose(-1, *range(rows.ndim - 1))
    return (weights @ columns.reshape(len(weights), -1)).reshape(rows.shape[:-1])
