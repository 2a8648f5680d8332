"""HTML of any quality as a tree of elements and texts; Word documents are brought to the same tree.

On the parser of the standard library: what is read here is shown to people as Markdown, never as HTML, so that a
browser's exact repairs matter less than one more library.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Union

_VOID = {"br", "hr", "img", "input", "link", "meta", "area", "base", "col", "source", "wbr"}
_BLOCK_NAMES = "p div ul ol dl table h1 h2 h3 h4 h5 h6 pre blockquote section article details hr"
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_CELLS = frozenset({"td", "th"})
_CLOSED_BY = {
    "li": frozenset({"li"}),
    "dt": frozenset({"dt", "dd"}),
    "dd": frozenset({"dt", "dd"}),
    "td": _CELLS,
    "th": _CELLS,
    "tr": frozenset({"tr", *_CELLS}),
    **dict.fromkeys(_BLOCKS, frozenset({"p"})),
}
_HOLDS = {"ul", "ol", "dl", "table", "body", "div", "section", "article", "details", "blockquote"}
_MOST_DEPTH = 200
"""How deep elements are kept in each other; what is deeper joins the deepest, as browsers do too."""


@dataclass(slots=True)
class Element:
    """An element with its attributes, and what it holds in order."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Union["Element", str]] = field(default_factory=list)

    def walk(self) -> Iterator["Element"]:
        """Yield the element and all within it, in the order of the page."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def find(self, holds: Callable[["Element"], bool]) -> "Element | None":
        """Return the first element of which *holds* is true, itself included."""
        return next((element for element in self.walk() if holds(element)), None)

    def text(self) -> str:
        """Return its words on one line."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        if self.name in ("script", "style", "template", "noscript"):
            return
        for child in self.children:
            if isinstance(child, Element):
                between = " " if child.name in {*_BLOCKS, *_CLOSED_BY, "br"} else ""
                yield between
                yield from child._texts()
                yield between
            else:
                yield child


def parse_html(text: str) -> Element:
    """Return the tree of *text*, whatever it is; entities are read, comments left out."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.root


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("html")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        closes = _CLOSED_BY.get(tag, frozenset())
        for at in range(len(self._open) - 1, 0, -1):
            name = self._open[at].name
            if name in closes:
                del self._open[at:]
                break
            if name in _HOLDS:
                break
        element = Element(tag, {key: value or "" for key, value in attrs})
        self._open[-1].children.append(element)
        if tag not in _VOID and len(self._open) < _MOST_DEPTH:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        for at in range(len(self._open) - 1, 0, -1):
            if self._open[at].name == tag:
                del self._open[at:]
                return

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)
