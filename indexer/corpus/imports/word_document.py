"""A Word document as the tree of a page: headings, paragraphs, lists, links, tables; then read as one."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element as XmlElement

from indexer.corpus.html.tree import Element
from indexer.corpus.imports.page_reading import PageAnswer, PageReading, answer_of, reading_of
from indexer.corpus.imports.web_page import answers_under_headings
from indexer.corpus.tables.archive import attribute, local_name, open_archive, read_relations, stream_elements

_DOCUMENT = "word/document.xml"
_HEADING_NAME = re.compile(r"(?:heading|titre|überschrift)\s*([1-6])\Z", re.IGNORECASE)
_LEFT_OUT = {"del", "instrText", "delText", "Fallback"}


def read_word_document(file: Path) -> PageReading:
    """Return each heading that is a question, or else each with a text, with what stands under it.

    A table with a question and its answer in each row is read so too, where there are no such headings.
    CorpusError where the file cannot be opened.
    """
    with open_archive(file) as archive:
        ranks = _ranks_of_styles(archive)
        links = read_relations(archive, _DOCUMENT)
        with archive.open(_DOCUMENT) as stream:
            body = next(stream_elements(stream, kept=frozenset({"body"})))
    page = Element("body", {}, list(_blocks(body, ranks, links)))
    found = answers_under_headings(page, address="", only_questions=False)
    return reading_of(page, found or list(_rows_of_tables(page)))


def _ranks_of_styles(archive: zipfile.ZipFile) -> dict[str, int]:
    """Return the rank of each style that is a heading: by its outline, its name, or the style it is made from."""
    ranks: dict[str, int] = {}
    if "word/styles.xml" not in archive.namelist():
        return ranks
    with archive.open("word/styles.xml") as stream:
        for style in stream_elements(stream, kept=frozenset({"style"})):
            style_id = attribute(style, "styleId") or ""
            for part in style.iter():
                value = attribute(part, "val") or ""
                name = local_name(part.tag)
                if name == "outlineLvl" and value.isdigit() and int(value) < 6:
                    ranks[style_id] = int(value) + 1
                elif name == "name" and (found := _HEADING_NAME.match(value)):
                    ranks.setdefault(style_id, int(found[1]))
                elif name == "basedOn" and value in ranks:
                    ranks.setdefault(style_id, ranks[value])
    return ranks


def _blocks(body: XmlElement, ranks: dict[str, int], links: dict[str, str]) -> Iterator[Element]:
    items: list[Element] = []
    for child in body:
        name = local_name(child.tag)
        if name == "sdt":
            inner = next((one for one in child if local_name(one.tag) == "sdtContent"), None)
            if inner is not None:
                yield from _blocks(inner, ranks, links)
            continue
        if name == "p":
            paragraph = _paragraph(child, ranks, links)
            if paragraph.name == "li":
                items.append(paragraph)
                continue
        if items:
            yield Element("ul", {}, list(items))
            items = []
        if name == "p":
            yield paragraph
        elif name == "tbl":
            yield _table(child, ranks, links)
    if items:
        yield Element("ul", {}, list(items))


def _paragraph(paragraph: XmlElement, ranks: dict[str, int], links: dict[str, str]) -> Element:
    properties = next((one for one in paragraph if local_name(one.tag) == "pPr"), ())
    name = "p"
    for part in properties:
        tag, value = local_name(part.tag), attribute(part, "val") or ""
        if tag == "pStyle" and value in ranks:
            name = f"h{ranks[value]}"
        elif tag == "pStyle" and re.match("list|liste", value, re.IGNORECASE) and name == "p":
            name = "li"
        elif tag == "outlineLvl" and value.isdigit() and int(value) < 6:
            name = f"h{int(value) + 1}"
        elif tag == "numPr" and not name.startswith("h"):
            name = "li"
    return Element(name, {}, _together(_runs(paragraph, links, plain=name.startswith("h"))))


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


def _runs(parent: XmlElement, links: dict[str, str], *, plain: bool) -> Iterator[Element | str]:
    for child in parent:
        name = local_name(child.tag)
        if name == "r":
            yield from _run(child, plain=plain)
        elif name == "hyperlink":
            address = links.get(attribute(child, "id") or "", "")
            inner = list(_runs(child, links, plain=True))
            yield Element("a", {"href": address}, inner)
        elif name not in _LEFT_OUT and name != "pPr":
            yield from _runs(child, links, plain=plain)


def _run(run: XmlElement, *, plain: bool) -> Iterator[Element | str]:
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
        elif name == "rPr" and not plain:
            marks = [
                tag
                for one in part
                if (tag := local_name(one.tag)) in ("b", "i") and attribute(one, "val") not in ("0", "false", "none")
            ]
    for mark in marks:
        words = [Element(mark, {}, words)]
    yield from words


def _table(table: XmlElement, ranks: dict[str, int], links: dict[str, str]) -> Element:
    rows: list[Element | str] = []
    for row in table:
        if local_name(row.tag) == "tr":
            cells = [
                Element("td", {}, list(_blocks(cell, ranks, links))) for cell in row if local_name(cell.tag) == "tc"
            ]
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
