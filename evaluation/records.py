"""The nouns of measuring, frozen: a query, what came back for it, its result, and that as one line of JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from evaluation.json_documents import JsonDocument, Share, exact
from indexer.errors import SouffleurError
from indexer.records import Facets, Problem, Status

DEPTH = 10
"""How many hits the deepest of the metrics looks at, but for AP, which looks at all there are."""


DIGITS = 4
"""Decimals kept of scores, confidences and features: those of the HTTP reply, so that a server and an index agree."""

EXPLAINED_HITS = 3
"""How many hits of a question are kept with their passage and features; of the others, id and numbers."""


class EvaluationError(SouffleurError):
    """Something could not be measured; the message says why, and what to do."""


class QuerySetError(EvaluationError):
    """A query set has mistakes; carries all of them."""

    def __init__(self, problems: "Sequence[Problem]") -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))

    def __reduce__(self) -> "tuple[type[QuerySetError], tuple[Sequence[Problem]]]":
        return type(self), (self.problems,)  # as CorpusError


class Scope(StrEnum):
    """Whether the FAQ answers a query."""

    IN_SCOPE = "in_scope"
    OFF_TOPIC = "off_topic"  # judged, and no answer is relevant
    UNJUDGED = "unjudged"


@dataclass(frozen=True, slots=True)
class Query:
    """A question with its expected answers (id to relevance; 0 and below are not relevant). Empty strings: not said."""

    id: str
    text: str
    scope: Scope
    expected: Mapping[str, int] = field(default_factory=dict)
    style: str = ""
    language: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Returned:
    """One answer that came back. passage, matched_question and features: only of the first hits."""

    id: str
    score: float
    confidence: float
    passage: str = ""
    matched_question: str | None = None
    features: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back for one question, best first. took_ms: as the reply says."""

    status: Status
    confidence: float
    hits: tuple[Returned, ...]
    took_ms: float


@dataclass(frozen=True, slots=True)
class Target:
    """What was asked: an index. corpus_hash and encoder_fingerprint: empty where a server does not say."""

    where: str
    index_id: str
    encoder: str
    answers: int
    corpus_hash: str = ""
    encoder_fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A query, its outcome, and the ranking metrics of an in-scope one.

    facets: those of the expected answers. took_ms: None where the same question had been asked before in this run.
    """

    query: Query
    facets: Facets
    status: Status
    confidence: float
    hits: tuple[Returned, ...]
    metrics: Mapping[str, float]
    took_ms: float | None

    @property
    def right(self) -> bool:
        """Whether the first answer is a relevant one."""
        return bool(self.hits) and self.query.expected.get(self.hits[0].id, 0) > 0

    @property
    def first_relevant_rank(self) -> int | None:
        """The rank, from 1, of the first relevant hit; None where there is none."""
        ranks = (at for at, hit in enumerate(self.hits, start=1) if self.query.expected.get(hit.id, 0) > 0)
        return next(ranks, None)

    def to_json(self) -> bytes:
        """Return one line of JSON in UTF-8, without its line end."""
        query = self.query
        line = _Line(
            id=query.id,
            question=query.text,
            style=query.style,
            language=query.language,
            kind=query.kind,
            scope=query.scope,
            expected=query.expected,
            facets=self.facets,
            status=self.status,
            confidence=self.confidence,
            hits=self.hits,
            metrics=self.metrics,
            took_ms=self.took_ms,
        )
        return _LINE.write(line)

    @classmethod
    def from_json(cls, line: str | bytes) -> "Result":
        """Return the result written by `to_json`. ValueError says what is wrong with anything else."""
        read = _LINE.read(line)
        if (read.scope is Scope.IN_SCOPE) != any(relevance > 0 for relevance in read.expected.values()):
            raise ValueError(f"scope: {read.scope.value!r} does not fit what is expected")
        return cls(
            query=Query(read.id, read.question, read.scope, read.expected, read.style, read.language, read.kind),
            facets=read.facets,
            status=read.status,
            confidence=read.confidence,
            hits=read.hits,
            metrics=read.metrics,
            took_ms=read.took_ms,
        )


@exact
@dataclass(frozen=True, slots=True)
class _Line:
    """A result as its line of JSON has it."""

    id: str
    question: str
    style: str
    language: str
    kind: str
    scope: Scope
    expected: Mapping[str, int]
    facets: Facets
    status: Status
    confidence: Share
    hits: tuple[Returned, ...]
    metrics: Mapping[str, float]
    took_ms: float | None


_LINE = JsonDocument(_Line)
