"""Tests of server.feedback.inbox: what visitors left, item by item, against plain Python over the same rows."""

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.french.text import words_of
from indexer.records import Status
from server.feedback.backup import back_up, inspect, restore
from server.feedback.inbox import Filter, Inbox, Item, Kind, Order, State, record_of
from server.feedback.schema import LEFT_QUESTION, SCHEMA_STEPS
from server.feedback.store import FeedbackStore
from server.page import routes

DAY = 86_400
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday
MEMORY = Path("/dev/shm")


class Clock:
    """A time that the test moves."""

    def __init__(self) -> None:
        self.now = NOON.timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Noon of a Wednesday."""
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a store, not made yet."""
    return tmp_path / "feedback.sqlite"


@pytest.fixture
def store(path: Path, clock: Clock) -> Iterator[FeedbackStore]:
    """A store that keeps everything for 100 days."""
    with FeedbackStore.open(path, keep_questions="redacted", retention_days=100, clock=clock) as store:
        yield store


def ask(store: FeedbackStore, query_id: str, question: str, status: Status = Status.NO_ANSWER) -> None:
    """Keep a question, whose first hit is the answer a."""
    store.record_question(query_id, question, status=status, confidence=0.5, answer_id="a", index_id="i")


def judge(store: FeedbackStore, query_id: str, comment: str = "", *, useful: bool = False) -> None:
    """Keep a judgement of the answer a."""
    store.record_feedback(query_id, "a", useful=useful, comment=comment, index_id="i")


EVERYTHING = Filter()


def items(store: FeedbackStore, wanted: Filter = EVERYTHING, order: Order = Order.LATEST) -> list[Item]:
    """Return the first page."""
    return list(store.inbox().read(wanted, order=order).items)


def test_each_kind_has_its_items(store: FeedbackStore) -> None:
    """Remarks, questions left, unanswered ones and those with a useless answer; what went well is in none."""
    ask(store, "q1", "Quel temps fera-t-il ?")
    ask(store, "q2", "Combien de temps ?", Status.ANSWERED)
    judge(store, "q2")
    ask(store, "q3", "Où ?", Status.ANSWERED)
    judge(store, "q3", "Parfait, merci", useful=True)
    judge(store, "q1", f"{LEFT_QUESTION}Et la météo ?")
    judge(store, "q4", useful=True)
    judge(store, "q5")
    found = {(item.kind, item.text, item.question, item.answer_id) for item in items(store)}
    assert found == {
        (Kind.UNANSWERED, "Quel temps fera-t-il ?", None, "a"),
        (Kind.USELESS, "Combien de temps ?", None, "a"),
        (Kind.USELESS, "", None, "a"),  # judged on the page of the answer: nobody asked
        (Kind.REMARK, "Parfait, merci", "Où ?", "a"),
        (Kind.LEFT, "Et la météo ?", "Quel temps fera-t-il ?", "a"),
    }
    assert items(store, Filter(Kind.LEFT))[0].text == "Et la météo ?"


def test_the_page_sends_what_the_inbox_takes_for_a_question_left() -> None:
    """The script uses the words that tell such a comment from others."""
    folder = Path(routes.__file__).parent
    assert LEFT_QUESTION in (folder / "static" / "feedback.js").read_text(encoding="utf-8")


def test_the_same_question_is_one_item(store: FeedbackStore, clock: Clock) -> None:
    """However it is written; the text is the last, the time from the first to the last."""
    ask(store, "q1", "Où est l'œuvre ?")
    clock.now += DAY
    ask(store, "q2", "ou est l’OEUVRE")
    ask(store, "q3", "Autre chose ?")
    clock.now += DAY
    ask(store, "q4", "où est l'oeuvre")
    first, second = items(store)
    assert (first.text, first.times, first.first_at, first.last_at) == (
        "où est l'oeuvre",
        3,
        NOON,
        NOON + timedelta(days=2),
    )
    assert (second.text, second.times) == ("Autre chose ?", 1)
    clock.now += DAY
    ask(store, "q5", "Autre chose")
    assert [item.times for item in items(store)] == [2, 3]
    assert [item.times for item in items(store, order=Order.FREQUENT)] == [3, 2]


