"""What Markdown does not keep of a page or a document: pictures, embedded parts, footnotes; and what is said of it.

A picture that only adorns says so, and is nothing to tell.
"""

import re
from collections.abc import Iterable, Iterator

from indexer.corpus.html.tree import Element

FOOTNOTE = "footnote"
"""The name of an element that stands for a note below the page; its `alt` is what it says."""

_NAMES = {
    "img": ("une image n'est pas gardée", "images ne sont pas gardées"),
    "embed": ("une vidéo ou une carte n'est pas gardée", "vidéos ou cartes ne sont pas gardées"),
    FOOTNOTE: ("une note de bas de page n'est pas gardée", "notes de bas de page ne sont pas gardées"),
}
_EMBEDDED = ("video", "audio", "iframe", "embed", "object")
_NOT_SHOWN = ("script", "style", "template", "noscript", "head", "form", "button", "select", "svg")
_SHOWN = 60


def sentences_of_left_out(elements: Iterable[Element]) -> Iterator[str]:
    """Yield a sentence in French for each kind of thing in *elements* that Markdown does not keep."""
    found: dict[str, list[str]] = {}
    for element in elements:
        for kind, words in _left_out(element):
            found.setdefault(kind, []).append(words)
    for kind, some in found.items():
        one, more = _NAMES[kind]
        named = ", ".join(f"« {words[:_SHOWN]} »" for words in dict.fromkeys(filter(None, some)))
        what = one if len(some) == 1 else f"{len(some)} {more}"
        says = "qu'elle dit" if len(some) == 1 else "qu'elles disent"
        yield f"{what}{f' ({named})' if named else ''}. Écrivez dans la réponse ce {says}, ou mettez-y un lien."


def _left_out(element: Element) -> Iterator[tuple[str, str]]:
    """Yield kind and words of what is not kept, but for what is not shown or only adorns."""
    name, attributes = element.name, element.attributes
    words = " ".join((attributes.get("alt") or attributes.get("title") or "").split())
    if name in _NOT_SHOWN or attributes.get("aria-hidden") == "true":
        return
    if name in _EMBEDDED:
        yield "embed", words
    elif name == FOOTNOTE or (name == "img" and not _adorns(attributes)):
        yield name, words
    else:
        for child in element.children:
            if isinstance(child, Element):
                yield from _left_out(child)


def _adorns(attributes: dict[str, str]) -> bool:
    """Whether a picture says nothing: it is declared so, or is a sign, as an emoji, or a point that counts visits."""
    alt = attributes.get("alt")
    if attributes.get("role") in ("presentation", "none") or (alt is not None and not re.search(r"\w", alt)):
        return True
    return any(re.fullmatch(r"[0-2](?:px)?", attributes.get(side, "")) for side in ("width", "height"))
