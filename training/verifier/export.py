"""From fitted trees to the file that ships: arrays instead of scikit-learn, with lines and questions of reference."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from indexer.search.confidence import Line, fit_line
from indexer.search.coverage import COLUMNS
from indexer.search.thresholds import mixed
from indexer.search.verifier import IN_SCOPE, LEFT_OUT, OFF_TOPIC, SWAPPED, Reference, Verifier
from training.verifier.cases import Cases
from training.verifier.faqs import SHAPES, Kind
from training.verifier.teaching import USED

KINDS = {
    Kind.REAL: IN_SCOPE,
    Kind.RESTYLED: IN_SCOPE,
    Kind.LEFT_OUT: LEFT_OUT,
    Kind.OFF_TOPIC: OFF_TOPIC,
    Kind.SWAPPED: SWAPPED,
    Kind.ASKED_SWAPPED: SWAPPED,
}
"""What the cases are as questions of reference; of the other kinds there are none."""

_MOST_OF_KIND = {IN_SCOPE: 120, LEFT_OUT: 40, OFF_TOPIC: 60, SWAPPED: 60}
_LEAST = 60
"""In-scope questions that a shape of an FAQ needs to have a line and to be one of reference."""

_FLAT = (np.array([0.0, 1.0]), np.array([3.0, 1.0]))
"""Mean and spread of the prior of the line of one FAQ: almost none."""

_QUESTIONS_A_LINE = 200.0
_DOUBT = 0.05
"""Added to the spread between FAQs: they are few."""

_SEED = 0


def arrays_of(model: HistGradientBoostingClassifier) -> dict[str, NDArray[np.generic]]:
    """Return trees as the arrays of a `Verifier`: base, columns, limits, left, right, values and depth."""
    trees = [stage[0].nodes for stage in model._predictors]  # nothing public gives the nodes
    shape = (len(trees), max(map(len, trees)))
    columns, left, right = (np.zeros(shape, dtype=np.int16) for _ in range(3))
    limits, values = (np.zeros(shape, dtype=np.float32) for _ in range(2))
    for number, nodes in enumerate(trees):
        for at, node in enumerate(nodes):
            if node["is_leaf"]:
                left[number, at] = right[number, at] = at
                values[number, at] = node["value"]
            else:
                columns[number, at] = USED[node["feature_idx"]]
                limits[number, at] = node["num_threshold"]
                left[number, at], right[number, at] = node["left"], node["right"]
    return {
        "base": np.array(float(np.ravel(model._baseline_prediction)[0])),
        "columns": columns,
        "limits": limits,
        "left": left,
        "right": right,
        "values": values,
        "depth": np.array(max(int(nodes["depth"].max()) for nodes in trees)),
    }


def save(
    file: Path, model: HistGradientBoostingClassifier, lines: NDArray[np.float64], reference: Reference
) -> Verifier:
    """Write the verifier to *file*, whole or not at all, and return it as read back. lines: see `lines_of`."""
    arrays = arrays_of(model)
    arrays |= {"names": np.array(COLUMNS), "line": lines.mean(axis=0), "spread": lines.std(axis=0) + _DOUBT}
    arrays |= {f"reference_{name}": getattr(reference, name) for name in Reference.__slots__}
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        written = Path(folder) / "verifier.npz"
        np.savez(written, **arrays)  # type: ignore[arg-type]  # the stubs take its other arguments for these
        verifier = Verifier.load(written)
        written.replace(file)
    return verifier


def kinds_of(cases: Cases) -> NDArray[np.int64]:
    """Return what each case is as a question of reference, -1 for none."""
    kinds = np.full(len(cases), -1)
    for kind, number in KINDS.items():
        kinds[cases.are(kind)] = number
    return kinds


def _groups(cases: Cases, *, without: str | None) -> Iterator[NDArray[np.bool_]]:
    """Yield which cases are of an FAQ and shape that has questions enough."""
    kinds = kinds_of(cases)
    for faq in np.unique(cases.faq):
        for curated in SHAPES:
            chosen = (cases.faq == faq) & (cases.curated == curated) & (kinds >= 0)
            if faq != without and (chosen & (kinds == IN_SCOPE)).sum() >= _LEAST:
                yield chosen


def lines_of(cases: Cases, logits: NDArray[np.float64], *, without: str | None = None) -> NDArray[np.float64]:
    """Return the best line through the left-out logits of each FAQ and shape, shape (groups, 2): offset and slope.

    without: an FAQ that has no say. ValueError where no group has questions enough.
    """
    kinds = kinds_of(cases)
    lines = []
    for chosen in _groups(cases, without=without):
        weight = mixed(kinds[chosen]) * _QUESTIONS_A_LINE
        line: Line = fit_line(logits[chosen], cases.right[chosen], weight, mean=_FLAT[0], spread=_FLAT[1])
        lines.append((line.offset, line.slope))
    if not lines:
        raise ValueError(f"no FAQ has {_LEAST} questions of a shape: give more --data")
    return np.array(lines)


def reference_of(cases: Cases, logits: NDArray[np.float64], *, without: str | None = None) -> Reference:
    """Return a sample of the cases as questions of reference. without: as in `lines_of`."""
    generator = np.random.default_rng(_SEED)
    kinds = kinds_of(cases)
    picked: list[int] = []
    for chosen in _groups(cases, without=without):
        for kind, most in _MOST_OF_KIND.items():
            rows = np.flatnonzero(chosen & (kinds == kind))
            picked += generator.choice(rows, min(most, len(rows)), replace=False).tolist()
    rows = np.array(picked, dtype=np.int64)
    return Reference(
        logits=logits[rows].astype(np.float32),
        right=cases.right[rows],
        kinds=kinds[rows].astype(np.int8),
        curated=cases.curated[rows].astype(np.int8),
        faq=np.unique(cases.faq, return_inverse=True)[1][rows].astype(np.int8),
    )
