"""What several servers kept, brought together in one file, also while they and it are served.

Each row is known by what it is about: a judgement by its query and answer, a question by its query, a state of the
inbox by its item. So a merge may be repeated, cut off, or done in another order, and the file holds the same: of two
rows that are about the same, the one that was written later. A comment stays beside a later vote without one; of two
the longer stays, since what counts in any order cannot be when they were written, which only votes say.
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from server.exports import Cell
from server.feedback.backup import counted, prepared_copy, refuse_unsound
from server.feedback.file import FeedbackFile
from server.feedback.inbox import forget_orphans
from server.feedback.retention import SECONDS_A_DAY
from server.feedback.schema import STATES, FeedbackError, explained

_PATIENCE_SECONDS = 5.0
"""How long a merge waits for a server that writes, before each part."""
_ROWS_AT_ONCE = 500
"""Of a transaction: a visitor who votes waits for one, not for the whole of a merge."""
_REST = 3
"""How much longer than a part the pause behind it is. Another process that waits for the file only looks now and then
whether it is free: most of the time it must be, or a visitor's vote would be given up."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Columns that come from one row: the one that is greater in *by*, expressions with {} for the table."""

    columns: tuple[str, ...]
    by: tuple[str, ...]

    @classmethod
    def later(cls, *columns: str) -> "_Part":
        """Those of the row that was written later, which the first column says; of the same second, of the greater."""
        # A row that has no answer is compared too: with NULL, nothing would be greater.
        return cls(columns, tuple(f"coalesce({{}}.{column}, '')" for column in columns))

    @property
    def is_greater(self) -> str:
        """Whether the row that comes is the one, in {}."""
        come, there = (", ".join(self.by).replace("{}", table) for table in ("excluded", "{}"))
        return f"({come}) > ({there})"


@dataclass(frozen=True, slots=True)
class _Table:
    """key: the columns that say what a row is about. parts: all others."""

    name: str
    key: tuple[str, ...]
    parts: tuple[_Part, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All, in the order of the statement."""
        return (*self.key, *(column for part in self.parts for column in part.columns))

    @property
    def adding(self) -> str:
        """A statement that adds a row, or puts what it has of its parts in the place of what is there."""
        kept = ", ".join(
            f"{column} = iif({part.is_greater}, excluded.{column}, {{}}.{column})"
            for part in self.parts
            for column in part.columns
        )
        changes = " OR ".join(part.is_greater for part in self.parts)
        return (
            f"INSERT INTO {self.name} ({', '.join(self.columns)}) VALUES ({', '.join('?' * len(self.columns))}) "
            f"ON CONFLICT ({', '.join(self.key)}) DO UPDATE SET {kept} WHERE {changes}"
        ).replace("{}", self.name)


_QUESTIONS = _Table(
    "questions",
    ("query_id",),
    (_Part.later("recorded_at", "question", "folded", "status", "confidence", "answer_id", "index_id"),),
)
_JUDGEMENTS = _Table(
    "feedback",
    ("query_id", "answer_id"),
    (
        _Part.later("recorded_at", "useful", "index_id"),
        _Part(("comment", "folded", "said"), ("length({}.comment)", "{}.comment")),
    ),
)
_STATES = _Table(STATES, ("kind", "key"), (_Part.later("decided_at", "state"),))


@dataclass(frozen=True, slots=True)
class MergeReport:
    """What came from one file. there: rows that were there already, or later ones; expired: rows that were left."""

    source: Path
    judgements: int
    questions: int
    states: int
    there: int
    expired: int

    def __str__(self) -> str:
        came = (
            f"{counted(self.judgements, 'judgement')}, {counted(self.questions, 'question')} and "
            f"{counted(self.states, 'state')} of the inbox are new; {counted(self.there, 'row')} known already"
        )
        left = f"; {counted(self.expired, 'row')} left out as expired" if self.expired else ""
        return f"{self.source}: {came}{left}."


def merge(
    target: Path, sources: Sequence[Path], *, retention_days: int, now: float | None = None
) -> Iterator[MergeReport]:
    """Add what is in *sources* to *target*, which is made if it is not there; yield a report of each, as it is done.

    The sources stay as they are; each is read as of one moment. A vote whose question another server kept is joined to
    it: in the inbox it is then an item of that question, which is new even where the vote had been dealt with.
    retention_days: what is older is left out. now: seconds since 1970.
    FeedbackError, before anything is written, if one of the files is unsound, not ours, or of a later version.
    """
    now = time.time() if now is None else now
    for source in sources:
        if not source.exists():
            raise FeedbackError(f"There is no {source}. Correct its name. Nothing was merged.")
        if target.exists() and target.samefile(source):
            raise FeedbackError(f"{source} is the file to merge into. Name those of the other servers.")
        refuse_unsound(source)
    with closing(FeedbackFile.open(target, clock=time.time)) as file:
        for source in sources:
            # Questions before judgements before states: cut off anywhere, no row waits for one that does not come.
            with prepared_copy(source, target, now=now) as copy:
                yield _merge(file, target, copy, source, since=now - retention_days * SECONDS_A_DAY)


def _merge(file: FeedbackFile, target: Path, copy: Path, source: Path, *, since: float) -> MergeReport:
    came: dict[str, int] = {}
    there = expired = 0
    for table in (_QUESTIONS, _JUDGEMENTS, _STATES):
        came[table.name] = 0
        for rows in _parts(copy, table):
            # A state does not expire by its own age: it goes with what it is of.
            kept = [row for row in rows if table is _STATES or _at(row, table) >= since]
            with _writing(file, target) as connection:
                started = time.perf_counter()
                new = sum(connection.execute(table.adding, row).rowcount for row in kept)
            came[table.name] += new
            there += len(kept) - new
            expired += len(rows) - len(kept)
            time.sleep(_REST * (time.perf_counter() - started))
    with _writing(file, target) as connection:
        forget_orphans(connection)
    return MergeReport(
        source, came[_JUDGEMENTS.name], came[_QUESTIONS.name], came[_STATES.name], there=there, expired=expired
    )


def _at(row: tuple[Cell, ...], table: _Table) -> int:
    """Return when a row was written, in seconds since 1970."""
    at = row[len(table.key)]
    if not isinstance(at, int):
        raise FeedbackError(f"A row of {table.name} has no time but {at!r}. Mend it, or leave its file out.")
    return at


def _parts(copy: Path, table: _Table) -> Iterator[list[tuple[Cell, ...]]]:
    """Yield the rows of a table, some at a time, in the order of writing where it has one."""
    order = "1, 2" if table is _STATES else "rowid"
    with explained(copy), closing(sqlite3.connect(copy)) as connection:
        rows = connection.execute(f"SELECT {', '.join(table.columns)} FROM {table.name} ORDER BY {order}")
        while part := rows.fetchmany(_ROWS_AT_ONCE):
            yield part


@contextmanager
def _writing(file: FeedbackFile, target: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection for one transaction, once nobody else writes."""
    with explained(target):
        connection = file.connection(wait_seconds=_PATIENCE_SECONDS)
        connection.execute("BEGIN IMMEDIATE")
        with connection:
            yield connection
