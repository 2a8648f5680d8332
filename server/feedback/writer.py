"""Writes to the file of the feedback, one thread after the other, and tells whether that works.

Owns the lock around `file`, and who waits for how long: a visitor hardly, an operator some seconds. What is written is
for `store` to say. A writing is in the file that is at the path when it returns, or has raised.
"""

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar

from server.exports import Cell
from server.feedback.file import FeedbackFile
from server.feedback.schema import FeedbackError, explained

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

JUDGEMENT_QUEUE_SECONDS = 2.0
QUESTION_QUEUE_SECONDS = 0.25
"""How long a visitor waits for other threads, each of which waits for the disk; a question is lost sooner."""

_BUSY_SECONDS = 0.3
"""How long a visitor waits for a program that holds the file."""
_OPERATOR_PATIENCE_SECONDS = 5.0
"""How long erasing tries, as often as a visitor would have given up: it must not keep the lock from them."""
_EMPTYING_PATIENCE_SECONDS = 0.2
"""How long the emptying of the log waits for readers, while writings wait for it."""
_TROUBLE_SECONDS = 1.0
"""How long after a failure judgements are tried without waiting, and questions not at all."""
_MOST_WRITTEN_BYTES = 128 * 1024
"""What one judgement or question may take in the log, a page for each index among it, and some more."""
_MOST_ATTEMPTS = 3
"""How often a row is written again because the file was replaced meanwhile."""


class _OthersWriteError(FeedbackError):
    """Other threads of this program write, and have done so for as long as this one may wait."""


class FeedbackWriter:
    """The one connection that writes to *file*, which is at *path*. Every method may be called from any thread."""

    def __init__(self, file: FeedbackFile, path: Path) -> None:
        self._file = file
        self._path = path
        self._lock = threading.Lock()
        self._trouble: str | None = None
        self._trouble_at = 0.0

    @property
    def trouble(self) -> str | None:
        """Why the last writing failed, None where it did not."""
        return self._trouble

    @property
    def notice(self) -> str | None:
        """What last happened to the file while it was open, in a sentence; None if nothing did."""
        return self._file.notice

    def close(self) -> None:
        """Gather everything in the one file and let go of it."""
        with self._lock, explained(self._path):
            self._file.close()

    def execute(
        self,
        statement: str,
        values: tuple[Cell, ...],
        *,
        synchronous: Literal["FULL", "NORMAL"],
        queue_seconds: float,
    ) -> None:
        """Write what one statement says. synchronous: FULL to have it on the disk when this returns.

        queue_seconds: how long other threads are waited for. FeedbackError where it cannot be written.
        """
        self._write(
            lambda connection: connection.execute(statement, values),
            synchronous=synchronous,
            queue_seconds=queue_seconds,
        )

    def insist(self, action: Callable[[sqlite3.Connection], Result]) -> Result:
        """Return what *action* does with the file, tried again for some seconds while others hold it."""
        until = time.monotonic() + _OPERATOR_PATIENCE_SECONDS
        while True:
            try:
                with self._open_file(_OPERATOR_PATIENCE_SECONDS) as connection:
                    return action(connection)
            except FeedbackError as error:
                if not error.is_passing or time.monotonic() > until:
                    raise
            time.sleep(0.02)

    def empty_log(self) -> None:
        """Put the whole log into the file: erased text would live on in it, whoever erased that."""

        def empty(connection: sqlite3.Connection) -> None:
            connection.execute(f"PRAGMA busy_timeout = {1000 * _EMPTYING_PATIENCE_SECONDS:.0f}")
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if busy:
                logger.warning(
                    "Erased text stays in %s-wal: another program is reading the file. The server empties it within "
                    "an hour of the end of that reading.",
                    self._path,
                )

        self.insist(empty)

    def refuse_after_failure(self) -> None:
        """FeedbackError if a writing failed a moment ago: for what is not worth another try."""
        if self._failed_just_now():
            raise FeedbackError(self._trouble or "", is_passing=True)

    def look_after_file(self) -> None:
        """Open the file again if it was removed or replaced, and find out whether a failure is over."""
        if self._trouble is None and self._file.is_in_place():
            with contextlib.suppress(FeedbackError), self._open_file(QUESTION_QUEUE_SECONDS):
                self._file.notice_restoring()
            return
        with contextlib.suppress(FeedbackError):  # told by `trouble`
            self._write(_write_and_erase, synchronous="FULL", queue_seconds=QUESTION_QUEUE_SECONDS)

    def _write(
        self,
        write: Callable[[sqlite3.Connection], object],
        *,
        synchronous: Literal["FULL", "NORMAL"],
        queue_seconds: float,
    ) -> None:
        """Write to the file that is at the path, after waiting at most *queue_seconds* for other threads."""
        try:
            with self._open_file(queue_seconds) as connection:
                for _ in range(_MOST_ATTEMPTS):
                    connection.execute(f"PRAGMA synchronous = {synchronous}")
                    write(connection)
                    if self._file.is_in_place():
                        break
                    # It was removed or replaced while this was written: what is at the path does not have it.
                    connection = self._file.connection(wait_seconds=_BUSY_SECONDS)
                else:
                    raise FeedbackError(f"{self._path} is being replaced again and again. Look for what does that.")
                self._trouble = None
        except _OthersWriteError:
            raise  # many of us at once: nothing is wrong with the file
        except FeedbackError as error:
            self._trouble = str(error)
            self._trouble_at = time.monotonic()
            raise

    def _failed_just_now(self) -> bool:
        return self._trouble is not None and time.monotonic() < self._trouble_at + _TROUBLE_SECONDS

    @contextmanager
    def _open_file(self, queue_seconds: float) -> Iterator[sqlite3.Connection]:
        """Give the connection to what is at the path, for this thread alone."""
        if not self._lock.acquire(timeout=queue_seconds):
            raise _OthersWriteError(f"The feedback in {self._path} is being written by others.", is_passing=True)
        try:
            # A thread before has just waited for another program, in vain: all behind it would wait as long again.
            with explained(self._path):
                yield self._file.connection(wait_seconds=0 if self._failed_just_now() else _BUSY_SECONDS)
        finally:
            self._lock.release()


def _write_and_erase(connection: sqlite3.Connection) -> None:
    """Write more than any judgement or question takes, and nothing that stays.

    A full disk, a lock and a read-only file are over when that succeeds. A page alone would find room on a full disk:
    in the log, where the writing that failed had begun.
    """
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        # No query has this id. What is erased is overwritten, so that its pages are written too.
        connection.execute(
            """INSERT INTO questions (query_id, question, folded, status, confidence, index_id, recorded_at)
            VALUES ('', zeroblob(?), '', '', 0, '', 0)""",
            (_MOST_WRITTEN_BYTES,),
        )
        connection.execute("DELETE FROM questions WHERE query_id = ''")
