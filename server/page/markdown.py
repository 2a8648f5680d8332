"""Turns an answer's Markdown into HTML that is safe to show, with the passage that matched marked in it.

Owns the allow-list of elements and addresses; of the words, only spaces and apostrophes change, as French is printed.
Two guards in a row, either of which would do: the parser (markdown-it-py, CommonMark and tables) lets no HTML through,
and nh3 keeps only what is on the list. A line break of the source is one on the page, since that is how the answers
are written.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from server.page.typography import as_printed

_ELEMENT_NAMES = """
p br hr ul ol li a strong em code pre blockquote h3 h4 h5 h6 table thead tbody tr th td mark
"""
ELEMENTS = frozenset(_ELEMENT_NAMES.split())
ADDRESSES = frozenset(["http", "https", "mailto"])

_HIGHEST_HEADING = 3  # the page has its own first two
_MOST_TRIES = 60
# Two characters that CommonMark takes for neither space nor punctuation, and linkify for the edge of an address.
_START, _END = "\x01", "\x02"
_SENTINELS = re.compile(f"[{_START}{_END}]")


class _Parser(MarkdownIt):
    """CommonMark with tables, bare addresses as links, and no images: those would tell another site of the visitor."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False, "linkify": True, "breaks": True})
        self.enable(["linkify", "table"]).disable("image")
        if self.linkify is not None:  # where linkify-it is not installed, the first rendering says so
            self.linkify.set({"fuzzy_link": False})  # "fichier.md" is no address

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802  # the library's name
        """Return a bare address as it is written, not with its %20 made a space."""
        return link


_PARSER = _Parser()


@lru_cache(maxsize=1024)
def render(text: str, *, excerpt: tuple[int, int] | None = None) -> str:
    """Return *text*, Markdown, as safe HTML.

    excerpt: start and end offsets of a passage of *text*, in code points; what of it is words gets <mark>, inside of
    other markup where the passage crosses some. An excerpt that cannot be told apart in the markup is not marked.
    ValueError if the offsets are not in the text, in order.
    """
    text = _SENTINELS.sub("\ufffd", text)
    tokens = _parse(text)
    if excerpt is not None:
        start, end = excerpt
        if not 0 <= start <= end <= len(text):
            raise ValueError(f"the excerpt {start} to {end} is not within the text, of {len(text)} characters")
        tokens = _marked(text, start, end, _to_html(tokens))
    return nh3.clean(
        _to_html(_typeset(tokens)),
        tags=set(ELEMENTS),
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes=set(ADDRESSES),
        url_relative="deny",
        link_rel="noopener noreferrer",
    )


def _typeset(tokens: list[Token]) -> list[Token]:
    """Return the tokens with their words as French is printed; code and addresses stay as they are written."""
    for token in tokens:
        run: list[Token] = []
        in_address = False
        for child in (*(token.children or ()), None):
            if child is not None and child.type == "text" and not in_address:
                run.append(child)
            elif child is None or child.tag != "mark":  # a mark may stand between a word and its sign
                _print(run)
                run = []
                if child is not None and child.type in ("link_open", "link_close"):
                    in_address = child.info == "auto" and child.type == "link_open"  # a bare one shows itself
    return tokens


def _print(run: Sequence[Token]) -> None:
    printed = as_printed("".join(token.content for token in run))
    for token in run:
        token.content, printed = printed[: len(token.content)], printed[len(token.content) :]


def _marked(text: str, start: int, end: int, plain: str) -> list[Token]:
    """Return the tokens of *text* with the excerpt marked; *plain* is its HTML without.

    Sentinels are put into the source, at the nearest places inward that do not change how it is parsed: Markdown keeps
    no offsets of what is within a line.
    """
    start += len(text[start:end]) - len(text[start:end].lstrip())
    end = start + len(text[start:end].rstrip())
    if not _fits(_with_sentinels(text, start, end), plain):
        starts = [at for at in range(start, end) if _is_boundary(text, at) or at == start]
        ends = [at for at in range(end, start, -1) if _is_boundary(text, at) or at == end]
        start = next((at for at in starts[:_MOST_TRIES] if _fits(text[:at] + _START + text[at:], plain)), end)
        end = next((at for at in ends[:_MOST_TRIES] if _fits(text[:at] + _END + text[at:], plain)), start)
        # Each may fit alone and not with the other, as amid backslashes.
        if start >= end or not _fits(_with_sentinels(text, start, end), plain):
            return _parse(text)
    tokens = _parse(_with_sentinels(text, start, end))
    inside = False
    for token in tokens:
        if token.children is not None:
            token.children, inside = _with_marks(token.children, inside=inside)
        elif _SENTINELS.search(token.content):  # a block of code: nothing in it is marked
            inside = token.content.rfind(_START) > token.content.rfind(_END)
            token.content = _SENTINELS.sub("", token.content)
    return tokens


def _with_sentinels(text: str, start: int, end: int) -> str:
    return text[:start] + _START + text[start:end] + _END + text[end:]


def _is_boundary(text: str, at: int) -> bool:
    return not (text[at - 1 : at].isalnum() and text[at : at + 1].isalnum())


def _fits(text: str, plain: str) -> bool:
    """Return whether the sentinel in *text* is among its words, and changes nothing else of its HTML."""
    tokens = _parse(text)
    words = [token.content for token in tokens if token.type != "inline"]
    words += [child.content for token in tokens for child in token.children or ()]
    return any(map(_SENTINELS.search, words)) and _SENTINELS.sub("", _to_html(tokens)) == plain


def _with_marks(children: Sequence[Token], *, inside: bool) -> tuple[list[Token], bool]:
    """Return the tokens of a line with marks for its sentinels, and whether the excerpt goes on after it."""
    marked: list[Token] = []
    for child in children:
        for piece in re.split(f"([{_START}{_END}])", child.content) if child.type == "text" else [child.content]:
            if piece in (_START, _END):
                inside = piece == _START
            elif child.type == "text":
                marked += _mark(Token("text", "", 0, content=piece), marking=inside)
            else:
                begins, ends = _START in piece, _END in piece
                child.content = _SENTINELS.sub("", piece)
                marked += _mark(child, marking=child.type == "code_inline" and (inside or begins))
                inside = (inside or begins) and not ends
    return marked, inside


def _mark(token: Token, *, marking: bool) -> Iterator[Token]:
    marking = marking and bool(token.content.strip())
    if marking:
        yield Token("mark_open", "mark", 1)
    yield token
    if marking:
        yield Token("mark_close", "mark", -1)


def _parse(text: str) -> list[Token]:
    tokens = _PARSER.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + _HIGHEST_HEADING - 1, 6)}"
    return tokens


def _to_html(tokens: list[Token]) -> str:
    return str(_PARSER.renderer.render(tokens, _PARSER.options, {}))
