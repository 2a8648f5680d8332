"""A table as the spreadsheet shows it: sheets, numbered rows, lettered columns. Readers of each format make these."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from indexer.corpus.entries import Unreadable
from indexer.records import Problem, Severity

MAX_CELL_CHARACTERS = 4_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """The texts of a row, *number* being what stands at its left.

    links: column to the words and address linked. doubts: column to what may make its text another than is shown.
    merged: column of the first cell of merged ones to how many rows and columns they take. from_above: columns whose
    text is that of a merged cell that begins in a row above. days: column to the day that a cell is, however much of
    it is shown.
    """

    number: int
    cells: tuple[str, ...]
    links: Mapping[int, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    doubts: Mapping[int, str] = field(default_factory=dict)
    merged: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    from_above: frozenset[int] = frozenset()
    days: Mapping[int, date] = field(default_factory=dict)

    def text(self, at: int) -> str:
        """Return what is written in a column, counted from 0; a row may end before it."""
        return self.cells[at] if at < len(self.cells) else ""

    def is_empty(self) -> bool:
        """Whether nothing is written in it."""
        return not any(cell.strip() for cell in self.cells)

    def own(self) -> "Row":
        """Return what the row has beside merged cells that begin above."""
        cells = tuple("" if at in self.from_above else cell for at, cell in enumerate(self.cells))
        links = {at: found for at, found in self.links.items() if at not in self.from_above}
        days = {at: day for at, day in self.days.items() if at not in self.from_above}
        return Row(self.number, cells, links, self.doubts, days=days)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet, its rows in order, to be read once. path: the file, and the sheet where there are several."""

    path: str
    rows: Iterator[Row | Unreadable]


def with_pictures(path: str) -> Unreadable:
    """Return a warning that a sheet has pictures, which lie over its cells and are in none."""
    message = (
        "cette feuille a des images ou des graphiques : ils ne sont pas lus. Écrivez dans les réponses ce qu'ils "
        "disent, ou un lien."
    )
    return Unreadable((Problem(path, 1, message, Severity.WARNING),))


def spread_merged(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield rows with the text of merged cells in each row that these take, in the first of their columns.

    Below the first of these rows, one with nothing of its own stays empty. The other columns are empty too, with a
    doubt: a title over a whole row is no answer, and a heading over several columns is that of the first. What a cell
    has that lies under others is not shown, nor read.
    """
    ranges: list[_Range] = []
    for row in rows:
        ranges = [one for one in ranges if one.last_row >= row.number]
        begun = [
            _Range(row.number + height - 1, at, at + width - 1, row.cells[at], row.links.get(at, ()), row.days.get(at))
            for at, (height, width) in row.merged.items()
        ]
        if not ranges and not begun:
            yield row
            continue
        cells, links, doubts = list(row.cells), dict(row.links), dict(row.doubts)
        from_above, days = set[int](), dict(row.days)
        for one in ranges:
            _uncover(cells, links, days, one.first_column, one.last_column)
        for one in begun:
            cells += [""] * (one.last_column + 1 - len(cells))
            _uncover(cells, links, days, one.first_column + 1, one.last_column)
        if any(cell.strip() for cell in cells):
            for one in ranges:
                cells += [""] * (one.first_column + 1 - len(cells))
                cells[one.first_column] = one.text
                links[one.first_column] = one.links
                if one.day:
                    days[one.first_column] = one.day
                if one.text.strip():
                    from_above.add(one.first_column)
            for one in (one for one in begun if one.text.strip()):
                first = f"{column_letter(one.first_column)}{row.number}"
                message = (
                    f"elle est fusionnée avec {first}, où sa valeur est lue. Défusionnez-les s'il la faut ici aussi."
                )
                doubts |= dict.fromkeys(range(one.first_column + 1, one.last_column + 1), message)
        yield Row(row.number, tuple(cells), links, doubts, from_above=frozenset(from_above), days=days)
        ranges += begun


@dataclass(frozen=True, slots=True)
class _Range:
    last_row: int
    first_column: int
    last_column: int
    text: str
    links: tuple[tuple[str, str], ...]
    day: date | None


def _uncover(
    cells: list[str], links: dict[int, tuple[tuple[str, str], ...]], days: dict[int, date], first: int, last: int
) -> None:
    for at in range(first, min(last + 1, len(cells))):
        cells[at] = ""
        links.pop(at, None)
        days.pop(at, None)


def column_letter(column: int) -> str:
    """Return what stands above a column, counted from 0: A to Z, then AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