def test_a_decision_is_remembered_and_what_comes_after_it_counted(
    store: FeedbackStore, path: Path, clock: Clock
) -> None:
    """Also over a restart; the same words as another kind stay new; new again is as if nobody had decided."""
    ask(store, "q1", "Combien ?")
    judge(store, "q1", f"{LEFT_QUESTION}Combien ?")
    store.decide(Kind.UNANSWERED, words_of("Combien ?"), State.OFF_TOPIC)
    clock.now += 60
    ask(store, "q2", "combien")
    with FeedbackStore.open(path, keep_questions="redacted", retention_days=100, clock=clock) as again:
        decided = items(again, Filter(state=State.OFF_TOPIC))
        assert [(item.kind, item.times, item.times_since) for item in decided] == [(Kind.UNANSWERED, 2, 1)]
        assert [item.kind for item in items(again, Filter(state=State.NEW))] == [Kind.LEFT]
        page = again.inbox().read(Filter(state=State.DONE))
        assert page.by_state == {State.NEW: 1, State.DONE: 0, State.OFF_TOPIC: 1}
        assert (page.found, page.items) == (0, ())
        assert [one.question for one in again.unanswered(limit=9)] == []
        again.decide(Kind.UNANSWERED, "combien", State.NEW)
        assert items(again, Filter(Kind.UNANSWERED))[0].times_since == 0
        assert [one.times for one in again.unanswered(limit=9)] == [2]


def test_nothing_is_decided_of_what_nobody_said(store: FeedbackStore) -> None:
    """The words are not kept."""
    with pytest.raises(ValueError, match="no such item: remark"):
        store.decide(Kind.REMARK, "a\nrien", State.DONE)


def test_words_and_days_narrow_it(store: FeedbackStore, clock: Clock) -> None:
    """Every word, whatever its accents; both days are included, and counts are of what was said between them."""
    ask(store, "q1", "Où est la clé ?")
    clock.now += DAY
    ask(store, "q2", "Où est la clé ?")
    ask(store, "q3", "La clé, s'il vous plaît")
    assert {item.text for item in items(store, Filter(words="EST cle"))} == {"Où est la clé ?"}
    assert len(items(store, Filter(words="clé"))) == 2
    assert items(store, Filter(words="clé absente")) == []
    second = date(2026, 3, 5)
    assert [item.times for item in items(store, Filter(words="est", first=second))] == [1]
    assert [item.times for item in items(store, Filter(words="est", last=second))] == [2]
    assert [item.times for item in items(store, Filter(words="est", last=date(2026, 3, 4)))] == [1]
    assert items(store, Filter(first=date(2026, 3, 6))) == []


def test_pages_are_numbered(store: FeedbackStore) -> None:
    """Each item is on one page; a number beyond the last, or before the first, gives that one."""
    for number in range(7):
        ask(store, f"q{number}", f"Question numéro {number} ?")
    pages = [store.inbox().read(Filter(), number=number, size=3) for number in (1, 2, 3, 9, -1)]
    assert [page.number for page in pages] == [1, 2, 3, 3, 1]
    assert {page.pages for page in pages} == {3}
    assert [len(page.items) for page in pages] == [3, 3, 1, 1, 3]
    assert len({item.key for page in pages[:3] for item in page.items}) == 7
    empty = store.inbox().read(Filter(Kind.REMARK))
    assert (empty.number, empty.pages, empty.found) == (1, 1, 0)


