"""Keeps what visitors say of the answers, and their questions where the operator allows it, in a file of SQLite.

Owns the file; its tables are in `schema`. Knows nothing of HTTP, and no address of a visitor. Judgements are on the
disk before `record_feedback` returns (WAL, synchronous=FULL); a question is not worth waiting for the disk at each
search: the last ones may be lost with the power, though not with the process. Texts are redacted here, whoever calls.
One connection writes, behind a lock; each reading opens its own, so that an export never keeps a visitor waiting.
"""

import logging
import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from indexer.french.text import words_of
from indexer.records import Status
from server.exports import Cell, csv_lines, jsonl_lines
from server.feedback.schema import FeedbackError, explained, prepare
from server.periodic import repeated
from server.privacy.redaction import redact
from server.settings import KeepQuestions

logger = logging.getLogger(__name__)

Table = Literal["feedback", "questions"]

MAX_COMMENT_CHARACTERS = 2000

_SECONDS_A_DAY = 86_400
_PATIENCE_SECONDS = 5.0
_QUESTION_PATIENCE_SECONDS = 0.25
"""How long a writing waits for others. A visitor waits for the reply while a question is kept: it is lost sooner."""
_EMPTYING_PATIENCE_SECONDS = 1.0
"""How long erasing waits for readers, while writings wait for it."""

_ROWS_A_PAGE = 500

