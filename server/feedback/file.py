"""The file of the feedback, held open for writing, and what operators do to it meanwhile.

A file that is removed or replaced stays open: SQLite would go on writing to what is at no path any more, and all that
was acknowledged would be lost. So the file is told by its device and inode, and its log too, before and after each
writing. The lock around every use is the store's.
"""

import contextlib
import errno
import logging
import os
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from server.feedback.schema import FeedbackError, explained, prepare

logger = logging.getLogger(__name__)

_OPENING_PATIENCE_SECONDS = 5.0
"""How long the start waits for other processes."""
_PAUSE_SECONDS = 1.0
"""How long what could not be opened is left alone: a damaged file is read to its end to find that."""

_CHECKPOINT_PATIENCE_SECONDS = 0.3
"""How long a file that has gone is waited for by its end, where somebody still reads it."""

VECTORS = ".vectors-"
"""What follows the name of the file in the names of those beside it that hold the vectors of its questions."""

Identity = tuple[int, int] | None
"""Device and inode of what is at a path, or None where nothing is."""


class FeedbackFile:
    """One connection that writes, and the file it belongs to."""

    def __init__(self, connection: sqlite3.Connection, path: Path, *, clock: Callable[[], float]) -> None:
        self._connection: sqlite3.Connection | None = connection
        self._path = path
        self._clock = clock
        self._opened = self._at_the_path()
        self._is_closed = False
        self._restored_at = _restored_at(connection)
        self._failure: FeedbackError | None = None
        self._next_try = 0.0
        self.notice: str | None = None
        """What last happened to the file while it was open, in a sentence; None if nothing did."""

    @classmethod
    def open(cls, path: Path, *, clock: Callable[[], float]) -> Self:
        """Return the file at *path*, made if it is not there, with its schema brought up to date.

        FeedbackError if it is damaged, read-only, another program's, or of a later version of this one.
        """
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        return cls(_connect(path, clock, wait_seconds=_OPENING_PATIENCE_SECONDS), path, clock=clock)

    def connection(self, *, wait_seconds: float) -> sqlite3.Connection:
        """Return the connection to what is at the path now: another file than before is opened, a missing one begun.

        wait_seconds: how long other processes are waited for, here and by what is written next.
        FeedbackError where there is no fit file and none can be begun; for a second it is then not tried again.
        """
        if self._is_closed:
            raise FeedbackError(f"The feedback in {self._path} is closed.")
        if self._connection is not None and not self.is_in_place():
            self._let_go(self._connection)
        connection = self._connection or self._open_again(wait_seconds)
        connection.execute(f"PRAGMA busy_timeout = {1000 * max(0, wait_seconds):.0f}")
        return connection

    def is_in_place(self) -> bool:
        """Whether what is open is still what is at the path: what was just written can be found there."""
        return self._at_the_path() == self._opened

    def notice_restoring(self) -> None:
        """Say it if a backup was restored into the file since the last look. sqlite3.Error if unread."""
        if self._connection is None:
            return
        restored_at = _restored_at(self._connection)
        if restored_at != self._restored_at:
            self._restored_at = restored_at
            self._say(f"{self._path} was restored from a backup: it holds {_what_it_holds(self._connection)}")

    def close(self) -> None:
        """Gather everything in the one file and let go of it. A file that was moved away takes its log along."""
        self._is_closed = True
        if self._connection is not None:
            if not self.is_in_place():
                self._let_go(self._connection)
            else:
                self._connection.close()
        self._connection = None

    def _at_the_path(self) -> tuple[Identity, Identity]:
        return _identity(self._path), _identity(self._path.with_name(self._path.name + "-wal"))

    def _let_go(self, connection: sqlite3.Connection) -> None:
        """Close what is no longer at the path, whole: who moved it away expects to find everything in it.

        SQLite sees that it was moved, and leaves the log alone that the next file may have at its path.
        """
        main, log = self._at_the_path()
        if main is None:
            what = "was removed"
        elif main != self._opened[0]:
            what = "was replaced"
        else:
            what = "lost its log" if log is None else "had its log replaced"
        self._connection = None
        gone_to = _place_of(self._opened[0])
        why = None
        try:
            connection.execute(f"PRAGMA busy_timeout = {1000 * _CHECKPOINT_PATIENCE_SECONDS:.0f}")
            if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                why = "another program is reading it"
        except sqlite3.Error as error:
            why = str(error)
        finally:
            connection.close()
        if main != self._opened[0] and log == self._opened[1]:
            # The log of the file that has gone: SQLite would read it into the one that came.
            self._take_log_away(gone_to if why else None)
        if why:
            logger.error("The end of the log of %s could not be put into its file: %s.", gone_to or self._path, why)
        self._say(f"{self._path} {what} while it was served")

    def _take_log_away(self, gone_to: Path | None) -> None:
        """Put the log at the path beside the file that it belongs to, where it still has rows of it; else remove it."""
        log = self._path.with_name(self._path.name + "-wal")
        if gone_to and not gone_to.with_name(gone_to.name + "-wal").exists():
            log.rename(gone_to.with_name(gone_to.name + "-wal"))
        log.unlink(missing_ok=True)
        self._path.with_name(self._path.name + "-shm").unlink(missing_ok=True)

    def _open_again(self, wait_seconds: float) -> sqlite3.Connection:
        if self._failure is not None and time.monotonic() < self._next_try:
            raise FeedbackError(str(self._failure))
        is_new = _identity(self._path) is None
        try:
            # The folder is not made: where its disk is not mounted, a file would be begun on another.
            connection = _connect(self._path, self._clock, wait_seconds=wait_seconds)
        except FeedbackError as error:
            self._next_try = time.monotonic() + _PAUSE_SECONDS
            if self._failure is None:
                logger.error("The feedback cannot be opened again: %s", error)
            self._failure = error
            raise
        self._opened = self._at_the_path()
        if self._opened[1] is None:
            # Somebody removes the log of the file before, and took this one: what is written to it would be lost.
            connection.close()
            raise FeedbackError(f"{self._path} is being replaced. Try again.", is_passing=True)
        self._failure = None
        self._connection = connection
        with explained(self._path):
            self._restored_at = _restored_at(connection)
            holds = _what_it_holds(connection)
        if is_new:
            self._say(f"{self._path} was begun anew: the one before it is no longer there")
        else:
            self._say(f"{self._path} was opened again: it holds {holds}")
        return connection

    def _say(self, event: str) -> None:
        logger.warning("%s.", event)
        self.notice = f"{event}, at {datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec='seconds')}."


