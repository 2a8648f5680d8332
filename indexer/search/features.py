"""What a score is made of: one list of features, each about 0 for a poor match and about 1 for a good one.

A new feature is one entry of `FEATURES`: what it takes from the evidence, and the weights it begins with. Ranking,
confidence, manifest and `explain` follow from the entry.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from indexer.encoders.cosine_scale import E5

if TYPE_CHECKING:
    from indexer.search.evidence import Evidence

Floats = NDArray[np.floating]
Scaled = TypeVar("Scaled", float, NDArray[np.float64])

QUESTION_ADVANTAGE = 0.03
"""How much nearer a question lies to a good curated question than to the sentence that answers it, in cosine of E5.

With it, the body, its stretch and its sentence stand in for the curated question of an answer that has none, so that
such an answer is neither favoured nor lost.
"""

SAME_QUESTION = 0.999
"""From this cosine on a curated question is the asked one itself, but for a capital or a mark. Its answer comes first:
an editor has said so, while the bodies of other answers may be as near."""

_STAND_IN = np.array([0.6, 0.25, 0.15])
"""How much the cosines of body, stretch and sentence count then."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the feature matrix.

    column: takes the evidence and what stands in for a missing curated question, both of shape (candidates, questions),
    and returns that shape. taught_from: the weight that the fit of a corpus with curated questions starts at, and is
    held to; such questions tell more than bodies. shipped: the weight where a corpus cannot teach. is_cosine: whether
    the column is brought from E5's cosines to 0 … 1. confidence_reads: as what the confidence looks at it, if it does.
    """

    column: "Callable[[Evidence, Floats], Floats]"
    taught_from: float
    shipped: float
    is_cosine: bool = False
    confidence_reads: Literal["similarity", "words"] | None = None


FEATURES: Mapping[str, Feature] = MappingProxyType(
    {
        "body": Feature(lambda e, _: e.body, 3.0, 10.0, is_cosine=True, confidence_reads="similarity"),
        "stretch": Feature(lambda e, _: e.stretch, 2.0, 6.0, is_cosine=True),
        "sentence": Feature(lambda e, _: e.sentence, 2.0, 2.0, is_cosine=True, confidence_reads="similarity"),
        "opening": Feature(lambda e, _: e.opening, 1.5, 2.0, is_cosine=True),
        "question": Feature(
            lambda e, stand_in: _or_stand_in(e.question, stand_in),
            10.0,
            6.0,
            is_cosine=True,
            confidence_reads="similarity",
        ),
        "all_questions": Feature(
            lambda e, stand_in: _or_stand_in(e.all_questions, stand_in), 10.0, 0.0, is_cosine=True
        ),
        "same_question": Feature(lambda e, _: (e.question >= SAME_QUESTION).astype(np.float64), 10.0, 6.0),
        # The words of a question in another language are mostly unknown to the corpus; they count less.
        "lexical": Feature(lambda e, _: e.lexical * (e.known_share / _most(e.lexical)), 3.5, 1.8),
        "coverage": Feature(lambda e, _: e.coverage * e.known_share, 2.5, 1.5, confidence_reads="words"),
        "codes": Feature(lambda e, _: e.codes, 1.0, 1.0, confidence_reads="words"),
    }
)
"""The columns of a feature matrix, by name, in order. The shipped weights were fitted to two FAQs together: the shipped
one without its curated questions, which served as queries, and one of 498 answers without any."""


def feature_matrix(evidence: "Evidence") -> NDArray[np.float64]:
    """Return the features of each candidate, shape (candidates, questions, len(FEATURES)).

    Evidence on one question may come without the axis of questions, and so do its features.
    """
    bodies = np.array([evidence.body, evidence.stretch, evidence.sentence], dtype=np.float64)
    stand_in = weighed(columns_last(bodies), _STAND_IN) + QUESTION_ADVANTAGE
    features = np.empty((len(FEATURES), *evidence.body.shape))
    for row, feature in zip(features, FEATURES.values(), strict=True):
        row[...] = feature.column(evidence, stand_in)
        if feature.is_cosine:
            row -= E5.floor
            row /= E5.span
    return columns_last(features)


def scale_cosine(cosine: Scaled) -> Scaled:
    """Return cosines of evidence on the scale of the features: 0 for E5's poorest match, 1 for its best."""
    return (cosine - E5.floor) / E5.span


def question_decides(*, question: Floats, body: Floats, sentence: Floats) -> NDArray[np.bool_]:
    """Whether a curated question of a candidate matches better than its body does, each on its own scale.

    The cosines of `Evidence`, all of one shape, which is that of the result; False where there is no such question.
    """
    return np.asarray(question > np.maximum(body, sentence) + QUESTION_ADVANTAGE)


def columns_last(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return columns, the first axis, as the last axis; in memory each stays in one piece."""
    return columns.transpose(*range(1, columns.ndim), 0)


def weighed(rows: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weighted sum of the columns, the last axis of *rows*: as @ does, but fast after `columns_last`."""
    columns = rows.transpose(-1, *range(rows.ndim - 1))
    return (weights @ columns.reshape(len(weights), -1)).reshape(rows.shape[:-1])


def _or_stand_in(cosines: Floats, stand_in: Floats) -> Floats:
    return np.where(np.isnan(cosines), stand_in, cosines)


def _most(lexical: Floats) -> Floats:
    most = lexical.max(axis=0, initial=0)
    # Where nothing is shared, nothing is divided.
    return np.where(most > 0, most, 1)
