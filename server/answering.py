"""The way of a question to a reply, without HTTP: read, encode, search, and say how far the result may be trusted."""

import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from indexer.encoders import Encoder
from indexer.errors import IndexFolderError
from indexer.index import Index
from indexer.manifest import Manifest
from indexer.records import Answer, IndexInfo, Reply, Vectors
from server.questions import read_question
from server.suggesting import Suggester, Suggestion

Filters = Mapping[str, Sequence[str]]


class Answering:
    """Answers questions from one index; safe to use from several threads."""

    def __init__(self, index: Index, encoder: Encoder, *, cached_questions: int = 2048) -> None:
        if encoder.fingerprint != index.manifest.encoder.fingerprint:
            raise IndexFolderError(
                f"The index was built with {index.manifest.encoder.name} "
                f"({index.manifest.encoder.fingerprint[:7]}), but {encoder.name} ({encoder.fingerprint[:7]}) is "
                'in use here. Run "make index", or name the encoder of the index with --encoder.'
            )
        self._index = index
        self._encoder = encoder
        self._vectors = _VectorCache(cached_questions)
        questions = [(question, answer.id) for answer in index.parts.answers for question in answer.questions]
        self._suggester = Suggester(questions)
        self.index_info = IndexInfo(index.manifest.id, index.manifest.encoder.name, len(index))

    @classmethod
    def open(cls, path: Path, *, encoder: Encoder, cached_questions: int = 2048) -> "Answering":
        """Return the answering of the index in service in *path*, every file of it verified."""
        return cls(Index.open(path), encoder, cached_questions=cached_questions)

    @property
    def manifest(self) -> Manifest:
        """What the index says of itself."""
        return self._index.manifest

    @property
    def index(self) -> Index:
        """The index in service."""
        return self._index

    def get_answer(self, answer_id: str) -> Answer | None:
        """Return an answer by id, None where there is none."""
        return self._index.get_answer(answer_id)

    def suggest(self, prefix: str, *, limit: int) -> tuple[Suggestion, ...]:
        """Return curated questions for what has been typed so far."""
        return self._suggester.suggest(prefix, limit=limit)

    def count_facets(self) -> Mapping[str, Mapping[str, int]]:
        """Return how many of all answers apply to each value of each facet."""
        return self._index.parts.facets.count(np.arange(len(self._index)))

    def answer(self, question: str, *, limit: int = 5, filters: Filters | None = None) -> Reply:
        """Return the reply to one question. QuestionError if it cannot be asked, ValueError for an unknown facet."""
        return self.answer_batch([question], limit=limit, filters=filters)[0]

    def answer_batch(self, questions: Sequence[str], *, limit: int = 5, filters: Filters | None = None) -> list[Reply]:
        """Return the replies in the order of *questions*; the new ones among them are encoded together.

        took_ms of each is its own search plus an equal part of the encoding.
        """
        asked = [read_question(question) for question in questions]
        started = time.perf_counter()
        vectors = self._encode(asked)
        encoding_seconds = (time.perf_counter() - started) / max(1, len(asked))
        return [
            self._reply(question, vector, limit=limit, filters=filters or {}, spent_seconds=encoding_seconds)
            for question, vector in zip(asked, vectors, strict=True)
        ]

    def _reply(self, question: str, vector: Vectors, *, limit: int, filters: Filters, spent_seconds: float) -> Reply:
        started = time.perf_counter()
        found = self._index.search(question, vector, limit=limit, filters=filters)
        return Reply(
            query_id=uuid.uuid4().hex,
            status=found.status,
            confidence=found.hits[0].confidence if found.hits else 0.0,
            hits=found.hits,
            facets=found.facets,
            index=self.index_info,
            took_ms=1000 * (spent_seconds + time.perf_counter() - started),
        )

    def _encode(self, questions: Sequence[str]) -> Vectors:
        vectors = {question: self._vectors.get(question) for question in questions}
        fresh = [question for question, vector in vectors.items() if vector is None]
        if fresh:
            for question, vector in zip(fresh, self._encoder.encode_questions(fresh), strict=True):
                vectors[question] = vector
                self._vectors.put(question, vector)
        return np.array([vectors[question] for question in questions], dtype=np.float32)


class _VectorCache:
    """The vectors of the questions asked last; the one not asked for longest makes room."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._vectors: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, question: str) -> Vectors | None:
        with self._lock:
            vector = self._vectors.get(question)
            if vector is not None:
                self._vectors.move_to_end(question)
            return vector

    def put(self, question: str, vector: Vectors) -> None:
        with self._lock:
            self._vectors[question] = vector
            if len(self._vectors) > self._capacity:
                self._vectors.popitem(last=False)
