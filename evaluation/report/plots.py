"""The figures of a report. The only module that knows matplotlib.

Colours are those of Okabe and Ito (2008), told apart by the colour-blind; in print, markers and line styles differ too.
"""

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.metrics.resampling import Estimate
from evaluation.report.answer_map import OTHER, AnswerMap
from evaluation.summary import Group, Summary

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    *("#000000", "#E69F00", "#56B4E9", "#009E73"),
    *("#F0E442", "#0072B2", "#D55E00", "#CC79A7"),
)
_LABEL_STYLES = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (SKY, "D"), (PURPLE, "v"), (YELLOW, "P"))
_GREY = "#8a8a8a"
_STYLE = {
    "svg.hashsalt": "souffleur",  # the same run gives the same file
    "svg.fonttype": "path",
    "text.parse_math": False,  # a question may hold dollars
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "legend.frameon": False,
}
PICTURE_ENDINGS = (".png", ".svg", ".pdf", ".jpg", ".webp")
"""Of the formats that matplotlib writes, those without a use for LaTeX or for a long explanation."""

Draw = Callable[[Axes], None]


def to_data_address(draw: Draw, *, width: float = 5.0, height: float = 3.8) -> str:
    """Return a figure as the address of an image, for `<img src>`: an SVG inside the page. Sizes in inches."""
    with style.context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure.subplots())
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def save_picture(drawings: Sequence[Draw], file: Path, *, title: str) -> None:
    """Write the figures as one picture, two a row; the ending of *file*, of PICTURE_ENDINGS, is the format."""
    rows = -(-len(drawings) // 2)
    with style.context(_STYLE):
        figure = Figure(figsize=(10.5, 4.1 * rows), layout="constrained")
        axes = figure.subplots(rows, 2, squeeze=False).ravel()
        for draw, one in zip(drawings, axes, strict=False):
            draw(one)
        for unused in axes[len(drawings) :]:
            unused.set_axis_off()
        figure.suptitle(title, fontsize=11)
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, dpi=110)


def draw_reliability(axes: Axes, summary: Summary) -> None:
    """Draw how often the first answer is right against the confidence in it; bars show where the questions are."""
    bins = summary.reliability
    most = max(one.count for one in bins)
    axes.bar(
        [one.low for one in bins],
        [0.25 * one.count / most for one in bins],
        width=[one.high - one.low for one in bins],
        align="edge",
        color="#d9d9d9",
        edgecolor="white",
        label=f"questions (most: {most})",
    )
    axes.plot([0, 1], [0, 1], color=_GREY, linestyle="--", linewidth=1, label="perfect")
    right = np.array([(one.right, one.right - one.right_low, one.right_high - one.right) for one in bins]).T
    axes.errorbar(
        [one.confidence for one in bins],
        right[0],
        yerr=np.maximum(right[1:], 0),
        fmt="o",
        color=BLUE,
        capsize=3,
        linewidth=1.2,
        label="this run, 95 % interval",
    )
    ece = summary.metrics["ECE"]
    axes.set(
        xlim=(0, 1),
        ylim=(0, 1.02),
        xlabel="confidence of the first answer",
        ylabel="share of right first answers",
        title=f"Reliability (ECE {ece.value:.3f})",
    )
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3, fontsize=8)


def draw_risk_coverage(axes: Axes, summary: Summary) -> None:
    """Draw the share of wrong answers among the surest replies, and where `answered` and `uncertain` end."""
    coverage = np.array([point[0] for point in summary.risk_coverage])
    risk = np.array([point[1] for point in summary.risk_coverage])
    axes.step(coverage, risk, where="post", color=BLUE, label="this run")
    total = sum(summary.statuses.values()) - summary.unjudged
    answered = summary.statuses["answered"] / total
    shown = answered + summary.statuses["uncertain"] / total
    for share, name, line in ((answered, "answered", "-."), (shown, "not refused", ":")):
        axes.axvline(share, color=VERMILION, linestyle=line, linewidth=1.2, label=f"{name}: {share:.0%}")
    axes.set(
        xlim=(0, 1.01),
        ylim=(0, max(0.05, float(risk.max()) * 1.25)),
        xlabel="coverage: share of questions, surest first",
        ylabel="risk: share of wrong first answers",
        title=f"Risk and coverage (area {summary.metrics['AURC'].value:.3f})",
    )
    axes.legend(loc="upper left")


