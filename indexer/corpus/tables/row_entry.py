"""A row of a table as an answer: its cells told apart by their columns, and what is wrong with them."""

import re
from collections.abc import Iterator

from indexer.corpus.change_date import not_a_date, read_change_date
from indexer.corpus.entries import Entry, Located, told_at
from indexer.corpus.html.to_markdown import left_out_of_cell, text_of_cell
from indexer.corpus.tables.columns import Columns, Role
from indexer.corpus.tables.rows import Row
from indexer.french.keywords import keywords_in
from indexer.french.text import question_key
from indexer.records import Answer, Problem, Severity

ADDRESS = re.compile(r"https?://\S+|mailto:\S+")
_PARTED = re.compile(r"\s*[|\n]\s*")
_ERROR_VALUE = re.compile(r"#(?:[A-ZÉ0-9/_]{2,20}[!?]|N/[AD]|GETTING_DATA|#{2,})|Err ?:\d{3}")
_GROUPED = re.compile("[0-9]{1,3}(?:[\u202f\xa0 ][0-9]{3})+")
"""A number as formats with thousands show it."""
_HARD_GROUPED = re.compile(r"\b[0-9]{1,3}(?:[\u202f\xa0][0-9]{3})+\b")


def entry_of(path: str, columns: Columns, row: Row) -> Entry | None:
    """Return the answer of a row, its id empty where the row gives none; None where nothing that counts is there."""
    text_column = columns.first(Role.TEXT)
    text = _text(row, text_column.at) if text_column else ""
    asked = [
        Located(part, row.number, column.letter)
        for column in columns.of(Role.QUESTION)
        for part in parts_of(text_of_cell(row.text(column.at)))
    ]
    if not text and not asked and not given_id(columns, row):
        return None
    keywords = [
        Located(words, row.number, column.letter)
        for column in columns.of(Role.KEYWORDS)
        if (words := keywords_in(text_of_cell(row.text(column.at))))
    ]
    former_names = [
        Located(name, row.number, column.letter)
        for column in columns.of(Role.FORMER_NAMES)
        for name in keywords_in(text_of_cell(_HARD_GROUPED.sub(_ungrouped, row.text(column.at)))).split()
    ]
    changed_on, warnings = None, list(_wrong_cells(path, columns, row))
    for column in columns.of(Role.CHANGED_ON):
        written = text_of_cell(row.text(column.at)).strip()
        changed_on = row.days.get(column.at) or read_change_date(written)
        if written and changed_on is None:
            located = Located(written, row.number, column.letter)
            warnings.append(Problem(path, row.number, located.told(not_a_date(written)), Severity.WARNING))
    questions = each_once(asked) if len(asked) > 1 else asked
    values = [
        (column.facet, Located(part, row.number, column.letter))
        for column in columns.of(Role.FACET)
        for part in dict.fromkeys(parts_of(text_of_cell(row.text(column.at))))
    ]
    source_column = columns.first(Role.SOURCE)
    source = " ".join(_address_or_words(row, source_column.at).split()) if source_column else ""
    for column in columns.of(Role.LINK):
        link = _address_or_words(row, column.at)
        if not link or link in text:
            continue
        if not source and ADDRESS.fullmatch(link):
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
            given_id(columns, row),
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


def given_id(columns: Columns, row: Row) -> str:
    """Return the id that a row gives for itself, empty where it gives none; a merged one is the row's above."""
    column = columns.first(Role.ID) or columns.first(Role.NUMBER)
    given = row.text(column.at).strip() if column and column.at not in row.from_above else ""
    return _ungrouped(grouped) if (grouped := _GROUPED.fullmatch(given)) else given


def parts_of(cell: str) -> list[str]:
    """Return what stands in a cell between its line breaks and vertical bars, spaces tidied, nothing empty."""
    if "|" not in cell and "\n" not in cell:
        cell = cell.strip()
        return [" ".join(cell.split())] if cell else []
    return [" ".join(part.split()) for part in _PARTED.split(cell) if part.strip()]


def each_once(questions: list[Located]) -> list[Located]:
    """Return each question once; the variants of one cell often differ in a sign alone."""
    found: dict[bytes, Located] = {}
    for question in questions:
        found.setdefault(question_key(question.text), question)
    return list(found.values())


def _wrong_cells(path: str, columns: Columns, row: Row) -> Iterator[Problem]:
    """Yield what spreadsheets show in place of a value, and cells that may read otherwise than they show.

    So may a merged answer in a row with an id of its own: it is that of several answers, which all say the same.
    """
    text = columns.first(Role.TEXT)
    if text and text.at in row.from_above and (given := given_id(columns, row)):
        message = (
            f"elle est fusionnée avec celle au-dessus, mais la ligne a son identifiant, « {given[:40]} » : la réponse "
            "est gardée sous chacun. Pour n'en avoir qu'une à plusieurs questions, videz cet identifiant."
        )
        yield Problem(path, row.number, told_at(text.letter, row.number, message), Severity.WARNING)
    for column in columns.read:
        if doubt := row.doubts.get(column.at):
            yield Problem(path, row.number, told_at(column.letter, row.number, doubt), Severity.WARNING)
        written = row.text(column.at).strip()
        if _ERROR_VALUE.fullmatch(written):
            message = f"« {written} » est une erreur du tableur : corrigez la formule, ou écrivez la valeur."
            yield Problem(path, row.number, told_at(column.letter, row.number, message))
    if text:
        for sentence in left_out_of_cell(row.text(text.at)):
            yield Problem(path, row.number, told_at(text.letter, row.number, sentence), Severity.WARNING)


def _text(row: Row, at: int) -> str:
    """Return the text of a cell with its links written out."""
    text = text_of_cell(row.text(at)).strip()
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
    return links[0][1] if links else text_of_cell(row.text(at)).strip()


def _ungrouped(number: re.Match[str]) -> str:
    return re.sub(r"\s", "", number[0])
