"""The answers of a table: its head found, rows with one question joined, names made where there are none.

Where the table gives no names, it is read twice: first its questions alone, eight bytes each, to know which rows belong
together; then row by row, so that no more than those are held.
"""

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from itertools import chain, islice
from pathlib import Path

from indexer.corpus.change_date import not_a_date, read_change_date
from indexer.corpus.entries import Entry, Located, Unreadable, told_at
from indexer.corpus.html.to_markdown import text_of_cell
from indexer.corpus.slugs import free_name, name_of
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
from indexer.errors import CorpusError
from indexer.french.keywords import keywords_in
from indexer.french.text import question_key
from indexer.records import Answer, Problem, Severity

ENDINGS = (".csv", ".tsv", ".xlsx", ".xlsm", ".ods")
_HEAD_ROWS = 10
_PARTED = re.compile(r"\s*[|\n]\s*")
_ERROR_VALUE = re.compile(r"#(?:[A-ZÉ0-9/_]{2,20}[!?]|N/[AD]|GETTING_DATA|#{2,})|Err ?:\d{3}")
_GROUPED = re.compile("[0-9]{1,3}(?:[\u202f\xa0 ][0-9]{3})+")
"""A number as formats with thousands show it."""
_HARD_GROUPED = re.compile(r"\b[0-9]{1,3}(?:[\u202f\xa0][0-9]{3})+\b")
_ADDRESS = re.compile(r"https?://\S+|mailto:\S+")


def read_table(file: Path, *, facet_keys: Collection[str] = ()) -> Iterator[Entry | Unreadable]:
    """Yield the answers of a table, and what is wrong with it, in its order; joined rows where their last one stands.

    facet_keys: of the facets defined beside it. A row is where the spreadsheet shows it; so is a column, in messages.
    """
    together = _Together()
    try:
        for _, columns, row in _read(file, facet_keys):
            if columns is not None and columns.gives_names:
                break
            if isinstance(row, Row) and columns is not None:
                together.foresee(columns, row)
        for path, columns, row in _read(file, facet_keys):
            if isinstance(row, Unreadable):
                yield row
            elif columns is not None:
                yield from together.entries(path, columns, row)
    except CorpusError as error:
        yield Unreadable(error.problems)
    yield from together.rest()


def read_sheets(file: Path, *, rate: Callable[[tuple[str, ...]], int]) -> Iterator[Sheet | Unreadable]:
    """Yield the sheets of a table of any kind. *rate*: how well cells suit its head, see `read_csv_sheets`."""
    ending = file.suffix.lower()
    if ending == ".ods":
        return read_ods_sheets(file)
    return read_xlsx_sheets(file) if ending.startswith(".xls") else read_csv_sheets(file, rate=rate)


def _read(file: Path, facet_keys: Collection[str]) -> Iterator[tuple[str, Columns | None, Row | Unreadable]]:
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
    return all(_cell(row, column.at).strip() == head.cells[column.at].strip() for column in named)


def _no_head(rows: "Collection[Row]") -> str:
    seen = [" ".join(cell.split())[:30] for row in list(rows)[:1] for cell in row.cells if cell.strip()]
    read = f" ; la première ligne a {', '.join(f'« {cell} »' for cell in seen[:6])}" if seen else ""
    return (
        f"il manque la ligne des titres, où une colonne se nomme « Réponse »{read}. Les colonnes connues sont "
        f"{describe_headings()} et « {FACET_COLUMN}:… »."
    )


class _Together:
    """Which rows are one answer, and the names given so far. The last answer is held: a merged cell may go on below."""

    def __init__(self) -> None:
        self._rows_of: Counter[bytes] = Counter()
        self._kept: dict[bytes, list[Entry]] = {}
        self._names: set[str] = set()
        self._last: list[Entry] = []
        self._key_of_last: bytes | None = None

    def foresee(self, columns: Columns, row: Row) -> None:
        """Count a row under its question."""
        if key := _key_of(columns, row):
            self._rows_of[key] += 1

    def entries(self, path: str, columns: Columns, row: Row) -> Iterator[Entry | Unreadable]:
        """Yield the answer that is complete before this row, where one is."""
        surplus = [at for at in range(columns.width, len(row.cells)) if row.cells[at].strip()]
        if surplus:
            yield from self.rest()
            message = (
                f"la cellule {column_letter(surplus[0])}{row.number} est sous une colonne sans titre : "
                f"{len(row.cells)} colonnes ici, {columns.width} dans les titres. "
                "Donnez-lui un titre, ou vérifiez les guillemets."
            )
            yield Unreadable((Problem(path, row.number, message),))
            return
        goes_on = bool(self._last) and self._last[0].path == path and _goes_on(columns, row)
        entry = _entry(path, columns, row.own() if goes_on else row)
        if goes_on:
            if entry and entry.answer.text:
                entry = _asked_again(entry, self._last[0])
            self._last += [entry] if entry else []
            return
        if entry is None:
            message = "cette ligne n'a ni question ni réponse : elle n'est pas lue."
            yield Unreadable((Problem(path, row.number, message, Severity.WARNING),))
            return
        yield from self.rest()
        self._last, self._key_of_last = [entry], _key_of(columns, row)

    def rest(self) -> Iterator[Entry]:
        """Yield the answer of the last rows, where no other row has its question."""
        if not self._last:
            return
        entry, key = _joined(self._last), self._key_of_last
        self._last = []
        if entry.answer.id:
            self._names.add(entry.answer.id)
            yield entry
            return
        if key and self._rows_of[key] > 1:
            kept = self._kept.setdefault(key, [])
            kept.append(_asked_again(entry, kept[0]) if kept else entry)
            if len(kept) < self._rows_of[key]:
                return
            entry = _joined(self._kept.pop(key))
        yield self._named(entry)

    def _named(self, entry: Entry) -> Entry:
        name = free_name(name_of(entry.answer.questions, entry.answer.text), self._names)
        self._names.add(name)
        return entry.with_answer(id=name, has_made_id=True)