def test_totals_are_by_week(store: FeedbackStore, clock: Clock) -> None:
    """From Monday to Sunday; each time counts, and the filter holds for them too."""
    ask(store, "q1", "Combien ?")
    ask(store, "q2", "Combien ?")
    clock.now += 4 * DAY  # Sunday
    judge(store, "q1", "trop vague")
    clock.now += DAY  # Monday
    ask(store, "q3", "Combien ?")
    weeks = store.inbox().weeks(Filter(), now=clock.now)
    assert [(week.monday, week.times, week.total) for week in weeks] == [
        (date(2026, 3, 9), {Kind.UNANSWERED: 1}, 1),
        (date(2026, 3, 2), {Kind.UNANSWERED: 2, Kind.REMARK: 1}, 3),
    ]
    assert [week.total for week in store.inbox().weeks(Filter(Kind.REMARK), now=clock.now)] == [1]
    store.decide(Kind.UNANSWERED, "combien", State.DONE)
    assert [week.total for week in store.inbox().weeks(Filter(state=State.NEW), now=clock.now)] == [1]
    assert store.inbox().weeks(Filter(), now=clock.now + 400 * DAY) == ()


def test_what_has_expired_is_not_shown_and_its_states_are_erased(
    store: FeedbackStore, path: Path, clock: Clock
) -> None:
    """A key is the words of a visitor: it goes with the last of what was said, and only then."""
    ask(store, "q1", "Combien ?")
    ask(store, "q2", "Pourquoi ?")
    judge(store, "q1", "trop vague")
    for item in items(store):
        store.decide(item.kind, item.key, State.DONE)
    clock.now += 60 * DAY
    ask(store, "q3", "Combien ?")
    clock.now += 50 * DAY
    assert [(item.text, item.times) for item in items(store)] == [("Combien ?", 1)]
    assert inspect(path).states == 3
    assert store.purge_expired(confirmed=True) == 3
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT kind, key FROM inbox_states").fetchall() == [("unanswered", "combien")]
    assert store.erase("q3") == 1
    assert inspect(path).states == 0


def test_a_backup_holds_the_states(store: FeedbackStore, path: Path, tmp_path: Path) -> None:
    """What an editor decides after it is gone when it is restored, and the report counts them."""
    ask(store, "q1", "Combien ?")
    ask(store, "q2", "Pourquoi ?")
    store.decide(Kind.UNANSWERED, "combien", State.DONE)
    saved = back_up(path, tmp_path / "backup.sqlite")
    assert saved.what_it_holds().startswith("no judgements, 2 questions and 1 state of the inbox, ")
    store.decide(Kind.UNANSWERED, "combien", State.OFF_TOPIC)
    store.decide(Kind.UNANSWERED, "pourquoi", State.DONE)
    restore(path, tmp_path / "backup.sqlite")
    assert {(item.key, item.state) for item in items(store)} == {
        ("combien", State.DONE),
        ("pourquoi", State.NEW),
    }


def test_a_file_of_an_older_version_has_its_inbox(tmp_path: Path) -> None:
    """Comments kept before there was one are in it, each by its kind."""
    path = tmp_path / "old.sqlite"
    now = int(NOON.timestamp())
    with closing(sqlite3.connect(path)) as connection, connection:
        for step in SCHEMA_STEPS[:2]:
            for statement in step:
                connection.execute(statement)
        connection.execute("PRAGMA user_version = 2")
        connection.execute("PRAGMA application_id = 5308190")
        for number, comment in enumerate(["", "Trop vague", f"{LEFT_QUESTION}Et moi ?"]):
            row = (f"q{number}", "a", 0, comment, "i", now)
            connection.execute("INSERT INTO feedback VALUES (?, ?, ?, ?, ?, ?)", row)
    with FeedbackStore.open(path, keep_questions="redacted", retention_days=9, clock=NOON.timestamp) as store:
        judge(store, "q9", "TROP vague !")
        assert {(item.kind, item.text, item.times) for item in items(store)} == {
            (Kind.REMARK, "TROP vague !", 2),
            (Kind.LEFT, "Et moi ?", 1),
            (Kind.USELESS, "", 1),
        }


