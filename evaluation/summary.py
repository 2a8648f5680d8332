"""The summary of a run: every metric with its interval, by group, the curves, and the timings. One JSON document."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.json_documents import JsonDocument, exact
from evaluation.metrics.columns import Columns
from evaluation.metrics.confidence import Bin, reliability_diagram, risk_coverage_curve
from evaluation.metrics.estimates import estimate
from evaluation.metrics.resampling import Estimate
from evaluation.records import EvaluationError
from evaluation.runs.folder import SUMMARY_FILE, RunInfo, writing
from indexer.records import Status

GROUP_METRICS = ("Success@1", "nDCG@10", "false_answers", "Brier")
_CURVE_POINTS = 200


@dataclass(frozen=True, slots=True)
class Timing:
    """How long it took. The percentiles are of took_ms, as the replies say; NaN where nothing was asked.

    asked, seconds: in the process that finished the run, identical questions once; the wait for the answers only.
    """

    p50_ms: float
    p95_ms: float
    p99_ms: float
    asked: int
    seconds: float

    @property
    def questions_per_second(self) -> float:
        """The throughput."""
        return self.asked / self.seconds if self.seconds else float("nan")


@dataclass(frozen=True, slots=True)
class Group:
    """The queries of one style, language, kind or facet value: how many, with which statuses, how well."""

    count: int
    statuses: Mapping[str, int]
    metrics: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class Summary:
    """All that a run shows, but for its questions. risk_coverage: points of coverage, risk and threshold."""

    info: RunInfo
    in_scope: int
    off_topic: int
    unjudged: int
    statuses: Mapping[str, int]
    metrics: Mapping[str, Estimate]
    groups: Mapping[str, Mapping[str, Group]]
    reliability: tuple[Bin, ...]
    risk_coverage: tuple[tuple[float, float, float], ...]
    timing: Timing

    def to_json(self) -> str:
        """Return the summary as a JSON document; a value that does not exist is null."""
        record = dataclasses.asdict(self)
        record["timing"]["questions_per_second"] = self.timing.questions_per_second
        return json.dumps(_without_nan(record), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def summarise(columns: Columns, info: RunInfo, *, asked: int, asking_seconds: float) -> Summary:
    """Return the summary of a run of these results."""
    judged = columns.take(np.flatnonzero(columns.judged))
    curve = risk_coverage_curve(judged.confidence, judged.right)
    picks = np.unique(np.linspace(0, len(curve) - 1, num=min(len(curve), _CURVE_POINTS)).astype(np.int64))
    return Summary(
        info=info,
        in_scope=int(columns.in_scope.sum()),
        off_topic=int((columns.judged & ~columns.in_scope).sum()),
        unjudged=int((~columns.judged).sum()),
        statuses=_count_statuses(columns),
        metrics=estimate(columns),
        groups={
            dimension: {label: _group(columns.take(positions)) for label, positions in labels.items()}
            for dimension, labels in columns.groups.items()
        },
        reliability=tuple(reliability_diagram(judged.confidence, judged.right)),
        risk_coverage=tuple(curve[at] for at in picks.tolist()),
        timing=_timing(columns, asked, asking_seconds),
    )


def write_summary(summary: Summary, folder: Path) -> Path:
    """Write the summary into its run's folder."""
    file = folder / SUMMARY_FILE
    with writing(file, advice="Make room, or choose another --out, and run it again."):
        file.write_text(summary.to_json(), encoding="utf-8")
    return file


def read_timing(folder: Path) -> Timing:
    """Return the timing kept in the summary of a run; the rest of it can be made anew from the results."""
    file = folder / SUMMARY_FILE
    try:
        read = _DOCUMENT.read(file.read_bytes()).timing
    except (OSError, ValueError) as error:
        raise EvaluationError(f"{file} cannot be read: {error}. Run it again.") from error
    p50, p95, p99 = (float("nan") if one is None else one for one in (read.p50_ms, read.p95_ms, read.p99_ms))
    return Timing(p50, p95, p99, read.asked, read.seconds)


@dataclass(frozen=True, slots=True)
class _KeptTiming:
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    asked: int
    seconds: float


@exact
@dataclass(frozen=True, slots=True)
class _Document:
    """What is read again of a summary."""

    timing: _KeptTiming


_DOCUMENT = JsonDocument(_Document)


def _group(columns: Columns) -> Group:
    return Group(len(columns), _count_statuses(columns), estimate(columns, names=GROUP_METRICS))


def _count_statuses(columns: Columns) -> dict[str, int]:
    return {status.value: int(columns.has_status(status).sum()) for status in Status}


def _timing(columns: Columns, asked: int, seconds: float) -> Timing:
    took_ms = columns.took_ms[~np.isnan(columns.took_ms)]
    p50, p95, p99 = np.percentile(took_ms, [50, 95, 99]).tolist() if len(took_ms) else (float("nan"),) * 3
    return Timing(p50, p95, p99, asked, seconds)


def _without_nan(value: Any) -> Any:
    """Return a copy of a JSON value with null for NaN, which JSON does not have."""
    if isinstance(value, Mapping):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and value != value else value