def _connect(path: Path, clock: Callable[[], float], *, wait_seconds: float) -> sqlite3.Connection:
    with explained(path):
        # Made here for its mode: the comments are for nobody else to read. SQLite gives the log the same mode. A file
        # that is there is not opened like this: to close it would drop the locks that readers of this process have.
        if path.exists():
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if not os.access(path, os.R_OK | os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        else:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(path, timeout=wait_seconds, isolation_level=None, check_same_thread=False)
    try:
        with explained(path):
            prepare(connection, path, now=clock())
    except BaseException:
        connection.close()
        raise
    return connection


def _identity(path: Path) -> Identity:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _place_of(identity: Identity) -> Path | None:
    """Return where an open file is now, wherever it was moved; None where that is nowhere, or cannot be told."""
    with contextlib.suppress(OSError):  # there is no /proc on other systems
        for descriptor in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):  # closed meanwhile
                place = descriptor.readlink()
                if place.is_absolute() and _identity(place) == identity:
                    return place
    return None


def _restored_at(connection: sqlite3.Connection) -> float | None:
    value: float | None = connection.execute("SELECT max(restored_at) FROM clock").fetchone()[0]
    return value


def _what_it_holds(connection: sqlite3.Connection) -> str:
    kept = connection.execute("SELECT (SELECT count(*) FROM feedback), (SELECT count(*) FROM questions)")
    judgements, questions = kept.fetchone()
    return f"{judgements} judgements and {questions} questions"
