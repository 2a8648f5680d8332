"""Keeps what visitors say of the answers, and their questions where the operator allows it, in a file of SQLite.

Knows nothing of HTTP, and no address of a visitor. Judgements are on the disk before `record_feedback` returns (WAL,
synchronous=FULL), in the file that is at the path then; a question is not worth waiting for the disk at each search:
the last ones may be lost with the power, though not with the process. Texts are redacted here, whoever calls. How they
get into the file is for `writer` and `file`, the tables are in `schema`; what is read in `reader`, `asked` and `inbox`,
how long rows stay in `retention`, copies in `backup`.
"""

import glob
import logging
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from indexer.french.text import words_of
from indexer.records import Status
from server.exports import csv_lines, jsonl_lines
from server.feedback import retention
from server.feedback.asked import (
    AskedOnDay,
    AskedQuestion,
    JudgedAnswer,
    VotesOnDay,
    read_asked,
    read_asked_by_day,
    read_judged,
    read_votes_by_day,
)
from server.feedback.file import VECTORS, FeedbackFile
from server.feedback.inbox import Inbox, Kind, State, forget_orphans
from server.feedback.reader import COLUMNS, Table, Unanswered, read_records, read_unanswered
from server.feedback.schema import NO_ANSWER, FeedbackError, explained, said_in
from server.feedback.writer import JUDGEMENT_QUEUE_SECONDS, QUESTION_QUEUE_SECONDS, FeedbackWriter
from server.periodic import repeated
from server.privacy.redaction import redact
from server.settings import KeepQuestions

__all__ = ["MAX_COMMENT_CHARACTERS", "FeedbackHealth", "FeedbackStore", "Unanswered"]

logger = logging.getLogger(__name__)

MAX_COMMENT_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class FeedbackHealth:
    """Whether judgements and questions are kept as they should be.

    why: what is wrong and what to do next, in English; empty when ok. notice: what last happened to the file while it
    was served, such as its replacement; it may be there when all is well again.
    """

    status: Literal["ok", "degraded"]
    why: str
    notice: str | None


