"""Files of questions as people have them: lines of JSON, tables with headings, a question a line.

How their text is read, packed or not, is in `packed_text`; what may be wrong with them in `faults`. A file that seems
to be a table, and does not say which of its columns has the questions, is not read: its rows would pass for questions.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path

from indexer.corpus.tables.csv_file import DELIMITERS
from indexer.corpus.tables.rows import MAX_CELL_CHARACTERS
from indexer.french.text import words_of
from server.batch.faults import Fault, QuestionFileError
from server.batch.packed_text import encoding_of, name_without_packing, open_text


class Role(StrEnum):
    """What a column of a table holds."""

    ID = "id"
    QUESTION = "question"
    EXPECTED = "expected"
    STYLE = "style"
    LANGUAGE = "language"
    KIND = "kind"


class Form(StrEnum):
    """How the questions stand in a file."""

    JSON_LINES = "json_lines"
    TABLE = "table"
    TOPICS = "topics"  # id, tab, question, without a heading
    PLAIN = "plain"  # a question a line


@dataclass(frozen=True, slots=True)
class Line:
    """A line that cannot be read (*fault*), or its text or cells; *number* is that of the file, from 1."""

    number: int
    cells: tuple[str, ...] = ()
    fault: Fault | None = None
    detail: str = ""


_HEADINGS: Mapping[str, Role] = {
    heading: role
    for role, headings in {
        Role.ID: "id|qid|query id|queryid|question id|topic|topic id|identifiant|id question|code",
        Role.QUESTION: "question|questions|query|queries|text|texte|requete|requetes|intitule|libelle|question posee|"
        "questions posees|la question|libelle de la question|intitule de la question|demande|message|utterance",
        Role.EXPECTED: "expected|expected answer|expected answers|answer id|answer ids|corpus id|doc id|docid|"
        "reponse attendue|reponses attendues|attendu|attendue",
        Role.STYLE: "style",
        Role.LANGUAGE: "language|langue|lang",
        Role.KIND: "kind",
    }.items()
    for heading in headings.split("|")
}
_JSON_ENDINGS, _TABLE_ENDINGS = (".jsonl", ".ndjson"), (".csv", ".tsv", ".tab")
_OTHER_ENDINGS = {
    **dict.fromkeys((".xlsx", ".xls", ".ods", ".zip", ".pdf", ".docx", ".odt"), Fault.WORKBOOK),
    **dict.fromkeys((".xml", ".html", ".htm"), Fault.MARKUP),
}
_MARKUP = re.compile(r"<(?:[?!]|/?[a-zA-Z][\w-]*[\s>])")
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[;,\t]*\s*', re.IGNORECASE)
_NOT_UTF_8 = re.compile("[\udc80-\udcff]")
_WORD = re.compile(r"[^\s,]+")
_NOWHERE = "\x1f"
"""A sign that parts nothing: of a table of one column, commas are text."""
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class QuestionFile:
    """A file whose form is known. heading: the words over its columns. columns: which of them hold what.

    encoding: `utf-8-sig`, or what else its bytes are. first_line: where its questions begin, counted from 1.
    """

    path: Path
    form: Form
    encoding: str
    delimiter: str = _NOWHERE
    heading: tuple[str, ...] = ()
    columns: Mapping[Role, int] = field(default_factory=dict)
    first_line: int = 1

    def lines(self) -> Iterator[Line]:
        """Yield what is written in each line, but for empty ones: its cells in a table, else its text as one cell.

        QuestionFileError where the file ends before its end, or a plain list turns out to be a table.
        """
        with open_text(self.path, self.encoding) as text:
            numbered = _Numbered(text, first_line=self.first_line)
            if self.form in (Form.TABLE, Form.TOPICS):
                yield from self._rows(numbered)
            else:
                yield from _texts(numbered)

    def cell(self, line: Line, role: Role) -> str:
        """Return what a line of a table has in the column of *role*; empty where it has none."""
        at = self.columns.get(role)
        return line.cells[at] if at is not None else ""

    def _rows(self, numbered: "_Numbered") -> Iterator[Line]:
        width = len(self.heading) or 2
        # Python's own limit, 131,072, is one for all readers of the process; ours is the size of the largest answer.
        csv.field_size_limit(MAX_CELL_CHARACTERS)
        # Topics are of programs, which quote nothing.
        is_quoted = self.form is not Form.TOPICS
        reader = csv.reader(
            numbered,
            delimiter=self.delimiter,
            strict=True,
            quoting=csv.QUOTE_MINIMAL if is_quoted else csv.QUOTE_NONE,
        )
        while True:
            number = numbered.next_number
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Line(number, fault=Fault.NOT_CSV, detail=str(error))
                continue
            cells = [re.sub(r"\r\n?", "\n", cell).strip() for cell in cells]
            while len(cells) > width and not cells[-1]:
                del cells[-1]
            if not any(cells):
                continue
            if _NOT_UTF_8.search("".join(cells)):
                yield Line(number, fault=Fault.NOT_UTF_8)
            elif len(cells) > width:
                yield Line(number, fault=Fault.TOO_MANY_CELLS, detail=f"{len(cells)}/{width}")
            elif self.form is Form.TOPICS and len(cells) < width:
                yield Line(number, fault=Fault.NO_TAB)
            else:
                yield Line(number, (*cells, *[""] * (width - len(cells))))


def look_at(path: Path) -> QuestionFile:
    """Return what the file at *path* is. QuestionFileError where it is no file of questions; OSError as opening it.

    Its ending decides, in any case and without `.gz`; and what its first line says where that is plain.
    """
    ending = name_without_packing(path).suffix.lower()
    encoding = encoding_of(path)
    with open_text(path, encoding) as text:
        head = list(islice(text, 20))
    first_line = next((at for at, line in enumerate(head, start=1) if line.strip()), 1)
    first = head[first_line - 1].strip() if head else ""
    if fault := _OTHER_ENDINGS.get(ending):
        raise QuestionFileError(fault, line=first_line, detail=_cut(first))
    if _MARKUP.match(first):
        raise QuestionFileError(Fault.MARKUP, line=first_line, detail=_cut(first))
    if ending in _JSON_ENDINGS or (ending not in _TABLE_ENDINGS and _is_record(first)):
        # JSON is UTF-8, whatever else its bytes might be.
        return QuestionFile(path, Form.JSON_LINES, encoding if encoding.startswith("utf-16") else "utf-8-sig")
    if ending == ".json" or (first[:1] in ("[", "{") and ending not in _TABLE_ENDINGS):
        raise QuestionFileError(Fault.JSON_DOCUMENT, line=first_line, detail=_cut(first))
    if table := _table(path, encoding, head, first_line):
        return table
    if ending in (".tsv", ".tab"):
        return QuestionFile(path, Form.TOPICS, encoding, "\t", columns={Role.ID: 0, Role.QUESTION: 1})
    if ending in _TABLE_ENDINGS and first:
        raise QuestionFileError(Fault.NO_HEADING, line=first_line, detail=_cut(first))
    plain = QuestionFile(path, Form.PLAIN, encoding)
    _require_plain(plain.lines())
    return plain


def _table(path: Path, encoding: str, head: Sequence[str], first_line: int) -> QuestionFile | None:
    """Return the table that begins with a heading, None where none of its first cells names what it holds."""
    separator = _SEPARATOR_LINE.fullmatch(head[first_line - 1]) if head else None
    heading_line = first_line + 1 if separator else first_line
    if len(head) < heading_line:
        return None
    found: QuestionFile | None = None
    for delimiter in separator[1] if separator else (*DELIMITERS, "|"):
        cells = _cells(head[heading_line - 1], delimiter)
        columns = _columns(cells)
        if Role.QUESTION in columns and (found is None or len(cells) > len(found.heading)):
            parts = delimiter if len(cells) > 1 else _NOWHERE
            found = QuestionFile(path, Form.TABLE, encoding, parts, cells, columns, heading_line + 1)
    return found


def _cells(line: str, delimiter: str) -> tuple[str, ...]:
    try:
        row = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return ()
    cells = [cell.strip() for cell in row]
    while cells and not cells[-1]:
        del cells[-1]
    return tuple(cells)


def _columns(cells: Sequence[str]) -> dict[Role, int]:
    """Return what columns hold by their headings; of several of one kind the one whose heading comes first above."""
    order = list(_HEADINGS)
    named = ((words_of(cell), at) for at, cell in enumerate(cells))
    columns: dict[Role, int] = {}
    for name, at in sorted((one for one in named if one[0] in _HEADINGS), key=lambda one: order.index(one[0])):
        columns.setdefault(_HEADINGS[name], at)
    if Role.QUESTION not in columns and Role.ID in columns and len(cells) == 2:
        columns[Role.QUESTION] = 1 - columns[Role.ID]  # topics whose heading names the question in words of its own
    return columns


def _texts(numbered: "_Numbered") -> Iterator[Line]:
    for text in numbered:
        number = numbered.next_number - 1
        if not text.strip():
            continue
        if _NOT_UTF_8.search(text):
            yield Line(number, fault=Fault.NOT_UTF_8)
        else:
            yield Line(number, (text.rstrip("\r\n"),))


def _require_plain(lines: Iterable[Line]) -> None:
    """Raise QuestionFileError where the lines of a list are rows of a table: a tab, or as many signs in each line."""
    counts: dict[str, set[int]] = {sign: set() for sign in ";|,"}
    firsts: set[str] = set()
    read = 0
    sample = ""
    for line in lines:
        if line.fault:
            continue
        text = line.cells[0].strip()
        if "\t" in text:
            raise QuestionFileError(Fault.LIKE_A_TABLE, line=line.number, detail=_cut(text))
        sample = sample or text
        if read == len(firsts) and len(counts[","]) < 2:
            firsts.add(text.split(",", 1)[0])
        read += 1
        for sign, seen in counts.items():
            if len(seen) < 2:
                seen.add(text.count(sign))
    if read < 2:
        return
    for sign, seen in counts.items():
        # Sentences have commas too; rows begin with a word of their own each.
        if len(seen) == 1 and 0 not in seen and (sign != "," or _are_ids(firsts, read)):
            raise QuestionFileError(Fault.LIKE_A_TABLE, detail=_cut(sample))


def _are_ids(firsts: set[str], rows: int) -> bool:
    return len(firsts) == rows and all(_WORD.fullmatch(one) for one in firsts)


def _is_record(line: str) -> bool:
    try:
        return line.startswith("{") and isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


class _Numbered:
    """Lines, and the number of the one that comes next; those before *first_line* are passed over."""

    def __init__(self, lines: Iterable[str], *, first_line: int) -> None:
        self._lines = iter(lines)
        self.next_number = 1
        while self.next_number < first_line and next(self._lines, None) is not None:
            self.next_number += 1

    def __iter__(self) -> "_Numbered":
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.next_number += 1
        return line.removesuffix("\x1a")  # the end of a file, to programs of old
