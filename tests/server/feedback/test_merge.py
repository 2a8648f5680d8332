"""What several servers kept becomes one file: nothing twice, nothing lost, whatever is repeated or cut off."""

import itertools
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.records import Status
from indexer.terminal import DONE, FAILED
from server import cli
from server.feedback import merge as merge_module
from server.feedback.backup import back_up, inspect
from server.feedback.inbox import Filter, Kind, State
from server.feedback.merge import MergeReport, merge
from server.feedback.schema import LEFT_QUESTION, SCHEMA_STEPS, FeedbackError
from server.feedback.store import FeedbackStore

NOW = 1_900_000_000.0
DAY = 86_400
TABLES = {"questions": "query_id", "feedback": "query_id, answer_id", "inbox_states": "kind, key"}


def store_at(path: Path, clock: Callable[[], float] = lambda: NOW) -> FeedbackStore:
    return FeedbackStore.open(path, keep_questions="redacted", retention_days=395, clock=clock)


def ask(store: FeedbackStore, query_id: str, question: str, *, index_id: str = "i1") -> None:
    store.record_question(
        query_id, question, status=Status.NO_ANSWER, confidence=0.2, answer_id=None, index_id=index_id
    )


def judge(store: FeedbackStore, query_id: str, comment: str = "", *, useful: bool = True, index_id: str = "i1") -> None:
    store.record_feedback(query_id, "a", useful=useful, comment=comment, index_id=index_id)


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return all that a file holds, in an order of its own."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return {
            table: connection.execute(f"SELECT * FROM {table} ORDER BY {key}").fetchall()
            for table, key in TABLES.items()
        }


def merged(target: Path, *sources: Path, retention_days: int = 395) -> list[MergeReport]:
    return list(merge(target, sources, retention_days=retention_days, now=NOW))


@pytest.fixture
def servers(tmp_path: Path) -> tuple[Path, Path]:
    """The files of two servers: a question of the first was judged at the second."""
    one, two = tmp_path / "one.sqlite", tmp_path / "two.sqlite"
    with store_at(one) as store:
        ask(store, "q1", "Où est mon certificat ?", index_id="i7")
        judge(store, "q2", "Merci")
    with store_at(two) as store:
        ask(store, "q3", "Combien de temps ?")
        judge(store, "q1", "Ce n’est pas cela", useful=False, index_id="i8")
        store.decide(Kind.UNANSWERED, "combien de temps", State.DONE)
    return one, two


def test_everything_of_all_is_in_one(servers: tuple[Path, Path], tmp_path: Path) -> None:
    """Votes, questions, their indexes and times, comments and what editors decided; a vote finds its question."""
    target = tmp_path / "all.sqlite"
    one, two = merged(target, *servers)
    assert (one.questions, one.judgements, one.states, one.there) == (1, 1, 0, 0)
    assert (two.questions, two.judgements, two.states, two.there) == (1, 1, 1, 0)
    found, expected = rows(target), [rows(source) for source in servers]
    for table in TABLES:
        assert found[table] == sorted(expected[0][table] + expected[1][table], key=lambda row: row[:2])
    assert oct(target.stat().st_mode)[-3:] == "600"
    with store_at(target) as store:
        remarks = store.inbox().read(Filter(Kind.REMARK)).items
        assert {(item.text, item.question) for item in remarks} == {
            ("Merci", None),
            ("Ce n’est pas cela", "Où est mon certificat ?"),
        }
        assert [item.text for item in store.inbox().read(Filter(state=State.DONE)).items] == ["Combien de temps ?"]


def test_nothing_is_told_twice(servers: tuple[Path, Path], tmp_path: Path) -> None:
    """The same files again, a file named twice, and a merge of merges change nothing, and say so."""
    target, other = tmp_path / "all.sqlite", tmp_path / "other.sqlite"
    merged(target, *servers)
    before = rows(target)
    again = merged(target, *servers, servers[0])
    assert [(one.questions, one.judgements, one.states) for one in again] == [(0, 0, 0)] * 3
    assert [one.there for one in again] == [2, 3, 2]
    merged(other, servers[1], target, servers[0])
    assert rows(target) == rows(other) == before


