"""Writes records as lines of JSON or of a spreadsheet, one at a time: memory does not grow with their number."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping

Cell = str | int | float | bool | None


def jsonl_lines(records: Iterable[Mapping[str, Cell]]) -> Iterator[str]:
    """Yield one JSON object a line, with its line end."""
    for record in records:
        yield json.dumps(dict(record), ensure_ascii=False) + "\n"


def csv_lines(columns: Iterable[str], records: Iterable[Mapping[str, Cell]]) -> Iterator[str]:
    """Yield a heading and one line a record, as French spreadsheets open it: a byte order mark, then semicolons.

    Cells are quoted. One that a spreadsheet would run as a formula gets an apostrophe in front (OWASP: CSV injection).
    """
    columns = tuple(columns)
    yield "\ufeff" + _line(columns)
    for record in records:
        yield _line(_cell(record[column]) for column in columns)


def _line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";", quoting=csv.QUOTE_ALL).writerow(cells)
    return buffer.getvalue()


def _cell(value: Cell) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    if value is None:
        return ""
    # The full-width forms are read as their ASCII twins; leading blanks are skipped before the sign is looked at.
    if isinstance(value, str) and (
        value.lstrip().startswith(tuple("=+-@＝＋－＠")) or value.startswith(("\t", "\r", "\n"))
    ):
        return "'" + value
    return str(value)
