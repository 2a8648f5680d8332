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


@dataclass(frozen=True, slots=True)
class Run:
    """All that is written down."""

    date: str
    machine: Mapping[str, object]
    versions: dict[str, Mapping[str, str]] = field(default_factory=dict)
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def save(run: Run, file: Path) -> None:
    """Write the run as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(asdict(run), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


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
    return "\n".join(lines)