class Machine:
    """Servers at which anything is said in any order, with one clock that stands now and then."""

    def __init__(self, folder: Path, steps: Iterable[tuple[int, str, int, int]]) -> None:
        self.files = [folder / f"{number}.sqlite" for number in range(3)]
        now = NOW
        for file in self.files:
            file.unlink(missing_ok=True)
        stores = [store_at(file, lambda: now) for file in self.files]
        try:
            for server, what, query, later in steps:
                now += later
                if what == "ask":
                    ask(stores[server], f"q{query}", f"question {query % 2}")
                elif what == "decide":
                    if stores[server].inbox().has(Kind.UNANSWERED, f"question {query % 2}"):
                        stores[server].decide(Kind.UNANSWERED, f"question {query % 2}", list(State)[later])
                else:
                    judge(stores[server], f"q{query}", what * query, useful=what == "bien")
        finally:
            for store in stores:
                store.close()


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2), st.sampled_from(["ask", "bien", "mal", "decide"]), st.integers(0, 3), st.integers(0, 2)
    ),
    max_size=12,
)


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(STEPS)
def test_the_order_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str, int, int]]
) -> None:
    """In any order, what was written last about each thing is there, the longest comment, and nothing else."""
    folder = tmp_path_factory.mktemp("merge")
    files = Machine(folder, steps).files
    every = []
    for number, order in enumerate(itertools.permutations(files)):
        target = folder / f"all{number}.sqlite"
        merged(target, *order)
        every.append(rows(target))
    assert all(one == every[0] for one in every)
    at = {"questions": "recorded_at", "feedback": "recorded_at", "inbox_states": "decided_at"}
    for table, key in TABLES.items():
        comment = "comment" if table == "feedback" else "''"
        statement = f"SELECT {key}, {comment}, {at[table]} FROM {table}"
        expected: dict[object, tuple[str, int]] = {}
        for file in files:
            with closing(sqlite3.connect(file)) as connection:
                for *named, said, when in connection.execute(statement):
                    longest, latest = expected.get(tuple(named), ("", 0))
                    expected[tuple(named)] = max((said, longest), key=lambda one: (len(one), one)), max(when, latest)
        with closing(sqlite3.connect(folder / "all0.sqlite")) as connection:
            found = {tuple(named): (said, when) for *named, said, when in connection.execute(statement)}
        assert found == expected


def test_a_changed_mind_is_kept(tmp_path: Path) -> None:
    """The later vote counts, whichever server took it; so does the later decision, "new again" among them."""
    one, two, target = (tmp_path / f"{name}.sqlite" for name in ("one", "two", "all"))
    with store_at(one) as store, store_at(two, lambda: NOW + 60) as later:
        judge(store, "q1", useful=False)
        judge(later, "q1", "En fait si", useful=True)
        for some in (store, later):
            ask(some, "q2", "Pourquoi ?")
        store.decide(Kind.UNANSWERED, "pourquoi", State.OFF_TOPIC)
        later.decide(Kind.UNANSWERED, "pourquoi", State.NEW)
    for order in ((one, two), (two, one)):
        target.unlink(missing_ok=True)
        merged(target, *order)
        assert [(row[2], row[3]) for row in rows(target)["feedback"]] == [(1, "En fait si")]
        with store_at(target) as store:
            (item,) = store.inbox().read(Filter(Kind.UNANSWERED)).items
            assert (item.state, item.times_since) == (State.NEW, 0)
            assert [one.question for one in store.unanswered(limit=9)] == ["Pourquoi ?"]
        assert "1 judgement and 1 question," in inspect(target).what_it_holds()


def test_a_vote_at_another_server_replaces_no_comment(tmp_path: Path) -> None:
    """A remark or a question left at one server stands beside a vote without a word that came later at the other."""
    one, two, target = (tmp_path / f"{name}.sqlite" for name in ("one", "two", "all"))
    with store_at(one) as store, store_at(two, lambda: NOW + 60) as later:
        judge(store, "q1", "Trop vague", useful=False)
        judge(store, "q1", f"{LEFT_QUESTION}Et le soir ?", useful=False)
        judge(later, "q1", useful=True)
    for order in ((one, two), (two, one), (one, two, one)):
        target.unlink(missing_ok=True)
        merged(target, *order)
        found = [(row[2], row[3]) for row in rows(target)["feedback"]]
        assert found == [(0, f"{LEFT_QUESTION}Et le soir ?"), (1, "Trop vague")]


def test_what_has_expired_stays_out(tmp_path: Path) -> None:
    """With the states of its items, though it is still in another server's file."""
    source, target = tmp_path / "source.sqlite", tmp_path / "all.sqlite"
    with store_at(source, lambda: NOW - 40 * DAY) as store:
        ask(store, "q1", "Avant ?")
        store.decide(Kind.UNANSWERED, "avant", State.DONE)
    with store_at(source) as store:
        ask(store, "q2", "Maintenant ?")
    (report,) = merged(target, source, retention_days=30)
    assert (report.questions, report.expired) == (1, 1)
    assert [row[0] for row in rows(target)["questions"]] == ["q2"]
    assert rows(target)["inbox_states"] == []
    assert len(rows(source)["questions"]) == 2


