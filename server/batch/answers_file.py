"""The file of answers: a row a question, as a spreadsheet or lines of JSON, and how far an earlier one had come.

It is written in place, some rows at a time: what a kill leaves is a beginning of the whole, of which the last row may
be half there. That row is cut off, and the file goes on behind the ones before.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from indexer.records import Advice, Reply, Status
from server.batch.asked import AskedFile, AskedRow, BatchError
from server.exports import Cell, cell_text, csv_lines
from server.http.schemas import SEARCH_REPLY, SearchReply

STATUS_WORDS: Mapping[Status, str] = {
    Status.ANSWERED: "réponse sûre",
    Status.UNCERTAIN: "à vérifier",
    Status.NO_ANSWER: "sans réponse sûre",
}
_ADVICE_WORDS = {Advice.SEVERAL: "question large : plusieurs réponses peuvent convenir"}
_COLUMNS = (
    *("Statut", "Confiance", "Réponse", "Passage", "Question proche", "Ne mentionne pas", "Conseil"),
    *("Aussi demandé", "Autres réponses", "Source", "Index", "Erreur"),
)
_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Answered:
    """A row and its reply; None where it could not be asked."""

    row: AskedRow
    reply: Reply | None


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is there of a file of answers: whole rows, their bytes, and the index of the last that has one."""

    rows: int
    bytes: int
    index_id: str | None


class JsonLines:
    """A line of JSON a question: its line and cells, and the reply as over HTTP."""

    def __init__(self, asked: AskedFile) -> None:
        self._asked = asked

    def head(self) -> str:
        """Return what stands above all rows."""
        return ""

    def lines(self, answered: Iterable[Answered]) -> Iterator[str]:
        """Yield the lines of some rows."""
        for one in answered:
            body = (
                SEARCH_REPLY.dump_python(SearchReply.of(one.reply, explain=False), mode="json") if one.reply else None
            )
            record = {
                "line": one.row.line,
                "input": dict(one.row.cells),
                "question": one.row.question,
                "reply": body,
                "error": one.row.refused,
            }
            yield json.dumps(record, ensure_ascii=False) + "\n"

    def read_back(self, stream: BinaryIO) -> Beginning | None:
        """Return how much of the file is there, None where it is not one of these questions."""
        rows = end = 0
        index_id = None
        asked = self._asked.rows()
        for line in stream:
            if not line.endswith(b"\n"):
                break
            try:
                record = json.loads(line)
                row = next(asked)
                if (record["line"], record["question"]) != (row.line, row.question):
                    return None
                index_id = record["reply"]["index"]["id"] if record["reply"] else index_id
            except (ValueError, KeyError, TypeError, StopIteration):
                return None
            rows += 1
            end += len(line)
        return Beginning(rows, end, index_id)


