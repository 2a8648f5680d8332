"""A Word document as the tree of a page: headings, paragraphs, lists, links, tables; then read as one."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element as XmlElement

from indexer.corpus.html.left_out import FOOTNOTE
from indexer.corpus.html.tree import Element
from indexer.corpus.imports.page_reading import PageAnswer, PageReading, answer_of, reading_of
from indexer.corpus.imports.web_page import answers_under_headings
from indexer.corpus.imports.word_parts import DOCUMENT, WordParts, read_parts
from indexer.corpus.tables.archive import attribute, local_name, open_archive, stream_elements

_LEFT_OUT = {"del", "delText", "Fallback"}
_BEGIN, _INSTRUCTION, _END = "begin", "instruction", "end"
_HYPERLINK = re.compile(r'\s*HYPERLINK\s+"([^"]+)"', re.IGNORECASE)
_DRAWN = {"drawing", "pict", "object", "AlternateContent"}
_PICTURES = {"blip", "imagedata", "chart", "relIds", "OLEObject"}


def read_word_document(file: Path) -> PageReading:
    """Return each heading that is a question, or else each with a text, with what stands under it.

    A table with a question and its answer in each row is read so too, where there are no such headings.
    CorpusError where the file cannot be opened.
    """
    with open_archive(file) as archive:
        parts = read_parts(archive)
        with archive.open(DOCUMENT) as stream:
            body = next(stream_elements(stream, kept=frozenset({"body"})))
    page = Element("body", {}, list(_blocks(body, parts)))
    found = answers_under_headings(page, address="", only_questions=False)
    return reading_of(page, found or list(_rows_of_tables(page)))


def _blocks(body: XmlElement, parts: WordParts) -> Iterator[Element]:
    items: list[Element] = []
    for child in body:
        name = local_name(child.tag)
        if name == "sdt":
            inner = next((one for one in child if local_name(one.tag) == "sdtContent"), None)
            if inner is not None:
                yield from _blocks(inner, parts)
            continue
        if name == "p":
            paragraph = _paragraph(child, parts)
            if paragraph.name == "li":
                items.append(paragraph)
                continue
        if items:
            yield from _lists(items)
            items = []
        if name == "p":
            yield paragraph
        elif name == "tbl":
            yield _table(child, parts)
    yield from _lists(items)


def _lists(items: Sequence[Element]) -> Iterator[Element]:
    """Yield items as lists, those of a deeper level within the item before them."""
    roots: list[Element] = []
    lists: list[tuple[str, Element]] = []
    for item in items:
        level, name = item.attributes.get("level", "0"), "ol" if "start" in item.attributes else "ul"
        while lists and (lists[-1][0] > level or (lists[-1][0] == level and lists[-1][1].name != name)):
            lists.pop()
        if not lists or lists[-1][0] < level:
            new = Element(name, {"start": item.attributes.get("start", "")})
            above = lists[-1][1].children[-1] if lists else None
            (above.children if isinstance(above, Element) else roots).append(new)
            lists.append((level, new))
        lists[-1][1].children.append(item)
    yield from roots


def _paragraph(paragraph: XmlElement, parts: WordParts) -> Element:
    properties = next((one for one in paragraph if local_name(one.tag) == "pPr"), ())
    name, attributes = "p", dict[str, str]()
    for part in properties:
        tag, value = local_name(part.tag), attribute(part, "val") or ""
        if tag == "pStyle" and value in parts.ranks:
            name = f"h{parts.ranks[value]}"
        elif tag == "pStyle" and re.match("list|liste", value, re.IGNORECASE) and name == "p":
            name = "li"
        elif tag == "outlineLvl" and value.isdigit() and int(value) < 6:
            name = f"h{int(value) + 1}"
        elif tag == "numPr" and not name.startswith("h"):
            attributes = _place_in_list(part, parts)
            name = "li" if attributes else "p"
    runs = _runs(paragraph, parts, plain=name.startswith("h"))
    return Element(name, attributes, _together(_with_links_of_fields(runs)))


def _place_in_list(properties: XmlElement, parts: WordParts) -> dict[str, str]:
    """Return the level of a paragraph of a list, and what it counts where the list counts; nothing for no list."""
    said = {local_name(part.tag): attribute(part, "val") or "" for part in properties}
    number, level = said.get("numId", ""), said.get("ilvl", "0")
    if number == "0":  # taken out of the list of its style
        return {}
    counts = {"start": str(parts.next_in(number, level))} if (number, level) in parts.numbered else {}
    return {"level": level, **counts}


def _with_links_of_fields(runs: Iterator[Element | str]) -> Iterator[Element | str]:
    """Yield runs with links made of the signs of fields around them: so a text that was pasted has its links.

    What is in a field of another kind, or in one that goes on in the next paragraph, stays as it is.
    """
    fields: list[Element] = []
    instructions = [""]
    for run in runs:
        kind = run.name if isinstance(run, Element) else ""
        if kind == _BEGIN:
            fields.append(Element("a"))
            instructions.append("")
        elif kind == _INSTRUCTION and isinstance(run, Element):
            instructions[-1] += run.attributes["alt"]
        elif kind == _END and fields:
            field, found = fields.pop(), _HYPERLINK.match(instructions.pop())
            inner = [Element("a", {"href": found[1]}, field.children)] if found else field.children
            if fields:
                fields[-1].children += inner
            else:
                yield from inner
        elif fields:
            fields[-1].children.append(run)
        else:
            yield run
    for field in fields:
        yield from field.children


def _together(runs: Iterator[Element | str]) -> list[Element | str]:
    """Return runs with neighbours of one emphasis joined: Word parts a sentence wherever somebody has typed."""
    joined: list[Element | str] = []
    for run in runs:
        last = joined[-1] if joined else None
        if isinstance(run, Element) and isinstance(last, Element) and run.name == last.name in ("b", "i"):
            joined[-1] = Element(last.name, {}, [*last.children, *run.children])
        else:
            joined.append(run)
    return joined


def _runs(parent: XmlElement, parts: WordParts, *, plain: bool) -> Iterator[Element | str]:
    for child in parent:
        name = local_name(child.tag)
        if name == "r":
            yield from _run(child, parts, plain=plain)
        elif name == "hyperlink":
            address = parts.links.get(attribute(child, "id") or "", "")
            inner = list(_runs(child, parts, plain=True))
            yield Element("a", {"href": address}, inner)
        elif name == "fldSimple" and (found := _HYPERLINK.match(attribute(child, "instr") or "")):
            yield Element("a", {"href": found[1]}, list(_runs(child, parts, plain=True)))
        elif name not in _LEFT_OUT and name != "pPr":
            yield from _runs(child, parts, plain=plain)


def _run(run: XmlElement, parts: WordParts, *, plain: bool) -> Iterator[Element | str]:
    words: list[Element | str] = []
    marks: list[str] = []
    for part in run:
        name = local_name(part.tag)
        if name == "t":
            words.append(part.text or "")
        elif name == "tab":
            words.append(" ")
        elif name == "br" and attribute(part, "type") is None:
            words.append(Element("br"))
        elif name == "noBreakHyphen":
            words.append("-")
        elif name in ("footnoteReference", "endnoteReference"):
            note = f"{name.removesuffix('Reference')} {attribute(part, 'id')}"
            words.append(Element(FOOTNOTE, {"alt": parts.notes.get(note, "")}))
        elif name == "fldChar" and attribute(part, "fldCharType") in (_BEGIN, _END):
            words.append(Element(attribute(part, "fldCharType") or ""))
        elif name == "instrText":
            words.append(Element(_INSTRUCTION, {"alt": part.text or ""}))
        elif name in _DRAWN:
            words += _drawn(part, parts)
        elif name == "rPr" and not plain:
            marks = [
                tag
                for one in part
                if (tag := local_name(one.tag)) in ("b", "i") and attribute(one, "val") not in ("0", "false", "none")
            ]
    for mark in marks if any(isinstance(word, str) for word in words) else ():
        words = [Element(mark, {}, words)]
    yield from words


def _drawn(part: XmlElement, parts: WordParts) -> Iterator[Element]:
    """Yield the text of a box, or else a picture; a part that is there for today's programs and older ones, once."""
    part = next((one for one in part if local_name(one.tag) == "Choice"), part)
    names = {local_name(one.tag): one for one in part.iter()}
    if "txbxContent" in names:
        boxes = (one for one in part.iter() if local_name(one.tag) == "txbxContent")
        yield from (Element("div", {}, list(_blocks(box, parts))) for box in boxes)
    elif names.keys() & _PICTURES:
        said = "" if "docPr" not in names or "decorative" in names else attribute(names["docPr"], "descr") or ""
        yield Element("img", {"alt": said} if said or "decorative" in names else {})


def _table(table: XmlElement, parts: WordParts) -> Element:
    rows: list[Element | str] = []
    for row in table:
        if local_name(row.tag) == "tr":
            cells = [Element("td", {}, list(_blocks(cell, parts))) for cell in row if local_name(cell.tag) == "tc"]
            rows.append(Element("tr", {}, list(cells)))
    return Element("table", {}, rows)


def _rows_of_tables(page: Element) -> Iterator[PageAnswer]:
    for table in page.walk():
        if table.name != "table":
            continue
        for row in table.children:
            cells = [cell for cell in row.children if isinstance(cell, Element)] if isinstance(row, Element) else []
            if len(cells) == 2 and cells[0].text().endswith("?"):
                yield answer_of(cells[0].text(), [cells[1]])
