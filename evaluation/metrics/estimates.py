"""Every metric of a run, by name: what it means, whether more is better, and its value with an interval."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from evaluation.metrics.columns import Columns
from evaluation.metrics.confidence import area_under_risk_coverage, brier, expected_calibration_error
from evaluation.metrics.ranking import RANKING_METRICS
from evaluation.metrics.resampling import Estimate, estimate_all, mean_of
from indexer.records import Status
from indexer.search.reliability import Floats, Statistic, auroc

NEAR_DOMAIN = "near_domain"
"""The kind of off-topic query that sounds like the FAQ; what it must never be is `answered`."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a metric says, and whether a higher value is a better one."""

    text: str
    higher_is_better: bool = True


_RANKING_MEANINGS = {
    "Success@1": "the first answer is right",
    "Success@3": "a right answer is among the first three",
    "Success@5": "a right answer is among the first five",
    "RR@10": "one over the rank of the first right answer (its mean is the MRR@10)",
    "nDCG@10": "how near the ranking comes to the ideal one, graded",
    "R@1": "share of the right answers at the first place",
    "R@3": "share of the right answers among the first three",
    "R@5": "share of the right answers among the first five",
    "R@10": "share of the right answers among the first ten",
    "AP": "average precision of all that came back (its mean is the MAP)",
}

MEANINGS: Mapping[str, Meaning] = {
    **{name: Meaning(text) for name, text in _RANKING_MEANINGS.items()},
    "kept": Meaning("in-scope questions that are not refused (status other than no_answer)"),
    "refused": Meaning("off-topic questions that are refused (status no_answer)"),
    "near_domain_held": Meaning("near-domain questions that are not given as answered"),
    "answered": Meaning("in-scope questions that are given as answered"),
    "false_answers": Meaning("wrong first answers among the replies given as answered", higher_is_better=False),
    "AUROC": Meaning("chance that an in-scope question has more confidence than an off-topic one"),
    "AURC": Meaning("area under the risk-coverage curve: wrong answers among the surest", higher_is_better=False),
    "ECE": Meaning("mean distance of confidence and truth, 15 bins of equal width", higher_is_better=False),
    "Brier": Meaning("mean squared distance of confidence and truth", higher_is_better=False),
}
"""All metrics, in the order of tables. "Truth" is whether the first answer is right; off-topic, it never is."""


def estimate(columns: Columns, *, names: Collection[str] = tuple(MEANINGS)) -> dict[str, Estimate]:
    """Return the named metrics that *columns* has queries for, with its 95 % interval, in the order of MEANINGS."""
    everyone = columns.take(np.flatnonzero(columns.judged)) if not columns.judged.all() else columns
    per_query = per_query_values(everyone)
    statistics: dict[str, Statistic] = {name: mean_of(values) for name, values in per_query.items()}
    counts = {name: int((~np.isnan(values)).sum()) for name, values in per_query.items()}
    inside = int(everyone.in_scope.sum())
    statistics |= {
        "AURC": area_under_risk_coverage(everyone.confidence, everyone.right),
        "ECE": expected_calibration_error(everyone.confidence, everyone.right),
        "Brier": brier(everyone.confidence, everyone.right),
        "AUROC": auroc(everyone.confidence, everyone.in_scope),
    }
    counts |= {name: len(everyone) for name in ("AURC", "ECE", "Brier")}
    counts["AUROC"] = len(everyone) if 0 < inside < len(everyone) else 0
    measured = [name for name in MEANINGS if name in names and counts[name]]
    values = estimate_all([statistics[name] for name in measured], count=len(everyone))
    return {name: Estimate(*value, counts[name]) for name, value in zip(measured, values, strict=True)}


def per_query_values(columns: Columns) -> dict[str, Floats]:
    """Return the value of each query by metric, NaN where a metric is not about it; for metrics that are means."""
    answered, refused = columns.has_status(Status.ANSWERED), columns.has_status(Status.NO_ANSWER)
    outside = columns.judged & ~columns.in_scope
    near = outside & (columns.kinds == NEAR_DOMAIN)
    return {
        **{name: columns.ranking[name] for name in RANKING_METRICS},
        "kept": np.where(columns.in_scope, ~refused, np.nan),
        "refused": np.where(outside, refused, np.nan),
        "near_domain_held": np.where(near, ~answered, np.nan),
        "answered": np.where(columns.in_scope, answered, np.nan),
        "false_answers": np.where(columns.judged & answered, ~columns.right, np.nan),
        "Brier": np.where(columns.judged, (columns.confidence - columns.right) ** 2, np.nan),
    }
