"""Copies of the feedback that are whole, the way back from one, and what can be said of a file.

A file of SQLite in use is not copied by copying: the newest rows are in its log. A backup is made by SQLite itself, as
of one moment, while others write; it is a single file, written aside and put in place at once.
"""

import contextlib
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from indexer.files import force_to_disk
from server.disk_space import told_if_full
from server.feedback.reader import reading
from server.feedback.retention import SECONDS_A_DAY, TABLES
from server.feedback.schema import SCHEMA_STEPS, STATES, FeedbackError, explained, prepare, schema_version, why_not_ours

_PATIENCE_SECONDS = 5.0
_MOST_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class FeedbackReport:
    """What a file of the feedback holds, and what is wrong with it, in English.

    oldest, newest: seconds since 1970, None where there is no row. bytes: of the file and its log. free_bytes: on its
    disk. The numbers are 0 where the file cannot be read.
    """

    path: Path
    problems: tuple[str, ...]
    schema: int
    judgements: int
    questions: int
    states: int
    oldest: int | None
    newest: int | None
    bytes: int
    free_bytes: int

    def what_it_holds(self) -> str:
        """Return the rows and their time in words, such as "3 judgements and no questions, until 2026-01-02"."""
        counts = f"{counted(self.judgements, 'judgement')} and {counted(self.questions, 'question')}"
        if self.states:
            counts = f"{counts.replace(' and ', ', ')} and {counted(self.states, 'state')} of the inbox"
        return f"{counts}, {_day(self.oldest)} to {_day(self.newest)}" if self.oldest else counts


def inspect(path: Path, *, retention_days: int | None = None, now: float | None = None) -> FeedbackReport:
    """Return what the file at *path* holds and what is wrong with it; nothing in it changes.

    retention_days: where given, rows that should have been erased count as wrong. now: seconds since 1970.
    FeedbackError if there is no such file.
    """
    with explained(path):
        size = path.stat().st_size + _size(_beside(path, "-wal"))
        free_bytes = shutil.disk_usage(path.parent).free
    problems: list[str] = []
    schema = judgements = questions = states = 0
    times: list[int] = []
    try:
        with reading(path, wait_seconds=_PATIENCE_SECONDS) as connection:
            schema = schema_version(connection)
            problems += _flaws(connection, path)
            if schema <= len(SCHEMA_STEPS):
                judgements, questions = (_rows(connection, table) for table in TABLES)
                states = _rows(connection, STATES, "state <> 'new'")
                times = _times(connection)
    except FeedbackError as error:
        problems.append(str(error))
    problems += _wrong_times(times, retention_days=retention_days, now=time.time() if now is None else now)
    if full := told_if_full(str(path), free_bytes=free_bytes):
        problems.append(full)
    oldest, newest = min(times, default=None), max(times, default=None)
    return FeedbackReport(
        path, tuple(problems), schema, judgements, questions, states, oldest, newest, size, free_bytes
    )


def back_up(path: Path, destination: Path, *, force: bool = False) -> FeedbackReport:
    """Write what the file at *path* holds now to *destination*, while others may write; return what that is.

    force: replace what is at *destination*. FeedbackError where that is not given, or where either cannot be done.
    """
    with explained(destination):
        if destination.exists() and destination.samefile(path):
            raise FeedbackError(f"{destination} is the file of the feedback itself. Name another for its backup.")
        if destination.exists() and not force:
            raise FeedbackError(f"{destination} exists. Give --force to replace it, or another name.")
    with _written_aside(path, destination) as aside:
        refuse_unsound(aside)
        with explained(destination):
            if force:
                aside.replace(destination)
            else:
                try:
                    os.link(aside, destination)  # unlike a rename, never in place of what appeared meanwhile
                except FileExistsError as error:
                    raise FeedbackError(
                        f"{destination} exists. Give --force to replace it, or another name."
                    ) from error
            force_to_disk(destination.parent)
    return inspect(destination)


def restore(path: Path, backup: Path) -> tuple[Path | None, FeedbackReport]:
    """Have the file at *path* hold what *backup* does; return where its old rows are now, if any, and a report.

    It is one transaction in the file in service: a running server goes on with it, and what it acknowledged until then
    is in the copy that was set aside. Only a file that is damaged, or not ours, is replaced by another.
    FeedbackError, with nothing changed, if the backup is unsound, not ours, or of a later version.
    """
    with explained(backup):
        if path.exists() and path.samefile(backup):
            raise FeedbackError(f"{backup} is the file of the feedback itself. Name its backup.")
        backup.stat()
    refuse_unsound(backup)
    with prepared_copy(backup, path, now=time.time()) as aside:
        with explained(aside), closing(sqlite3.connect(aside, isolation_level=None)) as connection:
            connection.execute("UPDATE clock SET restored_at = ?", (time.time(),))
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        replaced = _beside(path, f".replaced-{stamp}")
        if _is_sound(path):
            _restore_into(path, aside, replaced)
        else:
            with explained(path):
                force_to_disk(aside)
                if path.exists():
                    os.link(path, replaced)
                for end in ("-wal", "-shm"):
                    _beside(path, end).unlink(missing_ok=True)
                aside.replace(path)
    with explained(path):
        force_to_disk(path.parent)
    return (replaced if replaced.exists() else None), inspect(path)


