"""From fitted trees to the file that ships: arrays instead of scikit-learn, with lines and questions of reference."""

import dataclasses
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.search.confidence import Line, fit_line
from indexer.search.coverage import COLUMNS
from indexer.search.thresholds import ease_of, mixed
from indexer.search.verifier import IN_SCOPE, LEFT_OUT, OFF_TOPIC, SWAPPED, Ease, Reference, Verifier
from training.verifier.cases import Cases
from training.verifier.faqs import SHAPES, Kind
from training.verifier.teaching import USED, Trees

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

_LEAST_APART = 15
"""Curated questions of an index that tell its ease."""
_FEWEST_FAQS = 3
_FLAT_EASE = 3.0
_SEED = 0


@dataclass(frozen=True, slots=True)
class Lines:
    """What left-out FAQs say of the line of a new one.

    of_groups: offset and slope of the best line of each FAQ and shape, shape (groups, 2). of_faqs: the ease of each FAQ
    that has curated questions enough. ease: how both go together.
    """

    of_groups: NDArray[np.float64]
    ease: Ease
    of_faqs: Mapping[str, float]


def arrays_of(models: Trees) -> dict[str, NDArray[np.generic]]:
    """Return trees as the arrays of a `Verifier`: base, columns, limits, left, right, values and depth."""
    # Nothing public gives the nodes, nor the log-odds before them.
    trees = [stage[0].nodes for model in models for stage in model._predictors]
    bases = [float(np.ravel(model._baseline_prediction)[0]) for model in models]
    shape = (len(trees), max(map(len, trees)))
    columns, left, right = (np.zeros(shape, dtype=np.int16) for _ in range(3))
    limits, values = (np.zeros(shape, dtype=np.float32) for _ in range(2))
    for number, nodes in enumerate(trees):
        for at, node in enumerate(nodes):
            if node["is_leaf"]:
                left[number, at] = right[number, at] = at
                values[number, at] = node["value"] / len(models)
            else:
                columns[number, at] = USED[node["feature_idx"]]
                limits[number, at] = node["num_threshold"]
                left[number, at], right[number, at] = node["left"], node["right"]
    return {
        "base": np.array(np.mean(bases)),
        "columns": columns,
        "limits": limits,
        "left": left,
        "right": right,
        "values": values,
        "depth": np.array(max(int(nodes["depth"].max()) for nodes in trees)),
    }


def save(file: Path, models: Trees, lines: Lines, reference: Reference) -> Verifier:
    """Write the verifier to *file*, whole or not at all, and return it as read back."""
    arrays = arrays_of(models)
    arrays |= {
        "names": np.array(COLUMNS),
        "line": lines.of_groups.mean(axis=0),
        "spread": lines.of_groups.std(axis=0) + _DOUBT,
        "ease": np.array(dataclasses.astuple(lines.ease)),
    }
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


def has_reference(cases: Cases, curated: int, *, without: str) -> bool:
    """Whether another FAQ than *without* has so many curated questions an answer, and questions enough."""
    return any(int(cases.curated[chosen][0]) == curated for chosen in _groups(cases, without=without))


def lines_of(cases: Cases, logits: NDArray[np.float64], *, without: str | None = None) -> Lines:
    """Return what the left-out logits of each FAQ and shape say of lines.

    without: an FAQ that has no say. ValueError where no group has questions enough.
    """
    kinds = kinds_of(cases)
    lines, faqs = [], []
    for chosen in _groups(cases, without=without):
        weight = mixed(kinds[chosen]) * _QUESTIONS_A_LINE
        line: Line = fit_line(logits[chosen], cases.right[chosen], weight, mean=_FLAT[0], spread=_FLAT[1])
        lines.append((line.offset, line.slope))
        faqs.append(str(cases.faq[chosen][0]))
    if not lines:
        raise ValueError(f"no FAQ has {_LEAST} questions of a shape: give more --data")
    of_groups = np.array(lines)
    of_faqs = {faq: of_faq for faq in dict.fromkeys(faqs) if (of_faq := _ease_of(cases, logits, faq)) is not None}
    return Lines(of_groups, _fit_ease(of_groups[:, 0], faqs, of_faqs), of_faqs)


def _ease_of(cases: Cases, logits: NDArray[np.float64], faq: str) -> float | None:
    """Return the ease of an FAQ, the mean of its indexes; None where too few of its questions were asked apart."""
    apart = cases.are(Kind.APART) & (cases.faq == faq)
    found = []
    for label in np.unique(cases.label[apart]):
        rows = apart & (cases.label == label)
        if rows.sum() >= _LEAST_APART:
            found.append(ease_of(logits[rows], cases.right[rows], mean=0.0, spread=_FLAT_EASE))
    return float(np.mean(found)) if found else None


def _fit_ease(offsets: NDArray[np.float64], faqs: Sequence[str], of_faqs: Mapping[str, float]) -> Ease:
    """Return how ease and offsets go together, by least squares; every FAQ counts the same, whatever its shapes."""
    values = np.array([*of_faqs.values()])
    known = [at for at, faq in enumerate(faqs) if faq in of_faqs]
    if len(values) < _FEWEST_FAQS:
        return Ease(0.0, _FLAT_EASE, 0.0, 0.0, 0.0, float(offsets.std()) + _DOUBT)
    mean = float(values.mean())
    ease = np.array([of_faqs[faqs[at]] for at in known]) - mean
    weight = np.array([1 / faqs.count(faqs[at]) for at in known])
    weight /= weight.sum()
    of_known = offsets[known]
    centre, middle = float(weight @ ease), float(weight @ of_known)
    pull = float(weight @ ((ease - centre) * (of_known - middle)) / (weight @ (ease - centre) ** 2))
    pull = min(max(pull, 0.0), 1.0)
    rest = of_known - middle - pull * (ease - centre)
    return Ease(
        mean=mean,
        spread=float(values.std()) + _DOUBT,
        lowest=float(values.min()),
        highest=float(values.max()),
        pull=pull,
        rest=float(np.sqrt(weight @ rest**2)) + _DOUBT,
    )


def reference_of(cases: Cases, logits: NDArray[np.float64], lines: Lines, *, without: str | None = None) -> Reference:
    """Return a sample of the cases as questions of reference.

    Those to an FAQ without curated questions are moved by its ease, for nothing tells that of a new one: left as they
    are, the easiest of them would set thresholds that are too low for a hard one. without: as in `lines_of`.
    """
    generator = np.random.default_rng(_SEED)
    kinds = kinds_of(cases)
    picked: list[int] = []
    for chosen in _groups(cases, without=without):
        for kind, most in _MOST_OF_KIND.items():
            rows = np.flatnonzero(chosen & (kinds == kind))
            picked += generator.choice(rows, min(most, len(rows)), replace=False).tolist()
    rows = np.array(picked, dtype=np.int64)
    slope = float(lines.of_groups[:, 1].mean())
    moved = np.array([lines.ease.moved(lines.of_faqs.get(faq, lines.ease.mean)) for faq in cases.faq[rows].tolist()])
    moved[cases.curated[rows] > 0] = 0.0
    return Reference(
        logits=(logits[rows] + moved / slope).astype(np.float32),
        right=cases.right[rows],
        kinds=kinds[rows].astype(np.int8),
        curated=cases.curated[rows].astype(np.int8),
        faq=np.unique(cases.faq, return_inverse=True)[1][rows].astype(np.int8),
    )
