"""The questions and answers of a saved web page, from the surest sign to the weakest.

What the site itself says for search engines (schema.org, in JSON-LD or microdata) is all of it; else the reading of the
page that finds most counts: parts to unfold, lists of definitions, headings that are questions.
"""

import json
import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from indexer.corpus.html.to_markdown import markdown_of
from indexer.corpus.html.tree import Element, parse_html
from indexer.corpus.imports.page_reading import AROUND, HEADINGS, PageAnswer, PageReading, answer_of, reading_of
from indexer.errors import CorpusError
from indexer.records import Problem

_MOST_BYTES = 50_000_000
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([A-Za-z0-9_-]+)")
_SAVED_FROM = re.compile(r"saved from url=\(\d+\)(https?://\S+)")
_DEEP = 60


def read_web_page(file: Path) -> PageReading:
    """Return what a saved page answers; nothing where no question is recognised. CorpusError if unread."""
    with file.open("rb") as stream:
        content = stream.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise CorpusError([Problem(str(file), 1, "la page est trop grande : gardez-en la partie qui est la FAQ.")])
    text = _decoded(content)
    page = parse_html(text)
    address = _address_of(page, text)
    body = (
        page.find(lambda element: element.name == "main") or page.find(lambda element: element.name == "body") or page
    )
    for found in (_in_json(page, address), _in_microdata(page, address)):
        if found:
            return reading_of(body, found)
    readings = [
        _unfolded(body, address),
        _defined(body, address),
        answers_under_headings(body, address=address, only_questions=True),
    ]
    return reading_of(body, max(readings, key=len))


def answers_under_headings(body: Element, *, address: str, only_questions: bool) -> list[PageAnswer]:
    """Return each heading that is a question with what stands under it, up to the next heading of its rank or above.

    only_questions: else each heading with a text of its own counts, where none is a question.
    """
    blocks = list(_flat(body))
    asks = [_asks(block) for block in blocks]
    if not only_questions and not any(asks):
        asks = [
            _rank(block) > 0 and at + 1 < len(blocks) and not _rank(blocks[at + 1]) for at, block in enumerate(blocks)
        ]
    found = []
    above: dict[int, str] = {}
    for at, block in enumerate(blocks):
        rank = _rank(block)
        if rank and not asks[at]:
            above = {other: title for other, title in above.items() if other < rank} | {rank: block.text()}
        if not asks[at]:
            continue
        end = next(
            (
                later
                for later in range(at + 1, len(blocks))
                if asks[later] or (_rank(blocks[later]) and _rank(blocks[later]) <= rank)
            ),
            len(blocks),
        )
        theme = next((above[other] for other in sorted(above, reverse=True) if 1 < other < rank), "")
        said = Element("div", {}, list(blocks[at + 1 : end]))
        found.append(answer_of(block.text(), [said], theme=theme, source=address))
    return found


def _decoded(content: bytes) -> str:
    declared = _CHARSET.search(content[:4096])
    names = ["utf-8-sig", *([declared[1].decode("ascii")] if declared else []), "cp1252"]
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        names.insert(0, "utf-16")
    for name in names:
        try:
            return content.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("cp1252", errors="replace")


def _address_of(page: Element, text: str) -> str:
    canonical = page.find(lambda one: one.name == "link" and one.attributes.get("rel", "").lower() == "canonical")
    of_picture = page.find(lambda one: one.name == "meta" and one.attributes.get("property") == "og:url")
    saved = _SAVED_FROM.search(text[:5_000])
    for found in (
        canonical.attributes.get("href", "") if canonical else "",
        of_picture.attributes.get("content", "") if of_picture else "",
        saved[1] if saved else "",
    ):
        if re.match(r"https?://\S+\Z", found):
            return found
    return ""


