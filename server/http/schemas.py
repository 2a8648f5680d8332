"""The JSON of requests and replies. What a field means is said here once, and shown at /docs."""

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from indexer.index.indexes import INDEX_ID
from indexer.records import Advice, Answer, Hit, ReadWord, Reply, Status
from indexer.search.coverage import named_coverage
from indexer.search.ranking import named_features
from server.answering.questions import MAX_QUESTION_CHARACTERS, QUERY_ID
from server.feedback.store import MAX_COMMENT_CHARACTERS
from server.settings import MAX_LIMIT

MAX_BATCH = 64
MAX_PAGE = 200
"""Answers of one page of all."""
MAX_BATCH_CHARACTERS = 32_000
"""Of all its questions together, which take up to 5 s then: 64 of the longest would never be answered in time."""

# Declared only: `read_question` decides, and says in French why. Signs beyond U+FFFF are left out.
_CONTROL = r"\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F"
_INVISIBLE = (
    r"\u0009\u000A\u000D\u0020\u00A0\u00AD\u0600-\u0605\u061C\u06DD\u070F\u0890\u0891\u08E2\u1680\u180E\u2000-\u200F"
    r"\u2028-\u202F\u205F-\u2064\u2066-\u206F\u3000\uFEFF\uFFF9-\uFFFB"
)
QUESTION_SCHEMA: dict[str, Any] = {
    "minLength": 1,
    "maxLength": MAX_QUESTION_CHARACTERS,
    "pattern": f"^[^{_CONTROL}]*[^{_CONTROL}{_INVISIBLE}][^{_CONTROL}]*$",
}
"""What a question must be: text without control characters, and not blank."""


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


# JSON has one sort of numbers: 5.0 is the integer 5, as JSON Schema says too.
_Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT)]
Limit = Annotated[_Limit, BeforeValidator(_whole, json_schema_input_type=_Limit)]

Explain = Annotated[bool, Field(description="add to each hit all that the ranking saw")]

_MOST_FIELDS = 50
"""Of an object in a request: more than there are facets, or fields; each unknown one would be a mistake to tell."""


def _few(value: object) -> object:
    if isinstance(value, dict) and len(value) > _MOST_FIELDS:
        raise PydanticCustomError(
            "too_many_fields",
            "it has {fields} fields, and at most {most} are accepted",
            {"fields": len(value), "most": _MOST_FIELDS},
        )
    return value


