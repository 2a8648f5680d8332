"""Tests of server.feedback.store, on real files; the second reader of a file is the sqlite3 module itself."""

import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from indexer.records import Status
from server.feedback.schema import LEFT_QUESTION, SCHEMA_STEPS, FeedbackError
from server.feedback.store import MAX_COMMENT_CHARACTERS, FeedbackHealth, FeedbackStore, Unanswered

DAY = 86_400
SLACK_SECONDS = 0.5
"""For a busy machine."""
ROOT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a store, not made yet."""
    return tmp_path / "variable" / "feedback.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[FeedbackStore]:
    """A store that keeps questions for 30 days."""
    with FeedbackStore.open(path, keep_questions="redacted", retention_days=30) as store:
        yield store


def rows(path: Path, statement: str) -> list[tuple[object, ...]]:
    """Return what another program reads in the file."""
    with closing(sqlite3.connect(path)) as connection:
        return [tuple(row) for row in connection.execute(statement)]


def change(path: Path, statement: str) -> None:
    """Do to the file what another program, or time, could do."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def ask(store: FeedbackStore, query_id: str, question: str, status: Status, answer_id: str | None = "a") -> None:
    """Keep a question of the index i1."""
    store.record_question(query_id, question, status=status, confidence=0.5, answer_id=answer_id, index_id="i1")


def test_a_judgement_is_in_the_file_when_the_call_returns(store: FeedbackStore, path: Path) -> None:
    """Another reader of the file sees it at once, with the index that gave the answer."""
    store.record_feedback("q1", "answer", useful=False, comment="trop vague", index_id="20240101-abc")
    assert rows(path, "SELECT query_id, answer_id, useful, comment, index_id FROM feedback") == [
        ("q1", "answer", 0, "trop vague", "20240101-abc")
    ]


def test_a_second_judgement_replaces_the_first(store: FeedbackStore, path: Path) -> None:
    """One row for each answer of a query, the last; other answers and other queries keep theirs."""
    store.record_feedback("q1", "a", useful=True, index_id="i1")
    store.record_feedback("q1", "b", useful=True, index_id="i1")
    store.record_feedback("q2", "a", useful=True, index_id="i1")
    store.record_feedback("q1", "a", useful=False, comment="non", index_id="i2")
    found = rows(path, "SELECT query_id, answer_id, useful, comment, index_id FROM feedback ORDER BY 1, 2")
    assert found == [("q1", "a", 0, "non", "i2"), ("q1", "b", 1, "", "i1"), ("q2", "a", 1, "", "i1")]


def test_a_comment_is_never_replaced_by_none(store: FeedbackStore, path: Path) -> None:
    """A vote without a word leaves the remark before it; another remark takes its place."""
    store.record_feedback("q1", "a", useful=False, comment="trop vague", index_id="i1")
    store.record_feedback("q1", "a", useful=False, index_id="i1")
    assert rows(path, "SELECT useful, comment, folded, said FROM feedback") == [
        (0, "trop vague", "trop vague", "remark")
    ]
    store.record_feedback("q1", "a", useful=True, index_id="i1")
    store.record_feedback("q1", "a", useful=True, comment="en fait si", index_id="i1")
    assert rows(path, "SELECT useful, comment FROM feedback") == [(1, "en fait si")]


def test_a_question_left_stands_beside_the_votes(store: FeedbackStore, path: Path) -> None:
    """Neither replaces the other, in whatever order they come; left again, it is the last wording."""
    left = f"{LEFT_QUESTION}Et le soir ?"
    for comment in ("", left, "", "trop vague", f"{LEFT_QUESTION}Et la nuit ?"):
        store.record_feedback("q1", "a", useful=False, comment=comment, index_id="i1")
    assert rows(path, "SELECT answer_id, comment, said FROM feedback ORDER BY 1") == [
        ("", f"{LEFT_QUESTION}Et la nuit ?", "left"),
        ("a", "trop vague", "remark"),
    ]
    assert store.erase("q1") == 2


