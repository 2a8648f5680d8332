"""A learning curve to look at: text for a terminal, one drawing, one HTML page that stands alone."""

import textwrap
from collections.abc import Mapping, Sequence
from html import escape

from evaluation.curve.learning_curve import LearningCurve, Rung
from evaluation.metrics.resampling import Estimate
from evaluation.report.charts import Chart, shares
from evaluation.report.html import number, page, table
from evaluation.report.terminal_tables import align

_NAMES: Mapping[str, str] = {"first_right": "first right", "answered": "answered", "wrong": "answered and wrong"}
_KINDS = {"first_right": ("one", ""), "answered": ("three", "7 3"), "wrong": ("two", "2 3")}
_HEADING = ("kept", "really", "first right", "answered", "and wrong", "of the answered")


def render_curve(curve: LearningCurve) -> str:
    """Return the curve as text: a line a rung, what each brought, and how to read it."""
    return "\n".join(
        [
            *textwrap.wrap(_what(curve), 80, subsequent_indent="  "),
            "",
            *align([_HEADING, *map(_row, curve.rungs)]),
            "",
            f"{_summary(curve)}.",
            *(line for one in gain_sentences(curve) for line in textwrap.wrap(one, 80, subsequent_indent="  ")),
            "",
            "kept: questions an answer may keep; really: what they have on average. In brackets",
            "95 % intervals, over drawings of answers. No index knew a question it was asked.",
            *textwrap.wrap(_caution(curve), 80),
        ]
    )


def gain_sentences(curve: LearningCurve) -> list[str]:
    """Return what each rung brought over the one before, a sentence each."""
    said = []
    for before, after in zip(curve.rungs, curve.rungs[1:], strict=False):
        gains = ", ".join(f"{_NAMES[name]} {_moved(gain)}" for name, gain in after.gains.items())
        said.append(f"From {_kept(before)} to {_kept(after)}: {gains}.")
    return said


def draw_curve(curve: LearningCurve, *, alone: bool) -> str:
    """Return the curve as SVG. alone: for a file of its own."""
    last = len(curve.rungs) - 1
    chart = Chart(720, 380, x=(-0.15, last + 0.95), y=(0, 1.02), x_label="questions kept an answer (on average)")
    chart.ticks([(at, f"{_kept(rung)} ({rung.really:.1f})") for at, rung in enumerate(curve.rungs)], shares(1))
    taken: list[float] = []
    for name, (kind, dashes) in _KINDS.items():
        values: list[Estimate] = [getattr(rung, name) for rung in curve.rungs]
        points = [(float(at), one.value) for at, one in enumerate(values)]
        lows, highs = (
            [(at, one.low) for at, one in enumerate(values)],
            [(at, one.high) for at, one in enumerate(values)],
        )
        chart.band(lows, highs, kind)
        chart.line(points, kind, dashes=dashes)
        for (at, value), one, rung in zip(points, values, curve.rungs, strict=True):
            title = f"{_NAMES[name]}, {_kept(rung)} kept: {value:.3f} ({one.low:.3f} to {one.high:.3f})"
            chart.dot((at, value), kind, title, low=one.low, high=one.high)
        # Names of lines that end at one height do not lie on each other.
        height = max(values[-1].value, 0.04)  # not on the axis
        while any(abs(height - other) < 0.055 for other in taken):
            height -= 0.055 if height > 0.1 else -0.055
        taken.append(height)
        chart.text((last, height), _NAMES[name], kind)
    return chart.render(" ".join([_what(curve), *gain_sentences(curve)]), alone=alone)


def render_page(curve: LearningCurve) -> str:
    """Return the curve as one HTML page, without a script, and nothing fetched."""
    gains = "".join(f"<li>{escape(sentence)}</li>" for sentence in gain_sentences(curve))
    figures = table(_HEADING, [[number(text) for text in _row(rung)] for rung in curve.rungs])
    return page(
        "What more questions bring",
        f"<header><h1>What more questions bring</h1><p>{escape(_what(curve))}</p></header><main>"
        f"<section class='verdict'><h2>{_summary(curve)}</h2><ul>{gains}</ul></section>"
        f"<figure class='curve'>{draw_curve(curve, alone=False)}<figcaption>Shares of the questions "
        "asked, with 95 % intervals over drawings of answers.</figcaption></figure>"
        f"<div class='wide' role='region' aria-label='Figures' tabindex='0'>{figures}</div>"
        "<p class='note'>Each line is of real indexes, built with at most so many questions an answer, the first "
        "of its file. The same questions were asked of all of them, and none was known to the index it was asked of. "
        f"{escape(_caution(curve))}</p></main>",
    )


def _summary(curve: LearningCurve) -> str:
    """Return what all questions bring over none, or over the fewest that were kept."""
    first, last = curve.rungs[0], curve.rungs[-1]
    moved = ", ".join(
        f"{_NAMES[name]} {100 * getattr(first, name).value:.0f} → {100 * getattr(last, name).value:.0f} %"
        for name in _NAMES
    )
    return f"From {_kept(first)} to {_kept(last)}: {moved}"


def _what(curve: LearningCurve) -> str:
    return (
        f"{curve.corpus}: {curve.questions} {curve.source} of {curve.answers} answers, asked of each of "
        f"{len(curve.rungs)} rungs; {curve.builds} indexes built with {curve.encoder}"
    )


def _caution(curve: LearningCurve) -> str:
    most = f"{min(1.0, 3 / curve.questions):.3f}"
    none = f"Where none is wrong, the interval has no width: {most} may still be, in the long run. "
    if not curve.own_questions:
        return f"{none}A query set says what its authors ask; visitors may ask otherwise."
    return none + (
        "Questions of one answer are written to differ, so that one left out is further from the others than a "
        "visitor's is: the levels are lower than in use. --queries asks a query set instead."
    )


def _kept(rung: Rung) -> str:
    return "all" if rung.kept is None else str(rung.kept)


def _row(rung: Rung) -> Sequence[str]:
    figures = (rung.first_right, rung.answered, rung.wrong, rung.wrong_answered)
    return (_kept(rung), f"{rung.really:.1f}", *map(_value, figures))


def _value(one: Estimate | None) -> str:
    return "–" if one is None else f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]"


def _moved(one: Estimate) -> str:
    return f"{one.value:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
