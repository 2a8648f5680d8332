"""The inbox: what visitors left for the editors, the same thing said many times as one item, and where each stands.

A plain reader of the file, for pages and command lines alike; it needs no server. What an editor decides is written by
`store`. A page reads indexes alone, and only the texts of the items it shows.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from indexer.french.text import words_of
from server.exports import Cell
from server.feedback.reader import PLACE_BITS, reading
from server.feedback.schema import LEFT_QUESTION

ITEMS_A_PAGE = 25
WEEKS = 12
"""How many weeks the totals go back, the one that is not over included."""

_SECONDS_A_WEEK = 604_800
_FIRST_MONDAY = 345_600
"""1970-01-05, in seconds since 1970."""


class Kind(StrEnum):
    """What an item is."""

    REMARK = "remark"
    """A comment, or reasons, after a vote."""
    LEFT = "left"
    """A question left for the team."""
    UNANSWERED = "unanswered"
    """A question without a sure answer."""
    USELESS = "useless"
    """A question whose answer was sure, and judged useless; or an answer so judged by who had not asked."""


class State(StrEnum):
    """Where an item stands, as an editor said."""

    NEW = "new"
    DONE = "done"
    OFF_TOPIC = "off_topic"


class Order(StrEnum):
    """Which items come first."""

    LATEST = "latest"
    FREQUENT = "frequent"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which items are meant: those of one kind, state, with all words, said between two days; None for all.

    words: a longer word that begins so counts too. first, last: days in UTC, both included.
    """

    kind: Kind | None = None
    state: State | None = None
    words: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that visitors said, and how often within the filter.

    key: what tells it from others of its kind. text: as it was last put, redacted; empty where nobody put a question.
    question: of a remark, the question it is about, where it was kept. answer_id: the answer judged, or the first hit.
    times_since: how often it was said after an editor last gave its state; 0 while it is new.
    """

    kind: Kind
    key: str
    state: State
    text: str
    question: str | None
    answer_id: str | None
    times: int
    times_since: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Some items of a filter, and how many there are: in all and by state, whatever state was asked for."""

    items: tuple[Item, ...]
    number: int
    pages: int
    found: int
    by_state: dict[State, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Week:
    """How often each kind was said in the seven days from a Monday on."""

    monday: date
    times: dict[Kind, int]

    @property
    def total(self) -> int:
        """How often anything was said."""
        return sum(self.times.values())


# Each gives: kind, key, said_at, and where the text is. :since and :until bound the time.
_SIGNALS = {
    Kind.REMARK: """SELECT 'remark' AS kind, answer_id || char(10) || folded AS key, folded AS words,
        recorded_at AS said_at, rowid AS place FROM feedback
        WHERE said = 'remark' AND recorded_at >= :since AND recorded_at < :until""",
    Kind.LEFT: """SELECT 'left' AS kind, folded AS key, folded AS words, recorded_at AS said_at, rowid AS place
        FROM feedback WHERE said = 'left' AND recorded_at >= :since AND recorded_at < :until""",
    Kind.UNANSWERED: """SELECT 'unanswered' AS kind, folded AS key, folded AS words, recorded_at AS said_at,
        rowid AS place FROM questions
        WHERE status IN ('no_answer', 'uncertain') AND recorded_at >= :since AND recorded_at < :until""",
    # Where nobody asked, the remark has it already if there is one.
    Kind.USELESS: """SELECT 'useless' AS kind, coalesce(folded, char(10) || answer_id) AS key,
        coalesce(folded, answer_id) AS words, said_at, place FROM (
            SELECT q.folded, f.answer_id, f.recorded_at AS said_at, f.rowid AS place, q.status, f.said
            FROM feedback AS f LEFT JOIN questions AS q ON q.query_id = f.query_id AND q.recorded_at >= :kept_since
            WHERE f.useful = 0 AND f.recorded_at >= :since AND f.recorded_at < :until AND f.said <> 'left')
        WHERE status = 'answered' OR (status IS NULL AND said = '')""",
}
# The time and the place of the last in one number: of two that are the first and the last, SQLite takes any row.
_GROUPED = """SELECT s.kind, s.key, coalesce(i.state, 'new') AS state, count(*) AS times, min(said_at) AS first_at,
    max(said_at << {bits} | place) AS latest, sum(i.state <> 'new' AND said_at > i.decided_at) AS times_since
    FROM ({signals}) AS s LEFT JOIN inbox_states AS i ON i.kind = s.kind AND i.key = s.key
    {where} GROUP BY s.kind, s.key"""
_ORDERS = {
    Order.LATEST: "latest DESC, kind, key",
    Order.FREQUENT: "times DESC, latest DESC, kind, key",
}
_TEXTS = {
    Kind.UNANSWERED: "SELECT question AS text, NULL AS question, answer_id FROM questions WHERE rowid = ?",
    Kind.USELESS: """SELECT coalesce(q.question, '') AS text, NULL AS question, f.answer_id FROM feedback AS f
        LEFT JOIN questions AS q ON q.query_id = f.query_id WHERE f.rowid = ?""",
}
# A question that was left is about no answer: the first hit is shown, where its question was kept.
_TEXT_OF_COMMENT = """SELECT f.comment AS text, q.question, coalesce(nullif(f.answer_id, ''), q.answer_id) AS answer_id
    FROM feedback AS f LEFT JOIN questions AS q ON q.query_id = f.query_id WHERE f.rowid = ?"""


class Inbox:
    """Reads the inbox in the file at *path*. Every method may be called from any thread, and has its own connection."""

    def __init__(self, path: Path, *, since: float) -> None:
        """since: seconds since 1970; what was said before has expired and is never given out."""
        self._path = path
        self._since = since

    def read(self, wanted: Filter, *, order: Order = Order.LATEST, number: int = 1, size: int = ITEMS_A_PAGE) -> Page:
        """Return the page *number* of the items that are *wanted*, from 1; beyond the last page the last.

        FeedbackError where the file cannot be read, in each method.
        """
        with reading(self._path) as connection:
            everything = Filter(wanted.kind, None, wanted.words, wanted.first, wanted.last)
            grouped, values = self._grouped(everything)
            # In memory, so that what is counted and what is shown are gathered once.
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute(f"CREATE TEMP TABLE found AS {grouped}", values)
            counts = dict(connection.execute("SELECT state, count(*) FROM found GROUP BY state").fetchall())
            by_state = {state: counts.get(state.value, 0) for state in State}
            found = by_state[wanted.state] if wanted.state else sum(by_state.values())
            pages = max(1, -(-found // size))
            number = min(max(number, 1), pages)
            chosen = "SELECT * FROM found WHERE :state IS NULL OR state = :state"
            rows = connection.execute(
                f"{chosen} ORDER BY {_ORDERS[order]} LIMIT :size OFFSET :before",
                {"state": wanted.state, "size": size, "before": (number - 1) * size},
            ).fetchall()
            return Page(tuple(self._items(connection, rows)), number, pages, found, by_state)

    def every(self, wanted: Filter, *, order: Order = Order.LATEST) -> Iterator[Item]:
        """Return all items that are *wanted*; their texts are read as they are asked for."""
        with reading(self._path) as connection:
            grouped, values = self._grouped(wanted)
            # All at once: a slow client must not keep the log from being emptied.
            rows = connection.execute(f"SELECT * FROM ({grouped}) ORDER BY {_ORDERS[order]}", values).fetchall()
        return self._read_items(rows)

    def weeks(self, wanted: Filter, *, now: float) -> tuple[Week, ...]:
        """Return the totals of what is *wanted* for the last weeks that anything can be of, the latest first."""
        this_week = (int(now) - _FIRST_MONDAY) // _SECONDS_A_WEEK
        signals, values = self._signals(wanted)
        first = _FIRST_MONDAY + (this_week - WEEKS + 1) * _SECONDS_A_WEEK
        values["since"] = max(values["since"], first)  # type: ignore[type-var]  # both are numbers
        where, values["state"] = ("WHERE coalesce(i.state, 'new') = :state" if wanted.state else ""), wanted.state
        with reading(self._path) as connection:
            rows = connection.execute(
                f"""SELECT (said_at - {_FIRST_MONDAY}) / {_SECONDS_A_WEEK}, s.kind, count(*) FROM ({signals}) AS s
                LEFT JOIN inbox_states AS i ON i.kind = s.kind AND i.key = s.key {where} GROUP BY 1, 2""",
                values,
            ).fetchall()
        times: dict[int, dict[Kind, int]] = {}
        for week, kind, count in rows:
            times.setdefault(week, {})[Kind(kind)] = count
        monday = date(1970, 1, 5) + timedelta(weeks=this_week)
        return tuple(
            Week(monday - timedelta(weeks=ago), times[this_week - ago])
            for ago in range(WEEKS)
            if this_week - ago in times
        )

    def has(self, kind: Kind, key: str) -> bool:
        """Return whether there is such an item."""
        signals, values = self._signals(Filter(kind))
        with reading(self._path) as connection:
            statement = f"SELECT EXISTS (SELECT 1 FROM ({signals}) WHERE key = :key)"
            return bool(connection.execute(statement, {**values, "key": key}).fetchone()[0])

    def _read_items(self, rows: Iterable[sqlite3.Row]) -> Iterator[Item]:
        with reading(self._path) as connection:
            yield from self._items(connection, rows)

    def _items(self, connection: sqlite3.Connection, rows: Iterable[sqlite3.Row]) -> Iterator[Item]:
        """Yield the items of rows of `_grouped`, with their texts."""
        for row in rows:
            kind = Kind(row["kind"])
            last_at, place = divmod(row["latest"], 1 << PLACE_BITS)
            said = connection.execute(_TEXTS.get(kind, _TEXT_OF_COMMENT), (place,)).fetchone()
            if said is None:  # erased since
                continue
            yield Item(
                kind,
                row["key"],
                State(row["state"]),
                said["text"].removeprefix(LEFT_QUESTION) if kind is Kind.LEFT else said["text"],
                said["question"],
                said["answer_id"],
                row["times"],
                row["times_since"] or 0,
                datetime.fromtimestamp(row["first_at"], UTC),
                datetime.fromtimestamp(last_at, UTC),
            )

    def _grouped(self, wanted: Filter) -> tuple[str, dict[str, Cell]]:
        """Return a statement with one row for each item that is wanted, and its values."""
        signals, values = self._signals(wanted)
        where = "WHERE coalesce(i.state, 'new') = :state" if wanted.state else ""
        return _GROUPED.format(signals=signals, where=where, bits=PLACE_BITS), {**values, "state": wanted.state}

    def _signals(self, wanted: Filter) -> tuple[str, dict[str, Cell]]:
        """Return a statement with one row for each time that something wanted was said, and its values."""
        kinds = [wanted.kind] if wanted.kind else list(Kind)
        values: dict[str, Cell] = {
            "since": max(self._since, _midnight(wanted.first)) if wanted.first else self._since,
            "until": _midnight(wanted.last + timedelta(days=1)) if wanted.last else 1e18,
            "kept_since": self._since,
        }
        signals = " UNION ALL ".join(_SIGNALS[kind] for kind in kinds)
        words = words_of(wanted.words).split()
        if words:
            conditions = " AND ".join(f"instr(' ' || words, :word{number})" for number in range(len(words)))
            signals = f"SELECT * FROM ({signals}) WHERE {conditions}"
            values |= {f"word{number}": f" {word}" for number, word in enumerate(words)}
        return signals, values


def record_of(item: Item) -> dict[str, Cell]:
    """Return an item as a row of an export; times are ISO 8601, UTC."""
    return {
        "kind": item.kind.value,
        "state": item.state.value,
        "text": item.text,
        "question": item.question,
        "answer_id": item.answer_id,
        "times": item.times,
        "times_since": item.times_since,
        "first_at": item.first_at.isoformat(),
        "last_at": item.last_at.isoformat(),
    }


def forget_orphans(connection: sqlite3.Connection) -> None:
    """Erase the states of items that nobody said any more: their keys are the words of visitors."""
    for kind, signals in _SIGNALS.items():
        connection.execute(
            f"DELETE FROM inbox_states WHERE kind = :kind AND key NOT IN (SELECT key FROM ({signals}))",
            {"kind": kind.value, "since": 0, "until": 1e18, "kept_since": 0},
        )


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
