"""The plot of a run: how many times better Souffleur is than each peer, with the quartiles and what is aimed at."""

from pathlib import Path

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from benchmarks.peers.results import Figure, Run, Spread
from evaluation.report.plots import BLACK, BLUE, ORANGE, SKY, VERMILION

_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
}
_LEGEND = "Bars: how many times better Souffleur is; crossed: than the best of the others; dashed: aimed at."


def save_picture(run: Run, file: Path) -> None:
    """Write one panel a figure, two a row; whiskers are the quartiles of the rounds."""
    rows = -(-len(run.figures) // 2)
    most = max((len(figure.rows) for figure in run.figures), default=0)
    with style.context(_STYLE):
        canvas = Canvas(figsize=(11.5, (0.3 * most + 1.1) * rows + 0.4), layout="constrained")
        axes = canvas.subplots(rows, 2, squeeze=False).ravel()
        for figure, one in zip(run.figures, axes, strict=False):
            _draw(one, figure)
        for unused in axes[len(run.figures) :]:
            unused.set_axis_off()
        machine = f"{run.machine['processor']}, {run.machine['cores']} cores, {run.date}"
        canvas.suptitle(f"{machine}\n{_LEGEND}", fontsize=9)
        file.parent.mkdir(parents=True, exist_ok=True)
        canvas.savefig(file, dpi=110, metadata={"Software": None})


def _draw(axes: Axes, figure: Figure) -> None:
    """Draw the ratio of each peer, Souffleur itself being 1; where there are no ratios, the values."""
    rows = [row for row in figure.rows if row.value is not None]
    as_ratios = any(row.times is not None for row in rows)
    for place, row in enumerate(rows):
        shown = (row.times or Spread(1, 1, 1)) if as_ratios else row.value
        assert shown is not None
        assert row.value is not None
        # Hatched too, so that ours and the best of the others are told apart in print.
        colour, hatch = (BLUE, "") if place == 0 else (ORANGE, "xx") if row is figure.best_peer else (SKY, "//")
        axes.barh(place, shown.median, color=colour, hatch=hatch, edgecolor="white")
        axes.plot([shown.low, shown.high], [place, place], color=BLACK, linewidth=1.4)
        if row.bar is not None:
            axes.plot([row.bar, row.bar], [place - 0.45, place + 0.45], color=VERMILION, linestyle="--", linewidth=2)
        ratio = f"×{shown.median:.2f}, " if row.times is not None else ""
        said = f"{ratio}{row.value.median:.4g} {figure.unit}"
        axes.text(max(shown.high, row.bar or 0), place, f"  {said}", va="center", fontsize=8)
    axes.set_yticks(range(len(rows)), [row.engine for row in rows])
    axes.invert_yaxis()
    axes.margins(x=0.45)
    axes.set_xlim(left=0)
    axes.set_title(figure.title)
    axes.set_xlabel("times better" if as_ratios else figure.unit)
