"""XLSX workbooks: the sheets that are shown, each cell as the spreadsheet shows it, and the links of cells."""

import math
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from xml.etree.ElementTree import Element

from indexer.corpus.entries import Unreadable
from indexer.corpus.tables.archive import (
    attribute,
    local_name,
    open_archive,
    read_relations,
    refuse_damaged,
    stream_elements,
)
from indexer.corpus.tables.number_format import BUILT_IN, GENERAL, day_of, show_general, show_number
from indexer.corpus.tables.rows import Row, Sheet, spread_merged, with_pictures

_WORKBOOK = "xl/workbook.xml"
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_HYPERLINK = re.compile(r'HYPERLINK\(\s*"([^"]+)"', re.IGNORECASE)
_TAG_END = rb"""(?:[^>"']|"[^"]*"|'[^']*')*+>"""  # in quotes, a > is a letter
_TAG = re.compile(rb"<" + _TAG_END)
_ELEMENT_BEHIND = re.compile(rb"<(?:\w+:)?(hyperlink|mergeCell)\b" + _TAG_END)
_ATTRIBUTE = re.compile(r"""([\w.-]+)\s*=\s*(["'])(.*?)\2""", re.DOTALL)
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]+)")

_NOT_COMPUTED = "sa formule n'a pas de résultat : ouvrez le tableau dans un tableur, et enregistrez-le à nouveau."


@dataclass(frozen=True, slots=True)
class _Workbook:
    archive: zipfile.ZipFile
    texts: list[str]
    formats: list[str]
    counts_from_1904: bool


def read_xlsx_sheets(file: Path) -> Iterator[Sheet | Unreadable]:
    """Yield the sheets that are not hidden, in their order. CorpusError where the file, or a row, cannot be read."""
    with open_archive(file) as archive:
        relations = read_relations(archive, _WORKBOOK)
        with archive.open(_WORKBOOK) as stream:
            elements = list(stream_elements(stream, kept=frozenset({"sheet", "workbookPr"})))
        workbook = _Workbook(
            archive,
            _shared_texts(archive),
            _formats_of_styles(archive),
            any(attribute(element, "date1904") in ("1", "true") for element in elements),
        )
        shown = [
            (element.get("name", ""), _part(relations[attribute(element, "id") or ""]))
            for element in elements
            if element.tag == "sheet" and element.get("state", "visible") == "visible"
        ]
        for name, part in shown:
            path = f"{file}, feuille « {name} »" if len(shown) > 1 else str(file)
            if _has_pictures(archive, part):
                yield with_pictures(path)
            yield Sheet(path, _read_whole(file, spread_merged(_rows(workbook, part))))


def _read_whole(file: Path, rows: Iterator[Row]) -> Iterator[Row]:
    with refuse_damaged(file):
        yield from rows


def _has_pictures(archive: zipfile.ZipFile, part: str) -> bool:
    """Return whether something is drawn over a sheet: a picture or a chart; the notes of cells are drawn otherwise."""
    drawings = (_part(target.replace("../", "")) for target in read_relations(archive, part).values())
    return any(
        re.search(r"/(?:media|charts)/", target)
        for drawing in drawings
        if re.search(r"/drawings/[^/]*\.xml\Z", drawing)
        for target in read_relations(archive, drawing).values()
    )