def _in_json(page: Element, address: str) -> list[PageAnswer]:
    found: list[PageAnswer] = []
    for script in page.walk():
        if script.name != "script" or "ld+json" not in script.attributes.get("type", "").lower():
            continue
        try:
            content = json.loads("".join(child for child in script.children if isinstance(child, str)), strict=False)
        except (ValueError, RecursionError):
            continue
        for question in _questions_in(content, depth=0):
            name = _markdown(question.get("name") or question.get("text"), address)
            answers = question.get("acceptedAnswer") or question.get("suggestedAnswer") or []
            said = [
                parse_html(text)
                for answer in (answers if isinstance(answers, list) else [answers])
                if isinstance(answer, dict) and isinstance(text := answer.get("text"), str)
            ]
            others = question.get("alternateName") or []
            also_asked = [_markdown(other, address) for other in (others if isinstance(others, list) else [others])]
            if name:
                found.append(answer_of(name, said, also_asked=filter(None, also_asked), source=address))
    return found


def _questions_in(content: object, *, depth: int) -> Iterator[dict[str, object]]:
    if depth > _DEEP:
        return
    if isinstance(content, list):
        for one in content:
            yield from _questions_in(one, depth=depth + 1)
    elif isinstance(content, dict):
        kinds = content.get("@type")
        if "Question" in (kinds if isinstance(kinds, list) else [kinds]):
            yield content
            return
        for one in content.values():
            yield from _questions_in(one, depth=depth + 1)


def _markdown(value: object, address: str) -> str:
    return markdown_of(parse_html(value), base=address) if isinstance(value, str) else ""


def _in_microdata(page: Element, address: str) -> list[PageAnswer]:
    found = []
    for element in page.walk():
        if not re.search(r"schema\.org/Question\Z", element.attributes.get("itemtype", "")):
            continue
        name = element.find(lambda one: one.attributes.get("itemprop") == "name")
        answer = element.find(lambda one: "acceptedAnswer" in one.attributes.get("itemprop", ""))
        text = answer.find(lambda one: one.attributes.get("itemprop") == "text") if answer else None
        if name:
            words = name.text() or name.attributes.get("content", "")
            said = text or answer
            found.append(answer_of(words, [said] if said else [], source=address))
    return [one for one in found if one.question]


def _unfolded(body: Element, address: str) -> list[PageAnswer]:
    found = []
    theme = ""
    for element in body.walk():
        if element.name in HEADINGS[1:]:
            theme = element.text()
        summary = next((one for one in element.children if isinstance(one, Element) and one.name == "summary"), None)
        if element.name != "details" or summary is None or not summary.text():
            continue
        inner = next((one for one in element.walk() if one is not element and one.name == "details"), None)
        if inner:  # a group of questions, and not one of them
            theme = summary.text()
            continue
        rest = Element("div", {}, [child for child in element.children if child is not summary])
        shown = theme if theme != summary.text() else ""
        found.append(answer_of(summary.text(), [rest], theme=shown, source=address))
    return found


def _defined(body: Element, address: str) -> list[PageAnswer]:
    found = []
    for element in body.walk():
        if element.name != "dl":
            continue
        parts = [one for one in element.walk() if one.name in ("dt", "dd")]
        for at, part in enumerate(parts):
            if part.name != "dt" or not part.text():
                continue
            said = list(takewhile(lambda after: after.name == "dd", parts[at + 1 :]))
            found.append(answer_of(part.text(), said, source=address))
    return found


def _flat(element: Element) -> Iterator[Element]:
    """Yield headings, and what stands between them, without the boxes that headings stand in."""
    loose: list[Element | str] = []
    for child in element.children:
        if isinstance(child, Element) and child.name in AROUND:
            continue
        if isinstance(child, Element) and (child.name in HEADINGS or any(one.name in HEADINGS for one in child.walk())):
            if loose:
                yield Element("div", {}, loose)
                loose = []
            yield from (child,) if child.name in HEADINGS else _flat(child)
        else:
            loose.append(child)
    if any(isinstance(one, Element) or one.strip() for one in loose):
        yield Element("div", {}, loose)


def _rank(element: Element) -> int:
    return int(element.name[1]) if element.name in HEADINGS else 0


def _asks(element: Element) -> bool:
    return _rank(element) > 0 and bool(re.search(r"\?\s*[»\")]?\s*\Z", element.text()))
