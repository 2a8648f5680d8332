"""Visitors for tests: they ask and judge on days of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from indexer.corpus.phrasings.memory import DecidedQuestions
from indexer.records import Acronym, Status
from server.answering.answering import Answering
from server.feedback.store import FeedbackStore
from server.learning.grounds import Grounds
from server.learning.propose import propose
from server.learning.records import Proposals
from server.learning.vectors import KeptVectors
from tests.fakes import FakeEncoder

DAY = 86_400
START = 20_000 * DAY


@dataclass
class Visitors:
    """What was asked and said so far, in a file."""

    answering: Answering
    path: Path
    now: list[float] = field(default_factory=lambda: [float(START)])
    count: int = 0

    def store(self) -> FeedbackStore:
        """Return the file, open."""
        return FeedbackStore.open(self.path, keep_questions="redacted", retention_days=395, clock=lambda: self.now[0])

    def say(self, question: str, answer_id: str | None = None, *, useful: bool = True, day: int = 0) -> None:
        """Ask a question on a day, and judge an answer to it."""
        self.now[0] = START + day * DAY
        self.count += 1
        query_id = f"{self.count:032x}"
        with self.store() as store:
            reply = self.answering.answer(question)
            store.record_question(
                query_id,
                question,
                status=reply.status,
                confidence=reply.confidence,
                answer_id=reply.hits[0].answer.id,
                index_id=reply.index.id,
            )
            if answer_id:
                store.record_feedback(query_id, answer_id, useful=useful, index_id=reply.index.id)

    def say_all(self, said: Sequence[tuple[str, str, bool, int]]) -> None:
        """Ask and judge many, as (question, answer, useful, day)."""
        with self.store() as store:
            for question, answer_id, useful, day in said:
                self.now[0] = START + day * DAY
                self.count += 1
                query_id = f"{self.count:032x}"
                store.record_question(
                    query_id, question, status=Status.UNCERTAIN, confidence=0.4, answer_id=answer_id, index_id="i"
                )
                store.record_feedback(query_id, answer_id, useful=useful, index_id="i")

    def proposals(
        self, decided: DecidedQuestions | None = None, *, acronyms: Sequence[Acronym] = (), keep: bool = False
    ) -> Proposals:
        """Return what is proposed now."""
        encoder = FakeEncoder()
        vectors = KeptVectors(encoder, KeptVectors.file_beside(self.path, encoder) if keep else None)
        with self.store() as store:
            grounds = Grounds.of(self.answering.index, store, decided or DecidedQuestions(), vectors)
            return propose(grounds, acronyms=acronyms)
