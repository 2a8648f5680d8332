"""The nouns that pass between modules. Frozen; this module imports nothing of the project."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

Vectors: TypeAlias = NDArray[np.float32]
"""Shape (n, dimension), unit length, C order."""

Facets: TypeAlias = Mapping[str, tuple[str, ...]]
"""Facet key to the values that hold; what an absent key means is for the facet to say, see `Facet`."""

Progress = Callable[[int, int], None]
"""Called with the number of texts encoded so far and in all."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An entry of the FAQ. *id* is unique in its corpus and fit for an address; *text* is Markdown.

    former_ids: what its id was before, so that links to it may still be followed. keywords: strings of words that an
    editor wants it to be found by; they are matched as *questions* are, and never shown. changed_on: when it last was.
    """

    id: str
    text: str
    questions: tuple[str, ...] = ()
    facets: Facets = field(default_factory=dict)
    source: str | None = None
    former_ids: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    changed_on: date | None = None

    @property
    def matched_texts(self) -> tuple[str, ...]:
        """What stands for it beside its text: the curated questions, then the keywords."""
        return (*self.questions, *self.keywords)


@dataclass(frozen=True, slots=True)
class Facet:
    """One question of the guided search: its key, its wording, and the values an answer may carry, in order.

    open_to_all: whether an answer without a value applies to all values, as one for every kind of software does; else
    to none, as one about no product does.
    """

    key: str
    question: str
    values: tuple[str, ...]
    open_to_all: bool = True


@dataclass(frozen=True, slots=True)
class Acronym:
    """A short form and one thing it stands for, such as BAL and « boîte aux lettres »."""

    short: str
    long: str


class Severity(StrEnum):
    """How bad a problem is: an error stops a build, a warning does not."""

    ERROR = "erreur"
    WARNING = "attention"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a file that a person edits; *line* counts from 1, the message is in French."""

    path: str
    line: int
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        mark = "" if self.severity is Severity.ERROR else "attention : "
        text = f"{self.path}:{self.line}: {mark}{self.message}"
        # A file may have any name: one that breaks the line would pass for another problem, or command the terminal.
        return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


@dataclass(frozen=True, slots=True)
class DenseChoice:
    """How vectors are searched, and the share of the true ten nearest that this finds, measured at build time."""

    method: str
    recall_at_10: float


class PassageKind(StrEnum):
    """What part of an answer a passage is."""

    BODY = "body"  # the whole text, or as much of it as the encoder reads at once
    STRETCH = "stretch"  # some consecutive sentences of the text
    SENTENCE = "sentence"  # one sentence of the text, with a very short neighbour perhaps
    QUESTION = "question"  # one of the curated questions


@dataclass(frozen=True, slots=True)
class Passage:
    """A text that stands for an answer and has a vector of its own.

    start, end: offsets in code points of the passage in the answer's text; 0, 0 for a question.
    """

    answer_id: str
    kind: PassageKind
    text: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A part of an answer's text; start and end are offsets in code points, text == answer.text[start:end]."""

    text: str
    start: int
    end: int


class Status(StrEnum):
    """How far a reply may be trusted."""

    ANSWERED = "answered"
    UNCERTAIN = "uncertain"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Hit:
    """An answer found for a question.

    rank: from 1. score: orders the hits of one reply, higher is better, means nothing across replies.
    confidence: estimated probability in [0, 1] that this answer answers the question.
    is_shown: whether it is worth showing, so counted in the facets: not improbable, or the first.
    passage: the sentence or two of the body that best match. matched_question: the curated question that did it, if so.
    dense: the nearest of its texts, a cosine. lexical: BM25 of its best passage. weighed: what the ranking weighed, in
    the order of `features.FEATURES`; `ranking.named_features` gives each its name. All are higher when better.
    covered: what of the question the answer knows, in the order of `coverage.COLUMNS`. missing: numbers, codes,
    acronyms and names of the question, as they were asked, that neither the answer nor its curated questions know.
    status: how far it may be trusted, were it the first.
    """

    answer: Answer
    rank: int
    score: float
    confidence: float
    is_shown: bool
    passage: Excerpt
    matched_question: str | None
    dense: float
    lexical: float
    weighed: tuple[float, ...]
    covered: tuple[float, ...] = ()
    missing: tuple[str, ...] = ()
    status: Status = Status.UNCERTAIN


class Advice(StrEnum):
    """What a visitor had better do with a reply."""

    SEVERAL = "several"  # a broad question: several answers are meant, and one is to be chosen


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """Which index made a reply."""

    id: str
    encoder: str
    answers: int


@dataclass(frozen=True, slots=True)
class ReadWord:
    """A word of a question as it was asked, and the terms that it is looked for by; is_known: any text has one of them.

    What is written in many ways has one term: « 36 mois » and « 3 ans » are `#36 mois`, « F.I.N.E.S.S. » is FINESS.
    """

    asked: str
    terms: tuple[str, ...]
    is_known: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """What comes back for one question: hits best first, and facet key to value to number of answers shown.

    confidence: that of the first hit, 0 where there is none. The nearest answers are there in every status.
    missing: what the first hit does not know of the question, see `Hit`; such a reply is never `answered`.
    asked: of a message with several questions, the one that this is the reply to; also_asked: the others, and
    also_found their replies, in the same order. None, and empty, for all other messages. shown: how many answers the
    facets count. read: how the question was read, word by word.
    """

    query_id: str
    status: Status
    confidence: float
    hits: tuple[Hit, ...]
    facets: Mapping[str, Mapping[str, int]]
    index: IndexInfo
    took_ms: float
    missing: tuple[str, ...] = ()
    advice: Advice | None = None
    asked: str | None = None
    also_asked: tuple[str, ...] = ()
    also_found: tuple["Reply", ...] = ()
    shown: int = 0
    read: tuple[ReadWord, ...] = ()


class AnswerSource(Protocol):
    """What an index is built from: `open_corpus` gives it from files, `AnswerList` from a list in memory."""

    @property
    def facets(self) -> Sequence[Facet]:
        """The questions of the guided search."""

    @property
    def acronyms(self) -> Sequence[Acronym]:
        """The short forms of the domain."""

    @property
    def off_topic(self) -> Sequence[str]:
        """Questions known to have no answer."""

    def answers(self) -> Iterator[Answer]:
        """Yield every answer once. CorpusError if one cannot be read."""


def no_progress(_done: int, _total: int) -> None:
    """Show nothing."""
