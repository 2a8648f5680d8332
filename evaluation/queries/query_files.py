"""The file of a query set, line by line: BEIR's JSON, topics, tables with headings, a question a line.

What a line must be is decided here; what a file may be, in `server.batch.question_files`. The kinds of faults that
`server.batch.faults` knows are put in words here.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.records import EvaluationError, Query, Scope
from server.batch.faults import Fault, QuestionFileError
from server.batch.question_files import Form, Line, QuestionFile, Role, look_at

Report = Callable[[int, str], None]
"""Told of each mistake, with its line."""

_METADATA = ("style", "language", "kind")
_HOW = "Give one question a line, lines of JSON, or a table whose first line names its columns, such as id;question"
FILE_FAULTS: Mapping[Fault, str] = {
    Fault.WORKBOOK: f"is a workbook, an archive or a PDF. Save its table as CSV UTF-8, or unpack it. {_HOW}",
    Fault.MARKUP: f"is XML or HTML, which begins with {{detail!r}}. {_HOW}",
    Fault.JSON_DOCUMENT: "is one JSON document. Write one object a line, such as "
    '{{"_id": "q1", "text": "…"}}, into a .jsonl file',
    Fault.NOT_TEXT: f"is not text. {_HOW}",
    Fault.BROKEN_PACKING: "is packed, and damaged or cut off ({detail}). Pack or copy it again",
    Fault.NO_HEADING: "does not say which column has the questions: its first line is {detail!r}. Put a line of "
    "headings above it, such as id;question",
    Fault.LIKE_A_TABLE: "seems to be a table, of which line {line} is {detail!r}, and its rows would be asked as "
    "questions. Put a line of headings above it, such as id;question, and name it .csv or .tsv",
}
_LINE_FAULTS: Mapping[Fault, str] = {
    Fault.NOT_UTF_8: "not UTF-8, as other lines are. Save the file as UTF-8",
    Fault.NOT_CSV: "a quotation mark is not closed, or text goes on after it. Double those that are text",
    Fault.TOO_MANY_CELLS: "more cells than the headings name ({detail}). Put the question between quotation marks, or "
    "name every column",
    Fault.NO_TAB: "a tab is missing between id and question",
}


@dataclass(frozen=True, slots=True)
class QueryLine:
    """A query as its file has it. expected: ids of answers that it names itself, None where the file names none."""

    number: int
    id: str
    text: str
    metadata: Mapping[str, str]
    expected: tuple[str, ...] | None = None

    def query(self, scope: Scope, expected: Mapping[str, int]) -> Query:
        """Return the query with its judgments."""
        return Query(self.id, self.text, scope, expected, *(self.metadata.get(key) or "" for key in _METADATA))

    def same_as(self) -> int:
        """Return a number that is the same for another line that says the same."""
        said = tuple(self.metadata.get(key) or "" for key in _METADATA)
        return hash((self.text, said, self.expected))


def open_query_file(path: Path) -> QuestionFile:
    """Return what the file is. EvaluationError says in a sentence why it cannot be one of queries."""
    try:
        return look_at(path)
    except QuestionFileError as error:
        raise _told(path, error) from error
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read: {error.strerror}. Correct that, or choose another.") from error


def read_query_lines(file: QuestionFile, report: Report) -> Iterator[QueryLine]:
    """Yield the lines that can be read as queries; *report* the others. Empty lines are passed over."""
    try:
        for line in file.lines():
            if line.fault:
                report(line.number, _LINE_FAULTS[line.fault].format(detail=line.detail))
            elif found := _parse(file, line, report):
                yield found
    except QuestionFileError as error:
        raise _told(file.path, error) from error


def _told(path: Path, error: QuestionFileError) -> EvaluationError:
    message = FILE_FAULTS[error.fault].format(line=error.line, detail=error.detail)
    return EvaluationError(f"{path} {message}; nothing was measured.")


def _parse(file: QuestionFile, line: Line, report: Report) -> QueryLine | None:
    if file.form is Form.JSON_LINES:
        return _parse_json(line.number, line.cells[0], report)
    if file.form is Form.PLAIN:
        return QueryLine(line.number, f"line-{line.number}", line.cells[0], {})
    return QueryLine(
        line.number,
        file.cell(line, Role.ID) if Role.ID in file.columns else f"line-{line.number}",
        file.cell(line, Role.QUESTION),
        {key: file.cell(line, Role(key)) for key in _METADATA},
        tuple(file.cell(line, Role.EXPECTED).split()) if Role.EXPECTED in file.columns else None,
    )


def _parse_json(number: int, text: str, report: Report) -> QueryLine | None:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:  # a number of too many digits, arrays in arrays
        report(number, f"not JSON that can be read: {error}")
        return None
    if not isinstance(record, dict):
        report(number, 'not a JSON object such as {"_id": "q1", "text": "…"}')
        return None
    query_id, question = _first(record, "_id", "id"), _first(record, "text", "question", "query")
    metadata = record.get("metadata") or {}
    if isinstance(query_id, float) and query_id.is_integer():
        query_id = int(query_id)
    if isinstance(query_id, int) and not isinstance(query_id, bool):
        query_id = str(query_id)
    if not isinstance(query_id, str) or not query_id:
        report(number, '"_id" is missing, or not text')
        return None
    if not isinstance(question, str):
        report(number, f'"text" of {query_id!r} is missing, or not text')
        return None
    if not isinstance(metadata, dict) or not all(isinstance(metadata.get(key), str | None) for key in _METADATA):
        report(number, f'"metadata" of {query_id!r} must be an object whose style, language and kind are text')
        return None
    said = {key: metadata.get(key) or "" for key in _METADATA}
    if not all(is_text(one) for one in (query_id, *said.values())):
        report(number, "the id or the metadata has half of a character (a surrogate), which no file can hold")
        return None
    return QueryLine(number, query_id, question, said)


def _first(record: Mapping[str, Any], *names: str) -> Any:
    """Return the value of the first of *names* that the record has."""
    return next((record[name] for name in names if name in record), None)


def is_text(value: str) -> bool:
    """Return whether *value* can be written: JSON can escape what UTF-8 cannot hold, and so do names of files."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