class Spreadsheet:
    """A row a question: its own cells, and beside them what the reply says, in French."""

    def __init__(self, asked: AskedFile) -> None:
        self._asked = asked
        self._names = {name: name if name not in asked.headings else f"{name} (Souffleur)" for name in _COLUMNS}
        self._columns = (*asked.headings, *self._names.values())

    def head(self) -> str:
        """Return what stands above all rows."""
        return "".join(csv_lines(self._columns, ()))

    def lines(self, answered: Iterable[Answered]) -> Iterator[str]:
        """Yield the lines of some rows."""
        lines = csv_lines(self._columns, map(self._record, answered))
        next(lines)
        return lines

    def read_back(self, stream: BinaryIO) -> Beginning | None:
        """Return how much of the file is there, None where it is not one of these questions."""
        counted = _Counted(stream)
        reader = csv.reader(counted, delimiter=";", strict=True)
        rows = end = 0
        index_id = None
        asked = self._asked.rows()
        try:
            heading = next(reader, [])
            if not counted.line_is_whole():
                return self._of_heading(stream)
            if tuple(heading) != self._columns:
                return None
            end = counted.bytes
            for cells in reader:
                if not counted.line_is_whole():
                    break
                row = next(asked, None)
                own = [cell_text(row.cells[name]) for name in self._asked.headings] if row else None
                if len(cells) != len(self._columns) or cells[: len(self._asked.headings)] != own:
                    return None
                index_id = cells[self._columns.index(self._names["Index"])] or index_id
                rows += 1
                end = counted.bytes
        except csv.Error as error:
            # Cut off inside of quotation marks, the last row never ends; what else is no CSV was not written here.
            if "end of data" not in str(error):
                return None
            if not end:
                return self._of_heading(stream)
        return Beginning(rows, end, index_id)

    def _of_heading(self, stream: BinaryIO) -> Beginning | None:
        """Return that there is no row yet, where the file is a beginning of our heading, of which some may be cut."""
        stream.seek(0)
        return Beginning(0, 0, None) if self.head().encode().startswith(stream.read()) else None

    def _record(self, one: Answered) -> dict[str, Cell]:
        values: Sequence[Cell] = ("", *[None] * (len(_COLUMNS) - 2), one.row.refused)
        if one.reply:
            reply = SearchReply.of(one.reply, explain=False)
            first, others = (reply.hits[0], reply.hits[1:]) if reply.hits else (None, [])
            values = (
                STATUS_WORDS[reply.status],
                str(reply.confidence).replace(".", ","),  # else a French spreadsheet takes it for a text
                first.id if first else None,
                first.passage.text if first else None,
                first.matched_question if first else None,
                ", ".join(reply.missing),
                _ADVICE_WORDS[reply.advice] if reply.advice else None,
                "\n".join(reply.also_asked),
                " ".join(hit.id for hit in others),
                first.source if first else None,
                reply.index.id,
                None,
            )
        return {**one.row.cells, **dict(zip(self._names.values(), values, strict=True))}


class _Counted:
    """The lines of a binary file as text, with how many bytes were taken and whether the last had its end."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.bytes = 0
        self._ended = False

    def line_is_whole(self) -> bool:
        """Return whether the last line that was taken has its end."""
        return self._ended

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._stream)
        self.bytes += len(line)
        self._ended = line.endswith(b"\r\n")
        # The mark that spreadsheets look for is no part of the first heading.
        return line.decode("utf-8", errors="replace").removeprefix(_MARK)


Shape = JsonLines | Spreadsheet


def open_answers(path: Path, shape: Shape, *, index_id: str, anew: bool) -> tuple[BinaryIO, int]:
    """Return the file to go on writing, with its heading, and how many rows it has. BatchError if it is of others.

    anew: begin anew whatever is there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("w+b" if anew or not path.exists() else "r+b")
    except OSError as error:
        raise BatchError(f"{path} ne peut pas être écrit ({error.strerror}) : choisissez un autre --output.") from error
    try:
        begun = shape.read_back(stream)
        if begun is None:
            raise BatchError(
                f"{path} existe déjà et ne contient pas les réponses à ces questions : choisissez un autre --output, "
                "ou donnez --force pour le remplacer."
            )
        if begun.index_id not in (None, index_id):
            raise BatchError(
                f"{path} a été commencé avec l'index {begun.index_id}, et {index_id} est en service : donnez --force "
                "pour tout redemander, ou un autre --output."
            )
        stream.seek(begun.bytes)
        stream.truncate()
        if not begun.bytes:
            stream.write(shape.head().encode())
    except BaseException:
        stream.close()
        raise
    return stream, begun.rows


def write_rows(stream: BinaryIO, lines: Iterable[str]) -> None:
    """Add rows, and hand them to the operating system together."""
    stream.write("".join(lines).encode())
    stream.flush()


def is_same_file(one: Path, other: Path) -> bool:
    """Return whether both names lead to one file."""
    return one.exists() and other.exists() and one.samefile(other)
