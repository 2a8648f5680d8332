"""The way of a question to a reply, without HTTP: read, encode, search, and say how far the result may be trusted."""

import dataclasses
import logging
import os
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from pathlib import Path
from typing import NoReturn

import numpy as np

from indexer.encoders import Encoder
from indexer.errors import EncoderError, QuestionError, Wording
from indexer.french.intent import split_questions
from indexer.index.index import SEARCHED_TOGETHER, Found, Index
from indexer.index.indexes import Indexes
from indexer.index.manifest import Manifest
from indexer.records import Answer, IndexInfo, Reply, Status, Vectors
from server.answering.batching import Batcher, divide
from server.answering.prepared import PreparedIndex, open_soon
from server.answering.questions import MAX_QUESTION_CHARACTERS, read_question
from server.answering.request_budget import charge, stop_if_given_up
from server.answering.suggestions import Suggestion
from server.answering.vector_cache import VectorCache
from server.metrics import Metrics

logger = logging.getLogger(__name__)

Filters = Mapping[str, Sequence[str]]

_pinned: ContextVar[PreparedIndex | None] = ContextVar("_pinned", default=None)


class NoTracing:
    """What is told of each stage where nobody traces: nothing. `server.tracing` has the other kind."""

    def stage(self, _name: str) -> AbstractContextManager[None]:
        """Return the block of a stage, such as `encode`."""
        return nullcontext()

    def note(self, _name: str, _value: str | int) -> None:
        """Say something of the stage that this thread is in; never the question."""


