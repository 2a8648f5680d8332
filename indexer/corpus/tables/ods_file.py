"""ODS spreadsheets: the sheets that are shown, each cell as the spreadsheet shows it, and the links in cells."""

import dataclasses
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element, iterparse

from indexer.corpus.change_date import read_change_date
from indexer.corpus.entries import Unreadable
from indexer.corpus.tables.archive import attribute, local_name, open_archive
from indexer.corpus.tables.rows import Row, Sheet, spread_merged, with_pictures

_CONTENT = "content.xml"
_MOST_COLUMNS = 16_384
_NOT_SHOWN = {"annotation", "note"}


def read_ods_sheets(file: Path) -> Iterator[Sheet | Unreadable]:
    """Yield the sheets that are not hidden, in their order. CorpusError where the file cannot be read."""
    with open_archive(file) as archive:
        with archive.open(_CONTENT) as stream:
            shown = _shown_sheets(stream)
        for at, name, has_pictures in shown:
            path = f"{file}, feuille « {name} »" if len(shown) > 1 else str(file)
            if has_pictures:
                yield with_pictures(path)
            with archive.open(_CONTENT) as stream:
                yield Sheet(path, spread_merged(_rows(stream, sheet=at)))


def _shown_sheets(stream: IO[bytes]) -> list[tuple[int, str, bool]]:
    """Return number and name of each sheet, and whether it has pictures; a sheet is hidden by its style."""
    hidden: set[str] = set()
    drawn_on: set[int] = set()
    sheets: list[tuple[str, str]] = []
    style = ""
    parents: list[Element] = []
    for event, element in iterparse(stream, events=("start", "end")):
        name = local_name(element.tag)
        if event == "start":
            parents.append(element)
            if name == "style":
                style = attribute(element, "name") or ""
            elif name == "table-properties" and attribute(element, "display") == "false":
                hidden.add(style)
            elif name == "table":
                sheets.append((attribute(element, "name") or "", attribute(element, "style-name") or ""))
            elif name == "image":
                drawn_on.add(len(sheets) - 1)
            continue
        parents.pop()
        if parents:
            parents[-1].remove(element)
    return [(at, name, at in drawn_on) for at, (name, style) in enumerate(sheets) if style not in hidden]


def _rows(stream: IO[bytes], *, sheet: int) -> Iterator[Row]:
    number = 1
    at = -1
    inside_row = False
    parents: list[Element] = []
    for event, element in iterparse(stream, events=("start", "end")):
        name = local_name(element.tag)
        if event == "start":
            parents.append(element)
            at += name == "table"
            inside_row = inside_row or name == "table-row"
            continue
        parents.pop()
        if name == "table-row":
            inside_row = False
            if at == sheet:
                row = _row(number, element)
                repeated = int(attribute(element, "number-rows-repeated") or 1)
                if row.cells:
                    yield from (dataclasses.replace(row, number=number + offset) for offset in range(repeated))
                number += repeated
        if name == "table" and at == sheet:
            return
        if not inside_row and parents:
            parents[-1].remove(element)


def _row(number: int, row: Element) -> Row:
    cells: list[str] = []
    merged: dict[int, tuple[int, int]] = {}
    links: dict[int, tuple[tuple[str, str], ...]] = {}
    days: dict[int, date] = {}
    empty = 0
    for cell in row:
        if local_name(cell.tag) not in ("table-cell", "covered-table-cell"):
            continue
        repeated = int(attribute(cell, "number-columns-repeated") or 1)
        paragraphs = [child for child in cell if local_name(child.tag) == "p"]
        text = "\n".join("".join(_texts(paragraph)) for paragraph in paragraphs)
        if not text:
            empty += repeated  # the last one stands for all up to the edge of the sheet
            continue
        cells += [""] * min(empty, _MOST_COLUMNS - len(cells))
        empty = 0
        height, width = (int(attribute(cell, f"number-{name}-spanned") or 1) for name in ("rows", "columns"))
        if height > 1 or width > 1:
            merged[len(cells)] = height, width
        found = tuple(
            ("".join(_texts(inner)), attribute(inner, "href") or "")
            for paragraph in paragraphs
            for inner in paragraph.iter()
            if local_name(inner.tag) == "a"
        )
        day = read_change_date(attribute(cell, "date-value") or "")
        for _ in range(min(repeated, _MOST_COLUMNS - len(cells))):
            if day:
                days[len(cells)] = day
            if found:
                links[len(cells)] = found
            cells.append(text)
    return Row(number, tuple(cells), links, merged=merged, days=days)


def _texts(element: Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        name = local_name(child.tag)
        if name == "s":
            yield " " * min(int(attribute(child, "c") or 1), 1_000)
        elif name == "tab":
            yield "\t"
        elif name == "line-break":
            yield "\n"
        elif name not in _NOT_SHOWN:
            yield from _texts(child)
        yield child.tail or ""