def draw_groups(axes: Axes, groups: Mapping[str, Group], *, title: str, metric: str = "nDCG@10") -> None:
    """Draw a metric with its interval for each group that has it, the best on top."""
    found = [
        (f"{name} ({group.metrics[metric].count})", group.metrics[metric])
        for name, group in groups.items()
        if metric in group.metrics
    ]
    _draw_intervals(axes, sorted(found, key=lambda pair: pair[1].value))
    axes.set(xlabel=f"{metric}, 95 % interval", title=title)


def draw_metrics(axes: Axes, metrics: Mapping[str, Estimate]) -> None:
    """Draw several metrics with their intervals, the first on top."""
    _draw_intervals(axes, list(metrics.items())[::-1])
    axes.set(xlabel="value, 95 % interval", title="Ranking")


def draw_map(axes: Axes, places: AnswerMap) -> None:
    """Draw the answers by likeness, and the failed questions with a line to the answer that was expected."""
    size = np.clip(3000 / len(places.answers), 16, 60)
    for label, (colour, marker) in _styles(places.labels).items():
        chosen = [name == label for name in places.labels] if places.labels else slice(None)
        some = places.answers[chosen]
        axes.scatter(
            some[:, 0],
            some[:, 1],
            s=size,
            c=colour,
            marker=marker,
            edgecolors="white",
            linewidths=0.3,
            label=label or "answer",
        )
    for place, target in zip(places.missed, places.targets, strict=True):
        axes.plot([place[0], target[0]], [place[1], target[1]], color=_GREY, linewidth=0.4, alpha=0.6, zorder=0)
    if len(places.missed):
        axes.scatter(
            places.missed[:, 0],
            places.missed[:, 1],
            s=22,
            c=VERMILION,
            marker="x",
            linewidths=1,
            label="question, wrong first answer",
        )
    if len(places.strays):
        axes.scatter(
            places.strays[:, 0],
            places.strays[:, 1],
            s=26,
            c=BLACK,
            marker="+",
            linewidths=1,
            label="off-topic, not refused",
        )
    axes.set(xticks=[], yticks=[], title="Answers by likeness" + (f", by {places.facet}" if places.facet else ""))
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=2, fontsize=7)


def draw_weeks(axes: Axes, weeks: Sequence[str], counts: Mapping[str, Sequence[int]], *, title: str) -> None:
    """Draw how many questions of each kind there were each week, on top of each other; *counts*: kind to numbers."""
    base = np.zeros(len(weeks))
    for (name, numbers), colour in zip(counts.items(), (GREEN, YELLOW, VERMILION), strict=False):
        axes.bar(range(len(weeks)), numbers, bottom=base, color=colour, edgecolor="white", label=name)
        base += np.array(numbers)
    axes.set_xticks(range(len(weeks)), weeks, rotation=45, ha="right", fontsize=7)
    axes.set(title=title, ylim=(0, max(1.0, 1.15 * float(base.max(initial=0)))))
    axes.legend(loc="upper left", fontsize=7, ncols=len(counts))


def _draw_intervals(axes: Axes, found: Sequence[tuple[str, Estimate]]) -> None:
    heights = range(len(found))
    values = np.array([one.value for _, one in found])
    errors = np.array([[one.value - one.low for _, one in found], [one.high - one.value for _, one in found]])
    axes.errorbar(
        values, heights, xerr=np.maximum(errors, 0), fmt="o", color=BLUE, ecolor=BLUE, capsize=3, linewidth=1.2
    )
    axes.set(xlim=(0, 1.02), ylim=(-0.6, len(found) - 0.4))
    axes.set_yticks(list(heights), [name for name, _ in found])
    axes.grid(axis="x", color="#e5e5e5", linewidth=0.6)
    axes.set_axisbelow(True)


def _styles(labels: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return a colour and a marker for each label, the most frequent first; OTHER is grey."""
    if not labels:
        return {"": (BLUE, "o")}
    names = sorted(set(labels) - {OTHER}, key=lambda name: (-labels.count(name), name))
    styles = dict(zip(names, _LABEL_STYLES, strict=False))
    return styles | ({OTHER: (_GREY, "h")} if OTHER in labels else {})
