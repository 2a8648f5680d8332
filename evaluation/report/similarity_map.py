"""The map of the answers with failed questions as SVG: a name for each when one points at it, and a table beside it."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from evaluation.records import Result, Scope
from evaluation.report.answer_map import AnswerMap, AnswerVectors
from evaluation.report.charts import svg
from evaluation.report.failures import Cause
from evaluation.report.html import cut, french, scrolled, table

_WIDTH, _HEIGHT, _MARGIN = 700, 470, 14
_NAMED = 2_000
"""Answers up to which each has its name; more would make a page of megabytes."""

KINDS: Mapping[Cause, tuple[str, str]] = {
    Cause.SURE: ("two", "M-5-5L5 5M-5 5L5-5"),
    Cause.ALIKE: ("one", "M-5 0A5 5 0 1 0 5 0A5 5 0 1 0-5 0"),
    Cause.BEHIND: ("three", "M0-5L5 4H-5Z"),
    Cause.LOST: ("three", "M-4-4H4V4H-4Z"),
    Cause.STRANGE: ("four", "M0-6L6 0L0 6L-6 0Z"),
    Cause.STRAY: ("four", "M-6 0H6M0-6V6"),
}
"""How a question of each cause is drawn: its colour and its shape."""


def draw_similarity_map(places: AnswerMap, failed: Sequence[tuple[Cause, Result]], answers: AnswerVectors) -> str:
    """Return the map. places: made for the questions of *failed*, in their order."""
    every = np.concatenate([places.answers, places.missed, places.strays])
    low, high = every.min(axis=0), every.max(axis=0)
    room = np.array([_WIDTH - 2 * _MARGIN, _HEIGHT - 2 * _MARGIN])

    def at(place: np.ndarray) -> tuple[float, float]:
        x, y = _MARGIN + (place - low) / np.maximum(high - low, 1e-9) * room
        return float(x), float(y)

    named = len(answers.answers) <= _NAMED
    radius = 3 if len(answers.answers) <= _NAMED // 2 else 1.6
    dots = []
    for answer_id, place in zip(answers.answers, places.answers, strict=True):
        x, y = at(place)
        title = f"<title>{escape(cut(answers.title(answer_id)))}</title>" if named else ""
        dots.append(f'<circle class="answer" cx="{x:.0f}" cy="{y:.0f}" r="{radius}">{title}</circle>')
    missed, strays = iter(zip(places.missed, places.targets, strict=True)), iter(places.strays)
    spots = []
    for number, (cause, result) in enumerate(failed, start=1):
        if result.query.scope is Scope.IN_SCOPE:
            place, target = next(missed)
            spots.append(_spot(number, cause, result, answers, at(place), at(target)))
        else:
            spots.append(_spot(number, cause, result, answers, at(next(strays)), None))
    # The worst last, so that nothing lies on them.
    content = "".join([*dots, *reversed(spots)])
    return svg(_WIDTH, _HEIGHT, content, f"Map of {len(answers.answers)} answers with {len(failed)} failed questions.")


def map_table(failed: Sequence[tuple[Cause, Result]], answers: AnswerVectors, names: Mapping[Cause, str]) -> str:
    """Return the questions of the map as a table; the number of each shows it there."""
    rows = [
        (
            f"<td class='number'><a href='#spot-{number}'>{number}</a></td>",
            f"<td>{_icon(cause)}<span class='heard'>{names[cause]}</span></td>",
            f"<td>{french(result.query.text)}</td>",
            f"<td>{french(_expected(result, answers))}</td>",
        )
        for number, (cause, result) in enumerate(failed, start=1)
    ]
    return scrolled(
        "The questions of the map", table(("No.", "<span class='heard'>Cause</span>", "Question", "Expected"), rows)
    )


def legend(causes: Sequence[Cause], names: Mapping[Cause, str]) -> str:
    """Return what the shapes on the map mean."""
    return "".join(f"<span class='key'>{_icon(cause)} {names[cause]}</span>" for cause in causes)


def _icon(cause: Cause) -> str:
    kind, path = KINDS[cause]
    return (
        f'<svg class="chart icon" viewBox="-8 -8 16 16" aria-hidden="true">'
        f'<g class="{kind}"><path class="cross" d="{path}"/></g></svg>'
    )


def _spot(
    number: int,
    cause: Cause,
    result: Result,
    answers: AnswerVectors,
    place: tuple[float, float],
    target: tuple[float, float] | None,
) -> str:
    kind, path = KINDS[cause]
    x, y = place
    first = answers.title(result.hits[0].id) if result.hits else "nothing"
    title = f"{number}. {result.query.text}\nexpected: {_expected(result, answers)}\ncame first: {first}"
    tie = f'<line class="tie" x1="{x:.0f}" y1="{y:.0f}" x2="{target[0]:.0f}" y2="{target[1]:.0f}"/>' if target else ""
    return (
        f'<g class="spot {kind}" id="spot-{number}"><title>{escape(title)}</title>{tie}'
        f'<g transform="translate({x:.0f} {y:.0f})"><circle class="area" r="8"/>'
        f'<path class="cross" d="{path}"/><text class="no" x="6" y="-3">{number}</text></g></g>'
    )


def _expected(result: Result, answers: AnswerVectors) -> str:
    expected = [answer for answer, relevance in result.query.expected.items() if relevance > 0]
    return answers.title(expected[0]) if expected else "that it is refused"
