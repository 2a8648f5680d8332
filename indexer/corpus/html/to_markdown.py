"""A tree of HTML as Markdown: paragraphs, lists, tables, emphasis and links stay; what has no words is left out."""

import html
import re
from collections.abc import Iterator, Sequence
from urllib.parse import urljoin

from indexer.corpus.html.left_out import sentences_of_left_out
from indexer.corpus.html.tree import Element, parse_html

_LEFT_OUT = {"script", "style", "template", "noscript", "head", "form", "button", "input", "select", "svg", "iframe"}
_BLOCK_NAMES = """
p div ul ol dl dt dd table h1 h2 h3 h4 h5 h6 pre blockquote section article details summary main header footer nav aside
figure figcaption body html hr address center li tr
"""
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_EMPHASIS = {"b": "**", "strong": "**", "i": "*", "em": "*"}
_TAGS = re.compile(
    r"</?(?:p|br|div|span|ul|ol|li|b|i|u|strong|em|a|h[1-6]|table|tr|td|th|tbody|font|sup|sub|hr|blockquote|pre|code|img)"
    r"(?:\s[^<>]*)?/?>|<!--",
    re.IGNORECASE,
)
_NOT_IN_MARKDOWN = re.compile(r"<(?:img|video|audio|iframe|embed|object)\b", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,31}|#\d{2,7}|#[xX][0-9a-fA-F]{2,6});")


def text_of_cell(text: str) -> str:
    """Return *text* as Markdown where it has tags or entities of HTML, else as it is."""
    if "<" in text and _TAGS.search(text):
        # In a cell, its own line breaks show too.
        return markdown_of(parse_html(re.sub(r"\n", "<br>", text) if "<br" not in text.lower() else text))
    return html.unescape(text) if "&" in text and _ENTITY.search(text) else text


def left_out_of_cell(text: str) -> Iterator[str]:
    """Yield a sentence in French for each kind of thing in the tags of a cell that its Markdown does not keep."""
    if _NOT_IN_MARKDOWN.search(text) and _TAGS.search(text):
        yield from sentences_of_left_out([parse_html(text)])


def markdown_of(element: Element, *, base: str = "") -> str:
    """Return what *element* says, as Markdown; *base*: the address of the page, for links without one."""
    lines = "\n\n".join(_blocks(element.children, base))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines.split("\n"))).strip()


def full_address(href: str, base: str) -> str:
    """Return where a link of the page at *base* leads, from anywhere; empty where it leads nowhere."""
    address = urljoin(base, href.strip()) if base and not href.startswith("#") else href.strip()
    return address if re.match(r"(?:https?://|mailto:)\S", address, re.IGNORECASE) else ""


def _blocks(children: Sequence[Element | str], base: str) -> Iterator[str]:
    inline: list[Element | str] = []
    for child in children:
        if isinstance(child, Element) and (child.name in _BLOCKS or _holds_blocks(child)):
            yield from _paragraph(inline, base)
            inline = []
            yield from _block(child, base)
        else:
            inline.append(child)
    yield from _paragraph(inline, base)


def _holds_blocks(element: Element) -> bool:
    return element.name not in _LEFT_OUT and any(
        isinstance(child, Element) and (child.name in _BLOCKS or _holds_blocks(child)) for child in element.children
    )


def _paragraph(inline: Sequence[Element | str], base: str) -> Iterator[str]:
    text = _inline(inline, base)
    text = re.sub(r"[ \t]*\n[ \t]*", "\n", re.sub(r"[ \t]+", " ", text)).strip()
    if text:
        yield text


def _block(element: Element, base: str) -> Iterator[str]:
    name = element.name
    if name in ("ul", "ol"):
        yield from _list(element, base)
    elif name in ("h1", "h2", "h3", "h4", "h5", "h6"):
        title = _inline(element.children, base).replace("**", "").strip()
        if title:
            yield f"**{' '.join(title.split())}**"
    elif name == "table":
        yield from _table(element, base)
    elif name == "pre":
        yield "```\n" + "".join(_raw(element)).strip("\n") + "\n```"
    elif name == "blockquote":
        inner = markdown_of(element, base=base)
        if inner:
            yield "\n".join(f"> {line}".rstrip() for line in inner.split("\n"))
    elif name == "hr":
        return
    elif name == "dt":
        for text in _blocks(element.children, base):
            yield f"**{text}**"
    else:
        yield from _blocks(element.children, base)


def _list(element: Element, base: str) -> Iterator[str]:
    items = []
    start = element.attributes.get("start", "")
    number = int(start) - 1 if re.fullmatch("[0-9]{1,9}", start) else 0
    for child in element.children:
        if not isinstance(child, Element):
            continue
        text = markdown_of(Element("div", {}, [child] if child.name in ("ul", "ol") else child.children), base=base)
        if not text:
            continue
        number += child.name == "li"
        mark = f"{number}. " if element.name == "ol" else "- "
        text = re.sub(r"\n\n(?=\s*(?:[-*]|\d+\.) )", "\n", text)  # a list in an item follows it at once
        items.append(mark + text.replace("\n", "\n" + " " * len(mark)))
    if items:
        yield "\n".join(items)


def _table(element: Element, base: str) -> Iterator[str]:
    rows = [
        [
            " ".join(markdown_of(cell, base=base).split()).replace("|", "\\|")
            for cell in row.children
            if isinstance(cell, Element) and cell.name in ("td", "th")
        ]
        for row in element.walk()
        if row.name == "tr"
    ]
    rows = [row for row in rows if any(row)]
    if not rows:
        return
    width = max(map(len, rows))
    if width == 1:
        yield "\n\n".join(row[0] for row in rows)
        return
    lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
    yield "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _inline(children: Sequence[Element | str], base: str) -> str:
    return "".join(_inline_parts(children, base))


def _inline_parts(children: Sequence[Element | str], base: str) -> Iterator[str]:
    for child in children:
        if isinstance(child, str):
            yield re.sub(r"[ \t\r\n\f]+", " ", child)
            continue
        if child.name in _LEFT_OUT:
            continue
        inner = _inline(child.children, base)
        if child.name == "br":
            yield "\n"
        elif child.name == "a":
            yield _link(inner, child.attributes.get("href", ""), base)
        elif child.name in _EMPHASIS and inner.strip():
            mark = _EMPHASIS[child.name]
            start, end = inner[: len(inner) - len(inner.lstrip())], inner[len(inner.rstrip()) :]
            core = inner.strip()
            # Bold within bold, and over lines, are signs that nobody would see as such.
            yield f"{start}{mark}{core}{mark}{end}" if mark not in core and "\n" not in core else inner
        elif child.name == "code" and inner.strip() and "`" not in inner:
            yield f"`{inner.strip()}`"
        else:
            yield inner


def _link(inner: str, href: str, base: str) -> str:
    address = full_address(href, base)
    words = inner.strip()
    if not address:
        return inner
    address = address.replace(" ", "%20").replace("(", "%28").replace(")", "%29")
    if not words or words == address or f"mailto:{words}" == address:
        return inner.replace(words, address.removeprefix("mailto:")) if words else ""
    return inner.replace(words, f"[{words}]({address})", 1)


def _raw(element: Element) -> Iterator[str]:
    for child in element.children:
        if isinstance(child, Element):
            yield from ("\n",) if child.name == "br" else _raw(child)
        else:
            yield child
