"""Confidence: the estimated probability that an answer answers the question, and what is said of it.

A logistic model (Platt, 1999) over a few features of the evidence, fitted when an index is built to the corpus's own
questions, so that it fits any FAQ. A corpus without enough questions is served by the shipped coefficients.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.records import Status
from indexer.search.features import FEATURES, columns_last, scale_cosine, weighed
from indexer.search.ranking import softmax
from indexer.search.reliability import ReliabilityBin
from indexer.terminal import command_of

COLUMNS = ("constant", "share", "similarity", "coverage", "off_topic")
"""The columns of the design matrix, in order."""

_SIMILARITIES = [at for at, feature in enumerate(FEATURES.values()) if feature.confidence_reads == "similarity"]
_WORDS = [at for at, feature in enumerate(FEATURES.values()) if feature.confidence_reads == "words"]
_QUESTION = list(FEATURES).index("question")

_LEAST_SHARE = 0.002472623156634773
"""Whose log-odds are -6: beyond, a share says no more."""
_PRIOR_STRENGTH = 1.0
_MOST_STEPS = 1000
_LEAST_STEP = 1e-9
_LEAST_SLOPE = 0.1
_FEW_VERBATIM, _FEW_ANSWERED = 0.95, 0.35
"""Shares below which an editor is warned."""


@dataclass(frozen=True, slots=True)
class Line:
    """What makes a confidence of the logit of the verifier."""

    offset: float
    slope: float

    def confidence(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the confidence in hits of these logits, in [0, 1]."""
        return _sigmoid(self.offset + self.slope * logits)


@dataclass(frozen=True, slots=True)
class OwnQuestions:
    """How an index fares with the questions of its own corpus, for the summary of a build.

    verbatim, verbatim_answered: asked word for word, and given as answered. left_out, left_out_answered: asked with
    themselves left out, of answers that have others, and given as answered. expected_answered: the share of new
    questions in scope that FAQs of this shape answer. risk, risk_low, risk_high: the share of wrong ones among those of
    all that would be answered, reference questions counted, with its 95 % interval.
    """

    verbatim: int
    verbatim_answered: int
    left_out: int
    left_out_answered: int
    expected_answered: float
    risk: float
    risk_low: float
    risk_high: float

    def __str__(self) -> str:
        asked = f"{self.verbatim_answered} of {self.verbatim} own questions answered word for word"
        left = f", {self.left_out_answered} of {self.left_out} in other words" if self.left_out else ""
        risk = f"wrong among answered {self.risk:.1%} ({self.risk_low:.1%} to {self.risk_high:.1%})"
        return f"{asked}{left}; FAQs of this shape answer about {self.expected_answered:.0%} of new questions; {risk}"

    def warning(self) -> str | None:
        """Return in French what an editor should know and can do, None where all is well."""
        if self.verbatim_answered < _FEW_VERBATIM * self.verbatim:
            lost = self.verbatim - self.verbatim_answered
            get, their = ("n'obtiennent", "leur") if lost > 1 else ("n'obtient", "sa")
            return (
                f"{lost} de vos {self.verbatim} questions, posées mot pour mot, {get} pas {their} réponse : "
                "deux réponses ont-elles la même question, ou presque le même texte ? "
                f"« {command_of('check')} » le dit."
            )
        if self.expected_answered < _FEW_ANSWERED:
            return (
                f"une FAQ de cette forme ne donne une réponse sûre qu'à {100 * self.expected_answered:.0f} % environ "
                "des questions nouvelles. Deux questions de plus par réponse, avec les mots des visiteurs, y "
                "changeraient le plus."
            )
        return None


