"""What is read of the feedback: exports, and the questions that are served badly. Owns how the file is opened for it.

Each reading has a connection of its own, so that an export never keeps a visitor waiting.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from server.exports import Cell
from server.feedback.schema import explained

Table = Literal["feedback", "questions"]

_PATIENCE_SECONDS = 0.5
"""How long a reading waits for a program that holds the file for itself."""
_ROWS_A_PAGE = 500

PLACE_BITS = 31
"""Of a number that has the time of a row, in seconds, and its place in the table."""
LAST = f"max(recorded_at << {PLACE_BITS} | rowid)"
"""Of a group of rows the one written last, as such a number: of the same second too, one is the last.

SQLite takes the bare columns of a group from the row that has the max(), where there is one such function."""

# ?1: the row to go on after. ?2: from when on.
_EXPORTS: dict[Table, str] = {
    "feedback": """SELECT t.rowid AS number, t.recorded_at, t.query_id, t.answer_id, useful, comment, t.index_id,
        question, status FROM feedback AS t
        LEFT JOIN questions AS q ON q.query_id = t.query_id AND q.recorded_at >= ?2""",
    "questions": """SELECT t.rowid AS number, t.recorded_at, query_id, question, status, confidence, answer_id, index_id
        FROM questions AS t""",
}
COLUMNS: dict[Table, tuple[str, ...]] = {
    "feedback": ("recorded_at", "query_id", "answer_id", "useful", "comment", "index_id", "question", "status"),
    "questions": ("recorded_at", "query_id", "question", "status", "confidence", "answer_id", "index_id"),
}


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that the corpus serves badly, as it was last put, and how often each sign of that was seen.

    answer_id: the first hit when it was last put. last_asked: ISO 8601, UTC.
    """

    question: str
    times: int
    no_answer: int
    uncertain: int
    judged_useless: int
    answer_id: str | None
    last_asked: str


def read_unanswered(path: Path, *, since: float, limit: int) -> tuple[Unanswered, ...]:
    """Return the questions put *since* then without a sure answer, or with one judged useless, most frequent first.

    Without those of which an editor has decided.
    """
    rows = read_rows(
        path,
        f"""SELECT question, count(*), sum(status = 'no_answer'), sum(status = 'uncertain'), sum(useless), answer_id,
        {LAST} AS last
        FROM (SELECT *, rowid, query_id IN (
            SELECT query_id FROM feedback WHERE NOT useful AND said <> 'left') AS useless FROM questions)
        WHERE recorded_at >= ? AND (useless OR status IN ('no_answer', 'uncertain'))
        AND folded NOT IN (SELECT key FROM inbox_states
            WHERE kind IN ('unanswered', 'useless') AND state <> 'new')
        GROUP BY folded ORDER BY count(*) DESC, last DESC, folded LIMIT ?""",
        (since, limit),
    )
    return tuple(
        Unanswered(question, times, no_answer, uncertain, useless, answer_id, _iso(last >> PLACE_BITS))
        for question, times, no_answer, uncertain, useless, answer_id, last in rows
    )


def read_records(path: Path, table: Table, *, since: float) -> Iterator[dict[str, Cell]]:
    """Yield the rows of a table recorded *since* then, in the order of writing, with their times as ISO 8601, UTC."""
    last = 0
    # By pages, each a reading of its own: a slow client must not keep the log from being emptied.
    while rows := read_rows(
        path,
        f"{_EXPORTS[table]} WHERE t.rowid > ?1 AND t.recorded_at >= ?2 ORDER BY t.rowid LIMIT {_ROWS_A_PAGE}",
        (last, since),
    ):
        for row in rows:
            record: dict[str, Cell] = {column: row[column] for column in COLUMNS[table]}
            record["recorded_at"] = _iso(row["recorded_at"])
            if table == "feedback":
                record["useful"] = bool(row["useful"])
            yield record
        last = rows[-1]["number"]


def read_rows(path: Path, statement: str, values: tuple[Cell, ...]) -> list[sqlite3.Row]:
    """Return the rows of a statement, over a connection of its own. FeedbackError where the file cannot be read."""
    with reading(path) as connection:
        return connection.execute(statement, values).fetchall()


@contextmanager
def reading(path: Path, *, wait_seconds: float = _PATIENCE_SECONDS) -> Iterator[sqlite3.Connection]:
    """Give a connection to the file at *path* that changes nothing in it. FeedbackError where it cannot be read.

    wait_seconds: for a program that holds the file for itself.
    """
    address = path.resolve().as_uri() + "?mode=ro"
    with explained(path), closing(sqlite3.connect(address, uri=True, timeout=wait_seconds)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
