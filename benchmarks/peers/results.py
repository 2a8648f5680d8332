"""The records of a run, their JSON file and their table."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of the rounds and their quartiles."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return the spread of at least one value."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        low, median, high = (float(f"{cut:.4g}") for cut in statistics.quantiles(values, n=4, method="inclusive"))
        return cls(median, low, high)


@dataclass(frozen=True, slots=True)
class Row:
    """One engine in one figure. times: how many times better Souffleur is, round by round; bar: what is aimed at."""

    engine: str
    value: Spread | None
    times: Spread | None = None
    bar: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured of several engines. rows: Souffleur first."""

    name: str
    title: str
    unit: str
    rounds: int
    rows: Sequence[Row]

    @property
    def best_peer(self) -> Row | None:
        """Return the peer that Souffleur is least ahead of, or furthest behind; None where no peer was measured."""
        rows = [row for row in self.rows[1:] if row.value is not None]
        with_times = [row for row in rows if row.times is not None]
        if with_times:
            return min(with_times, key=lambda row: row.times.median if row.times else 0.0)
        return max(rows, key=lambda row: row.value.median if row.value else 0.0, default=None)


@dataclass(frozen=True, slots=True)
class Run:
    """All that is written down."""

    date: str
    machine: Mapping[str, object]
    versions: dict[str, Mapping[str, str]] = field(default_factory=dict)
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def save(run: Run, file: Path) -> None:
    """Write the run as JSON, each figure with the name of the best of its peers."""
    document = asdict(run)
    for written, figure in zip(document["figures"], run.figures, strict=True):
        written["best_peer"] = figure.best_peer.engine if figure.best_peer else None
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def table_of(figure: Figure) -> str:
    """Return a figure as lines of at most 80 columns."""
    lines = [f"{figure.title} ({figure.unit}, {figure.rounds} rounds)"]
    lines.append(f"  {'':15}{'median':>9}  {'quartiles':<19}{'Souffleur is':>13}  {'quartiles':<11}{'bar':>6}")
    for row in figure.rows:
        if row.value is None:
            lines.append(f"  {row.engine:15}{row.note}"[:80])
            continue
        spread = f"{row.value.low:.4g} – {row.value.high:.4g}"
        line = f"  {row.engine:15}{row.value.median:9.4g}  {spread:<19}"
        if row.times is not None:
            line += f"{row.times.median:>11.2f} ×  {f'{row.times.low:.2f} – {row.times.high:.2f}':<12}"
            line += f"{row.bar:>4g}×" if row.bar is not None else ""
        lines.append(line.rstrip())
    if (best := figure.best_peer) is not None:
        assert best.value is not None
        times = f", Souffleur is {best.times.median:.2f} ×" if best.times is not None else ""
        lines.append(f"  best of the peers: {best.engine}, {best.value.median:.4g} {figure.unit}{times}")
    return "\n".join(lines)


def markdown_of(run: Run) -> str:
    """Return the machine and all figures as one table in Markdown, an engine a line; the last has the best."""
    engines = list(dict.fromkeys(row.engine for figure in run.figures for row in figure.rows))
    lines = [f"{run.machine['processor']}, {run.machine['cores']} cores, {run.date}.", ""]
    lines.append("| | " + " | ".join(f"{figure.title}, {figure.unit}" for figure in run.figures) + " |")
    lines.append("| --- |" + " --- |" * len(run.figures))
    for engine in engines:
        rows = [next((row for row in figure.rows if row.engine == engine), None) for figure in run.figures]
        lines.append(f"| {engine} | " + " | ".join(map(_cell, rows)) + " |")
    bests = (figure.best_peer for figure in run.figures)
    compared = (f"{best.times.median:.2f}×, {best.engine}" if best and best.times else "" for best in bests)
    return "\n".join([*lines, "| Souffleur beside the best | " + " | ".join(compared) + " |"])


def _cell(row: Row | None) -> str:
    if row is None or row.value is None:
        return ""
    return f"{row.value.median:.4g}" + (f" ({row.times.median:.2f}×)" if row.times is not None else "")