def _part(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _shared_texts(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    with archive.open("xl/sharedStrings.xml") as stream:
        return [_text(element) for element in stream_elements(stream, kept=frozenset({"si"}))]


def _text(element: Element) -> str:
    """Return the text of a string of one or several runs, without its reading aid for Japanese."""
    parts: list[str] = []
    for child in element:
        if local_name(child.tag) == "t":
            parts.append(child.text or "")
        elif local_name(child.tag) == "r":
            parts += [inner.text or "" for inner in child if local_name(inner.tag) == "t"]
    text = "".join(parts)
    if "_x" in text:
        text = _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _formats_of_styles(archive: zipfile.ZipFile) -> list[str]:
    if "xl/styles.xml" not in archive.namelist():
        return []
    with archive.open("xl/styles.xml") as stream:
        # Only those of cells: conditional formats and the styles of tables have numbers of their own, in <dxfs>.
        lists = {element.tag: element for element in stream_elements(stream, kept=frozenset({"numFmts", "cellXfs"}))}
    formats = BUILT_IN | {
        int(element.get("numFmtId", 0)): element.get("formatCode", "") for element in lists.get("numFmts", ())
    }
    return [formats.get(int(style.get("numFmtId", 0)), GENERAL) for style in lists.get("cellXfs", ())]


def _rows(workbook: _Workbook, part: str) -> Iterator[Row]:
    links, spans = _links_and_spans(workbook.archive, part)
    number = 0
    with workbook.archive.open(part) as stream:
        for element in stream_elements(stream, kept=frozenset({"row"})):
            number = int(element.get("r") or number + 1)
            cells: list[str] = []
            linked: dict[int, tuple[tuple[str, str], ...]] = {}
            doubts: dict[int, str] = {}
            days: dict[int, date] = {}
            for cell in element:
                at = _column(cell.get("r", "")) if cell.get("r") else len(cells)
                cells += [""] * (at + 1 - len(cells))
                cells[at], doubt = _shown(workbook, cell)
                address = links.get((number, at)) or _address_of_formula(cell)
                if address:
                    cells[at] = cells[at] or address
                    linked[at] = ((cells[at], address),)
                if doubt and cells[at] != address:
                    doubts[at] = doubt
                if day := _day(workbook, cell):
                    days[at] = day
            merged = {at: spans[number, at] for at in range(len(cells)) if (number, at) in spans} if spans else {}
            yield Row(number, tuple(cells), linked, doubts, merged, days=days)


def _column(reference: str) -> int:
    found = _REFERENCE.match(reference)
    column = 0
    for letter in found[1] if found else "A":
        column = column * 26 + ord(letter) - 64
    return column - 1


def _shown(workbook: _Workbook, cell: Element) -> tuple[str, str]:
    """Return the text of a cell, and what makes it doubtful, empty where nothing does."""
    kind = cell.get("t", "n")
    parts = {local_name(child.tag): child for child in cell}
    if kind == "inlineStr":
        return (_text(parts["is"]) if "is" in parts else ""), ""
    value = (parts["v"].text or "") if "v" in parts else ""
    if kind == "s":
        at = int(value or -1)
        return (workbook.texts[at] if 0 <= at < len(workbook.texts) else ""), ""
    if kind == "b":
        return ("VRAI" if value == "1" else "FAUX"), ""
    if kind == "n" and value:
        return _number(workbook, value, int(cell.get("s", 0)))
    is_unknown = kind == "n" and "f" in parts
    return value.replace("\r\n", "\n"), _NOT_COMPUTED if is_unknown else ""


def _number(workbook: _Workbook, value: str, style: int) -> tuple[str, str]:
    try:
        number = float(value)
    except ValueError:
        return value, ""
    if not math.isfinite(number):
        return value, ""
    code = workbook.formats[style] if style < len(workbook.formats) else GENERAL
    shown = show_number(number, code, counts_from_1904=workbook.counts_from_1904)
    if shown is not None:
        return shown, ""
    plain = show_general(number)
    return plain, (
        f"le format « {code[:40]} » n'est pas compris : elle est lue « {plain} ». Si elle doit se lire autrement, "
        "écrivez-la comme du texte, telle que le tableur la montre."
    )


def _day(workbook: _Workbook, cell: Element) -> date | None:
    style = int(cell.get("s", 0))
    value = next((child.text or "" for child in cell if local_name(child.tag) == "v"), "")
    if cell.get("t", "n") != "n" or style >= len(workbook.formats):
        return None
    try:
        return day_of(float(value), workbook.formats[style], counts_from_1904=workbook.counts_from_1904)
    except (ValueError, OverflowError):
        return None


def _address_of_formula(cell: Element) -> str | None:
    formula = next((child.text or "" for child in cell if local_name(child.tag) == "f"), "")
    found = _HYPERLINK.match(formula.lstrip("="))
    return found[1] if found else None


def _links_and_spans(
    archive: zipfile.ZipFile, part: str
) -> tuple[dict[tuple[int, int], str], dict[tuple[int, int], tuple[int, int]]]:
    """Return row and column to address, and to the rows and columns of merged cells, of which it is the first.

    Both stand behind all rows, so that the end is looked at first.
    """
    relations = read_relations(archive, part)
    links: dict[tuple[int, int], str] = {}
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    with archive.open(part) as stream:
        rest = b""
        while chunk := stream.read(1 << 20):
            window = rest + chunk
            for found in _ELEMENT_BEHIND.finditer(window):
                text = found[0].decode("utf-8", errors="replace")
                attributes = {name: value for name, _, value in _ATTRIBUTE.findall(text)}
                corners = list(_REFERENCE.finditer(attributes.get("ref", "")))
                if not corners:
                    continue
                first, last = ((int(corner[2]), _column(corner[0])) for corner in (corners[0], corners[-1]))
                address = relations.get(attributes.get("id", ""), "")
                if found[1] == b"mergeCell":
                    spans[first] = last[0] - first[0] + 1, last[1] - first[1] + 1
                elif re.match(r"https?://|mailto:", address, re.IGNORECASE):
                    links[first] = address
            at = window.rfind(b"<")
            rest = window[at:] if at >= 0 and not _TAG.match(window, at) else b""
    return links, spans
