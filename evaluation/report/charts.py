"""Charts as SVG: they follow the colours of a page, light and dark, and say what a point is when one points at it.

Colours are classes, of Okabe and Ito (2008), told apart by the colour-blind; lines differ by their dashes too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files

STYLE = (files("evaluation.report") / "charts.css").read_text(encoding="utf-8")
"""What the classes look like, once on a page; a file of its own has it inside."""

Point = tuple[float, float]
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 22, 14, 40


@dataclass(slots=True)
class Chart:
    """A plane with two axes, in the units of the data, to draw in: shares upwards. Sizes in pixels."""

    width: int
    height: int
    x: tuple[float, float]
    y: tuple[float, float]
    x_label: str = ""
    parts: list[str] = field(default_factory=list)

    def at(self, point: Point) -> Point:
        """Return where a point of the data is, in pixels."""
        (left, right), (low, high) = self.x, self.y
        across = (point[0] - left) / (right - left)
        up = (point[1] - low) / (high - low)
        inner_width, inner_height = self.width - _LEFT - _RIGHT, self.height - _TOP - _BOTTOM
        return _LEFT + across * inner_width, _TOP + (1 - up) * inner_height

    def line(self, points: Sequence[Point], kind: str, *, dashes: str = "") -> None:
        """Draw a line through *points*."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(self.at, points))
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.parts.append(f'<polyline class="line {kind}" points="{path}"{dashed}/>')

    def band(self, lows: Sequence[Point], highs: Sequence[Point], kind: str) -> None:
        """Fill what lies between two lines."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(self.at, [*lows, *reversed(highs)]))
        self.parts.append(f'<polygon class="band {kind}" points="{path}"/>')

    def dot(self, point: Point, kind: str, title: str, *, low: float | None = None, high: float | None = None) -> None:
        """Draw a point that says *title*, with its interval from *low* to *high* where it has one."""
        x, y = self.at(point)
        error = ""
        if low is not None and high is not None:
            (_, bottom), (_, top) = self.at((point[0], low)), self.at((point[0], high))
            error = f'<line class="error" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom:.1f}" y2="{top:.1f}"/>'
        dot = f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>'
        self.parts.append(f'<g class="{kind}"><title>{escape(title)}</title>{error}{dot}</g>')

    def bar(self, left: float, right: float, height: float, kind: str, title: str) -> None:
        """Draw a bar from the bottom to *height*."""
        (x, top), (end, bottom) = self.at((left, height)), self.at((right, self.y[0]))
        box = f'x="{x + 0.5:.1f}" y="{top:.1f}" width="{max(end - x - 1, 0.5):.1f}" height="{bottom - top:.1f}"'
        self.parts.append(f'<g class="{kind}"><title>{escape(title)}</title><rect class="bar" {box}/></g>')

    def mark(self, at: float, kind: str, label: str, *, row: int = 0, dashes: str = "5 3") -> None:
        """Draw a vertical line at *at*, with a label beside its top, *row* lines below it."""
        (x, top), (_, bottom) = self.at((at, self.y[1])), self.at((at, self.y[0]))
        turned = x > self.width * 0.6
        anchor, shift = ("end", -5) if turned else ("start", 5)
        self.parts.append(
            f'<g class="{kind}"><line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}" '
            f'stroke-dasharray="{dashes}"/><text class="label" x="{x + shift:.1f}" y="{top + 12 + 15 * row:.1f}" '
            f'text-anchor="{anchor}">{escape(label)}</text></g>'
        )

    def text(self, point: Point, words: str, kind: str, *, anchor: str = "start", shift: Point = (8, 4)) -> None:
        """Write *words* beside a point."""
        x, y = self.at(point)
        self.parts.append(
            f'<text class="label {kind}" x="{x + shift[0]:.1f}" y="{y + shift[1]:.1f}" text-anchor="{anchor}">'
            f"{escape(words)}</text>"
        )

    def ticks(self, places: Sequence[tuple[float, str]], heights: Sequence[float]) -> None:
        """Draw the axes: at *places* along the bottom their words, at *heights* a line of the grid each."""
        drawn = []
        (left, bottom), (right, _) = self.at((self.x[0], self.y[0])), self.at((self.x[1], self.y[0]))
        for height in heights:
            _, y = self.at((self.x[0], height))
            drawn.append(f'<line class="grid" x1="{left:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
            drawn.append(
                f'<text class="faint" x="{left - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{_percent(height)}</text>'
            )
        drawn.append(f'<line class="axis" x1="{left:.1f}" x2="{right:.1f}" y1="{bottom:.1f}" y2="{bottom:.1f}"/>')
        for place, words in places:
            x, _ = self.at((place, self.y[0]))
            drawn.append(
                f'<text class="faint" x="{x:.1f}" y="{bottom + 15:.1f}" text-anchor="middle">{escape(words)}</text>'
            )
        middle = (left + right) / 2
        drawn.append(f'<text x="{middle:.1f}" y="{self.height - 6}" text-anchor="middle">{escape(self.x_label)}</text>')
        # Below all else.
        self.parts[:0] = drawn

    def render(self, title: str, *, alone: bool = False) -> str:
        """Return the SVG. title: what it shows, for those who do not see it. alone: as a file, with its style."""
        return svg(self.width, self.height, "".join(self.parts), title, alone=alone)


def svg(width: int, height: int, content: str, title: str, *, alone: bool = False) -> str:
    """Return a picture of *content*, as wide as there is room for."""
    space = ' xmlns="http://www.w3.org/2000/svg"' if alone else ""
    style = f"<style>{STYLE}</style>" if alone else ""
    paper = f'<rect width="{width}" height="{height}" fill="var(--paper)"/>' if alone else ""
    return (
        f'<svg{space} class="chart" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">'
        f"{style}{paper}{content}</svg>"
    )


def shares(high: float) -> list[float]:
    """Return the heights of a grid from 0 to *high*, four to six of them."""
    step = next((one for one in (0.01, 0.02, 0.05, 0.1, 0.2) if high / one <= 5.5), 0.25)
    return [at * step for at in range(int(high / step + 1e-9) + 1)]


def _percent(share: float) -> str:
    return f"{share:.0%}"
