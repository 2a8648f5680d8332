"""The gate: is a run worse than the accepted one by more than chance? The baseline is a small committed file."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evaluation.json_documents import JsonDocument, exact, format_version
from evaluation.metrics.estimates import MEANINGS
from evaluation.metrics.resampling import Estimate
from evaluation.records import EvaluationError
from evaluation.runs.folder import RunInfo, writing
from evaluation.summary import Summary
from indexer.terminal import command_of

FORMAT_VERSION = 1
_ANEW = "Correct it, or move it away and accept a baseline anew."


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was accepted for one query set: which run it was, and its metrics."""

    info: RunInfo
    metrics: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class Breach:
    """A metric that is worse than its bound."""

    query_set: str
    metric: str
    value: float
    bound: float
    accepted: float

    def __str__(self) -> str:
        side = "below" if MEANINGS[self.metric].higher_is_better else "above"
        return (
            f"{self.query_set}: {self.metric} is {self.value:.4f}, {side} the bound {self.bound:.4f} "
            f"of the accepted {self.accepted:.4f}"
        )


def read_baseline(file: Path) -> dict[str, Accepted]:
    """Return what was accepted, by the path of the query set. EvaluationError if *file* cannot be read."""
    try:
        content = file.read_bytes()
        if (version := format_version(content)) != FORMAT_VERSION:
            raise EvaluationError(f"{file} has format {version}, not {FORMAT_VERSION}. {_ANEW}")
        return dict(_DOCUMENT.read(content).query_sets)
    except FileNotFoundError:
        raise EvaluationError(
            f"There is no baseline at {file}. Write that file by accepting what is measured now: "
            f'"{command_of("evaluate gate")} QUERIES --baseline {file} --accept".'
        ) from None
    except (OSError, ValueError) as error:
        raise EvaluationError(f"{file} cannot be read: {error}. {_ANEW}") from error


@exact
@dataclass(frozen=True, slots=True)
class _Document:
    """What a baseline file holds, beside its format."""

    query_sets: Mapping[str, Accepted]


_DOCUMENT = JsonDocument(_Document)


def write_baseline(file: Path, accepted: Mapping[str, Accepted]) -> None:
    """Write what was accepted, by the path of the query set, to *file*. EvaluationError if it cannot."""
    record = {
        "format_version": FORMAT_VERSION,
        "query_sets": {
            path: {
                "info": dataclasses.asdict(one.info),
                "metrics": {name: _rounded(estimate) for name, estimate in one.metrics.items()},
            }
            for path, one in sorted(accepted.items())
        },
    }
    with writing(file, advice="Choose another --baseline; nothing was accepted."):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def accept(summary: Summary) -> Accepted:
    """Return *summary* as the baseline of its query set. EvaluationError if there is nothing in it to gate."""
    if not summary.metrics:
        raise EvaluationError(
            f"{summary.info.query_set} has no judgments, so there is no metric to accept, and the gate would always "
            "pass. Add judgments (qrels/*.tsv in its folder) and accept it then; nothing was accepted."
        )
    return Accepted(summary.info, summary.metrics)


def require_comparable(path: str, accepted: Accepted, *, query_set_sha256: str, limit: int) -> None:
    """EvaluationError where a run of this query set, with *limit* hits a question, cannot be held to what was accepted.

    That is, of other queries and judgments, of more hits or fewer, or where no metric was accepted.
    """
    if query_set_sha256 != accepted.info.query_set_sha256:
        raise EvaluationError(
            f"{path} is not the query set that was accepted ({query_set_sha256[:12]}, accepted "
            f"{accepted.info.query_set_sha256[:12]}). Look at a run of it, then accept it with --accept."
        )
    if limit != accepted.info.limit:
        raise EvaluationError(
            f"{path} was accepted with {accepted.info.limit} hits a question, and {limit} are asked for. AP looks at "
            f"all that come back: give --limit {accepted.info.limit}, or accept it anew with --accept."
        )
    if not accepted.metrics:
        raise EvaluationError(f"{path} was accepted without any metric. Add judgments, then accept it with --accept.")


def find_breaches(path: str, summary: Summary, accepted: Accepted) -> list[Breach]:
    """Return the metrics of a comparable run that are worse than accepted by more than the interval, and one query.

    The second matters where all queries are right: the interval has no width then, and one query is no proof.
    EvaluationError where the run does not give an accepted metric.
    """
    breaches = []
    for name, before in accepted.metrics.items():
        if name not in summary.metrics and name == "false_answers":
            continue  # Nothing is given as answered, wrong or right: "answered" says so.
        if name not in summary.metrics:
            raise EvaluationError(f"{path}: {name} was accepted, but this run has no query to measure it with.")
        bound = bound_of(name, before)
        value = summary.metrics[name].value
        if value < bound if MEANINGS[name].higher_is_better else value > bound:
            breaches.append(Breach(path, name, value, bound, before.value))
    return breaches


def bound_of(name: str, accepted: Estimate) -> float:
    """Return the worst value that still passes."""
    one_query = 1 / accepted.count + 1e-6  # values in the file are rounded
    if MEANINGS[name].higher_is_better:
        return min(accepted.low, accepted.value - one_query)
    return max(accepted.high, accepted.value + one_query)


def _rounded(estimate: Estimate) -> dict[str, float]:
    return {
        "value": round(estimate.value, 6),
        "low": round(estimate.low, 6),
        "high": round(estimate.high, 6),
        "count": estimate.count,
    }
