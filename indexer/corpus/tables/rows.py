"""A table as the spreadsheet shows it: sheets, numbered rows, lettered columns. Readers of each format make these."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from indexer.corpus.entries import Unreadable

MAX_CELL_CHARACTERS = 4_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """The texts of a row, *number* being what stands at its left.

    links: column to the words and address linked. doubts: column to what may make its text another than is shown.
    """

    number: int
    cells: tuple[str, ...]
    links: Mapping[int, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    doubts: Mapping[int, str] = field(default_factory=dict)

    def is_empty(self) -> bool:
        """Whether nothing is written in it."""
        return not any(cell.strip() for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet, its rows in order, to be read once. path: the file, and the sheet where there are several."""

    path: str
    rows: Iterator[Row | Unreadable]


def column_letter(column: int) -> str:
    """Return what stands above a column, counted from 0: A to Z, then AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
