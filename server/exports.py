"""Writes records as lines of JSON or of a spreadsheet, one at a time: memory does not grow with their number."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping

Cell = str | int | float | bool | None

# The full-width forms are read as their ASCII twins; leading blanks are skipped before the sign is looked at.
_FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")


def jsonl_lines(records: Iterable[Mapping[str, Cell]]) -> Iterator[str]:
    """Yield one JSON object a line, with its line end."""
    for record in records:
        yield json.dumps(dict(record), ensure_ascii=False) + "\n"


def csv_lines(columns: Iterable[str], records: Iterable[Mapping[str, Cell]]) -> Iterator[str]:
    """Yield a heading and one line a record, as French spreadsheets open it: a byte order mark, then semicolons.

    Cells are quoted. One that a spreadsheet would run as a formula gets an apostrophe in front (OWASP: CSV injection).
    """
    columns = tuple(columns)
    # What the writer is given to write to hands each line back.
    writer = csv.writer(_Echo(), delimiter=";", quoting=csv.QUOTE_ALL)
    yield f"\ufeff{writer.writerow(columns)}"
    for record in records:
        yield str(writer.writerow([cell_text(record[column]) for column in columns]))


class _Echo:
    def write(self, line: str) -> str:
        return line


def cell_text(value: Cell) -> str:
    """Return what `csv_lines` writes for a value: no formula, and words for truth."""
    if isinstance(value, str):
        return f"'{value}" if _FORMULA.match(value) else value
    if isinstance(value, bool):
        return "oui" if value else "non"
    return "" if value is None else str(value)


def text_in_cell(written: str) -> str:
    """Return the text that `cell_text` was given."""
    return written[1:] if written.startswith("'") and _FORMULA.match(written[1:]) else written