class Answering:
    """Answers questions from the index in service, which can be switched meanwhile; safe for several threads."""

    def __init__(
        self,
        index: Index,
        encoder: Encoder,
        *,
        cached_questions: int = 2048,
        metrics: Metrics | None = None,
        tracing: NoTracing | None = None,
    ) -> None:
        """IndexFolderError if the index was built with another encoder."""
        self.metrics = metrics or Metrics()
        self._process = os.getpid()
        self._encoder = encoder
        self._tracing = tracing or NoTracing()
        self._batcher = Batcher(encoder.encode_questions, observe=self._observe_batch)
        # Vectors depend on the encoder alone, so that they outlive a switch of indexes.
        self._vectors = VectorCache(cached_questions)
        self._served: set[str] = set()
        self.degraded: str | None = None
        """Why the service is not as it should be, though questions are answered; without a path or a question."""
        self.switch(self.prepare(index))

    @classmethod
    def open(
        cls,
        where: Path | Indexes,
        *,
        encoder: Encoder,
        tracing: NoTracing | None = None,
    ) -> "Answering":
        """Return the answering of the index in service in *where*, opened as `open_soon` does."""
        return cls(open_soon(where), encoder, tracing=tracing)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "What answers questions holds threads and open files, and cannot be pickled. Open the index again in "
            "each process, with souffleur.open."
        )

    def prepare(self, index: Index) -> PreparedIndex:
        """Return *index* ready for `switch`, without putting it into service; errors as of `PreparedIndex.of`."""
        return PreparedIndex.of(index, self._encoder)

    def switch(self, prepared: PreparedIndex) -> None:
        """Answer from *prepared* from now on; who is inside `one_index` keeps the index that it began with."""
        self._in_service = prepared
        self._served.add(prepared.info.id)
        self.metrics.show_index(prepared.info.id, prepared.index.manifest.built_at)

    @property
    def is_available(self) -> bool:
        """Whether questions can be answered just now: the store of the index, where it has one elsewhere, answers."""
        return self._in_service.index.unavailable is None

    def degrade(self, reason: str | None) -> None:
        """From now on say that the service is not as it should be, and why; None once it is."""
        self.degraded = reason

    @contextmanager
    def one_index(self) -> Iterator[None]:
        """Within the block, this thread or task and those it starts see one index, whatever is switched meanwhile."""
        token = _pinned.set(self._in_service)
        try:
            yield
        finally:
            _pinned.reset(token)

    @property
    def _prepared(self) -> PreparedIndex:
        """What this thread or task answers from. RuntimeError in a process forked since it was opened."""
        if self._process != os.getpid():
            # Threads are not forked: what one of them held or was about to do, questions here would wait for, for ever.
            raise RuntimeError(
                "This process was forked from the one that opened the index, whose threads it has not. Open the index, "
                "with souffleur.open, in each process and in none that is forked from, or start them by spawn."
            )
        return _pinned.get() or self._in_service

    @property
    def encoder(self) -> Encoder:
        """What turns questions into vectors."""
        return self._encoder

    def speed_up(self) -> None:
        """Take some seconds once, so that single questions are answered sooner from then on."""
        try:
            self._encoder.speed_up()
        except EncoderError as error:
            logger.warning("Single questions are answered, but not as fast as they could be: %s", error)

    @property
    def index(self) -> Index:
        """The index in service."""
        return self._prepared.index

    @property
    def manifest(self) -> Manifest:
        """What the index says of itself."""
        return self.index.manifest

    @property
    def index_info(self) -> IndexInfo:
        """How replies name the index."""
        return self._prepared.info

    def get_answer(self, answer_id: str) -> Answer | None:
        """Return an answer by id, None where there is none."""
        return self.index.get_answer(answer_id)

    def current_id(self, former_id: str) -> str | None:
        """Return the id of the answer that was once called so, None where none was."""
        return self.index.current_id(former_id)

    def judged_index(self, answer_id: str, index_id: str | None) -> str | None:
        """Return the index whose answer a visitor judges, None where there is no such answer.

        index_id: the one that the reply named. By now another may be in service, without the answer that was shown.
        """
        in_service = self._in_service.info.id
        if self.get_answer(answer_id) is None and (index_id == in_service or index_id not in self._served):
            return None
        return index_id or in_service

    def nearest_to(self, answer: Answer, *, limit: int) -> tuple[Answer, ...]:
        """Return other answers that lie near *answer*, nearest first; nobody asked, so that nothing is counted."""
        _require_hits(limit)
        prepared = self._prepared
        text = answer.questions[0] if answer.questions else answer.text[:MAX_QUESTION_CHARACTERS]
        (found,) = prepared.index.search([text], self._encode([text]), limit=limit + 1)
        return tuple(hit.answer for hit in found.hits if hit.answer.id != answer.id)[:limit]

    def suggest(self, prefix: str, *, limit: int) -> tuple[Suggestion, ...]:
        """Return curated questions for what has been typed so far."""
        _require_hits(limit)
        return self._prepared.suggester.suggest(prefix, limit=limit)

    def count_facets(self) -> Mapping[str, Mapping[str, int]]:
        """Return how many of all answers apply to each value of each facet."""
        return self.index.count_facets()

    def count_shown(self, question: str, filters: Filters) -> tuple[int, Mapping[str, Mapping[str, int]]]:
        """Return `shown` and `facets` of the reply that a question would have with these filters; nobody asks it."""
        asked = read_question(question)
        vector = self._vectors.get(asked)
        vectors = self._encode([asked]) if vector is None else vector[np.newaxis]
        (found,) = self.index.search([asked], vectors, limit=1, filters=filters)
        return found.shown, found.facets

    def answer(self, question: str, *, limit: int = 5, filters: Filters | None = None) -> Reply:
        """Return the reply to one question, with at most *limit* hits, at least 1.

        QuestionError if it cannot be asked, ValueError for an unknown facet or such a limit.
        """
        return self.answer_many([question], limit=limit, filters=filters)[0]

    def answer_many(self, questions: Sequence[str], *, limit: int = 5, filters: Filters | None = None) -> list[Reply]:
        """Return the replies in the order of *questions*; the new ones among them are encoded together.

        took_ms of each is an equal part of the encoding, and of the search of those that are searched together.
        ValueError as of `answer`, and for one text in place of several. GivenUpError if, in between, nobody waits for
        them any more.
        """
        _require_hits(limit)
        _require_several(questions, "questions")
        for key, values in (filters or {}).items():
            _require_several(values, f"filters[{key!r}]")
        asked = list(_read_questions(questions))
        parts = [split_questions(question) for question in asked]
        charge(len(asked) + sum(map(len, parts)))
        replies = self._answer_each([*asked, *(part for several in parts for part in several)], limit, filters)
        of_parts = iter(replies[len(asked) :])
        answered = [
            _reply_to_several(whole, several, [next(of_parts) for _ in several])
            for whole, several in zip(replies[: len(asked)], parts, strict=True)
        ]
        for reply in answered:
            self.metrics.replies.labels(str(reply.status)).inc()
        return answered

    def _answer_each(self, asked: Sequence[str], limit: int, filters: Filters | None) -> list[Reply]:
        prepared = self._prepared
        started = time.perf_counter()
        with self._tracing.stage("encode"):
            self._tracing.note("questions", len(asked))
            vectors = self._encode(asked)
        encoding_seconds = (time.perf_counter() - started) / max(1, len(asked))
        self.metrics.encode_seconds.observe(encoding_seconds)
        replies: list[Reply] = []
        for start in range(0, len(asked), SEARCHED_TOGETHER):
            stop_if_given_up()
            some = asked[start : start + SEARCHED_TOGETHER]
            started = time.perf_counter()
            with self._tracing.stage("search"):
                self._tracing.note("questions", len(some))
                of_some = vectors[start : start + SEARCHED_TOGETHER]
                found = list(prepared.index.search(some, of_some, limit=limit, filters=filters))
            searching_seconds = (time.perf_counter() - started) / len(some)
            replies += (self._reply(prepared, one, encoding_seconds, searching_seconds) for one in found)
        return replies

    def _reply(self, prepared: PreparedIndex, found: Found, encoding_seconds: float, searching_seconds: float) -> Reply:
        self.metrics.search_seconds.observe(searching_seconds)
        return Reply(
            query_id=uuid.uuid4().hex,
            status=found.status,
            confidence=found.hits[0].confidence if found.hits else 0.0,
            hits=found.hits,
            facets=found.facets,
            index=prepared.info,
            took_ms=1000 * (encoding_seconds + searching_seconds),
            missing=found.missing,
            advice=found.advice,
            shown=found.shown,
            read=found.read,
        )

    def _observe_batch(self, size: int) -> None:
        """Count a batch. It is noted in the stage of the question that led it: the others only waited."""
        self.metrics.batch_size.observe(size)
        self._tracing.note("batch_size", size)

    def _encode(self, questions: Sequence[str]) -> Vectors:
        vectors = {question: self._vectors.get(question) for question in questions}
        fresh = [question for question, vector in vectors.items() if vector is None]
        self.metrics.cached_questions.labels("miss").inc(len(fresh))
        self.metrics.cached_questions.labels("hit").inc(len(vectors) - len(fresh))
        for together in divide(fresh):
            stop_if_given_up()
            for question, vector in zip(together, self._batcher.encode(together), strict=True):
                vectors[question] = vector
                # At once: where the rest comes too late, the next try begins with these.
                self._vectors.put(question, vector)
        return np.array([vectors[question] for question in questions], dtype=np.float32)