def test_a_question_left_is_no_vote(store: FeedbackStore, path: Path) -> None:
    """Wherever votes are counted it is none, also where an older version kept it with the answer."""
    ask(store, "q1", "Et le soir ?", Status.ANSWERED)
    store.record_feedback("q1", "a", useful=False, comment=f"{LEFT_QUESTION}Et le soir ?", index_id="i1")
    change(
        path, "INSERT INTO feedback SELECT query_id, 'a', 0, comment, index_id, recorded_at, folded, said FROM feedback"
    )
    assert len(list(store.export_jsonl())) == 2
    assert (store.votes_by_day(), store.judged(), store.unanswered(limit=9)) == ((), (), ())
    store.record_feedback("q1", "b", useful=False, index_id="i1")
    assert [(one.answer_id, one.useful, one.useless) for one in store.votes_by_day()] == [("b", 0, 1)]
    assert [(one.answer_id, len(one.useless_days)) for one in store.judged()] == [("b", 1)]
    assert [one.judged_useless for one in store.unanswered(limit=9)] == [1]


def test_every_first_hit_of_a_day_is_told(store: FeedbackStore) -> None:
    """The same question may have several, as by the guided search; what was asked adds up over them."""
    for number, answer_id in enumerate(("a", "b", "a", None)):
        ask(store, f"q{number}", "Quel délai ?", Status.ANSWERED if answer_id else Status.NO_ANSWER, answer_id)
    told = [(one.answer_id, one.times, one.answered, one.no_answer) for one in store.asked_by_day()]
    assert told == [(None, 1, 0, 1), ("a", 2, 2, 0), ("b", 1, 1, 0)]


def test_of_one_second_the_question_put_last_is_told(path: Path) -> None:
    """With its answer, however many were put in between."""
    with FeedbackStore.open(path, keep_questions="redacted", retention_days=30, clock=lambda: 1_800_000_000) as store:
        ask(store, "q1", "Quel délai ?", Status.NO_ANSWER, "z")
        ask(store, "q2", "Quel prix ?", Status.NO_ANSWER, "p")
        ask(store, "q3", "quel DÉLAI", Status.NO_ANSWER, "b")
        assert [(one.question, one.answer_id) for one in store.asked()] == [("quel DÉLAI", "b"), ("Quel prix ?", "p")]
        unanswered = {one.question: one.answer_id for one in store.unanswered(limit=9)}
        assert unanswered == {"quel DÉLAI": "b", "Quel prix ?": "p"}
        assert {one.last_asked for one in store.unanswered(limit=9)} == {"2027-01-15T08:00:00+00:00"}


def test_judgements_are_kept_where_questions_are_not(path: Path) -> None:
    """With keep_questions off no question reaches the file, and judgements do."""
    with FeedbackStore.open(path, keep_questions="off", retention_days=30) as store:
        ask(store, "q1", "ma question secrète", Status.NO_ANSWER)
        store.record_feedback("q1", "a", useful=True, index_id="i1")
        assert rows(path, "SELECT count(*) FROM questions") == [(0,)]
        assert [json.loads(line)["question"] for line in store.export_jsonl()] == [None]
    assert "secrète".encode() not in b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_no_personal_data_reaches_the_disk(store: FeedbackStore, path: Path) -> None:
    """Questions and comments are redacted before they are written, in the file and in its log."""
    ask(store, "q1", "INS 1 85 05 78 006 084 36 de Mme Durand", Status.ANSWERED)
    store.record_feedback("q1", "a", useful=True, comment="rappelez-moi au 06 12 34 56 78", index_id="i1")
    assert rows(path, "SELECT question, comment FROM questions JOIN feedback USING (query_id)") == [
        ("INS [NIR] de [NOM]", "rappelez-moi au [TÉLÉPHONE]")
    ]
    stored = b"".join(file.read_bytes() for file in path.parent.iterdir())
    for personal in (b"006 084", b"Durand", b"34 56", b"1 85 05 78 006"):
        assert personal not in stored


def test_text_that_utf8_cannot_carry_is_kept_without_it(store: FeedbackStore, path: Path) -> None:
    """Half a surrogate pair or a NUL in a comment is replaced, and the rest is kept."""
    store.record_feedback("q1", "a", useful=True, comment="avant\ud800après\x00fin", index_id="i1")
    assert rows(path, "SELECT comment FROM feedback") == [("avant?après fin",)]


