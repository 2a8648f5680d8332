"""What operators do to the file under a running server: remove, move, replace, restore, back up, and set the clock."""

import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from indexer.records import Status
from indexer.terminal import DONE, FAILED, FOUND
from server import cli
from server.feedback.backup import back_up, inspect, restore
from server.feedback.schema import SCHEMA_STEPS, FeedbackError
from server.feedback.store import FeedbackStore

DAY = 86_400
START = 1_900_000_000.0


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a store."""
    return tmp_path / "kept" / "feedback.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[FeedbackStore]:
    """A store that a server would have open."""
    with FeedbackStore.open(path, keep_questions="redacted", retention_days=395) as store:
        yield store


def judge(store: FeedbackStore, query_id: str) -> None:
    """Keep a judgement."""
    store.record_feedback(query_id, "a", useful=True, index_id="i1")


def kept(path: Path) -> list[str]:
    """Return the queries judged, as another program reads them in the file at the path."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return [row[0] for row in connection.execute("SELECT query_id FROM feedback ORDER BY rowid")]


def test_a_removed_file_is_begun_anew(store: FeedbackStore, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The next judgement is in a file at the path, for nobody else to read; log and health say what happened."""
    judge(store, "q1")
    for file in list(path.parent.iterdir()):
        file.unlink()
    judge(store, "q2")
    assert kept(path) == ["q2"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert "was removed while it was served" in caplog.text
    health = store.health()
    assert (health.status, health.why) == ("ok", "")
    assert "begun anew" in (health.notice or "")


@pytest.mark.parametrize("removed", ["feedback.sqlite", "feedback.sqlite-wal", "feedback.sqlite-shm"])
def test_a_part_that_is_removed_costs_nothing_acknowledged_later(
    store: FeedbackStore, path: Path, removed: str
) -> None:
    """Whatever part goes, what is judged afterwards is at the path; without the log alone nothing is lost at all."""
    judge(store, "q1")
    (path.parent / removed).unlink()
    judge(store, "q2")
    judge(store, "q3")
    store.close()
    assert kept(path) == (["q2", "q3"] if removed == "feedback.sqlite" else ["q1", "q2", "q3"])


def test_a_file_moved_away_is_whole(store: FeedbackStore, path: Path, tmp_path: Path) -> None:
    """Its log, which stayed at the old name, is put into it, and the next judgement is in a new file."""
    for number in range(300):
        judge(store, f"q{number}")
    path.rename(tmp_path / "moved.sqlite")
    judge(store, "later")
    assert kept(tmp_path / "moved.sqlite") == [f"q{number}" for number in range(300)]
    assert kept(path) == ["later"]


def test_a_file_put_in_its_place_is_opened(store: FeedbackStore, path: Path, tmp_path: Path) -> None:
    """Also with another file's log beside it, and without anybody writing; exports read it at once."""
    judge(store, "q1")
    with FeedbackStore.open(tmp_path / "other.sqlite", keep_questions="off", retention_days=395) as other:
        judge(other, "other")
    (tmp_path / "other.sqlite").rename(path)
    store.look_after_file()
    assert "holds 1 judgements" in (store.health().notice or "")
    judge(store, "q2")
    assert kept(path) == ["other", "q2"]


def test_what_is_no_fit_file_is_refused_until_it_is_gone(store: FeedbackStore, path: Path) -> None:
    """A folder, a damaged file, one of a later version: judgements are errors, the health says why, none changes."""

    def is_refused(why: str) -> None:
        deadline = time.monotonic() + 5
        while why not in store.health().why and time.monotonic() < deadline:
            with pytest.raises(FeedbackError):
                judge(store, "refused")
        assert store.health().status == "degraded"
        assert why in store.health().why

    judge(store, "q1")
    path.unlink()
    path.mkdir()
    is_refused("directory")
    path.rmdir()
    path.write_bytes(b"not a database" * 1000)
    is_refused("damaged")
    assert path.read_bytes() == b"not a database" * 1000
    path.unlink()
    FeedbackStore.open(path, keep_questions="off", retention_days=395).close()
    with closing(sqlite3.connect(path)) as later:
        later.execute("PRAGMA user_version = 99")
    is_refused("later version")
    path.unlink()
    path.parent.rename(path.parent.with_name("elsewhere"))
    is_refused("cannot be opened")
    path.parent.mkdir()
    deadline = time.monotonic() + 5
    while store.health().status != "ok" and time.monotonic() < deadline:
        store.look_after_file()
    judge(store, "q2")
    assert kept(path) == ["q2"]


def test_a_file_replaced_while_it_is_written_is_written_again(
    store: FeedbackStore, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look before and the look after: what was acknowledged is in the file that came."""
    judge(store, "q1")
    spare = tmp_path / "spare.sqlite"
    FeedbackStore.open(spare, keep_questions="off", retention_days=395).close()
    looked = store._writer._file.connection

    def replaced_after_the_look(*, wait_seconds: float) -> sqlite3.Connection:
        connection = looked(wait_seconds=wait_seconds)
        if spare.exists():
            spare.rename(path)
        return connection

    monkeypatch.setattr(store._writer._file, "connection", replaced_after_the_look)
    judge(store, "q2")
    assert kept(path) == ["q2"]


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_while_operators_work(path: Path, tmp_path: Path) -> None:
    """Four threads judge while the file is saved, restored, moved, removed and replaced forty times.

    Each acknowledged judgement is in the file at the path, or in the one that left the path after it.
    """
    acknowledged: set[str] = set()
    refused: list[FeedbackError] = []
    ended = threading.Event()

    def write(store: FeedbackStore, name: int) -> None:
        number = 0
        while not ended.is_set():
            number += 1
            try:
                judge(store, f"{name}-{number}")
                acknowledged.add(f"{name}-{number}")
            except FeedbackError as error:
                refused.append(error)

    draw = random.Random(5)
    with FeedbackStore.open(path, keep_questions="redacted", retention_days=395) as store:
        judge(store, "first")
        back_up(path, tmp_path / "backup.sqlite")
        with store.purging():
            threads = [threading.Thread(target=write, args=(store, name)) for name in range(4)]
            for thread in threads:
                thread.start()
            for step in range(40):
                match draw.choice(["backup", "restore", "move", "replace"]):
                    case "backup":
                        back_up(path, tmp_path / "backup.sqlite", force=True)
                    case "restore":
                        replaced, _ = restore(path, tmp_path / "backup.sqlite")
                        if replaced:
                            replaced.rename(tmp_path / f"gone-{step}.sqlite")
                    case "move":
                        path.rename(tmp_path / f"gone-{step}.sqlite")
                    case "replace":
                        FeedbackStore.open(tmp_path / "new.sqlite", keep_questions="off", retention_days=395).close()
                        os.link(path, tmp_path / f"gone-{step}.sqlite")
                        (tmp_path / "new.sqlite").replace(path)
                # Before the server has seen it, another program would read the log of the file that has gone.
                store.look_after_file()
                time.sleep(0.01)
            ended.set()
            for thread in threads:
                thread.join()
    everywhere = set(kept(path))
    for gone in tmp_path.glob("gone-*.sqlite"):
        everywhere |= set(kept(gone))
    assert acknowledged - everywhere == set()
    assert len(acknowledged) > 100
    assert len(refused) < len(acknowledged)


def test_a_backup_holds_what_was_acknowledged_while_it_is_served(
    store: FeedbackStore, path: Path, tmp_path: Path
) -> None:
    """Unlike a copy of the file, whose log has the newest rows; it is one sound file for nobody else to read."""
    for number in range(303):
        judge(store, f"q{number}")
    report = back_up(path, tmp_path / "backup.sqlite")
    assert kept(tmp_path / "backup.sqlite") == [f"q{number}" for number in range(303)]
    assert (report.judgements, report.questions, report.problems) == (303, 0, ())
    assert report.schema == len(SCHEMA_STEPS)
    assert (tmp_path / "backup.sqlite").stat().st_mode & 0o777 == 0o600
    assert {file.name for file in tmp_path.iterdir()} == {"kept", "backup.sqlite"}


def test_a_backup_replaces_nothing_unasked(store: FeedbackStore, path: Path, tmp_path: Path) -> None:
    """Not another backup without force, never the file itself; a failure leaves nothing behind."""
    judge(store, "q1")
    destination = tmp_path / "backup.sqlite"
    destination.write_text("precious")
    with pytest.raises(FeedbackError, match="--force"):
        back_up(path, destination)
    assert destination.read_text() == "precious"
    with pytest.raises(FeedbackError, match="itself"):
        back_up(path, path, force=True)
    with pytest.raises(FeedbackError, match="cannot be opened"):
        back_up(path, tmp_path / "missing" / "backup.sqlite")
    assert back_up(path, destination, force=True).judgements == 1
    assert {file.name for file in tmp_path.iterdir()} == {"kept", "backup.sqlite"}


def test_a_restored_backup_is_served(store: FeedbackStore, path: Path, tmp_path: Path) -> None:
    """The server writes on in it; what was replaced is set aside, whole."""
    judge(store, "q1")
    back_up(path, tmp_path / "backup.sqlite")
    judge(store, "q2")
    replaced, report = restore(path, tmp_path / "backup.sqlite")
    assert replaced
    assert kept(replaced) == ["q1", "q2"]
    assert report.judgements == 1
    store.look_after_file()
    assert "restored from a backup: it holds 1 judgements" in (store.health().notice or "")
    judge(store, "q3")
    assert kept(path) == ["q1", "q3"]
    store.close()
    assert kept(path) == ["q1", "q3"]
    assert kept(tmp_path / "backup.sqlite") == ["q1"]


@pytest.mark.parametrize("what", ["missing", "damaged", "other program", "later version", "itself"])
def test_an_unfit_backup_is_refused_and_nothing_changes(
    store: FeedbackStore, path: Path, tmp_path: Path, what: str
) -> None:
    """The error says what is wrong; the file in service is the same as before."""
    for number in range(300):
        judge(store, f"q{number}")
    backup = tmp_path / "backup.sqlite"
    match what:
        case "damaged":
            back_up(path, backup)
            content = bytearray(backup.read_bytes())
            content[5000:-5000] = random.Random(1).randbytes(len(content) - 10_000)
            backup.write_bytes(content)
        case "other program" | "later version":
            with closing(sqlite3.connect(backup)) as other:
                other.execute("CREATE TABLE precious (x)")
                if what == "later version":
                    other.execute("PRAGMA application_id = 5308190")
                    other.execute("PRAGMA user_version = 99")
        case "itself":
            backup = path
    expected = {"missing": "No such file", "other program": "another program"}.get(what, what)
    with pytest.raises(FeedbackError, match=expected):
        restore(path, backup)
    judge(store, "later")
    assert len(kept(path)) == 301
    assert store.health().notice is None


def test_a_damaged_file_is_replaced_by_its_backup(path: Path, tmp_path: Path) -> None:
    """It cannot be read, nor held; it is set aside as it is."""
    with FeedbackStore.open(path, keep_questions="off", retention_days=395) as store:
        judge(store, "q1")
    back_up(path, tmp_path / "backup.sqlite")
    path.write_bytes(b"damage" * 1000)
    replaced, _ = restore(path, tmp_path / "backup.sqlite")
    assert replaced
    assert replaced.read_bytes() == b"damage" * 1000
    assert kept(path) == ["q1"]


def test_a_report_says_what_is_wrong(path: Path) -> None:
    """Rows that no server erases, rows from the future, damage; a sound file has no problems."""
    clock = Clock()
    with FeedbackStore.open(path, keep_questions="off", retention_days=395, clock=clock) as store:
        judge(store, "q1")
        assert inspect(path, retention_days=395, now=START).problems == ()
        (late,) = inspect(path, retention_days=395, now=START + 397 * DAY).problems
        assert "1 row older than 395 days" in late
        (early,) = inspect(path, retention_days=395, now=START - 2 * DAY).problems
        assert "in the future" in early
    path.write_bytes(path.read_bytes()[:5000])
    assert inspect(path).problems


def test_retention_holds_over_three_years(path: Path) -> None:
    """With a moved clock: nothing older than the retention is on the disk an hour later, and nothing younger goes."""
    clock = Clock()
    with FeedbackStore.open(path, keep_questions="off", retention_days=395, clock=clock) as store:
        for day in range(0, 1096, 3):
            clock.now = START + day * DAY
            judge(store, f"q{day}")
            clock.now += DAY / 24
            store.purge_expired()
            assert store.health().status == "ok"
            if day % 33 == 0:
                assert kept(path) == [f"q{then}" for then in range(0, day + 1, 3) if then > day - 395]


@pytest.mark.parametrize("rows", [1, 20, 2000])
def test_a_clock_in_the_future_erases_nothing(path: Path, rows: int, caplog: pytest.LogCaptureFixture) -> None:
    """Neither at a start nor while the server runs, also with a row written since; corrected, all goes on as before."""
    clock = Clock()
    with FeedbackStore.open(path, keep_questions="off", retention_days=395, clock=clock) as store:
        for number in range(rows):
            clock.now += 60
            judge(store, f"q{number}")
        assert store.purge_expired() == 0
        right = clock.now
        for leap in (400 * DAY, 5000 * DAY):
            clock.now = right + leap
            assert store.purge_expired() == 0
            assert store.health().status == "degraded"
            assert "purge --yes" in store.health().why
        assert "days further" in caplog.text
        judge(store, "from-the-future")
        assert store.purge_expired() == 0
    with FeedbackStore.open(path, keep_questions="off", retention_days=395, clock=clock) as store:
        assert store.purge_expired() == 0
        clock.now = right + DAY
        assert store.purge_expired() == 0
        assert store.health().status == "ok"
        assert len(kept(path)) == rows + 1


def test_an_operator_may_purge_all_the_same(path: Path) -> None:
    """Confirmed, what has expired goes, what is dated in the future is dated today, and the clock is believed again."""
    clock = Clock()
    with FeedbackStore.open(path, keep_questions="off", retention_days=30, clock=clock) as store:
        judge(store, "old")
        clock.now += 900 * DAY
        judge(store, "future")
        clock.now -= 800 * DAY
        assert store.purge_expired() == 0
        assert store.purge_expired(confirmed=True) == 1
        assert store.health().status == "ok"
        clock.now += 29 * DAY
        assert store.purge_expired() == 0
        clock.now += 2 * DAY
        assert store.purge_expired() == 1


def test_most_of_many_rows_are_never_erased_unasked(path: Path) -> None:
    """A retention that was mistyped costs nothing, though the clock is right."""
    with FeedbackStore.open(path, keep_questions="off", retention_days=395) as store:
        for number in range(101):
            judge(store, f"q{number}")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE feedback SET recorded_at = recorded_at - {5 * DAY}")
    with FeedbackStore.open(path, keep_questions="off", retention_days=3) as store:
        assert store.purge_expired() == 0
        assert "101 of 101 rows" in store.health().why
        assert len(kept(path)) == 101


def test_the_commands_say_what_they_did(
    store: FeedbackStore, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each in a sentence, with its status; while the file is served."""

    def said(*arguments: str, status: int = DONE) -> str:
        assert cli.main(["feedback", *arguments, "--feedback", str(path)]) == status
        output = capsys.readouterr()
        return output.out + output.err

    judge(store, "q1")
    store.record_question("q1", "Où ?", status=Status.ANSWERED, confidence=0.5, answer_id="a", index_id="i1")
    backup = tmp_path / "backup.sqlite"
    assert "1 judgement and 1 question" in said("backup", str(backup))
    assert "--force" in said("backup", str(backup), status=FAILED)
    said("backup", str(backup), "--force")
    judge(store, "q2")
    restored = said("restore", str(backup))
    assert "set aside as" in restored
    assert "2 judgements and 1 question" in restored
    assert "holds 1 judgement and 1 question" in restored
    assert f"schema {len(SCHEMA_STEPS)}" in said("check")
    assert "0 of 2 rows" in said("purge")
    assert said("purge", "--yes") == "0 rows erased.\n"
    store.close()
    path.write_bytes(b"damage" * 1000)
    assert "damaged" in said("check", status=FOUND)
    path.unlink()
    assert "There is no" in said("check", status=FAILED)


def test_a_server_notices_within_a_second_though_nobody_writes(store: FeedbackStore, path: Path) -> None:
    """A thread of its own looks; ending it is orderly."""
    judge(store, "q1")
    with store.purging():
        path.unlink()
        deadline = time.monotonic() + 10
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert path.exists()


def test_a_file_moved_while_it_is_read_takes_its_log_along(
    store: FeedbackStore, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What is only in the log cannot be put into a file that others read, or on a full disk: the log goes to it."""
    judge(store, "q1")
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM feedback").fetchone()
        judge(store, "q2")
        moved = path.with_name("moved.sqlite")
        path.rename(moved)
        judge(store, "q3")
        assert "another program is reading it" in caplog.text
    assert kept(moved) == ["q1", "q2"]
    assert kept(path) == ["q3"]