def test_every_item_is_exported(store: FeedbackStore) -> None:
    """All pages of the filter, as rows of plain values."""
    for number in range(40):
        ask(store, f"q{number}", f"Question numéro {number} ?")
    judge(store, "q1", "Hors de propos")
    rows = [record_of(item) for item in store.inbox().every(Filter(Kind.UNANSWERED))]
    assert len(rows) == 40
    names = ("kind", "state", "text", "question", "answer_id", "times", "times_since", "first_at", "last_at")
    assert all(tuple(row) == names for row in rows)
    assert rows[0]["last_at"] == NOON.isoformat()


def test_a_page_scans_no_table(store: FeedbackStore, path: Path) -> None:
    """SQLite answers from indexes that hold all that is counted."""
    ask(store, "q1", "Combien ?")
    grouped, values = Inbox(path, since=0)._grouped(Filter(words="combien", state=State.NEW))
    with closing(sqlite3.connect(path)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {grouped}", values)]
    tables = [
        step for step in plan if step.startswith(("SCAN ", "SEARCH ")) and not step.startswith(("SCAN s", "SCAN (sub"))
    ]
    assert len(tables) == 6
    assert all(step.startswith("SEARCH ") for step in tables), plan
    assert [step for step in tables if "COVERING" not in step and "PRIMARY KEY" not in step] == [
        "SEARCH q USING INDEX sqlite_autoindex_questions_1 (query_id=?) LEFT-JOIN"
    ]


TEXTS = st.sampled_from(("Où ?", "ou", "clé perdue", "…", "Clé  perdue !", "carte\nde visite"))
ASKED = st.tuples(st.sampled_from(("q1", "q2", "q3", "q4")), TEXTS, st.sampled_from(Status))
JUDGED = st.tuples(
    st.sampled_from(("q1", "q2", "q5")),
    st.sampled_from(("a", "b")),
    st.booleans(),
    st.one_of(st.just(""), TEXTS, TEXTS.map(LEFT_QUESTION.__add__)),
)


@settings(max_examples=60, deadline=None)
@given(asked=st.lists(ASKED, max_size=8), judged=st.lists(JUDGED, max_size=8), wanted=st.sampled_from((None, *Kind)))
def test_items_are_what_plain_python_makes_of_the_rows(
    asked: list[tuple[str, str, Status]], judged: list[tuple[str, str, bool, str]], wanted: Kind | None
) -> None:
    """Whatever is asked and judged: the same items, each as often."""
    with (
        tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder,
        FeedbackStore.open(Path(folder) / "f.sqlite", keep_questions="redacted", retention_days=9) as store,
    ):
        for query_id, question, status in asked:
            ask(store, query_id, question, status)
        for query_id, answer_id, helped, said in judged:
            store.record_feedback(query_id, answer_id, useful=helped, comment=said, index_id="i")
        questions = {query_id: (words_of(question), status) for query_id, question, status in asked}
        judgements: dict[tuple[str, str], tuple[bool, str]] = {}
        for query_id, answer_id, helped, said in judged:
            key = (query_id, "" if said.startswith(LEFT_QUESTION) else answer_id)
            judgements[key] = (helped, said or judgements.get(key, (helped, ""))[1])
        expected: Counter[tuple[Kind, str]] = Counter()
        for words, status in questions.values():
            if status is not Status.ANSWERED:
                expected[Kind.UNANSWERED, words] += 1
        for (query_id, answer_id), (useful, comment) in judgements.items():
            words, asked_status = questions.get(query_id, (f"\n{answer_id}", None))
            if comment.startswith(LEFT_QUESTION):
                expected[Kind.LEFT, words_of(comment)] += 1
                continue
            if comment:
                expected[Kind.REMARK, f"{answer_id}\n{words_of(comment)}"] += 1
            if not useful and (asked_status is Status.ANSWERED or (asked_status is None and not comment)):
                expected[Kind.USELESS, words] += 1
        found = store.inbox().read(Filter(wanted), size=99)
        assert {(item.kind, item.key): item.times for item in found.items} == {
            key: times for key, times in expected.items() if wanted in (None, key[0])
        }
