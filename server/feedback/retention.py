"""How long rows are kept, and when a clock is believed enough to erase them.

What is erased is gone for good, so a clock that leapt into the future must not do it. Each purge leaves the time in
the file; a clock that has gone much further since, and would erase most of what there is, is not believed until
an operator says so. What has expired is not given out meanwhile.
"""

import sqlite3
from dataclasses import dataclass

SECONDS_A_DAY = 86_400
TABLES = ("feedback", "questions")
"""What holds rows of visitors; each has a recorded_at, in seconds since 1970."""

_MANY_ROWS = 100
"""Above it, most of the rows are never erased at once without a word of the operator, whatever the clock."""
_MOST_ROWS_AT_ONCE = 1000
"""Of a transaction: whoever writes waits for one, not for the whole of a purge."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """What a purge would do. until: what was recorded before is expired; believed_at: when a purge was last done."""

    now: float
    until: float
    expired: int
    rows: int
    believed_at: int

    def why_not(self) -> str | None:
        """Return why nobody should erase this without an operator's word, or None if it may be done."""
        if not self.expired or self.expired * 2 < self.rows:
            return None
        # A twelfth of the retention is 33 days of 395: a service may well be stopped for that long.
        longest_rest = max(SECONDS_A_DAY, (self.now - self.until) / 12)
        rest = self.now - self.believed_at
        if rest <= longest_rest and self.expired <= _MANY_ROWS:
            return None
        leap = f", and the clock is {rest / SECONDS_A_DAY:.0f} days further than when that was last done"
        return (
            f"{self.expired} of {self.rows} rows would be erased as expired{leap if rest > longest_rest else ''}. "
            "Nothing was erased. Correct the clock or the retention; if both are right, run "
            "`souffleur feedback purge --yes`."
        )


def look(connection: sqlite3.Connection, *, now: float, retention_seconds: float) -> Expiry:
    """Return what a purge would do at *now*, in seconds since 1970."""
    until = now - retention_seconds
    expired = _rows_before(connection, until)
    rows = _rows_before(connection, float("inf"))
    believed_at = connection.execute("SELECT max(believed_at) FROM clock").fetchone()[0]
    return Expiry(now, until, expired, rows, believed_at if believed_at is not None else int(now))


def erase_part(connection: sqlite3.Connection, *, until: float) -> int:
    """Erase some of what was recorded before *until*; return how many rows that was, 0 when there is nothing left."""
    for table in TABLES:
        part = f"SELECT rowid FROM {table} WHERE recorded_at < ? LIMIT {_MOST_ROWS_AT_ONCE}"
        if erased := connection.execute(f"DELETE FROM {table} WHERE rowid IN ({part})", (until,)).rowcount:
            return erased
    return 0


def believe(connection: sqlite3.Connection, *, now: float) -> None:
    """Leave in the file that the clock was believed at *now*."""
    connection.execute("UPDATE clock SET believed_at = ?", (int(now),))


def date_back(connection: sqlite3.Connection, *, now: float) -> int:
    """Date what comes from the future today, so that it expires in its turn; return how many rows that was."""
    return sum(
        connection.execute(
            f"UPDATE {table} SET recorded_at = ?1 WHERE recorded_at > ?1 + {SECONDS_A_DAY}", (int(now),)
        ).rowcount
        for table in TABLES
    )


def _rows_before(connection: sqlite3.Connection, time: float) -> int:
    return sum(
        connection.execute(f"SELECT count(*) FROM {table} WHERE recorded_at < ?", (time,)).fetchone()[0]
        for table in TABLES
    )
