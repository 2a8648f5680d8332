"""The results of a run as columns: what all statistics are made of, small enough for a hundred thousand questions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.ranking import RANKING_METRICS
from evaluation.records import Result, Scope
from indexer.records import Status
from indexer.search.reliability import Flags, Floats

DIMENSIONS = ("style", "language", "kind")
"""What queries say of themselves; breakdowns are by these and by every facet of the expected answers."""


@dataclass(frozen=True, slots=True)
class Columns:
    """One value a query, in the order of the run.

    ranking: metric name to values, NaN where the query is not in scope. judged: whether anything is said of it.
    took_ms: NaN where it was not asked anew. groups: dimension to label to the positions of its queries.
    """

    ids: tuple[str, ...]
    ranking: Mapping[str, Floats]
    confidence: Floats
    right: Flags
    in_scope: Flags
    judged: Flags
    statuses: NDArray[np.str_]
    kinds: NDArray[np.str_]
    took_ms: Floats
    groups: Mapping[str, Mapping[str, NDArray[np.int64]]]

    def __len__(self) -> int:
        return len(self.ids)

    def has_status(self, status: Status) -> Flags:
        """Return which replies have *status*."""
        return np.asarray(self.statuses == status.value)

    def take(self, positions: NDArray[np.int64]) -> "Columns":
        """Return the queries at *positions*, without groups."""
        return Columns(
            ids=tuple(self.ids[at] for at in positions.tolist()),
            ranking={name: values[positions] for name, values in self.ranking.items()},
            confidence=self.confidence[positions],
            right=self.right[positions],
            in_scope=self.in_scope[positions],
            judged=self.judged[positions],
            statuses=self.statuses[positions],
            kinds=self.kinds[positions],
            took_ms=self.took_ms[positions],
            groups={},
        )


def read_columns(results: Iterable[Result]) -> Columns:
    """Return the columns of *results*, which are looked at one by one."""
    ids: list[str] = []
    numbers: list[tuple[float, ...]] = []
    statuses: list[str] = []
    kinds: list[str] = []
    groups: dict[str, dict[str, list[int]]] = {}
    for at, result in enumerate(results):
        query = result.query
        ids.append(query.id)
        statuses.append(result.status.value)
        kinds.append(query.kind)
        took_ms = float("nan") if result.took_ms is None else result.took_ms
        in_scope, judged = query.scope is Scope.IN_SCOPE, query.scope is not Scope.UNJUDGED
        ranking = (result.metrics.get(name, float("nan")) for name in RANKING_METRICS)
        numbers.append((result.confidence, result.right, in_scope, judged, took_ms, *ranking))
        for dimension in DIMENSIONS:
            if label := getattr(query, dimension):
                groups.setdefault(dimension, {}).setdefault(label, []).append(at)
        for facet, values in result.facets.items():
            for value in values:
                groups.setdefault(facet, {}).setdefault(value, []).append(at)
    table = np.array(numbers, dtype=np.float64).reshape(len(ids), 5 + len(RANKING_METRICS))
    return Columns(
        ids=tuple(ids),
        ranking={name: table[:, 5 + at] for at, name in enumerate(RANKING_METRICS)},
        confidence=table[:, 0],
        right=table[:, 1] > 0,
        in_scope=table[:, 2] > 0,
        judged=table[:, 3] > 0,
        statuses=np.array(statuses, dtype=np.str_),
        kinds=np.array(kinds, dtype=np.str_),
        took_ms=table[:, 4],
        groups={
            dimension: {label: np.array(positions, dtype=np.int64) for label, positions in sorted(labels.items())}
            for dimension, labels in groups.items()
        },
    )
