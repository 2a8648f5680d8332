"""Any order of asking, judging, erasing, waiting and opening again, against two plain dicts."""

import json
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from indexer.records import Status
from server.feedback.store import FeedbackStore

DAY = 86_400
RETENTION_DAYS = 30
MEMORY = Path("/dev/shm")
"""Where there is one, nobody waits for the disk a thousand times; what survives a crash is tested elsewhere."""
QUERY_IDS = st.sampled_from(("q1", "q2", "q3"))
ANSWER_IDS = st.sampled_from(("a", "faq/b", "réponse c"))
# Nothing personal, so that redacting leaves them alone; two fold alike.
TEXTS = st.sampled_from(("boîte aux lettres", "Boite aux lettres !", "erreur", "certificat\nvalide", "=1+1", "…"))
INDEX_IDS = st.sampled_from(("i1", "i2"))


@dataclass(frozen=True)
class Judgement:
    useful: bool
    comment: str
    index_id: str
    age_days: int = 0


@dataclass(frozen=True)
class Question:
    text: str
    status: Status
    confidence: float
    answer_id: str | None
    index_id: str
    age_days: int = 0


class FeedbackMachine(RuleBasedStateMachine):
    """The model: judgements by query and answer, questions by query, both with their age."""

    def __init__(self) -> None:
        super().__init__()
        self.root = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.path = Path(self.root.name) / "feedback.sqlite"
        self.keeps = True
        self.judgements: dict[tuple[str, str], Judgement] = {}
        self.questions: dict[str, Question] = {}
        self.store = self._open()

    def _open(self) -> FeedbackStore:
        return FeedbackStore.open(
            self.path, keep_questions="redacted" if self.keeps else "off", retention_days=RETENTION_DAYS
        )

    def _rows(self, statement: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(statement).fetchall()

    def _fresh_judgements(self) -> dict[tuple[str, str], Judgement]:
        return {key: one for key, one in self.judgements.items() if one.age_days < RETENTION_DAYS}

    def _fresh_questions(self) -> dict[str, Question]:
        return {key: one for key, one in self.questions.items() if one.age_days < RETENTION_DAYS}

    def _expire(self) -> int:
        before = len(self.judgements) + len(self.questions)
        self.judgements, self.questions = self._fresh_judgements(), self._fresh_questions()
        return before - len(self.judgements) - len(self.questions)

    @rule(
        query_id=QUERY_IDS,
        text=TEXTS,
        status=st.sampled_from(Status),
        confidence=st.sampled_from((0.0, 0.25, 1.0)),
        answer_id=st.none() | ANSWER_IDS,
        index_id=INDEX_IDS,
    )
    def ask(
        self, query_id: str, text: str, status: Status, confidence: float, answer_id: str | None, index_id: str
    ) -> None:
        self.store.record_question(
            query_id, text, status=status, confidence=confidence, answer_id=answer_id, index_id=index_id
        )
        if self.keeps:
            self.questions[query_id] = Question(text, status, confidence, answer_id, index_id)

    @rule(
        query_id=QUERY_IDS, answer_id=ANSWER_IDS, useful=st.booleans(), comment=TEXTS | st.just(""), index_id=INDEX_IDS
    )
    def judge(self, query_id: str, answer_id: str, useful: bool, comment: str, index_id: str) -> None:
        for _ in range(2):  # a retry changes nothing
            self.store.record_feedback(query_id, answer_id, useful=useful, comment=comment, index_id=index_id)
        before = self.judgements.get((query_id, answer_id))
        said = comment or (before.comment if before else "")
        self.judgements[query_id, answer_id] = Judgement(useful, said, index_id)

    @rule(query_id=st.sampled_from(("", "q 1", "é")))
    def judge_what_is_no_query(self, query_id: str) -> None:
        with pytest.raises(ValueError, match="query_id"):
            self.store.record_feedback(query_id, "a", useful=True, index_id="i1")

    @rule(query_id=QUERY_IDS)
    def erase(self, query_id: str) -> None:
        doomed = [key for key in self.judgements if key[0] == query_id]
        assert self.store.erase(query_id) == len(doomed) + (query_id in self.questions)
        for key in doomed:
            del self.judgements[key]
        self.questions.pop(query_id, None)

    @precondition(lambda self: self.judgements or self.questions)
    @rule(days=st.sampled_from((1, 14, 29, 31)))
    def wait(self, days: int) -> None:
        """Time passes by making all that is kept older."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            for table in ("feedback", "questions"):
                # A second more: what is as old as the retention time is older, whatever the clock's fraction.
                connection.execute(f"UPDATE {table} SET recorded_at = recorded_at - {days * DAY + 1}")
        self.judgements = {
            key: Judgement(one.useful, one.comment, one.index_id, one.age_days + days)
            for key, one in self.judgements.items()
        }
        self.questions = {
            key: Question(one.text, one.status, one.confidence, one.answer_id, one.index_id, one.age_days + days)
            for key, one in self.questions.items()
        }

    @rule()
    def purge(self) -> None:
        assert self.store.purge_expired() == self._expire()

    @rule(keeps=st.booleans())
    def open_again(self, keeps: bool) -> None:
        self.store.close()
        self.keeps = keeps
        self.store = self._open()

    @invariant()
    def the_file_holds_what_the_model_holds(self) -> None:
        kept = self._rows("SELECT query_id, answer_id, useful, comment, index_id FROM feedback")
        assert sorted(kept) == sorted(
            (*key, int(one.useful), one.comment, one.index_id) for key, one in self.judgements.items()
        )
        asked = self._rows("SELECT query_id, question, status, confidence, answer_id, index_id FROM questions")
        assert {row[0]: row[1:] for row in asked} == {
            key: (one.text, str(one.status), one.confidence, one.answer_id, one.index_id)
            for key, one in self.questions.items()
        }
        assert len(asked) == len(self.questions)

    @invariant()
    def exports_hold_what_is_fresh(self) -> None:
        exported = [json.loads(line) for line in self.store.export_jsonl()]
        fresh = self._fresh_judgements()
        assert {(one["query_id"], one["answer_id"]) for one in exported} == set(fresh)
        assert len(exported) == len(fresh) == len(list(self.store.export_csv())) - 1
        for one in exported:
            kept = fresh[one["query_id"], one["answer_id"]]
            assert (one["useful"], one["comment"], one["index_id"]) == (kept.useful, kept.comment, kept.index_id)
            asked = self._fresh_questions().get(one["query_id"])
            assert (one["question"], one["status"]) == ((asked.text, str(asked.status)) if asked else (None, None))
        questions = [json.loads(line) for line in self.store.export_jsonl("questions")]
        assert {one["query_id"]: one["question"] for one in questions} == {
            key: one.text for key, one in self._fresh_questions().items()
        }

    @invariant()
    def badly_served_questions_are_counted(self) -> None:
        useless = {query_id for (query_id, _), one in self.judgements.items() if not one.useful}
        bad = {
            key: one
            for key, one in self._fresh_questions().items()
            if one.status in (Status.NO_ANSWER, Status.UNCERTAIN) or key in useless
        }
        told = self.store.unanswered(limit=100)
        assert sum(one.times for one in told) == len(bad)
        assert sum(one.no_answer for one in told) == sum(one.status == Status.NO_ANSWER for one in bad.values())
        assert sum(one.uncertain for one in told) == sum(one.status == Status.UNCERTAIN for one in bad.values())
        assert sum(one.judged_useless for one in told) == len(useless & set(bad))
        assert {one.question for one in told} <= {one.text for one in bad.values()}

    def teardown(self) -> None:
        self.store.close()
        self.root.cleanup()


@pytest.mark.slow
def test_the_store_holds_what_was_last_said_and_no_more() -> None:
    """Whatever the order, the file, the exports and the list for editors agree with two dicts."""
    run_state_machine_as_test(
        FeedbackMachine,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
