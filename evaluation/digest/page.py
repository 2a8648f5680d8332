"""A digest as Markdown and as a page of HTML, in French. What visitors typed is escaped, so that it stays text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files

from evaluation.digest.digest import ENOUGH_ASKED, Digest
from indexer.french.text import normalise
from server.page.markdown import render

_SIGNS = re.compile(r"([\\`*_\[\]<>#|~])")
_MOST_UNUSED = 30


def render_markdown(digest: Digest) -> str:
    """Return the digest as Markdown."""
    return "\n".join(_lines(digest)) + "\n"


def render_html(digest: Digest, figures: Sequence[tuple[str, str]]) -> str:
    """Return the digest as one page, without a script, and nothing fetched. figures: address of an image, caption."""
    style = (files("evaluation.report") / "report.css").read_text(encoding="utf-8")
    drawn = "".join(
        f'<figure><img src="{address}" alt="{escape(caption)}"><figcaption>{escape(caption)}</figcaption></figure>'
        for address, caption in figures
    )
    parts = [
        "<!doctype html>",
        '<html lang="fr"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(_title(digest))}</title><style>{style}</style></head><body><main>",
        _with_high_headings(render("\n".join(_lines(digest)))),
        f'<section class="figures">{drawn}</section>' if drawn else "",
        "</main></body></html>",
    ]
    return "\n".join([*filter(None, parts), ""])


def _with_high_headings(page: str) -> str:
    """Return the HTML of Markdown with its two highest headings as those of a page of its own."""
    for inside, alone in (("h3>", "h1>"), ("h4>", "h2>")):
        page = page.replace(f"<{inside}", f"<{alone}").replace(f"</{inside}", f"</{alone}")
    return page


def _title(digest: Digest) -> str:
    return f"La FAQ du {digest.begin:%d/%m/%Y} au {digest.last_day:%d/%m/%Y}"


def _lines(digest: Digest) -> Iterator[str]:
    yield f"# {_title(digest)}"
    yield ""
    if not digest.asked:
        yield "Aucune question n'a été posée, ou gardée, dans ces jours-là."
    else:
        yield (
            f"{_counted(digest.asked, 'question')} : {_share(digest.answered, digest.asked)} avec une réponse sûre, "
            f"{_share(digest.no_answer, digest.asked)} sans réponse sûre."
        )
    yield from _section(
        "Le plus demandé", (f"{_text(question)} : {number} fois" for question, number in digest.most_asked)
    )
    yield from _section(
        "Nouveaux sujets sans réponse",
        (f"{_text(one.question)} ({one.times} fois)" for one in digest.new_themes),
    )
    yield from _section(
        "Réponses jugées inutiles",
        (
            f"{_text(one.answer.title)} (`{one.answer.id}`) : inutile {one.useless} fois, utile {one.useful} fois"
            for one in digest.useless
        ),
    )
    yield from _unused(digest)
    yield from _learnt(digest)


def _unused(digest: Digest) -> Iterator[str]:
    yield from ("", "## Réponses jamais données en premier", "")
    if digest.unused is None:
        yield f"Il faut au moins {ENOUGH_ASKED} questions gardées pour le dire."
    elif not digest.unused:
        yield "Toutes ont servi."
    else:
        yield from (f"- {_text(one.title)} (`{one.id}`)" for one in digest.unused[:_MOST_UNUSED])
        if len(digest.unused) > _MOST_UNUSED:
            yield f"- … et {len(digest.unused) - _MOST_UNUSED} de plus"


def _learnt(digest: Digest) -> Iterator[str]:
    learnt = digest.learnt
    yield from ("", "## Ce que les questions acceptées ont changé", "")
    accepted = _counted(learnt.accepted, "question acceptée", "questions acceptées")
    yield f"{accepted} en tout, {learnt.lately} dans ces jours-là."
    if learnt.asked_before and learnt.asked_after:
        before = _share(learnt.sure_before, learnt.asked_before)
        after = _share(learnt.sure_after, learnt.asked_after)
        yield (
            f"Posées par des visiteurs, elles avaient une réponse sûre {before} du temps avant d'être acceptées, et "
            f"{after} depuis."
        )


def _section(title: str, items: Iterable[str]) -> Iterator[str]:
    listed = list(items)
    if listed:
        yield from ("", f"## {title}", "")
        yield from (f"- {item}" for item in listed)


def _text(text: str) -> str:
    return _SIGNS.sub(r"\\\1", normalise(text))


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %"


def _counted(number: int, one: str, more: str = "") -> str:
    return f"{number} {(more or one + 's') if number > 1 else one}"