# The first mistake of a list ends its check: a message for each of 320,000 values took the event loop 2.6 s.
_Values = Annotated[list[str], Field(max_length=100, fail_fast=True)]
Filters = Annotated[
    dict[str, _Values],
    Field(
        max_length=_MOST_FIELDS,
        description="facet key to values: any of the values, of every facet",
        examples=[{"thematique": ["Horaires"]}],
    ),
    BeforeValidator(_few),
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    check_how_many = model_validator(mode="before")(_few)


class SearchRequest(_Strict):
    """A question, how many hits are wanted, and which answers may be among them."""

    query: str = Field(
        description="the question, as a person would ask it",
        examples=["Quand ouvre le guichet ?"],
        json_schema_extra=QUESTION_SCHEMA,
    )
    limit: Limit | None = Field(default=None, description="most hits wanted")
    filters: Filters = {}
    explain: Explain = False


class SearchQuery(BaseModel):
    """The same in an address. Any other parameter is a facet."""

    q: str = Field(
        description="the question, as a person would ask it",
        examples=["Quand ouvre le guichet ?"],
        json_schema_extra=QUESTION_SCHEMA,
    )
    limit: Limit | None = Field(default=None, description="most hits wanted")
    explain: Explain = False


class AnswersQuery(BaseModel):
    """Which page of all answers. Any other parameter is a facet."""

    limit: int = Field(default=50, ge=1, le=MAX_PAGE, description="most answers wanted")
    cursor: str | None = Field(
        default=None,
        max_length=1000,
        description="`next_cursor` of the page before, such as `Z3VpY2hldA`; the first page, if not given",
    )


class BatchRequest(_Strict):
    """Several questions at once."""

    queries: list[Annotated[str, Field(json_schema_extra=QUESTION_SCHEMA)]] = Field(
        min_length=1,
        max_length=MAX_BATCH,
        fail_fast=True,
        description=f"the questions, of at most {MAX_BATCH_CHARACTERS} characters together",
        examples=[["Qui peut avoir une carte ?"]],
    )
    limit: Limit | None = Field(default=None, description="most hits wanted for each")
    filters: Filters = {}
    explain: Explain = False


class FeedbackRequest(_Strict):
    """Whether an answer helped: the ids are those of the reply and of the hit."""

    query_id: str = Field(pattern=f"^{QUERY_ID}$")
    answer_id: str = Field(min_length=1, max_length=200)
    index_id: str | None = Field(
        default=None, pattern=f"^{INDEX_ID}$", description="`index.id` of the reply; the index in service, if not given"
    )
    useful: bool
    comment: str = Field(default="", max_length=MAX_COMMENT_CHARACTERS)


@dataclass(frozen=True, slots=True)
class FeedbackReply:
    """The judgement is on the disk."""

    stored: bool


@dataclass(frozen=True, slots=True)
class ValueBody:
    """A value of a facet, and how many answers apply to it."""

    value: str
    answers: int


@dataclass(frozen=True, slots=True)
class FacetBody:
    """A question of the guided search."""

    key: str
    question: str
    values: list[ValueBody]


@dataclass(frozen=True, slots=True)
class FacetsReply:
    """The guided search, in order."""

    facets: list[FacetBody]


@dataclass(frozen=True, slots=True)
class SuggestionBody:
    """A curated question, and the answer it belongs to."""

    question: str
    answer_id: str


@dataclass(frozen=True, slots=True)
class SuggestReply:
    """Questions that begin like what was typed, then those that have its words."""

    suggestions: list[SuggestionBody]


@dataclass(frozen=True, slots=True)
class PassageBody:
    """The part of the answer that best matches: offsets in code points of `answer`."""

    text: str
    start: int
    end: int


_ChangedOn = Annotated[date | None, Field(description="the day of its last change, where the corpus has it")]


@dataclass(frozen=True, slots=True)
class AnswerBody:
    """An answer of the FAQ, in Markdown, with the questions that it is known to answer."""

    id: str
    answer: str
    questions: list[str]
    facets: dict[str, list[str]]
    source: str | None
    changed_on: _ChangedOn = None

    @classmethod
    def of(cls, answer: Answer) -> "AnswerBody":
        """Return the JSON of an answer."""
        facets = {key: list(values) for key, values in answer.facets.items()}
        return cls(
            id=answer.id,
            answer=answer.text,
            questions=list(answer.questions),
            facets=facets,
            source=answer.source,
            changed_on=answer.changed_on,
        )


@dataclass(frozen=True, slots=True)
class HitBody:
    """An answer found. `score` orders the hits of one reply; `confidence` estimates the chance that it is right."""

    id: str
    rank: int
    score: float
    confidence: Annotated[float, Field(ge=0, le=1)]
    shown: Annotated[bool, Field(description="worth showing, so counted in `facets`: not improbable, or the first hit")]
    answer: str
    passage: PassageBody
    matched_question: str | None
    source: str | None
    facets: dict[str, list[str]]
    scores: dict[str, float]
    missing: Annotated[
        list[str],
        Field(description="numbers, codes, acronyms and names of the question that this answer does not know"),
    ]
    changed_on: _ChangedOn = None
    features: Annotated[dict[str, float] | None, Field(description="only where `explain` is asked for")] = None

    @classmethod
    def of(cls, hit: Hit, *, explain: bool) -> "HitBody":
        """Return the JSON of a hit."""
        return cls(
            id=hit.answer.id,
            rank=hit.rank,
            score=round(hit.score, 4),
            confidence=round(hit.confidence, 4),
            shown=hit.is_shown,
            answer=hit.answer.text,
            passage=PassageBody(text=hit.passage.text, start=hit.passage.start, end=hit.passage.end),
            matched_question=hit.matched_question,
            source=hit.answer.source,
            facets={key: list(values) for key, values in hit.answer.facets.items()},
            scores={"dense": round(hit.dense, 4), "lexical": round(hit.lexical, 4)},
            missing=list(hit.missing),
            changed_on=hit.answer.changed_on,
            features=_explained(hit) if explain else None,
        )


def _explained(hit: Hit) -> dict[str, float]:
    """Return all that the ranking and the verifier saw of a hit, by name."""
    return {name: round(value, 4) for name, value in (named_features(hit) | named_coverage(hit)).items()}


@dataclass(frozen=True, slots=True)
class IndexBody:
    """The index that made a reply."""

    id: str
    encoder: str
    answers: int


@dataclass(frozen=True, slots=True)
class ReadWordBody:
    """A word of the question, the terms that it is looked for by, and whether any text of the index has one of them."""

    asked: str
    terms: list[str]
    known: bool

    @classmethod
    def of(cls, word: ReadWord) -> "ReadWordBody":
        """Return the JSON of a word."""
        return cls(word.asked, list(word.terms), word.is_known)


@dataclass(frozen=True, slots=True)
class SearchReply:
    """The nearest answers, best first, and how far they may be trusted."""

    query_id: str
    status: Status
    confidence: Annotated[float, Field(ge=0, le=1, description="that of the first hit")]
    hits: list[HitBody]
    facets: Annotated[
        dict[str, dict[str, int]], Field(description="facet key to value to number of answers `shown`, without `limit`")
    ]
    index: IndexBody
    took_ms: float
    missing: Annotated[list[str], Field(description="those of the first hit; a reply that has any is never `answered`")]
    advice: Annotated[
        Advice | None, Field(description="`several`: a broad question; several of the hits may be meant")
    ] = None
    asked: Annotated[
        str | None, Field(description="of a message with several questions, the one that this is the reply to")
    ] = None
    also_asked: Annotated[list[str], Field(description="its other questions, to be asked each by itself")] = field(
        default_factory=list
    )
    read: Annotated[
        list[ReadWordBody] | None,
        Field(
            description="only where `explain` is asked for: how the question was read, numbers and dates in one form"
        ),
    ] = None

    @classmethod
    def of(cls, reply: Reply, *, explain: bool) -> "SearchReply":
        """Return the JSON of a reply."""
        return cls(
            query_id=reply.query_id,
            status=reply.status,
            confidence=round(reply.confidence, 4),
            hits=[HitBody.of(hit, explain=explain) for hit in reply.hits],
            facets={key: dict(counts) for key, counts in reply.facets.items()},
            index=IndexBody(id=reply.index.id, encoder=reply.index.encoder, answers=reply.index.answers),
            took_ms=round(reply.took_ms, 3),
            missing=list(reply.missing),
            advice=reply.advice,
            asked=reply.asked,
            also_asked=list(reply.also_asked),
            read=[ReadWordBody.of(word) for word in reply.read] if explain else None,
        )


@dataclass(frozen=True, slots=True)
class AnswersReply:
    """Some answers by rising id, and where the next page begins."""

    answers: list[AnswerBody]
    next_cursor: Annotated[str | None, Field(description="what to ask for next; null after the last page")]
    total: Annotated[int, Field(description="answers that the facets leave, on all pages")]
    index: IndexBody


@dataclass(frozen=True, slots=True)
class BatchReply:
    """The replies, in the order of the questions."""

    replies: list[SearchReply]


SEARCH_REPLY = TypeAdapter(SearchReply)
BATCH_REPLY = TypeAdapter(BatchReply)
"""Write these replies as JSON and read them. What the server makes of its own records is not checked again."""