def test_a_file_of_an_older_version_is_brought_up_to_date_on_the_way(tmp_path: Path) -> None:
    """The source itself stays as it is; that of a later version is refused before anything is written."""
    old, target = tmp_path / "old.sqlite", tmp_path / "all.sqlite"
    shipped = Path(__file__).parents[2] / "data" / "feedback-0.1.sqlite"
    shutil.copy(shipped, old)
    shutil.copy(f"{shipped}-wal", f"{old}-wal")
    held = inspect(old)
    merged(target, old, retention_days=36_500)
    assert (inspect(target).judgements, inspect(target).questions) == (held.judgements, held.questions)
    assert inspect(target).schema == len(SCHEMA_STEPS) > inspect(old).schema
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = rows(target)
    with pytest.raises(FeedbackError, match=r"written by a later version of Souffleur \(schema 99"):
        merged(target, old)
    assert rows(target) == before


def test_what_is_no_such_file_is_refused(servers: tuple[Path, Path], tmp_path: Path) -> None:
    """All are looked at before anything is written."""
    target, other = tmp_path / "all.sqlite", tmp_path / "other.sqlite"
    other.write_bytes(b"damage" * 1000)
    for source, said in (
        (tmp_path / "none.sqlite", "There is no .*none.sqlite"),
        (other, "damaged, or no database"),
    ):
        with pytest.raises(FeedbackError, match=said):
            merged(target, servers[0], source)
        assert not target.exists()
    with pytest.raises(FeedbackError, match="is the file to merge into"):
        merged(servers[0], servers[0])


def test_a_merge_that_is_cut_off_is_repeated(
    servers: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each part the file is sound, and the same command brings the rest."""
    monkeypatch.setattr(merge_module, "_ROWS_AT_ONCE", 1)
    merged(tmp_path / "whole.sqlite", *servers)

    class CutOffError(Exception):
        pass

    for parts in range(1, 6):
        target = tmp_path / f"cut{parts}.sqlite"
        left = iter(range(parts - 1))

        def cut(_: float, left: "Iterable[int]" = left) -> None:
            if next(iter(left), None) is None:
                raise CutOffError

        monkeypatch.setattr(time, "sleep", cut)
        with pytest.raises(CutOffError):
            merged(target, *servers)
        monkeypatch.undo()
        assert inspect(target, now=NOW).problems == ()
        merged(target, *servers)
        assert rows(target) == rows(tmp_path / "whole.sqlite")
        monkeypatch.setattr(merge_module, "_ROWS_AT_ONCE", 1)
    assert not list(tmp_path.glob(".*"))


@pytest.mark.slow
def test_servers_go_on_meanwhile(tmp_path: Path) -> None:
    """Nothing acknowledged is lost, and nobody is refused, while a file in use is merged into another."""
    one, two = tmp_path / "one.sqlite", tmp_path / "two.sqlite"
    acknowledged: list[str] = []
    ended = threading.Event()
    with store_at(one) as first, store_at(two) as second:
        for number in range(3_000):
            second._writer._file.connection(wait_seconds=1).execute(
                "INSERT INTO feedback VALUES (?, 'a', 1, '', 'i1', ?, '', '')", (f"old{number}", int(NOW))
            )

        def serve(store: FeedbackStore, name: str) -> None:
            for number in itertools.count():
                judge(store, f"{name}{number}")
                ask(store, f"{name}{number}", f"question {number}")
                acknowledged.append(f"{name}{number}")
                if ended.wait(0.005):
                    return

        serving = [
            threading.Thread(target=serve, args=(store, name)) for store, name in ((first, "one"), (second, "two"))
        ]
        for thread in serving:
            thread.start()
        for _ in range(3):
            merged(one, two)
        ended.set()
        for thread in serving:
            thread.join()
        merged(one, two)
        back_up(one, tmp_path / "backup.sqlite")
    judged = {row[0] for row in rows(one)["feedback"]}
    assert {*acknowledged} <= judged
    assert len(judged) == 3_000 + len(acknowledged)
    assert {row[0] for row in rows(one)["questions"]} == {*acknowledged}


def test_the_command_says_what_came(
    servers: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line for each file, and what there is now; a mistake is a sentence and status 2."""
    target = tmp_path / "all.sqlite"
    one, two = servers
    assert cli.main(["feedback", "merge", str(target), str(one), str(two), "--retention-days", "3650"]) == DONE
    assert capsys.readouterr().out.splitlines() == [
        f"{one}: 1 judgement, 1 question and no states of the inbox are new; no rows known already.",
        f"{two}: 1 judgement, 1 question and 1 state of the inbox are new; no rows known already.",
        f"{target} holds 2 judgements, 2 questions and 1 state of the inbox, 2030-03-17 to 2030-03-17.",
    ]
    assert cli.main(["feedback", "merge", str(target), str(tmp_path / "no.sqlite")]) == FAILED
    assert capsys.readouterr().err == f"There is no {tmp_path / 'no.sqlite'}. Correct its name. Nothing was merged.\n"
