"""XLSX workbooks: the sheets that are shown, each cell as the spreadsheet shows it, and the links of cells."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

from indexer.corpus.entries import Unreadable
from indexer.corpus.tables.archive import attribute, local_name, open_archive, read_relations, stream_elements
from indexer.corpus.tables.rows import Row, Sheet

_WORKBOOK = "xl/workbook.xml"
_BUILT_IN_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_HYPERLINK = re.compile(r'HYPERLINK\(\s*"([^"]+)"', re.IGNORECASE)
_LINK_ELEMENT = re.compile(rb"<(?:\w+:)?hyperlink\b[^>]*>")
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]+)")
_EPOCHS = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}  # noqa: DTZ001  # spreadsheets know no time zone


@dataclass(frozen=True, slots=True)
class _Workbook:
    archive: zipfile.ZipFile
    texts: list[str]
    date_styles: frozenset[int]
    counts_from_1904: bool


def read_xlsx_sheets(file: Path) -> Iterator[Sheet | Unreadable]:
    """Yield the sheets that are not hidden, in their order. CorpusError where the file cannot be opened."""
    with open_archive(file) as archive:
        relations = read_relations(archive, _WORKBOOK)
        with archive.open(_WORKBOOK) as stream:
            elements = list(stream_elements(stream, kept=frozenset({"sheet", "workbookPr"})))
        workbook = _Workbook(
            archive,
            _shared_texts(archive),
            _date_styles(archive),
            any(attribute(element, "date1904") in ("1", "true") for element in elements),
        )
        shown = [
            (element.get("name", ""), _part(relations[attribute(element, "id") or ""]))
            for element in elements
            if element.tag == "sheet" and element.get("state", "visible") == "visible"
        ]
        for name, part in shown:
            path = f"{file}, feuille « {name} »" if len(shown) > 1 else str(file)
            yield Sheet(path, _rows(workbook, part))


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


def _date_styles(archive: zipfile.ZipFile) -> frozenset[int]:
    if "xl/styles.xml" not in archive.namelist():
        return frozenset()
    with archive.open("xl/styles.xml") as stream:
        elements = list(stream_elements(stream, kept=frozenset({"numFmt", "cellXfs"})))
    formats = {
        int(element.get("numFmtId", 0)): re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", element.get("formatCode", ""))
        for element in elements
        if element.tag == "numFmt"
    }
    dates = _BUILT_IN_DATES | {
        number for number, code in formats.items() if re.search("[dyj]|m.*a|hh?:", code, re.IGNORECASE)
    }
    styles = next((element for element in elements if element.tag == "cellXfs"), ())
    return frozenset(at for at, style in enumerate(styles) if int(style.get("numFmtId", 0)) in dates)


def _rows(workbook: _Workbook, part: str) -> Iterator[Row | Unreadable]:
    links = _links(workbook.archive, part)
    number = 0
    with workbook.archive.open(part) as stream:
        for element in stream_elements(stream, kept=frozenset({"row"})):
            number = int(element.get("r") or number + 1)
            cells: list[str] = []
            linked: dict[int, tuple[tuple[str, str], ...]] = {}
            for cell in element:
                at = _column(cell.get("r")) if cell.get("r") else len(cells)
                cells += [""] * (at + 1 - len(cells))
                cells[at] = _shown(workbook, cell)
                address = links.get((number, at)) or _address_of_formula(cell)
                if address:
                    cells[at] = cells[at] or address
                    linked[at] = ((cells[at], address),)
            yield Row(number, tuple(cells), linked)


def _column(reference: str | None) -> int:
    found = _REFERENCE.match(reference or "")
    column = 0
    for letter in found[1] if found else "A":
        column = column * 26 + ord(letter) - 64
    return column - 1


def _shown(workbook: _Workbook, cell: Element) -> str:
    kind = cell.get("t", "n")
    parts = {local_name(child.tag): child for child in cell}
    if kind == "inlineStr":
        return _text(parts["is"]) if "is" in parts else ""
    value = (parts["v"].text or "") if "v" in parts else ""
    if kind == "s":
        at = int(value or -1)
        return workbook.texts[at] if 0 <= at < len(workbook.texts) else ""
    if kind == "b":
        return "VRAI" if value == "1" else "FAUX"
    if kind == "n" and value:
        return _number(workbook, value, int(cell.get("s", 0)))
    return value.replace("\r\n", "\n")


def _number(workbook: _Workbook, value: str, style: int) -> str:
    try:
        number = float(value)
    except ValueError:
        return value
    if style in workbook.date_styles and 0 < number < 2_958_466:
        moment = _EPOCHS[workbook.counts_from_1904] + timedelta(days=number)
        return f"{moment:%d/%m/%Y}" if number >= 1 else f"{moment:%H:%M}"
    return f"{number:.0f}" if number.is_integer() and abs(number) < 1e15 else f"{number:.12g}".replace(".", ",")


def _address_of_formula(cell: Element) -> str | None:
    formula = next((child.text or "" for child in cell if local_name(child.tag) == "f"), "")
    found = _HYPERLINK.match(formula.lstrip("="))
    return found[1] if found else None


def _links(archive: zipfile.ZipFile, part: str) -> dict[tuple[int, int], str]:
    """Return row and column to address; links stand behind all rows, so that the end is looked at first."""
    relations = read_relations(archive, part)
    if not relations:
        return {}
    links: dict[tuple[int, int], str] = {}
    with archive.open(part) as stream:
        rest = b""
        while chunk := stream.read(1 << 20):
            window = rest + chunk
            for found in _LINK_ELEMENT.finditer(window):
                text = re.sub(rb"(\s)\w+:(\w+=)", rb"\1\2", found[0]).decode("utf-8", errors="replace")
                element = fromstring(re.sub(r"^<\w+:", "<", text.rstrip("/>") + "/>"))
                cell = _REFERENCE.match(element.get("ref", ""))
                address = relations.get(element.get("id", ""), "")
                if cell and re.match(r"https?://|mailto:", address, re.IGNORECASE):
                    links[int(cell[2]), _column(cell[0])] = address
            at = window.rfind(b"<")
            rest = window[at:] if at >= 0 and b">" not in window[at:] else b""
    return links