@contextlib.contextmanager
def prepared_copy(source: Path, destination: Path, *, now: float) -> Iterator[Path]:
    """Give a copy of *source* as of one moment, with the tables of this version, on the disk of *destination*.

    It is there until the end of the block. now: seconds since 1970. FeedbackError if it cannot be made.
    """
    with _written_aside(source, destination) as aside:
        with explained(aside), closing(sqlite3.connect(aside, isolation_level=None)) as connection:
            prepare(connection, aside, now=now)
        yield aside


def _restore_into(path: Path, restored: Path, replaced: Path) -> None:
    """Put the rows of *restored* in the place of those of *path*, which are copied to *replaced* first."""
    with explained(path), closing(sqlite3.connect(path, timeout=_PATIENCE_SECONDS, isolation_level=None)) as connection:
        prepare(connection, path, now=time.time())
        connection.execute("ATTACH ? AS restored", (str(restored),))
        connection.execute("BEGIN IMMEDIATE")
        with connection:
            # Nobody writes now, and whoever reads does not see yet what is done here.
            with _written_aside(path, replaced) as copy:
                copy.replace(replaced)
            for table in (*TABLES, STATES, "clock"):
                connection.execute(f"DELETE FROM main.{table}")
                connection.execute(f"INSERT INTO main.{table} SELECT * FROM restored.{table}")
        connection.execute("DETACH restored")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _is_sound(path: Path) -> bool:
    try:
        refuse_unsound(path)
    except FeedbackError as error:
        if error.is_passing:
            raise
        return False
    return True


def _flaws(connection: sqlite3.Connection, path: Path) -> list[str]:
    """Return why the file is none of ours, or where it is damaged; nothing if it is sound."""
    if refusal := why_not_ours(connection, path, new_is_ours=False):
        return [refusal]
    found = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({_MOST_PROBLEMS})")]
    return [f"{path} is damaged: {one}." for one in found if one != "ok"]


def _rows(connection: sqlite3.Connection, table: str, where: str = "TRUE") -> int:
    """Return how many rows of a table are so; none where the schema is too old to have it."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
        return 0
    return int(connection.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0])


def _times(connection: sqlite3.Connection) -> list[int]:
    return [
        row[0]
        for table in TABLES
        if _rows(connection, table)
        for row in connection.execute(f"SELECT recorded_at FROM {table}")
    ]


def _wrong_times(times: list[int], *, retention_days: int | None, now: float) -> Iterator[str]:
    if future := sum(time > now + SECONDS_A_DAY for time in times):
        yield (
            f"{counted(future, 'row')} dated in the future: a clock was wrong. "
            "`souffleur feedback purge --yes` dates them today."
        )
    if retention_days is None:
        return
    # A day more than the retention: a server erases every hour.
    due = now - (retention_days + 1) * SECONDS_A_DAY
    if expired := sum(time < due for time in times):
        yield (
            f"{counted(expired, 'row')} older than {retention_days} days: no server erases them. "
            "Run `souffleur feedback purge`."
        )


@contextlib.contextmanager
def _written_aside(source: Path, destination: Path) -> Iterator[Path]:
    """Give a whole copy of *source* on the disk of *destination*, which is removed at the end if it is still there."""
    aside = destination.with_name(f".{destination.name}.{os.getpid()}.part")
    try:
        with explained(aside):
            os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with (
            reading(source, wait_seconds=_PATIENCE_SECONDS) as reader,
            closing(sqlite3.connect(aside)) as writer,
        ):
            reader.backup(writer)  # all pages in one step: as of one moment, and whoever writes goes on
            writer.execute("PRAGMA journal_mode = DELETE")
        with explained(aside):
            force_to_disk(aside)
        yield aside
    finally:
        for part in (aside, *(_beside(aside, end) for end in ("-wal", "-shm", "-journal"))):
            part.unlink(missing_ok=True)


def refuse_unsound(path: Path) -> None:
    """Raise a FeedbackError unless the file is whole, ours and of no later version."""
    with reading(path, wait_seconds=_PATIENCE_SECONDS) as connection:
        if flaws := _flaws(connection, path):
            raise FeedbackError(flaws[0])


def _beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def counted(count: int, noun: str) -> str:
    """Return how many in words, such as "no rows", "1 row" or "2 rows"."""
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def _day(seconds: int | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).date().isoformat()