def _given_id(columns: Columns, row: Row) -> str:
    column = columns.first(Role.ID) or columns.first(Role.NUMBER)
    given = _cell(row, column.at).strip() if column and column.at not in row.from_above else ""
    return _ungrouped(grouped) if (grouped := _GROUPED.fullmatch(given)) else given


def _ungrouped(number: re.Match[str]) -> str:
    return re.sub(r"\s", "", number[0])


def _goes_on(columns: Columns, row: Row) -> bool:
    """Return whether a row belongs to the answer above: their text is one merged cell, or all its questions are."""
    if _given_id(columns, row):
        return False
    asked = [column.at for column in columns.of(Role.QUESTION) if _cell(row, column.at).strip()]
    text = columns.first(Role.TEXT)
    return bool(text and text.at in row.from_above) or (bool(asked) and row.from_above.issuperset(asked))


def _key_of(columns: Columns, row: Row) -> bytes | None:
    """Return the key of the question that joins rows, None where there is none, or where the row goes on."""
    if _goes_on(columns, row):
        return None
    first = next((_cell(row, column.at) for column in columns.of(Role.QUESTION) if _cell(row, column.at).strip()), "")
    questions = _parts(first)
    return question_key(questions[0]) if questions else None


def _entry(path: str, columns: Columns, row: Row) -> Entry | None:
    """Return the answer of a row, its id empty where the row gives none; None where nothing that counts is there."""
    text_column = columns.first(Role.TEXT)
    text = _text(row, text_column.at) if text_column else ""
    asked = [
        Located(part, row.number, column.letter)
        for column in columns.of(Role.QUESTION)
        for part in _parts(text_of_cell(_cell(row, column.at)))
    ]
    if not text and not asked and not _given_id(columns, row):
        return None
    keywords = [
        Located(words, row.number, column.letter)
        for column in columns.of(Role.KEYWORDS)
        if (words := keywords_in(text_of_cell(_cell(row, column.at))))
    ]
    former_names = [
        Located(name, row.number, column.letter)
        for column in columns.of(Role.FORMER_NAMES)
        for name in keywords_in(text_of_cell(_HARD_GROUPED.sub(_ungrouped, _cell(row, column.at)))).split()
    ]
    changed_on, warnings = None, list(_wrong_cells(path, columns, row))
    for column in columns.of(Role.CHANGED_ON):
        written = text_of_cell(_cell(row, column.at)).strip()
        changed_on = row.days.get(column.at) or read_change_date(written)
        if written and changed_on is None:
            located = Located(written, row.number, column.letter)
            warnings.append(Problem(path, row.number, located.told(not_a_date(written)), Severity.WARNING))
    questions = _each_once(asked) if len(asked) > 1 else asked
    values = [
        (column.facet, Located(part, row.number, column.letter))
        for column in columns.of(Role.FACET)
        for part in dict.fromkeys(_parts(text_of_cell(_cell(row, column.at))))
    ]
    source_column = columns.first(Role.SOURCE)
    source = " ".join(_address_or_words(row, source_column.at).split()) if source_column else ""
    for column in columns.of(Role.LINK):
        link = _address_or_words(row, column.at)
        if not link or link in text:
            continue
        if not source and _ADDRESS.fullmatch(link):
            source = link
        else:
            text = f"{text}\n\n{link}" if text else text
    facets: dict[str, tuple[str, ...]] = {}
    for key, value in values:
        facets[key] = (*facets.get(key, ()), value.text)
    id_column = columns.first(Role.ID) or columns.first(Role.NUMBER)
    return Entry(
        path,
        Answer(
            _given_id(columns, row),
            text,
            questions=tuple(question.text for question in questions),
            facets=facets,
            source=source or None,
            former_ids=tuple(name.text for name in former_names),
            keywords=tuple(words.text for words in keywords),
            changed_on=changed_on,
        ),
        row.number,
        tuple(questions),
        tuple(values),
        tuple(warnings),
        keywords=tuple(keywords),
        former_names=tuple(former_names),
        text_column=text_column.letter if text_column else "",
        id_column=id_column.letter if id_column else "",
    )