@pytest.mark.parametrize("query_id", ["", "a b", "é", "x" * 65, "1\n", "../x"])
def test_an_identifier_that_cannot_be_one_is_refused(store: FeedbackStore, query_id: str) -> None:
    """A query_id is no place to store a text of one's own."""
    with pytest.raises(ValueError, match="query_id"):
        store.record_feedback(query_id, "a", useful=True, index_id="i1")


def test_a_comment_that_is_too_long_is_refused(store: FeedbackStore) -> None:
    """The longest comment is kept, one character more is not."""
    store.record_feedback("q1", "a", useful=True, comment="é" * MAX_COMMENT_CHARACTERS, index_id="i1")
    with pytest.raises(ValueError, match="2001 characters"):
        store.record_feedback("q1", "a", useful=True, comment="é" * (MAX_COMMENT_CHARACTERS + 1), index_id="i1")


def test_what_is_older_than_the_retention_time_is_erased(store: FeedbackStore, path: Path) -> None:
    """Judgements and questions go after the set number of days, not before, and their text is overwritten."""
    ask(store, "q1", "question extraordinairement ancienne", Status.ANSWERED)
    store.record_feedback("q1", "a", useful=True, comment="commentaire", index_id="i1")
    assert store.purge_expired() == 0
    for table in ("feedback", "questions"):
        change(path, f"UPDATE {table} SET recorded_at = recorded_at - {29 * DAY}")
    assert store.purge_expired() == 0
    for table in ("feedback", "questions"):
        change(path, f"UPDATE {table} SET recorded_at = recorded_at - {2 * DAY}")
    assert store.purge_expired() == 2
    assert rows(path, "SELECT (SELECT count(*) FROM feedback), (SELECT count(*) FROM questions)") == [(0, 0)]
    assert b"extraordinairement" not in b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_the_retention_time_is_enforced_while_the_server_runs_and_by_no_look(path: Path) -> None:
    """A store that was closed for long gives out nothing expired, and is emptied of it from the start of the server."""
    with FeedbackStore.open(path, keep_questions="redacted", retention_days=30) as store:
        store.record_feedback("old", "a", useful=True, index_id="i1")
        store.record_feedback("new", "a", useful=True, index_id="i1")
    change(path, f"UPDATE feedback SET recorded_at = recorded_at - {31 * DAY} WHERE query_id = 'old'")
    with FeedbackStore.open(path, keep_questions="redacted", retention_days=30) as store:
        assert len(rows(path, "SELECT query_id FROM feedback")) == 2
        assert [json.loads(line)["query_id"] for line in store.export_jsonl()] == ["new"]
        with store.purging(every_seconds=0.01):
            assert rows(path, "SELECT query_id FROM feedback") == [("new",)]
            change(path, f"UPDATE feedback SET recorded_at = recorded_at - {31 * DAY}")
            deadline = time.monotonic() + 10
            while rows(path, "SELECT query_id FROM feedback") and time.monotonic() < deadline:
                time.sleep(0.01)
            assert rows(path, "SELECT query_id FROM feedback") == []