# ?1: the row to go on after. ?2: from when on.
_EXPORTS = {
    "feedback": """SELECT t.rowid AS number, t.recorded_at, t.query_id, t.answer_id, useful, comment, t.index_id,
        question, status FROM feedback AS t
        LEFT JOIN questions AS q ON q.query_id = t.query_id AND q.recorded_at >= ?2""",
    "questions": """SELECT t.rowid AS number, t.recorded_at, query_id, question, status, confidence, answer_id, index_id
        FROM questions AS t""",
}
_COLUMNS = {
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


class FeedbackStore:
    """Judgements and questions in one file. Every method may be called from any thread."""

    def __init__(
        self, connection: sqlite3.Connection, path: Path, *, keep_questions: bool, retention_days: int
    ) -> None:
        self._connection = connection
        self._path = path
        self._keep_questions = keep_questions
        self._retention_seconds = retention_days * _SECONDS_A_DAY
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path, *, keep_questions: KeepQuestions, retention_days: int) -> Self:
        """Return the store at *path*, made if it is not there, with its schema brought up to date.

        retention_days: at least 1. What is older is never given out; it is erased by `purge_expired` and `purging`.
        Opening erases nothing, so that a look with another retention time than the server's costs nothing.
        FeedbackError if the file is damaged, read-only, another program's, or of a later version of this one.
        """
        if retention_days < 1:
            raise ValueError(f"retention_days is {retention_days}; it must be at least 1")
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            # Made here for its mode: the comments are for nobody else to read. SQLite gives the log the same mode.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            connection = sqlite3.connect(path, timeout=_PATIENCE_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            with explained(path):
                prepare(connection, path)
            store = cls(connection, path, keep_questions=keep_questions == "redacted", retention_days=retention_days)
        except BaseException:
            connection.close()
            raise
        return store

    @property
    def keeps_questions(self) -> bool:
        """Whether questions are written too, or judgements alone."""
        return self._keep_questions

    @property
    def retention_days(self) -> int:
        """Days after which everything is erased."""
        return int(self._retention_seconds // _SECONDS_A_DAY)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gather everything in the one file and let go of it."""
        with self._lock, explained(self._path):
            self._connection.close()

    def record_feedback(self, query_id: str, answer_id: str, *, useful: bool, comment: str = "", index_id: str) -> None:
        """Keep a judgement; it is on the disk when this returns. The comment is redacted.

        A second judgement of the same answer to the same query replaces the first: it is a retry, or a visitor who
        changed their mind or added a comment. The query need not be known here, since questions may not be kept;
        that the answer exists, the caller has checked.
        ValueError if an id cannot be one, or if the comment is longer than MAX_COMMENT_CHARACTERS.
        """
        _check_ids(query_id, answer_id, index_id)
        if len(comment) > MAX_COMMENT_CHARACTERS:
            raise ValueError(f"the comment has {len(comment)} characters; at most {MAX_COMMENT_CHARACTERS} are kept")
        self._write(
            """INSERT INTO feedback (query_id, answer_id, useful, comment, index_id, recorded_at)
            VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (query_id, answer_id) DO UPDATE SET useful = excluded.useful,
            comment = excluded.comment, index_id = excluded.index_id, recorded_at = excluded.recorded_at""",
            (query_id, answer_id, useful, _storable(comment), index_id, int(time.time())),
            synchronous="FULL",
            wait_seconds=_PATIENCE_SECONDS,
        )

    def record_question(
        self, query_id: str, question: str, *, status: Status, confidence: float, answer_id: str | None, index_id: str
    ) -> None:
        """Keep a question, redacted, and what came of it; do nothing where questions are not kept.

        answer_id: the first hit. A second question of the same query_id replaces the first.
        """
        if not self._keep_questions:
            return
        _check_ids(query_id, answer_id or "none", index_id)
        text = _storable(question)
        self._write(
            """INSERT OR REPLACE INTO questions
            (query_id, question, folded, status, confidence, answer_id, index_id, recorded_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            (query_id, text, words_of(text), str(status), confidence, answer_id, index_id, int(time.time())),
            synchronous="NORMAL",
            wait_seconds=_QUESTION_PATIENCE_SECONDS,
        )

    def purge_expired(self, now: float) -> int:
        """Erase what is older than the retention time at *now* (seconds since 1970); return how many rows that was."""
        with self._lock, explained(self._path):
            return self._delete("recorded_at < ?", now - self._retention_seconds)

    @contextmanager
    def purging(self, *, every_seconds: float = 3600) -> Iterator[None]:
        """Erase what has expired: now, and from time to time until the end of the block, in a thread of its own."""
        self.purge_expired(time.time())

        def purge_again() -> None:
            try:
                self.purge_expired(time.time())
            except FeedbackError as error:
                logger.error("What has expired could not be erased: %s", error)

        with repeated(purge_again, every_seconds=every_seconds, name="feedback-purge"):
            yield

    def erase(self, query_id: str) -> int:
        """Erase the question and the judgements of one query, as whom it concerns may ask; return how many rows."""
        with self._lock, explained(self._path):
            return self._delete("query_id = ?", query_id)

    def unanswered(self, *, limit: int) -> tuple[Unanswered, ...]:
        """Return the kept questions without a sure answer, or with one judged useless, the most frequent first.

        Questions that differ by case, accents, ligatures, spaces or punctuation alone count as one. Ties: the last
        asked first.
        """
        rows = self._read(
            # SQLite takes the bare columns of a group from the row that has the max().
            """SELECT question, count(*), sum(status = 'no_answer'), sum(status = 'uncertain'), sum(useless), answer_id,
            max(recorded_at)
            FROM (SELECT *, query_id IN (SELECT query_id FROM feedback WHERE NOT useful) AS useless FROM questions)
            WHERE recorded_at >= ? AND (useless OR status IN ('no_answer', 'uncertain'))
            GROUP BY folded ORDER BY count(*) DESC, max(recorded_at) DESC, folded LIMIT ?""",
            (self._oldest_kept(), limit),
        )
        return tuple(
            Unanswered(question, times, no_answer, uncertain, useless, answer_id, _iso(asked_at))
            for question, times, no_answer, uncertain, useless, answer_id, asked_at in rows
        )

    def export_jsonl(self, table: Table = "feedback") -> Iterator[str]:
        """Yield a table as JSON, one object a line; times are ISO 8601, UTC. Memory does not grow with the table."""
        return jsonl_lines(self._records(table))

    def export_csv(self, table: Table = "feedback") -> Iterator[str]:
        """Yield a table for a spreadsheet, line by line, with formulas made harmless."""
        return csv_lines(_COLUMNS[table], self._records(table))

    def _records(self, table: Table) -> Iterator[dict[str, Cell]]:
        last = 0
        # By pages, each a reading of its own: a slow client must not keep the log from being emptied.
        while rows := self._read(
            f"{_EXPORTS[table]} WHERE t.rowid > ?1 AND t.recorded_at >= ?2 ORDER BY t.rowid LIMIT {_ROWS_A_PAGE}",
            (last, self._oldest_kept()),
        ):
            for row in rows:
                record: dict[str, Cell] = {column: row[column] for column in _COLUMNS[table]}
                record["recorded_at"] = _iso(row["recorded_at"])
                if table == "feedback":
                    record["useful"] = bool(row["useful"])
                yield record
            last = rows[-1]["number"]

    def _oldest_kept(self) -> float:
        return time.time() - self._retention_seconds

    def _read(self, statement: str, values: tuple[Cell, ...]) -> list[sqlite3.Row]:
        address = self._path.resolve().as_uri() + "?mode=ro"
        with (
            explained(self._path),
            closing(sqlite3.connect(address, uri=True, timeout=_PATIENCE_SECONDS)) as connection,
        ):
            connection.row_factory = sqlite3.Row
            return connection.execute(statement, values).fetchall()

    def _write(
        self,
        statement: str,
        values: tuple[Cell, ...],
        *,
        synchronous: Literal["FULL", "NORMAL"],
        wait_seconds: float,
    ) -> None:
        """Write, after waiting at most *wait_seconds* for other threads, and as long for other processes."""
        if not self._lock.acquire(timeout=wait_seconds):
            raise FeedbackError(f"The feedback in {self._path} is being written by others.")
        try:
            with explained(self._path):
                self._wait_at_most(wait_seconds)
                self._connection.execute(f"PRAGMA synchronous = {synchronous}")
                self._connection.execute(statement, values)
        finally:
            self._lock.release()

    def _wait_at_most(self, seconds: float) -> None:
        """Let what is written from now on wait so long for other processes."""
        self._connection.execute(f"PRAGMA busy_timeout = {1000 * seconds:.0f}")

    def _delete(self, condition: str, value: Cell) -> int:
        self._wait_at_most(_PATIENCE_SECONDS)
        self._connection.execute("BEGIN IMMEDIATE")
        with self._connection:
            rows = [
                self._connection.execute(f"DELETE FROM {table} WHERE {condition}", (value,)).rowcount
                for table in _COLUMNS
            ]
        # Otherwise the erased text would live on in the log, whoever erased it.
        self._wait_at_most(_EMPTYING_PATIENCE_SECONDS)
        busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            logger.warning(
                "Erased text stays in %s-wal: another program is reading the file. The server empties it within an "
                "hour of the end of that reading.",
                self._path,
            )
        return sum(rows)


def _check_ids(query_id: str, answer_id: str, index_id: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", query_id):
        raise ValueError("the query_id is none: 1 to 64 letters, digits, - or _")
    for name, value in (("answer_id", answer_id), ("index_id", index_id)):
        if not (1 <= len(value) <= 200 and value.isprintable()):
            raise ValueError(f"the {name} is none: 1 to 200 printable characters")


def _storable(text: str) -> str:
    # JSON can carry half a surrogate pair, which UTF-8 cannot; a NUL would end the text for other readers.
    return redact(text.encode("utf-8", "replace").decode().replace("\x00", " "))


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
