"""Two runs of the same queries, question by question: what changed, how surely, and where most."""

import dataclasses
import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluation.metrics.columns import Columns, read_columns
from evaluation.metrics.estimates import MEANINGS, per_query_values
from evaluation.metrics.resampling import estimate_all, holm, mean_of, permutation_p_value
from evaluation.records import EvaluationError, Result
from evaluation.runs.folder import RunInfo, read_results, read_run_info

COMPARED = (
    *("Success@1", "Success@5", "RR@10", "nDCG@10", "R@10", "AP"),
    *("kept", "refused", "near_domain_held", "answered", "Brier"),
)
"""Metrics that have a value for each query of both runs, so that they can be paired."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A metric in run A and in run B, over the queries that both have a value for.

    difference: mean of B minus A, with its 95 % bootstrap interval. p: of the paired randomisation test; p_holm: the
    same, corrected for the number of metrics. wins: queries where B is better.
    """

    metric: str
    a: float
    b: float
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    wins: int
    losses: int
    ties: int


@dataclass(frozen=True, slots=True)
class Change:
    """A question whose result changed, and by how much its nDCG@10 did, or else its confidence in a wrong answer."""

    a: Result
    b: Result
    difference: float


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Run B against run A."""

    a: RunInfo
    b: RunInfo
    differences: tuple[Difference, ...]
    changes: tuple[Change, ...]

    def to_json(self) -> str:
        """Return the comparison as a JSON document."""
        record = {
            "a": dataclasses.asdict(self.a),
            "b": dataclasses.asdict(self.b),
            "differences": [dataclasses.asdict(one) for one in self.differences],
            "changes": [
                {
                    "difference": change.difference,
                    "a": json.loads(change.a.to_json()),
                    "b": json.loads(change.b.to_json()),
                }
                for change in self.changes
            ],
        }
        return json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def compare_runs(folder_a: Path, folder_b: Path, *, changes: int = 10) -> RunComparison:
    """Compare the runs in two folders, and return the *changes* questions that changed most.

    EvaluationError where they are not of the same queries and judgments, or not of as many hits.
    """
    info_a, info_b = read_run_info(folder_a), read_run_info(folder_b)
    if info_a.query_set_sha256 != info_b.query_set_sha256:
        raise EvaluationError(
            f"{folder_a} is a run of {info_a.query_set} ({info_a.query_set_sha256[:12]}) and {folder_b} of "
            f"{info_b.query_set} ({info_b.query_set_sha256[:12]}): not the same questions and judgments, so nothing "
            "can be paired. Run both with the same query set."
        )
    if info_a.limit != info_b.limit:
        raise EvaluationError(
            f"{folder_a} asked for {info_a.limit} hits a question and {folder_b} for {info_b.limit}. AP looks at all "
            "that come back, and would differ by that alone. Run both with the same --limit."
        )
    columns_a, columns_b = read_columns(read_results(folder_a)), read_columns(read_results(folder_b))
    if columns_a.ids != columns_b.ids:
        raise EvaluationError(f"{folder_a} and {folder_b} have not the same questions. Run both again.")
    shift = _shift(columns_a, columns_b)
    order = np.lexsort((np.arange(len(shift)), -np.abs(shift)))[:changes]
    chosen = [int(at) for at in order if shift[at] != 0]
    results_a, results_b = _pick(folder_a, set(chosen)), _pick(folder_b, set(chosen))
    return RunComparison(
        a=info_a,
        b=info_b,
        differences=_differences(columns_a, columns_b),
        changes=tuple(Change(results_a[at], results_b[at], float(shift[at])) for at in chosen),
    )


def _differences(a: Columns, b: Columns) -> tuple[Difference, ...]:
    values_a, values_b = per_query_values(a), per_query_values(b)
    found = []
    for name in COMPARED:
        paired = ~np.isnan(values_a[name]) & ~np.isnan(values_b[name])
        if not paired.any():
            continue
        before, after = values_a[name][paired], values_b[name][paired]
        # Differences of equal values computed alike are exactly 0; no tolerance is needed.
        moved = after - before
        ((mean, low, high),) = estimate_all([mean_of(moved)], count=len(moved))
        better = moved if MEANINGS[name].higher_is_better else -moved
        found.append(
            Difference(
                metric=name,
                a=float(before.mean()),
                b=float(after.mean()),
                difference=mean,
                low=low,
                high=high,
                p=permutation_p_value(moved),
                p_holm=1.0,
                wins=int((better > 0).sum()),
                losses=int((better < 0).sum()),
                ties=int((better == 0).sum()),
            )
        )
    corrected = holm([one.p for one in found])
    return tuple(dataclasses.replace(one, p_holm=p) for one, p in zip(found, corrected, strict=True))


def _shift(a: Columns, b: Columns) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return how much better B did on each query: its nDCG@10 in scope, its confidence, which must be low, outside."""
    ranking = b.ranking["nDCG@10"] - a.ranking["nDCG@10"]
    return np.where(a.in_scope, ranking, np.where(a.judged, a.confidence - b.confidence, 0.0))


def _pick(folder: Path, positions: Collection[int]) -> dict[int, Result]:
    return {at: result for at, result in enumerate(read_results(folder)) if at in positions}