def _wrong_cells(path: str, columns: Columns, row: Row) -> Iterator[Problem]:
    """Yield what spreadsheets show in place of a value, and cells that may read otherwise than they show.

    So may a merged answer in a row with an id of its own: it is that of several answers, which all say the same.
    """
    if (text := columns.first(Role.TEXT)) and text.at in row.from_above and (given := _given_id(columns, row)):
        message = (
            f"elle est fusionnée avec celle au-dessus, mais la ligne a son identifiant, « {given[:40]} » : la réponse "
            "est gardée sous chacun. Pour n'en avoir qu'une à plusieurs questions, videz cet identifiant."
        )
        yield Problem(path, row.number, told_at(text.letter, row.number, message), Severity.WARNING)
    for column in columns.read:
        if doubt := row.doubts.get(column.at):
            yield Problem(path, row.number, told_at(column.letter, row.number, doubt), Severity.WARNING)
        written = _cell(row, column.at).strip()
        if _ERROR_VALUE.fullmatch(written):
            message = f"« {written} » est une erreur du tableur : corrigez la formule, ou écrivez la valeur."
            yield Problem(path, row.number, told_at(column.letter, row.number, message))


def _joined(entries: list[Entry]) -> Entry:
    """Return rows as one answer, each text once, under the id and with the source of the first that has one.

    The addresses that other rows have for a source stand behind the texts, as those of further links of one row do.
    """
    first = entries[0]
    if len(entries) == 1:
        return first
    text = "\n\n".join(dict.fromkeys(entry.answer.text for entry in entries if entry.answer.text))
    sources = list(dict.fromkeys(entry.answer.source for entry in entries if entry.answer.source))
    for link in filter(_ADDRESS.fullmatch, sources[1:]):
        text = f"{text}\n\n{link}" if text and link not in text else text
    questions = _each_once([question for entry in entries for question in entry.questions])
    keywords = _each_once([words for entry in entries for words in entry.keywords])
    former_names = _each_once([name for entry in entries for name in entry.former_names])
    values: dict[tuple[str, str], Located] = {}
    warnings: list[Problem] = []
    for entry in entries:
        warnings += entry.warnings
        for key, value in entry.facet_values:
            values.setdefault((key, value.text), value)
    facets: dict[str, tuple[str, ...]] = {}
    for key, value_text in values:
        facets[key] = (*facets.get(key, ()), value_text)
    return Entry(
        first.path,
        Answer(
            first.answer.id,
            text,
            questions=tuple(question.text for question in questions),
            facets=facets,
            source=sources[0] if sources else None,
            former_ids=tuple(name.text for name in former_names),
            keywords=tuple(words.text for words in keywords),
            changed_on=max((entry.answer.changed_on for entry in entries if entry.answer.changed_on), default=None),
        ),
        first.line,
        tuple(questions),
        tuple((key, value) for (key, _), value in values.items()),
        tuple(warnings),
        keywords=tuple(keywords),
        former_names=tuple(former_names),
        text_column=first.text_column,
        id_column=first.id_column,
    )


def _asked_again(entry: Entry, first: Entry) -> Entry:
    """Return a row with a warning that its question is that of another one."""
    same = "et la même réponse" if entry.answer.text == first.answer.text else "leurs réponses sont réunies"
    message = f"cette ligne a la question de la ligne {first.line}, {same} : est-ce voulu ?"
    warning = Problem(entry.path, entry.line, message, Severity.WARNING)
    return dataclasses.replace(entry, warnings=(*entry.warnings, warning))


def _each_once(questions: list[Located]) -> list[Located]:
    """Return each question once; the variants of one cell often differ in a sign alone."""
    found: dict[bytes, Located] = {}
    for question in questions:
        found.setdefault(question_key(question.text), question)
    return list(found.values())


def _cell(row: Row, at: int) -> str:
    return row.cells[at] if at < len(row.cells) else ""


def _text(row: Row, at: int) -> str:
    """Return the text of a cell with its links written out."""
    text = text_of_cell(_cell(row, at)).strip()
    for words, address in row.links.get(at, ()):
        shown = words.strip()
        if address in text or not re.match(r"https?://|mailto:", address, re.IGNORECASE):
            continue
        if shown and "\n" not in shown and len(shown) <= 120:
            text = text.replace(shown, f"[{shown}]({address})", 1)
        else:
            text = f"{text}\n\n{address}"
    return text


def _address_or_words(row: Row, at: int) -> str:
    links = row.links.get(at, ())
    return links[0][1] if links else text_of_cell(_cell(row, at)).strip()


def _parts(cell: str) -> list[str]:
    if "|" not in cell and "\n" not in cell:
        cell = cell.strip()
        return [" ".join(cell.split())] if cell else []
    return [" ".join(part.split()) for part in _PARTED.split(cell) if part.strip()]