class FeedbackStore:
    """Judgements and questions in one file. Every method may be called from any thread."""

    def __init__(
        self,
        file: FeedbackFile,
        path: Path,
        *,
        keep_questions: bool,
        retention_days: int,
        clock: Callable[[], float],
    ) -> None:
        self._writer = FeedbackWriter(file, path)
        self._path = path
        self._keep_questions = keep_questions
        self._retention_seconds = retention_days * retention.SECONDS_A_DAY
        self._clock = clock
        self._refused_purge: str | None = None

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        keep_questions: KeepQuestions,
        retention_days: int,
        clock: Callable[[], float] = time.time,
    ) -> Self:
        """Return the store at *path*, made if it is not there, with its schema brought up to date.

        retention_days: at least 1. What is older is never given out; it is erased by `purge_expired` and `purging`.
        Opening erases nothing, so that a look with another retention time than the server's costs nothing.
        clock: seconds since 1970.
        FeedbackError if the file is damaged, read-only, another program's, or of a later version of this one.
        """
        if retention_days < 1:
            raise ValueError(f"retention_days is {retention_days}; it must be at least 1")
        file = FeedbackFile.open(path, clock=clock)
        keeps = keep_questions == "redacted"
        return cls(file, path, keep_questions=keeps, retention_days=retention_days, clock=clock)

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._path

    @property
    def keeps_questions(self) -> bool:
        """Whether questions are written too, or judgements alone."""
        return self._keep_questions

    @property
    def retention_days(self) -> int:
        """Days after which everything is erased."""
        return int(self._retention_seconds // retention.SECONDS_A_DAY)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gather everything in the one file and let go of it."""
        self._writer.close()

    def record_feedback(self, query_id: str, answer_id: str, *, useful: bool, comment: str = "", index_id: str) -> None:
        """Keep a judgement; it is on the disk when this returns, in the file at the path. The comment is redacted.

        A second judgement of the same answer to the same query replaces the first: it is a retry, or a visitor who
        changed their mind or added a comment. One without a comment leaves the comment before. A question left for the
        team, which the comment says, is about no answer: it stands beside the judgements of its query. The query need
        not be known here, since questions may not be kept; that the answer exists, the caller has checked.
        ValueError if an id cannot be one, or if the comment is longer than MAX_COMMENT_CHARACTERS.
        FeedbackError where it cannot be kept, within half a second where another program holds the file.
        """
        _check_ids(query_id, answer_id, index_id)
        if len(comment) > MAX_COMMENT_CHARACTERS:
            raise ValueError(f"the comment has {len(comment)} characters; at most {MAX_COMMENT_CHARACTERS} are kept")
        text = _storable(comment)
        said = said_in(text)
        self._writer.execute(
            """INSERT INTO feedback (query_id, answer_id, useful, comment, folded, said, index_id, recorded_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (query_id, answer_id) DO UPDATE SET useful = excluded.useful,
            comment = iif(excluded.comment = '', comment, excluded.comment),
            folded = iif(excluded.comment = '', folded, excluded.folded),
            said = iif(excluded.comment = '', said, excluded.said),
            index_id = excluded.index_id, recorded_at = excluded.recorded_at""",
            (
                query_id,
                NO_ANSWER if said == "left" else answer_id,
                useful,
                text,
                words_of(text),
                said,
                index_id,
                int(self._clock()),
            ),
            synchronous="FULL",
            queue_seconds=JUDGEMENT_QUEUE_SECONDS,
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
        self._writer.refuse_after_failure()
        text = _storable(question)
        self._writer.execute(
            """INSERT OR REPLACE INTO questions
            (query_id, question, folded, status, confidence, answer_id, index_id, recorded_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            (query_id, text, words_of(text), str(status), confidence, answer_id, index_id, int(self._clock())),
            synchronous="NORMAL",
            queue_seconds=QUESTION_QUEUE_SECONDS,
        )

    @property
    def now(self) -> float:
        """The time by the clock of the store, in seconds since 1970."""
        return self._clock()

    def inbox(self) -> Inbox:
        """Return what reads the inbox as it is kept now."""
        return Inbox(self._path, since=self._oldest_kept())

    def decide(self, kind: Kind, key: str, state: State) -> None:
        """Keep where an item of the inbox stands. ValueError if there is no such item."""
        if not self.inbox().has(kind, key):
            raise ValueError(f"there is no such item: {kind.value}")
        # New again is kept too, with its time: else an earlier decision would come back from another server's file.
        self._writer.execute(
            "INSERT OR REPLACE INTO inbox_states (kind, key, state, decided_at) VALUES (?, ?, ?, ?)",
            (kind.value, key, state.value, int(self._clock())),
            synchronous="FULL",
            queue_seconds=JUDGEMENT_QUEUE_SECONDS,
        )

    def health(self) -> FeedbackHealth:
        """Return whether what is said is kept, at once: nothing is read or waited for."""
        why = " ".join(filter(None, (self._writer.trouble, self._refused_purge)))
        return FeedbackHealth("degraded" if why else "ok", why, self._writer.notice)

    def expiry(self) -> retention.Expiry:
        """Return what `purge_expired` would erase now."""
        return self._writer.insist(
            lambda connection: retention.look(connection, now=self._clock(), retention_seconds=self._retention_seconds)
        )

    def purge_expired(self, *, confirmed: bool = False) -> int:
        """Erase what is older than the retention time; return how many rows that was.

        Where most would go and the clock or the retention may be wrong, nothing does, and `health` says why, unless an
        operator *confirmed* both: then rows from the future are dated today as well.
        """
        expiry = self.expiry()
        self._refused_purge = None if confirmed else expiry.why_not()
        if self._refused_purge:
            logger.error("What has expired was not erased: %s", self._refused_purge)
            return 0
        if confirmed:
            self._writer.insist(lambda connection: retention.date_back(connection, now=expiry.now))
        erased = 0
        # A part at a time: whoever writes meanwhile waits for one, not for all.
        while part := self._writer.insist(lambda connection: retention.erase_part(connection, until=expiry.until)):
            erased += part
            time.sleep(0.001)  # a lock is not fair: without a pause this thread would take it again at once
        if erased:
            self._writer.insist(forget_orphans)
        self._writer.insist(lambda connection: retention.believe(connection, now=expiry.now))
        self._writer.empty_log()
        return erased

    @contextmanager
    def purging(self, *, every_seconds: float = 3600) -> Iterator[None]:
        """Look after the file until the end of the block, in threads of its own.

        What has expired is erased now and every so often; that the file was removed or replaced, or can be written
        again, is noticed within a second even where nobody writes.
        """

        def purge() -> None:
            try:
                self.purge_expired()
            except FeedbackError as error:
                logger.error("What has expired could not be erased: %s", error)

        purge()
        with (
            repeated(purge, every_seconds=every_seconds, name="feedback-purge"),
            repeated(self.look_after_file, every_seconds=1, name="feedback-file"),
        ):
            yield

    def look_after_file(self) -> None:
        """Open the file again if it was removed or replaced, and find out whether a failure is over."""
        self._writer.look_after_file()

    def erase(self, query_id: str) -> int:
        """Erase the question and the judgements of one query, as whom it concerns may ask; return how many rows.

        The vectors of all questions, which lie beside the file, go too: they can be computed again.
        """

        def erase(connection: sqlite3.Connection) -> int:
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                erased = sum(
                    connection.execute(f"DELETE FROM {table} WHERE query_id = ?", (query_id,)).rowcount
                    for table in retention.TABLES
                )
                forget_orphans(connection)
            return erased

        erased = self._writer.insist(erase)
        self._writer.empty_log()
        with explained(self._path):
            # With a dot before the name, what a killed program left of them.
            for begins in ("", "."):
                for vectors in self._path.parent.glob(f"{begins}{glob.escape(self._path.name)}{VECTORS}*"):
                    vectors.unlink(missing_ok=True)
        return erased

    def unanswered(self, *, limit: int) -> tuple[Unanswered, ...]:
        """Return the kept questions without a sure answer, or with one judged useless, the most frequent first.

        Questions that differ by case, accents, ligatures, spaces or punctuation alone count as one. Ties: the last
        asked first. Those that an editor has dealt with in the inbox are left out.
        """
        return read_unanswered(self._path, since=self._oldest_kept(), limit=limit)

    def asked(self) -> tuple[AskedQuestion, ...]:
        """Return every kept question once, by its words."""
        return read_asked(self._path, since=self._oldest_kept())

    def judged(self) -> tuple[JudgedAnswer, ...]:
        """Return what was said of the answers to kept questions, by words and answer."""
        return read_judged(self._path, since=self._oldest_kept())

    def asked_by_day(self) -> tuple[AskedOnDay, ...]:
        """Return the kept questions by day, words and first hit."""
        return read_asked_by_day(self._path, since=self._oldest_kept())

    def votes_by_day(self) -> tuple[VotesOnDay, ...]:
        """Return the judgements by day and answer."""
        return read_votes_by_day(self._path, since=self._oldest_kept())

    def export_jsonl(self, table: Table = "feedback") -> Iterator[str]:
        """Yield a table as JSON, one object a line; times are ISO 8601, UTC. Memory does not grow with the table."""
        return jsonl_lines(read_records(self._path, table, since=self._oldest_kept()))

    def export_csv(self, table: Table = "feedback") -> Iterator[str]:
        """Yield a table for a spreadsheet, line by line, with formulas made harmless."""
        return csv_lines(COLUMNS[table], read_records(self._path, table, since=self._oldest_kept()))

    def _oldest_kept(self) -> float:
        return self._clock() - self._retention_seconds


def _check_ids(query_id: str, answer_id: str, index_id: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", query_id):
        raise ValueError("the query_id is none: 1 to 64 letters, digits, - or _")
    for name, value in (("answer_id", answer_id), ("index_id", index_id)):
        if not (1 <= len(value) <= 200 and value.isprintable()):
            raise ValueError(f"the {name} is none: 1 to 200 printable characters")


def _storable(text: str) -> str:
    # JSON can carry half a surrogate pair, which UTF-8 cannot; a NUL would end the text for other readers.
    return redact(text.encode("utf-8", "replace").decode().replace("\x00", " "))