@dataclass(frozen=True, slots=True)
class Calibration:
    """The coefficients of the model, the two thresholds on it, and how reliable it showed itself on left-out questions.

    answered_from: a first answer of this confidence or more is given as `answered`. show_from: below it the reply is
    `no_answer`. risk: the share of wrong answers among the answered that answered_from was chosen for.
    fitted: whether this corpus taught the coefficients; examples: by how many questions.
    expected_calibration_error, auroc, reliability: on questions that the fit had not seen, None or empty if not; over
    `BINS_OF_A_BUILD` bins of equal width.
    line: what makes the confidence in a hit of the verifier's logit; None where the model of *coefficients* does, as in
    indexes of earlier versions, and with encoders that the verifier was not taught on. listed_from: of that model,
    which weighs all candidates, from where on one is counted in the facets; show_from if None. own: how the corpus's
    own questions fare. is_calibrated: whether the confidence means a probability here at all; but for
    what is asked word for word, nothing is `answered` if not.
    """

    coefficients: tuple[float, ...]
    answered_from: float
    show_from: float
    risk: float = 0.05
    fitted: bool = False
    examples: int = 0
    expected_calibration_error: float | None = None
    auroc: float | None = None
    reliability: tuple[ReliabilityBin, ...] = ()
    line: Line | None = None
    listed_from: float | None = None
    own: OwnQuestions | None = None
    is_calibrated: bool = True

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Calibration":
        """Return the calibration stored in a manifest. TypeError or KeyError where fields are missing."""
        fields = dict(record)
        bins = tuple(ReliabilityBin(**item) for item in fields.pop("reliability"))
        coefficients = tuple(fields.pop("coefficients"))
        line, own = fields.pop("line", None), fields.pop("own", None)
        if len(coefficients) != len(COLUMNS):
            raise ValueError(f"{len(coefficients)} coefficients, {len(COLUMNS)} are needed")
        return cls(
            coefficients=coefficients,
            reliability=bins,
            line=None if line is None else Line(**line),
            own=None if own is None else OwnQuestions(**own),
            **fields,
        )

    def __str__(self) -> str:
        taught = f"fitted to {self.examples} questions" if self.fitted else "shipped coefficients"
        thresholds = f"answered from {self.answered_from:.2f}, no answer below {self.show_from:.2f}"
        if not self.is_calibrated:
            thresholds = "not calibrated for this encoder, so nothing is given as answered"
        told = "" if self.own is None else f"; {self.own}"
        return f"{thresholds}, risk {self.risk:.0%}; {taught}{told}"

    @property
    def show_among_all(self) -> float:
        """The confidence of the model of *coefficients* from which on a candidate is counted in the facets."""
        return self.show_from if self.listed_from is None else self.listed_from

    def confidence(
        self, features: NDArray[np.float64], scores: NDArray[np.float64], *, off_topic: float | NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Return the confidence in each candidate, in [0, 1], shape and arguments as those of `design_matrix`."""
        rows = design_matrix(features, scores, off_topic=off_topic)
        return _sigmoid(weighed(rows, np.array(self.coefficients)))

    def status(self, confidence: float, *, same_words: bool, is_missing: bool) -> Status:
        """Return how far a reply may be trusted whose first hit has this confidence.

        same_words: whether the question is a curated one of that answer, word for word: its editor says it is right,
        whatever the encoder. is_missing: whether the answer does not know a number, a code or a name of the question.
        """
        if confidence >= self.answered_from and (self.is_calibrated or same_words) and not is_missing:
            return Status.ANSWERED
        return Status.UNCERTAIN if confidence >= self.show_from else Status.NO_ANSWER


@dataclass(frozen=True, slots=True)
class JudgedHits:
    """What one question of known answer gave: the design row and truth of each of its first hits, best first.

    rows: shape (hits, len(COLUMNS)). right: shape (hits,). weight: how much the question counts.
    """

    rows: NDArray[np.float64]
    right: NDArray[np.bool_]
    weight: float


def design_matrix(
    features: NDArray[np.float64], scores: NDArray[np.float64], *, off_topic: float | NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return what the model sees of each candidate, shape (candidates, questions, len(COLUMNS)).

    features: shape (candidates, questions, len(FEATURES)), as `feature_matrix` gives them. scores: shape (candidates,
    questions), as `RankingWeights.score` gives them.
    off_topic: shape (questions,), the cosine with the nearest question known to have no answer, -1 where none is known.
    Of one question, all three may come without the axis of questions, and so does what is returned.
    The columns: share, log-odds of the candidate against all others, by the ranking; similarity, the nearest of its
    texts; off_topic, how much nearer the question is to one known to have no answer than to any curated one, or to
    what stands in for it; 0 where no such question is known.
    """
    rows = np.empty((len(COLUMNS), *scores.shape))
    # One more candidate, as good as the mean: where there is but one answer, its share says nothing.
    mean = scores.sum(axis=0, keepdims=True) / max(1, len(scores))
    shares = softmax(np.concatenate((scores, mean)))[:-1]
    shares = np.minimum(np.maximum(shares, _LEAST_SHARE), 1 - _LEAST_SHARE)
    rows[0] = 1.0
    rows[1] = np.log(shares / (1 - shares))
    rows[2] = _greatest(features, _SIMILARITIES)
    rows[3] = _greatest(features, _WORDS)
    nearest = features[..., _QUESTION].max(axis=0, initial=0)
    known = np.asarray(off_topic, dtype=np.float64)
    rows[4] = np.where(known > -1, scale_cosine(known) - nearest, 0.0)
    return columns_last(rows)


def _greatest(features: NDArray[np.float64], columns: Sequence[int]) -> NDArray[np.float64]:
    """Return the greatest of some features; several times faster than a maximum over an axis."""
    return reduce(np.maximum, [features[..., column] for column in columns])


def fit_coefficients(judged: Sequence[JudgedHits], *, prior: Sequence[float]) -> tuple[float, ...]:
    """Return the coefficients most probable after *judged*, with a normal prior around *prior*.

    Newton's steps on a concave objective, each halved until it climbs: deterministic, and at its one maximum.
    """
    rows = np.concatenate([hits.rows for hits in judged])
    right = np.concatenate([hits.right for hits in judged]).astype(np.float64)
    # A question counts once, however many of its hits are looked at.
    weight = np.concatenate([np.full(len(hits.right), hits.weight / max(1, len(hits.right))) for hits in judged])
    start = np.array(prior)
    coefficients = start.copy()

    def objective(at: NDArray[np.float64]) -> float:
        logits = rows @ at
        likelihood = weight @ (right * logits - np.logaddexp(0.0, logits))
        return float(likelihood - _PRIOR_STRENGTH / 2 * ((at - start) ** 2).sum())

    for _ in range(_MOST_STEPS):
        chance = _sigmoid(rows @ coefficients)
        gradient = rows.T @ (weight * (right - chance)) + _PRIOR_STRENGTH * (start - coefficients)
        spread = (rows * (weight * chance * (1 - chance))[:, np.newaxis]).T @ rows
        step = np.linalg.solve(spread + _PRIOR_STRENGTH * np.eye(len(start)), gradient)
        reached = objective(coefficients)
        # Where all chances are near 0 or 1, a whole step leads far beyond the maximum.
        while objective(coefficients + step) < reached and np.abs(step).max() >= _LEAST_STEP:
            step /= 2
        coefficients = coefficients + step
        if np.abs(step).max() < _LEAST_STEP:
            break
    return tuple(round(float(value), 6) for value in coefficients)


def fit_line(
    logits: NDArray[np.float64],
    right: NDArray[np.bool_],
    weight: NDArray[np.float64],
    *,
    mean: NDArray[np.float64],
    spread: NDArray[np.float64],
) -> Line:
    """Return the line most probable after these first hits, with a normal prior of this mean and spread.

    All shape (questions,); mean and spread: of offset and slope. Newton's steps on a concave objective.
    """
    rows = np.stack((np.ones(len(logits)), logits), axis=1)
    precision = np.diag(1 / spread**2)
    line = mean.copy()
    for _ in range(_MOST_STEPS):
        chance = _sigmoid(rows @ line)
        gradient = rows.T @ (weight * (right - chance)) - precision @ (line - mean)
        curvature = (rows * (weight * chance * (1 - chance))[:, np.newaxis]).T @ rows + precision
        step = np.linalg.solve(curvature, gradient)
        step /= max(1.0, float(np.abs(step).max()))
        line = line + step
        if np.abs(step).max() < _LEAST_STEP:
            break
    # More evidence must never mean less confidence.
    return Line(round(float(line[0]), 6), round(max(_LEAST_SLOPE, float(line[1])), 6))


def _sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 + 0.5 * np.tanh(logits / 2))  # never overflows