def _reply_to_several(whole: Reply, parts: Sequence[str], replies: Sequence[Reply]) -> Reply:
    """Return the reply to a message, whose questions are *parts*, with a reply each; *whole* answers it as one.

    Where they have different answers, none of them refused, the first is answered, it is said which that is, and the
    other replies are beside it.
    """
    firsts = {reply.hits[0].answer.id for reply in replies if reply.hits and reply.status is not Status.NO_ANSWER}
    if len(firsts) < 2:
        return whole
    answerable = [at for at, reply in enumerate(replies) if reply.status is not Status.NO_ANSWER]
    first = answerable[0]
    return dataclasses.replace(
        replies[first],
        asked=parts[first],
        also_asked=tuple(part for at, part in enumerate(parts) if at != first),
        also_found=tuple(reply for at, reply in enumerate(replies) if at != first),
        took_ms=whole.took_ms + sum(reply.took_ms for reply in replies),
    )


def _require_hits(limit: int) -> None:
    if limit < 1:
        raise ValueError(f"limit is {limit}, at least 1 is needed")


def _require_several(texts: Sequence[str], name: str) -> None:
    """ValueError for a text alone, whose letters would be taken for texts."""
    if isinstance(texts, str):
        raise ValueError(f"{name} is the text {texts[:80]!r}; a sequence of texts is needed, such as [{texts[:80]!r}]")


def _read_questions(questions: Sequence[str]) -> Iterator[str]:
    for number, question in enumerate(questions, start=1):
        try:
            yield read_question(question)
        except QuestionError as error:
            if len(questions) == 1:
                raise
            said = error.wording
            numbered = Wording(f"Question {number} : {said.french}", f"Question {number}: {said.english}")
            raise QuestionError(error.fault, numbered) from None
