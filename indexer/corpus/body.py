"""The text of a Markdown answer: what is for editors alone taken out, and what visitors would see as raw signs told.

Comments and entities of HTML would be shown as they are written, and searched so: a question on « sécurité » does not
find `s&eacute;curit&eacute;`. Code is left as it is.
"""

import html
import re
from collections.abc import Callable, Iterator

from indexer.records import Problem, Severity

_CODE = re.compile(r"(?ms)^ {0,3}(```|~~~).*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)|(`+)(?!`).+?(?<!`)\2(?!`)")
_COMMENT = re.compile(r"(?s)<!--.*?-->")
_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,31}|#\d{2,7}|#[xX][0-9a-fA-F]{2,6});")
_KEPT = ("&lt;", "&gt;", "&amp;")
_SIGNS = re.compile(r"<!--|&(?:[a-zA-Z]|#)|</?[a-zA-Z]|\]\(")
# Word has names with a colon, and breaks the line between the attributes of a tag.
_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*(?::[a-zA-Z][a-zA-Z0-9]*)?)(?:\s[^<>\n]*|\s+[\w:-]+\s*=[^<>]*)?/?>")
_IMAGE = re.compile(r"!\[[^\]\n]*\]\([^)\n]*\)")
_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(\s*<?([^)\s>]+)")
_FOLLOWED = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)


def cleaned_body(text: str) -> str:
    """Return *text* without comments, its entities read. Lines stay where they are, for messages."""
    if not _SIGNS.search(text):
        return text
    return _outside_code(text, lambda part: _read_entities(_COMMENT.sub(lambda one: "\n" * one[0].count("\n"), part)))


def signs_that_would_show(text: str, *, path: str, first_line: int) -> Iterator[Problem]:
    """Yield a warning for each line with a tag, a picture, or a link that the page does not follow."""
    if not _SIGNS.search(text):
        return
    bare = _outside_code(_COMMENT.sub(_blank, text), lambda part: part, of_code=_blank)
    tags = _first_tags(bare)
    for at, line in enumerate(bare.split("\n")):
        wrong_tag = [_wrong_tag(tags[at])] if at in tags else []
        for message in (*wrong_tag, *_wrong_signs(line)):
            yield Problem(path, first_line + at, message, Severity.WARNING)


def _first_tags(text: str) -> dict[int, re.Match[str]]:
    """Return the first tag that begins on each line, counted from 0."""
    found: dict[int, re.Match[str]] = {}
    line = end = 0
    for tag in _TAG.finditer(text):
        line += text.count("\n", end, tag.start())
        end = tag.start()
        found.setdefault(line, tag)
    return found


def _wrong_tag(tag: re.Match[str]) -> str:
    advice = "allez à la ligne" if tag[1].lower() == "br" else "effacez-la, ou dites-le en Markdown"
    return f"la balise « {' '.join(tag[0].split())[:30]} » serait montrée telle quelle : {advice}."


def _wrong_signs(line: str) -> Iterator[str]:
    image = _IMAGE.search(line)
    if image:
        yield f"l'image « {image[0][:40]} » ne serait pas montrée : mettez un lien vers elle, ou dites-la en mots."
    for link in _LINK.finditer(line):
        if not _FOLLOWED.match(link[1]):
            yield (
                f"le lien vers « {link[1][:40]} » ne serait pas suivi : écrivez l'adresse entière, qui commence par "
                "https:// ou mailto:."
            )
            return


def _read_entities(text: str) -> str:
    # What is written so to be shown as a sign stays: a bare < might begin a tag.
    return _ENTITY.sub(lambda one: one[0] if one[0].lower() in _KEPT else html.unescape(one[0]), text)


def _outside_code(
    text: str, change: Callable[[str], str], *, of_code: Callable[[re.Match[str]], str] = lambda one: one[0]
) -> str:
    parts: list[str] = []
    end = 0
    for code in _CODE.finditer(text):
        parts += [change(text[end : code.start()]), of_code(code)]
        end = code.end()
    return "".join([*parts, change(text[end:])])


def _blank(one: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", one[0])
