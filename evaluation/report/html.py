"""Pieces of a report's HTML. Texts are escaped where they come in; what these return is finished."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

from evaluation.metrics.resampling import Estimate
from evaluation.report.charts import STYLE

NUMBER = " class='number'"
_CUT = 90


def page(title: str, body: str) -> str:
    """Return one page that stands alone: no script, nothing fetched."""
    style = (files("evaluation.report") / "report.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} – Souffleur evaluation</title>\n<style>{style}{STYLE}</style></head>\n"
        f"<body>{body}</body></html>\n"
    )


def section(name: str, title: str, content: str) -> str:
    """Return a part of the page that the contents lead to by *name*."""
    return f'<section id="{name}"><h2>{title}</h2>{content}</section>\n'


def contents(parts: Iterable[tuple[str, str]]) -> str:
    """Return links to the parts of the page, names and titles."""
    links = "".join(f'<li><a href="#{name}">{title}</a></li>' for name, title in parts)
    return f'<nav aria-label="Contents"><ul>{links}</ul></nav>'


def folded(title: str, content: str, *, name: str, note: str = "", count: int | None = None) -> str:
    """Return a part that opens when one asks for it, and then is no higher than a hand: what is long scrolls."""
    number = f" <b class='count'>{count}</b>" if count is not None else ""
    said = f"<p class='hint'>{note}</p>" if note else ""
    return (
        f'<details class="part" id="{name}"><summary>{title}{number}</summary>{said}'
        f'<div class="scroll" role="region" aria-label="{title}" tabindex="0">{content}</div></details>\n'
    )


def scrolled(title: str, content: str) -> str:
    """Return *content* in a box that is no higher than what stands beside it."""
    return f'<div class="scroll" role="region" aria-label="{title}" tabindex="0">{content}</div>'


def tiles(figures: Iterable[tuple[str, str, str]]) -> str:
    """Return large figures: what each is, its value, and below it its interval or another remark."""
    parts = (
        f"<div><dt>{name}</dt><dd><strong>{value}</strong><span>{remark}</span></dd></div>"
        for name, value, remark in figures
    )
    return f"<dl class='tiles'>{''.join(parts)}</dl>"


def table(heading: Iterable[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of finished cells; a heading stands to the right where the cells below it do."""
    kinds = [NUMBER if text.startswith(f"<td{NUMBER}") else "" for text in rows[0]]
    head = "".join(f"<th scope='col'{kind}>{name}</th>" for name, kind in zip(heading, kinds, strict=True))
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def number(text: str) -> str:
    """Return a cell with a number."""
    return f"<td{NUMBER}>{text}</td>"


def french(text: str, *, characters: int = _CUT) -> str:
    """Return what users and editors wrote, escaped, and cut where it is long."""
    return f"<span lang='fr'>{escape(cut(text, characters))}</span>"


def quoted(text: str, *, characters: int = _CUT) -> str:
    """Return the same as a quotation, which is closed however it was cut."""
    return f"<span lang='fr'>«\u00a0{escape(cut(text, characters))}\u00a0»</span>"


def cut(text: str, characters: int = _CUT) -> str:
    """Return a text in one line, or its beginning and an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= characters else line[: characters - 1].rstrip() + "…"


def share(value: float) -> str:
    """Return a share in percent, without the rounding that would call 99.6 % all."""
    return f"{100 * value:.1f} %" if 0 < value < 0.01 or 0.99 < value < 1 else f"{100 * value:.0f} %"


def spread(one: Estimate) -> str:
    """Return the interval of a share in percent."""
    return f"{100 * one.low:.0f}–{100 * one.high:.0f} %"


def counted(number: int, what: str) -> str:
    """Return a number of things."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
