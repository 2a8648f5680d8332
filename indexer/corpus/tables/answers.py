"""The answers of a table: rows with one question joined, names made where there are none.

Where the table gives no names, it is read twice: first its questions alone, eight bytes each, to know which rows belong
together; then row by row, so that no more than those are held.
"""

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from indexer.corpus.entries import Entry, Located, Unreadable
from indexer.corpus.slugs import free_name, name_of
from indexer.corpus.tables.columns import Columns, Role
from indexer.corpus.tables.row_entry import ADDRESS, each_once, entry_of, given_id, parts_of
from indexer.corpus.tables.rows import Row, column_letter
from indexer.corpus.tables.sheets import read_rows
from indexer.errors import CorpusError
from indexer.french.text import question_key
from indexer.records import Answer, Problem, Severity


def read_table(file: Path, *, facet_keys: Collection[str] = ()) -> Iterator[Entry | Unreadable]:
    """Yield the answers of a table, and what is wrong with it, in its order; joined rows where their last one stands.

    facet_keys: of the facets defined beside it. A row is where the spreadsheet shows it; so is a column, in messages.
    """
    together = _Together()
    try:
        for _, columns, row in read_rows(file, facet_keys):
            if columns is not None and columns.gives_names:
                break
            if isinstance(row, Row) and columns is not None:
                together.foresee(columns, row)
        for path, columns, row in read_rows(file, facet_keys):
            if isinstance(row, Unreadable):
                yield row
            elif columns is not None:
                yield from together.entries(path, columns, row)
    except CorpusError as error:
        yield Unreadable(error.problems)
    yield from together.rest()


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
        entry = entry_of(path, columns, row.own() if goes_on else row)
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


def _goes_on(columns: Columns, row: Row) -> bool:
    """Return whether a row belongs to the answer above: their text is one merged cell, or all its questions are."""
    if given_id(columns, row):
        return False
    asked = [column.at for column in columns.of(Role.QUESTION) if row.text(column.at).strip()]
    text = columns.first(Role.TEXT)
    return bool(text and text.at in row.from_above) or (bool(asked) and row.from_above.issuperset(asked))


def _key_of(columns: Columns, row: Row) -> bytes | None:
    """Return the key of the question that joins rows, None where there is none, or where the row goes on."""
    if _goes_on(columns, row):
        return None
    first = next((row.text(column.at) for column in columns.of(Role.QUESTION) if row.text(column.at).strip()), "")
    questions = parts_of(first)
    return question_key(questions[0]) if questions else None


def _joined(entries: list[Entry]) -> Entry:
    """Return rows as one answer, each text once, under the id and with the source of the first that has one.

    The addresses that other rows have for a source stand behind the texts, as those of further links of one row do.
    """
    first = entries[0]
    if len(entries) == 1:
        return first
    text = "\n\n".join(dict.fromkeys(entry.answer.text for entry in entries if entry.answer.text))
    sources = list(dict.fromkeys(entry.answer.source for entry in entries if entry.answer.source))
    for link in filter(ADDRESS.fullmatch, sources[1:]):
        text = f"{text}\n\n{link}" if text and link not in text else text
    questions = each_once([question for entry in entries for question in entry.questions])
    keywords = each_once([words for entry in entries for words in entry.keywords])
    former_names = each_once([name for entry in entries for name in entry.former_names])
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