def test_who_reads_the_file_delays_the_emptying_of_its_log(
    store: FeedbackStore, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Erasing then says so; once nobody reads, the next purge leaves no byte of the text."""

    def is_in_a_file() -> bool:
        return any(b"extraordinairement" in file.read_bytes() for file in path.parent.iterdir())

    ask(store, "q1", "question extraordinairement longue", Status.ANSWERED)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM questions").fetchall()
        assert store.erase("q1") == 1
        assert "another program is reading" in caplog.text
        assert is_in_a_file()
        other.execute("COMMIT")
    assert store.purge_expired() == 0
    assert not is_in_a_file()


def test_what_has_expired_is_never_given_out(store: FeedbackStore, path: Path) -> None:
    """Exports and the list of unanswered questions leave it out even before it is erased."""
    ask(store, "q1", "vieille question", Status.NO_ANSWER)
    store.record_feedback("q1", "a", useful=False, index_id="i1")
    change(path, f"UPDATE feedback SET recorded_at = recorded_at - {31 * DAY}")
    change(path, f"UPDATE questions SET recorded_at = recorded_at - {31 * DAY}")
    assert list(store.export_jsonl("questions")) == list(store.export_jsonl()) == []
    assert store.unanswered(limit=9) == ()


def test_a_query_can_be_erased(store: FeedbackStore, path: Path) -> None:
    """Its question and judgements go, those of others stay."""
    for query_id in ("q1", "q2"):
        ask(store, query_id, "une question", Status.ANSWERED)
        store.record_feedback(query_id, "a", useful=True, index_id="i1")
    assert store.erase("q1") == 2
    assert rows(path, "SELECT query_id FROM feedback UNION ALL SELECT query_id FROM questions") == [("q2",), ("q2",)]


def test_unanswered_questions_come_the_most_frequent_first(store: FeedbackStore) -> None:
    """Spellings of one question count together; a sure answer counts only where it was judged useless."""
    ask(store, "q1", "Où est le certificat ?", Status.NO_ANSWER, None)
    ask(store, "q2", "ou est le  CERTIFICAT", Status.UNCERTAIN, "b")
    ask(store, "q3", "Que faire ?", Status.ANSWERED, "c")
    ask(store, "q4", "Tout va bien", Status.ANSWERED, "d")
    store.record_feedback("q3", "c", useful=False, index_id="i1")
    store.record_feedback("q4", "d", useful=True, index_id="i1")
    found = store.unanswered(limit=9)
    assert [(item.times, item.no_answer, item.uncertain, item.judged_useless) for item in found] == [
        (2, 1, 1, 0),
        (1, 0, 0, 1),
    ]
    assert found[1] == Unanswered("Que faire ?", 1, 0, 0, 1, "c", found[1].last_asked)
    assert store.unanswered(limit=1) == found[:1]


def test_a_question_is_the_same_as_everywhere_else(store: FeedbackStore) -> None:
    """Ligatures, apostrophes and accents do not make another question of it, other words do."""
    for number, question in enumerate(["Où est l'œuvre ?", "ou est l’oeuvre", "OÙ EST L'ŒUVRE", "où est l'ouvre"]):
        ask(store, f"q{number}", question, Status.NO_ANSWER)
    assert [item.times for item in store.unanswered(limit=9)] == [3, 1]


def test_jsonl_has_every_row_once(store: FeedbackStore) -> None:
    """Over several pages, each judgement is one object, with its question where that was kept."""
    ask(store, "q7", "Combien de temps ?", Status.UNCERTAIN)
    for number in range(1201):
        store.record_feedback(f"q{number}", "a", useful=number % 2 == 0, comment=f"« {number} »\n2", index_id="i1")
    found = [json.loads(line) for line in store.export_jsonl()]
    assert [item["query_id"] for item in found] == [f"q{number}" for number in range(1201)]
    assert found[7]["useful"] is False
    assert (found[7]["question"], found[7]["status"], found[8]["question"]) == ("Combien de temps ?", "uncertain", None)
    assert found[8]["comment"] == "« 8 »\n2"


def test_csv_is_read_back_and_holds_no_formula(store: FeedbackStore) -> None:
    """A CSV reader gets every cell back; one that begins like a formula has an apostrophe in front."""
    comments = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1", 'il a dit "oui"; puis\nnon', "normal"]
    for number, comment in enumerate(comments):
        store.record_feedback(f"q{number}", "a", useful=True, comment=comment, index_id="i1")
    text = "".join(store.export_csv())
    assert text.startswith("\ufeff")
    read = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))
    assert [row["comment"] for row in read] == [f"'{comment}" for comment in comments[:7]] + comments[7:]
    assert {row["useful"] for row in read} == {"oui"}


def test_many_threads_may_write_at_once(store: FeedbackStore, path: Path) -> None:
    """Judgements and questions of a thread pool are all there, while others read and export.

    On a slow machine one may be told to come again: it does.
    """

    def insist(write: Callable[[], None]) -> None:
        while True:
            try:
                return write()
            except FeedbackError as error:
                if not error.is_passing:
                    raise

    def work(number: int) -> None:
        insist(lambda: ask(store, f"q{number}", f"question {number}", Status.NO_ANSWER))
        insist(lambda: store.record_feedback(f"q{number}", "a", useful=True, index_id="i1"))
        if number % 10 == 0:
            assert sum(1 for _ in store.export_jsonl()) >= 1
            store.unanswered(limit=3)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(200)))
    assert rows(path, "SELECT count(*) FROM feedback JOIN questions USING (query_id)") == [(200,)]


def test_an_export_does_not_keep_writers_waiting(store: FeedbackStore) -> None:
    """While an export is half read, a judgement is written, and the export goes on to its end."""
    for number in range(600):
        store.record_feedback(f"q{number}", "a", useful=True, index_id="i1")
    export = store.export_jsonl()
    next(export)
    writer = threading.Thread(
        target=store.record_feedback, args=("late", "a"), kwargs={"useful": True, "index_id": "i1"}
    )
    writer.start()
    writer.join(timeout=4)
    assert not writer.is_alive()
    assert sum(1 for _ in export) == 600


def test_two_processes_may_share_the_file(store: FeedbackStore, path: Path) -> None:
    """A second store on the same file sees and adds to the same rows."""
    with FeedbackStore.open(path, keep_questions="off", retention_days=30) as other:
        other.record_feedback("q1", "a", useful=True, index_id="i1")
        store.record_feedback("q2", "a", useful=True, index_id="i1")
        assert sum(1 for _ in other.export_jsonl()) == sum(1 for _ in store.export_jsonl()) == 2


def test_the_file_is_for_nobody_else_to_read(store: FeedbackStore, path: Path) -> None:
    """The database and its log have mode 600."""
    store.record_feedback("q1", "a", useful=True, index_id="i1")
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}


@pytest.mark.parametrize("steps", range(len(SCHEMA_STEPS)))
def test_a_file_of_each_older_schema_is_brought_up_to_date(tmp_path: Path, steps: int) -> None:
    """What it holds is kept, and the new tables are there."""
    path = tmp_path / "old.sqlite"
    for step in SCHEMA_STEPS[: min(steps, 2)]:  # the third changes no table
        for statement in step:
            change(path, statement)
    if steps >= 4:  # as the fourth does, which calls a function of ours
        change(path, SCHEMA_STEPS[3][0])
        change(path, f"INSERT INTO clock VALUES ({int(time.time())}, NULL)")
    change(path, f"PRAGMA user_version = {steps}")
    if steps:
        change(path, "PRAGMA application_id = 5308190")
        change(path, f"INSERT INTO feedback VALUES ('q1', 'a', 1, 'ancien', 'i0', {int(time.time())})")
    with FeedbackStore.open(path, keep_questions="redacted", retention_days=30) as store:
        assert [json.loads(line)["comment"] for line in store.export_jsonl()] == ["ancien"] * (steps > 0)
        ask(store, "q1", "question", Status.ANSWERED)
    assert rows(path, "PRAGMA user_version") == [(len(SCHEMA_STEPS),)]


def test_questions_kept_by_an_older_version_are_counted_with_new_ones(tmp_path: Path) -> None:
    """Schema 2 told « cœur » from « coeur »; its questions are folded anew, and nothing else of them changes."""
    path = tmp_path / "old.sqlite"
    for step in SCHEMA_STEPS[:2]:
        for statement in step:
            change(path, statement)
    change(path, "PRAGMA user_version = 2")
    change(path, "PRAGMA application_id = 5308190")
    now = int(time.time())
    for query_id, question, folded in (
        ("q1", "Le cœur ?", "le cœur"),
        ("q2", "le coeur", "le coeur"),
        ("q3", "Où ?", "ou"),
        ("q4", "?", ""),
    ):
        change(
            path,
            "INSERT INTO questions (query_id, question, folded, status, confidence, answer_id, index_id, recorded_at)"
            f" VALUES ('{query_id}', '{question}', '{folded}', 'no_answer', 0.25, NULL, 'i0', {now})",
        )
    kept = "SELECT query_id, question, status, confidence, answer_id, index_id, recorded_at FROM questions ORDER BY 1"
    before = rows(path, kept)
    with FeedbackStore.open(path, keep_questions="redacted", retention_days=30) as store:
        assert rows(path, kept) == before
        assert rows(path, "SELECT folded FROM questions ORDER BY query_id") == [
            ("le coeur",),
            ("le coeur",),
            ("ou",),
            ("",),
        ]
        ask(store, "q5", "Le CŒUR", Status.NO_ANSWER)
        assert store.unanswered(limit=1)[0].times == 3
    assert rows(path, "PRAGMA user_version") == [(len(SCHEMA_STEPS),)]


def test_a_file_of_a_later_version_is_refused_and_left_alone(path: Path) -> None:
    """The error names both schemas; not a byte of the file changes."""
    with FeedbackStore.open(path, keep_questions="off", retention_days=30) as store:
        store.record_feedback("q1", "a", useful=True, index_id="i1")
    change(path, "PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(FeedbackError, match="schema 99"):
        FeedbackStore.open(path, keep_questions="off", retention_days=30)
    assert path.read_bytes() == before


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A file with tables that are not ours is not taken over."""
    path = tmp_path / "other.sqlite"
    change(path, "CREATE TABLE precious (x)")
    before = path.read_bytes()
    with pytest.raises(FeedbackError, match="another program"):
        FeedbackStore.open(path, keep_questions="off", retention_days=30)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", ["no database", "middle", "cut short"])
def test_a_damaged_file_is_refused_and_left_alone(path: Path, damage: str) -> None:
    """The error says so and what to do; not a byte of the file changes."""
    with FeedbackStore.open(path, keep_questions="redacted", retention_days=30) as store:
        for number in range(300):
            ask(store, f"q{number}", "une question assez longue pour remplir des pages", Status.ANSWERED)
    content = bytearray(path.read_bytes())
    if damage == "no database":
        content = bytearray(b"ceci n'est pas une base" * 100)
    elif damage == "middle":
        content[4096 : len(content) - 4096] = os.urandom(len(content) - 8192)
    else:
        del content[len(content) // 2 :]
    path.write_bytes(content)
    with pytest.raises(FeedbackError, match=r"(?s)damaged.*Restore it from a backup"):
        FeedbackStore.open(path, keep_questions="redacted", retention_days=30)
    assert path.read_bytes() == bytes(content)


def test_a_folder_that_cannot_be_made_is_an_error_that_says_so(tmp_path: Path) -> None:
    """A file where a folder should be."""
    (tmp_path / "file").write_text("")
    with pytest.raises(FeedbackError, match="cannot be opened"):
        FeedbackStore.open(tmp_path / "file" / "feedback.sqlite", keep_questions="off", retention_days=30)


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_a_read_only_file_is_an_error_that_says_so(path: Path) -> None:
    """The server does not start without being able to write."""
    FeedbackStore.open(path, keep_questions="off", retention_days=30).close()
    path.chmod(0o400)
    with pytest.raises(FeedbackError, match="cannot be opened"):
        FeedbackStore.open(path, keep_questions="off", retention_days=30)


def test_a_retention_time_below_a_day_is_refused(path: Path) -> None:
    """Zero would erase everything at once."""
    with pytest.raises(ValueError, match="retention_days"):
        FeedbackStore.open(path, keep_questions="off", retention_days=0)


def test_the_recipe_of_the_page_on_privacy_works(tmp_path: Path) -> None:
    """The code of docs/rgpd.md exports what there is, and erases the query that it names."""
    page = (ROOT / "docs/rgpd.md").read_text()
    code = page.split("```python\n")[1].split("```")[0]
    query_id = code.split('erase("')[1].split('"')[0]
    with FeedbackStore.open(tmp_path / "feedback.sqlite", keep_questions="redacted", retention_days=395) as store:
        ask(store, query_id, "une question", Status.ANSWERED)
        store.record_feedback(query_id, "a", useful=True, index_id="i1")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, check=True)
    assert done.stdout.decode() == "2 ligne(s) effacée(s)\n"
    assert query_id in (tmp_path / "jugements.csv").read_text()
    assert query_id in (tmp_path / "questions.jsonl").read_text()
    assert rows(tmp_path / "feedback.sqlite", "SELECT count(*) FROM feedback") == [(0,)]


FULL_DISK = """
import resource, sys
from pathlib import Path
from server.feedback.schema import FeedbackError
from server.feedback.store import FeedbackStore
store = FeedbackStore.open(Path(sys.argv[1]), keep_questions="off", retention_days=30)
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
try:
    for number in range(10_000):
        store.record_feedback(f"q{number}", "a", useful=True, comment="é" * 500, index_id="i1")
        print(number, flush=True)
except FeedbackError as error:
    print(error)
"""


@pytest.mark.slow
def test_a_full_disk_is_an_error_that_says_so_and_loses_nothing(path: Path) -> None:
    """The judgement that did not fit is an error; every one before it is there, and the file opens again."""
    output = subprocess.run([sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, check=True)
    *acknowledged, error = output.stdout.splitlines()
    assert "cannot be read or written" in error
    assert "disk" in error
    with FeedbackStore.open(path, keep_questions="off", retention_days=30) as store:
        kept = {json.loads(line)["query_id"] for line in store.export_jsonl()}
        assert kept >= {f"q{number}" for number in acknowledged}
        store.record_feedback("after", "a", useful=True, index_id="i1")
    assert len(acknowledged) > 10


NEARLY_FULL_DISK = """
import contextlib, resource, sys
from pathlib import Path
from server.feedback.schema import FeedbackError
from server.feedback.store import FeedbackStore
store = FeedbackStore.open(Path(sys.argv[1]), keep_questions="off", retention_days=30)
for room in range(100_000, 400_000, 7_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    with contextlib.suppress(FeedbackError):
        for number in range(100):
            store.record_feedback(f"q{room}-{number}", "a", useful=True, comment="é" * 500, index_id="i1")
    for _ in range(3):
        store.look_after_file()
        print(store.health().status)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.look_after_file()
print("room again:", store.health().status)
print(*(record for record in store.export_jsonl("questions")))
"""


def test_a_disk_that_stays_full_stays_told(path: Path) -> None:
    """Wherever in a writing it became full, until there is room again; what was written to find out is gone."""
    done = subprocess.run(
        [sys.executable, "-c", NEARLY_FULL_DISK, str(path)], capture_output=True, text=True, check=True
    )
    *full, room_again, questions = done.stdout.splitlines()
    assert set(full) == {"degraded"}
    assert room_again == "room again: ok"
    assert questions == ""


WRITER = """
import sys
from pathlib import Path
from server.feedback.store import FeedbackStore
store = FeedbackStore.open(Path(sys.argv[1]), keep_questions="off", retention_days=30)
for number in range(1_000_000):
    store.record_feedback(f"{sys.argv[2]}-{number}", "a", useful=True, comment="bien", index_id="i1")
    print(number, flush=True)
"""


@pytest.mark.slow
def test_no_acknowledged_judgement_is_lost_when_the_process_is_killed(path: Path) -> None:
    """Fifty times a writer is killed with SIGKILL amid its writes; each row that it acknowledged is in the file."""
    acknowledged: set[str] = set()
    for run in range(50):
        command = [sys.executable, "-c", WRITER, str(path), str(run)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout
            # The further it got before, the less alike are the moments at which it is killed.
            for line in writer.stdout:
                acknowledged.add(f"{run}-{line.strip()}")
                if int(line) >= run % 17:
                    break
            writer.send_signal(signal.SIGKILL)
            acknowledged.update(f"{run}-{line.strip()}" for line in writer.stdout if line.endswith("\n"))
    with FeedbackStore.open(path, keep_questions="off", retention_days=30) as store:
        kept = {str(json.loads(line)["query_id"]) for line in store.export_jsonl()}
    assert acknowledged <= kept
    assert len(acknowledged) > 400
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


def test_nobody_waits_for_a_file_that_another_program_holds(store: FeedbackStore, path: Path) -> None:
    """A judgement is given up within half a second, also of many at once; a question sooner; then all is kept again."""

    def judge(number: int) -> float:
        began = time.monotonic()
        with pytest.raises(FeedbackError, match=r"locked|by others"):
            store.record_feedback(f"q{number}", "a", useful=True, index_id="i1")
        return time.monotonic() - began

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(8) as pool:
            assert max(pool.map(judge, range(16))) < 0.5 + SLACK_SECONDS
        began = time.monotonic()
        for _ in range(20):
            with pytest.raises(FeedbackError, match="locked"):
                ask(store, "q1", "Une question ?", Status.ANSWERED)
        # Not twenty times a tenth of a second: after a failure they do not wait at all.
        assert time.monotonic() - began < 0.5 + SLACK_SECONDS
        assert store.health().status == "degraded"
        assert "locked" in store.health().why
        other.execute("ROLLBACK")
    store.look_after_file()
    ask(store, "q2", "Une autre ?", Status.ANSWERED)
    assert rows(path, "SELECT query_id FROM questions") == [("q2",)]
    assert store.health() == FeedbackHealth("ok", "", None)
