"""The report of a teaching, in Markdown: what taught, the shipped sets before and after, each FAQ left out in turn."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.verifier.cases import Cases
from training.verifier.measures import Change, Standing

_LEFT_OUT_HEADINGS = (
    *("FAQ", "questions an answer", "asked", "first right", "answered from", "answered", "wrong among answered"),
    *("word for word answered", "swapped answered", "traps answered", "twins answered", "off topic answered"),
    "calibration error",
)


@dataclass(frozen=True, slots=True)
class Report:
    """All that is told of a teaching. sums: file to sha256. lines: of each FAQ and shape, offset and slope."""

    command: str
    date: str
    sums: Mapping[str, str]
    cases: Cases
    lines: NDArray[np.float64]
    changes: Sequence[Change]
    standings: Sequence[Standing]

    def markdown(self) -> str:
        """Return the report as Markdown."""
        kinds, counts = np.unique(self.cases.kinds, return_counts=True)
        mean, spread = self.lines.mean(axis=0), self.lines.std(axis=0)
        parts = [
            "# A teaching of the verifier",
            f"{self.date}: `{self.command}`",
            "## What taught it",
            _table(("kind", "cases"), [(kind, str(count)) for kind, count in zip(kinds, counts, strict=True)]),
            _table(("file", "sha256"), list(self.sums.items())),
            f"Line of {len(self.lines)} FAQs and shapes: offset {mean[0]:.2f} ± {spread[0]:.2f}, "
            f"slope {mean[1]:.2f} ± {spread[1]:.2f}.",
            "## Shipped sets, before and after",
            "End to end, with the paired difference and its 95 % interval (bootstrap).",
            _table(("set", "before", "after", "difference", "questions"), [_changed(one) for one in self.changes]),
            "## Each FAQ left out of the teaching in turn",
            "Trees, line and questions of reference of the other FAQs; thresholds as a build would choose them.",
            _table(_LEFT_OUT_HEADINGS, [_stood(one) for one in self.standings]),
        ]
        return "\n\n".join(parts) + "\n"


def _changed(one: Change) -> tuple[str, ...]:
    interval = "" if math.isnan(one.low) else f" ({one.low:+.3f} to {one.high:+.3f})"
    difference = f"{one.after - one.before:+.3f}{interval}"
    return (one.name, _number(one.before), _number(one.after), difference, str(one.count))


def _stood(one: Standing) -> tuple[str, ...]:
    shares = (
        *(one.first_right, one.answered_from, one.answered, one.wrong, one.verbatim_answered, one.swapped_answered),
        *(one.traps_answered, one.twins_answered, one.off_topic_answered, one.calibration_error),
    )
    return (one.faq, str(one.curated), str(one.count), *map(_number, shares))


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
