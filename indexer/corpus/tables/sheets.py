"""The sheets of a table of any kind, and their rows below the head, each with the columns that the head names."""

from collections.abc import Callable, Collection, Iterator
from itertools import chain, islice
from pathlib import Path

from indexer.corpus.entries import Unreadable, told_at
from indexer.corpus.tables.columns import (
    FACET_COLUMN,
    Columns,
    Role,
    describe_headings,
    find_columns,
    rate_heading,
)
from indexer.corpus.tables.csv_file import read_csv_sheets
from indexer.corpus.tables.ods_file import read_ods_sheets
from indexer.corpus.tables.rows import Row, Sheet, column_letter
from indexer.corpus.tables.xlsx_file import read_xlsx_sheets
from indexer.records import Problem, Severity

ENDINGS = (".csv", ".tsv", ".xlsx", ".xlsm", ".ods")
_HEAD_ROWS = 10


def read_sheets(file: Path, *, rate: Callable[[tuple[str, ...]], int]) -> Iterator[Sheet | Unreadable]:
    """Yield the sheets of a table of any kind. *rate*: how well cells suit its head, see `read_csv_sheets`."""
    ending = file.suffix.lower()
    if ending == ".ods":
        return read_ods_sheets(file)
    return read_xlsx_sheets(file) if ending.startswith(".xls") else read_csv_sheets(file, rate=rate)


def read_rows(file: Path, facet_keys: Collection[str]) -> Iterator[tuple[str, Columns | None, Row | Unreadable]]:
    """Yield each row below the head of its sheet with its columns, and each problem of reading."""
    without_head: list[Problem] = []
    found_any = is_told = False
    for sheet in read_sheets(file, rate=rate_heading):
        if isinstance(sheet, Unreadable):
            is_told = is_told or any(problem.severity is Severity.ERROR for problem in sheet.problems)
            yield str(file), None, sheet
            continue
        head = list(islice(sheet.rows, _HEAD_ROWS))
        rows = [row for row in head if isinstance(row, Row) and not row.is_empty()]
        at, columns = find_columns(rows, facet_keys=facet_keys)
        if not rows and all(isinstance(row, Row) for row in head):
            continue
        if columns is None or columns.wrong:
            for row in head:
                if isinstance(row, Unreadable):
                    is_told = True
                    yield sheet.path, None, row
            number = rows[at].number if rows else 1
            wrong = columns.wrong if columns else (_no_head(rows),)
            problems = [Problem(sheet.path, number, message) for message in wrong]
            if columns is not None and columns.first(Role.TEXT):
                # Its answers would be missed, whatever other sheets have.
                found_any = True
                yield sheet.path, None, Unreadable(tuple(problems))
            else:
                without_head += problems
            continue
        found_any = True
        number = rows[at].number
        if columns.ignored:
            ignored = [Problem(sheet.path, number, message, Severity.WARNING) for message in columns.ignored]
            yield sheet.path, None, Unreadable(tuple(ignored))
        headless = set(columns.headless)
        above = {row.number for row in rows[: at + 1]}
        for row in chain(head, sheet.rows):
            is_passed_over = isinstance(row, Row) and (
                row.number in above or row.is_empty() or _is_head_again(row, rows[at], columns)
            )
            if is_passed_over:
                continue
            if isinstance(row, Row):
                written = {at for at, cell in enumerate(row.cells) if at in headless and cell.strip()}
                headless -= written
                for one in sorted(written):
                    yield sheet.path, None, Unreadable((_without_heading(sheet.path, row, one),))
            yield sheet.path, columns, row
    if not found_any and not without_head and not is_told:
        without_head = [Problem(str(file), 1, _no_head(()))]
    # Where another sheet has answers, one without them is a note to readers.
    severity = Severity.WARNING if found_any else Severity.ERROR
    for problem in without_head:
        message = f"cette feuille n'est pas lue : {problem.message}" if found_any else problem.message
        yield problem.path, None, Unreadable((Problem(problem.path, problem.line, message, severity),))


def _without_heading(path: str, row: Row, at: int) -> Problem:
    letter = column_letter(at)
    message = f"la colonne {letter} n'a pas de titre, et n'est pas lue : donnez-lui un titre, ou videz-la."
    return Problem(path, row.number, told_at(letter, row.number, message), Severity.WARNING)


def _is_head_again(row: Row, head: Row, columns: Columns) -> bool:
    """Return whether a row has the headings once more: they are over several rows, or on top of each page."""
    named = [*columns.of(Role.TEXT), *columns.of(Role.QUESTION)]
    return all(row.text(column.at).strip() == head.cells[column.at].strip() for column in named)


def _no_head(rows: "Collection[Row]") -> str:
    seen = [" ".join(cell.split())[:30] for row in list(rows)[:1] for cell in row.cells if cell.strip()]
    read = f" ; la première ligne a {', '.join(f'« {cell} »' for cell in seen[:6])}" if seen else ""
    return (
        f"il manque la ligne des titres, où une colonne se nomme « Réponse »{read}. Les colonnes connues sont "
        f"{describe_headings()} et « {FACET_COLUMN}:… »."
    )
