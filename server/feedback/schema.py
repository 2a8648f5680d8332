"""The tables of the feedback database, the steps from one version to the next, and its errors in words.

A file is checked before anything in it changes, and brought up to date in one transaction or not at all.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer.errors import SouffleurError
from indexer.french.text import words_of
from server.exports import Cell

SCHEMA_STEPS = (
    # 1: judgements
    (
        """CREATE TABLE feedback (
            query_id TEXT NOT NULL, answer_id TEXT NOT NULL, useful INTEGER NOT NULL CHECK (useful IN (0, 1)),
            comment TEXT NOT NULL, index_id TEXT NOT NULL, recorded_at INTEGER NOT NULL,
            UNIQUE (query_id, answer_id))""",
        "CREATE INDEX feedback_by_time ON feedback (recorded_at)",
    ),
    # 2: questions
    (
        """CREATE TABLE questions (
            query_id TEXT NOT NULL UNIQUE, question TEXT NOT NULL, folded TEXT NOT NULL, status TEXT NOT NULL,
            confidence REAL NOT NULL, answer_id TEXT, index_id TEXT NOT NULL, recorded_at INTEGER NOT NULL)""",
        "CREATE INDEX questions_by_time ON questions (recorded_at)",
    ),
    # 3: the same question as everywhere else: "cœur" is "coeur"
    ("UPDATE questions SET folded = words_of(question)",),
    # 4: the time as it was when erasing last believed the clock, and when a backup was last restored into the file
    (
        "CREATE TABLE clock (believed_at INTEGER NOT NULL, restored_at REAL)",
        """INSERT INTO clock SELECT coalesce(max(recorded_at), now()), NULL FROM
            (SELECT recorded_at FROM feedback UNION ALL SELECT recorded_at FROM questions)""",
    ),
    # 5: the inbox: what an editor decided of each item, and what its pages read instead of the tables
    (
        "ALTER TABLE feedback ADD COLUMN folded TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE feedback ADD COLUMN said TEXT NOT NULL DEFAULT ''",  # what the comment is, see `said_in`
        "UPDATE feedback SET folded = words_of(comment), said = said_in(comment) WHERE comment <> ''",
        """CREATE TABLE inbox_states (kind TEXT NOT NULL, key TEXT NOT NULL, state TEXT NOT NULL,
            decided_at INTEGER NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID""",
        """CREATE INDEX questions_unsure ON questions (recorded_at, status, folded)
            WHERE status IN ('no_answer', 'uncertain')""",
        "CREATE INDEX feedback_said ON feedback (said, recorded_at, answer_id, folded)",
        """CREATE INDEX feedback_useless ON feedback (recorded_at, useful, said, query_id, answer_id)
            WHERE useful = 0""",
    ),
)
"""Step n leads from schema n - 1 to n; the file's user_version says where it is. Steps are added, never changed.

They may call `words_of`, `said_in` and `now`, which `prepare` gives to SQLite."""

STATES = "inbox_states"
"""What editors decided of the items of the inbox; not of visitors, and erased with what they said."""
LEFT_QUESTION = "Question laissée à l’équipe : "
"""What the comment begins with that the page sends when a visitor leaves a question."""
NO_ANSWER = ""
"""The answer of a question left for the team: no vote on an answer is ever in its place."""

_APPLICATION_ID = 0x50FF1E  # marks the file as ours

_RESTORE = "Restore it from a backup with `souffleur feedback restore`, or move it away: a new one is begun."

_NEXT_STEPS = {
    "SQLITE_NOTADB": f"It is damaged, or no database. {_RESTORE}",
    "SQLITE_CORRUPT": f"It is damaged. {_RESTORE}",
    "SQLITE_FULL": "Free some space on its disk.",
    "SQLITE_IOERR": "Look at its disk: it may be full or broken.",
    "SQLITE_READONLY": "Give the server the right to write to it and to its folder.",
    "SQLITE_CANTOPEN": "Give the server the right to write to its folder.",
    "SQLITE_BUSY": "Another program is holding it: stop that one.",
}


class FeedbackError(SouffleurError):
    """The feedback database cannot be opened, read or written. What it holds was left as it is.

    is_passing: another program or thread held it, which may be over at the next try.
    """

    def __init__(self, message: str, *, is_passing: bool = False) -> None:
        super().__init__(message)
        self.is_passing = is_passing


def prepare(connection: sqlite3.Connection, path: Path, *, now: float) -> None:
    """Check that the file is sound and ours before anything in it changes, then bring it up to date.

    now: seconds since 1970, as the clock of the store says.
    """
    if refusal := why_not_ours(connection, path, new_is_ours=True):
        raise FeedbackError(refusal)
    if (found := _pragma(connection, "quick_check(1)")) != "ok":
        raise FeedbackError(f"{path} is damaged ({found}). {_RESTORE}")
    if (mode := _pragma(connection, "journal_mode = WAL")) != "wal":
        raise FeedbackError(f"{path} is on a disk that cannot hold its log ({mode}). Put it on a local one.")
    connection.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten
    connection.execute("PRAGMA synchronous = FULL")
    connection.create_function("words_of", 1, words_of, deterministic=True)
    connection.create_function("said_in", 1, said_in, deterministic=True)
    connection.create_function("now", 0, lambda: int(now))
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        # Read again: another process may have done the steps in the meantime.
        for number in range(schema_version(connection), len(SCHEMA_STEPS)):
            for statement in SCHEMA_STEPS[number]:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(SCHEMA_STEPS)}")


def said_in(comment: str) -> str:
    """Return what a comment is: `left`, a question left for the team; `remark`; or nothing where there is none."""
    if not comment:
        return ""
    return "left" if comment.startswith(LEFT_QUESTION) else "remark"


def why_not_ours(connection: sqlite3.Connection, path: Path, *, new_is_ours: bool) -> str | None:
    """Return why the file is none that this version can read, or None if it is one; nothing in it changes.

    new_is_ours: whether a database without anything in it counts.
    """
    version, application = schema_version(connection), _pragma(connection, "application_id")
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    is_new = (application, version, tables) == (0, 0, 0)
    if application != _APPLICATION_ID and not (is_new and new_is_ours):
        return f"{path} is a database of another program. Name another file for the feedback."
    if version > len(SCHEMA_STEPS):
        return (
            f"{path} was written by a later version of Souffleur (schema {version}, not {len(SCHEMA_STEPS)})."
            " Install that version again, go back to a backup from before with `souffleur feedback restore`, or name"
            " another file for the feedback."
        )
    return None


def schema_version(connection: sqlite3.Connection) -> int:
    """Return the number of the last step that the file has seen."""
    return int(str(_pragma(connection, "user_version")))


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite and the disk raise within the block into a FeedbackError that says what to do next."""
    try:
        yield
    except OSError as error:
        raise FeedbackError(f"{path} cannot be opened: {error.strerror}. Name a file the server may write.") from error
    except sqlite3.Error as error:
        # Extended names, such as SQLITE_IOERR_WRITE, begin with the plain one.
        name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
        next_step = _NEXT_STEPS.get(name, "")
        raise FeedbackError(
            f"The feedback in {path} cannot be read or written: {error}. {next_step}".rstrip(),
            is_passing=name in ("SQLITE_BUSY", "SQLITE_LOCKED"),
        ) from error


def _pragma(connection: sqlite3.Connection, name: str) -> Cell:
    value: Cell = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value
