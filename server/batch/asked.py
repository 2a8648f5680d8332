"""The questions of a file, each with what else its row says, and in French what is wrong with the file or a row."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.errors import CorpusError, QuestionError, SouffleurError
from indexer.records import Problem
from server.answering.questions import read_question
from server.batch.faults import Fault, QuestionFileError
from server.batch.question_files import Form, Line, QuestionFile, Role, look_at
from server.exports import Cell

QUESTION = "Question"
_JSON_QUESTIONS = ("question", "query", "text")
_HOW = "Donnez un tableau .csv ou .tsv dont une colonne s'appelle « Question », du JSONL, ou une question par ligne"
_FILE_FAULTS: Mapping[Fault, str] = {
    Fault.WORKBOOK: f"est un classeur, une archive ou un PDF : enregistrez le tableau en « CSV UTF-8 ». {_HOW}.",
    Fault.MARKUP: f"est du XML ou du HTML. {_HOW}.",
    Fault.JSON_DOCUMENT: 'est un seul document JSON : mettez un objet par ligne, comme {{"question": "…"}}.',
    Fault.NOT_TEXT: f"n'est pas du texte. {_HOW}.",
    Fault.BROKEN_PACKING: "est compressé, et abîmé ou incomplet : copiez-le à nouveau.",
    Fault.NO_HEADING: "ne dit pas quelle colonne contient les questions (première ligne : « {detail} ») : ajoutez "
    "au-dessus une ligne de titres, comme « ID;Question ».",
    Fault.LIKE_A_TABLE: "ressemble à un tableau (ligne {line} : « {detail} ») : ajoutez au-dessus une ligne de titres, "
    "comme « ID;Question », et nommez-le .csv ou .tsv.",
}
_LINE_FAULTS: Mapping[Fault, str] = {
    Fault.NOT_UTF_8: "la ligne n'est pas en UTF-8, et d'autres le sont : enregistrez le fichier en « CSV UTF-8 ».",
    Fault.NOT_CSV: "un guillemet droit n'est pas fermé, ou du texte le suit : doublez-le s'il est du texte.",
    Fault.TOO_MANY_CELLS: "plus de cellules que de titres ({detail}) : mettez la question entre guillemets droits.",
    Fault.NO_TAB: "il manque une tabulation entre l'identifiant et la question.",
}


class BatchError(SouffleurError):
    """Questions of a file cannot be asked, or their answers not be written; in French, for an editor."""


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A row of the file: its line, its own cells by heading, its question. refused: in French why none can be asked."""

    line: int
    cells: Mapping[str, Cell]
    question: str
    refused: str | None


@dataclass(frozen=True, slots=True)
class AskedFile:
    """A file whose every row can be read. headings: those of its cells. name: what it is called to people.

    count: of its rows. refused: of those whose question cannot be asked.
    """

    file: QuestionFile
    name: str
    headings: tuple[str, ...]
    count: int
    refused: int

    def rows(self) -> Iterator[AskedRow]:
        """Yield its rows in order, read anew."""
        for line in self.file.lines():
            row = _row(self.file, self.headings, line)
            if isinstance(row, AskedRow):
                yield row


def open_asked(path: Path, *, name: str) -> AskedFile:
    """Return the questions of the file at *path*. BatchError if it holds none; CorpusError with each row at fault."""
    try:
        file = look_at(path)
        headings = _headings(file)
        problems = []
        count = refused = 0
        for line in file.lines():
            row = _row(file, headings, line)
            if isinstance(row, str):
                problems.append(Problem(name, line.number, row))
            elif row.refused:
                refused += 1
            count += 1
    except QuestionFileError as error:
        raise BatchError(f"{name} {_FILE_FAULTS[error.fault].format(line=error.line, detail=error.detail)}") from error
    except OSError as error:
        raise BatchError(f"{name} ne peut pas être lu ({error.strerror}) : vérifiez le nom et les droits.") from error
    if problems:
        raise CorpusError(problems)
    if not count:
        raise BatchError(f"{name} ne contient aucune question. {_HOW}.")
    return AskedFile(file, name, headings, count, refused)


def _headings(file: QuestionFile) -> tuple[str, ...]:
    """Return a name for each column that is kept, each another."""
    if file.form is Form.TABLE:
        named: list[str] = []
        for at, heading in enumerate(file.heading, start=1):
            name = heading or f"colonne {at}"
            named.append(name if name not in named else f"{name} ({at})")
        return tuple(named)
    return (QUESTION,) if file.form is Form.PLAIN else ("ID", QUESTION)


def _row(file: QuestionFile, headings: tuple[str, ...], line: Line) -> AskedRow | str:
    """Return the row of a line, or what is wrong with it."""
    if line.fault:
        return _LINE_FAULTS[line.fault].format(detail=line.detail)
    if file.form is not Form.JSON_LINES:
        question = line.cells[0] if file.form is Form.PLAIN else file.cell(line, Role.QUESTION)
        return _checked(line.number, dict(zip(headings, line.cells, strict=True)), question)
    return _row_of_json(line.number, line.cells[0])


def _row_of_json(number: int, text: str) -> AskedRow | str:
    try:
        record: Any = json.loads(text)
    except (ValueError, RecursionError):
        return 'la ligne n\'est pas du JSON : un objet comme {"question": "…"} est attendu.'
    if isinstance(record, str):
        record = {QUESTION.lower(): record}
    found = [record[key] for key in _JSON_QUESTIONS if key in record] if isinstance(record, dict) else []
    if not found or not isinstance(found[0], str):
        return 'la question manque : un objet comme {"question": "…"} est attendu.'
    name = record.get("_id", record.get("id"))
    return _checked(number, {"ID": name if isinstance(name, str | int) else None, QUESTION: found[0]}, found[0])


def _checked(line: int, cells: Mapping[str, Cell], question: str) -> AskedRow:
    try:
        read_question(question)
        refused = None
    except QuestionError as error:
        refused = str(error)
    return AskedRow(line, {name: _written(cell) for name, cell in cells.items()}, str(_written(question)), refused)


def _written(cell: Cell) -> Cell:
    """Return what a file can hold: JSON can escape half of a character, which is found again as it was written."""
    return cell.encode("utf-8", errors="replace").decode() if isinstance(cell, str) else cell
