"""Where an index is kept while it serves, as a search sees it: one narrow interface, and a way to keep it for each.

`indexer/store/embedded.py` keeps it in files of this machine, searched by FAISS; `indexer/store/milvus/` in a Milvus.
A store chooses the candidates of a question and gives what there is of them, in the same tables whichever store it is:
everything that weighs them is above, and the same code. So two stores of one index give the same replies.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.answers.store import Answers
from indexer.dense.comparison import Comparison
from indexer.errors import Wording
from indexer.records import Answer, Facet, Vectors
from indexer.search.contents import SearchContents
from indexer.search.coverage import CoverageReader

Filters = Mapping[str, Sequence[str]]
"""Facet key to values: any of the values of a facet, and every facet."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the search for some questions looks into.

    comparison: of these questions, with the rows of *contents*. coverage: reads the answers of *contents*. allowed:
    shape (answers of contents,), which of them may be found; None for all.
    """

    questions: tuple[str, ...]
    comparison: Comparison
    contents: SearchContents
    coverage: CoverageReader
    allowed: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class QuestionVectors:
    """Curated questions: their vectors, shape (questions, dimension), and which of the answers each belongs to."""

    vectors: Vectors
    answers: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class VectorSums:
    """Some answers, and what the vectors of the passages of each add up to, bodies and curated questions apart.

    bodies, questions: shape (answers, dimension), zeros where there are none. body_counts, question_counts: shape
    (answers,), of how many vectors these are the sums.
    """

    answers: Sequence[Answer]
    bodies: Vectors
    questions: Vectors
    body_counts: NDArray[np.int64]
    question_counts: NDArray[np.int64]


class IndexStore(Protocol):
    """One index, which never changes; safe to use from several threads. StoreError where it cannot be reached."""

    @property
    def answers(self) -> Answers:
        """All answers, by rising id."""

    @property
    def facets(self) -> tuple[Facet, ...]:
        """The questions of the guided search."""

    @property
    def unavailable(self) -> str | None:
        """Why it cannot be asked just now, None while it can."""

    def check(self) -> None:
        """Find out whether it can be asked, where it could not. StoreError where it still cannot."""

    def look_up(self, questions: Sequence[str], vectors: Vectors, *, filters: Filters) -> Iterator[Lookup]:
        """Yield what the search for *questions* looks into, some of them at a time, in their order.

        vectors: of the questions, shape (questions, dimension), unit length. ValueError for an unknown filter.
        """

    def known_filters(self, filters: Filters) -> dict[str, list[str]]:
        """Return what of *filters* there is, in the order and the spelling of the definitions."""

    def unknown_filter(self, filters: Filters) -> Wording | None:
        """Return what is wrong with *filters*; None if all are known."""

    def rows_left(self, filters: Filters) -> NDArray[np.int64] | None:
        """Return the rows of the answers that *filters* leave, rising; None for all."""

    def count_facets(self, filters: Filters) -> Mapping[str, Mapping[str, int]]:
        """Return how many of the answers that *filters* leave apply to each value of each facet, if any does."""

    def answers_with_questions(self) -> Sequence[Answer]:
        """Return the answers that have curated questions or keywords."""

    def question_vectors(self, *, most: int) -> QuestionVectors:
        """Return at most about twice *most* curated questions, spread evenly over all where there are more."""

    def vector_sums(self, *, most: int) -> VectorSums:
        """Return the sums of the vectors of at most *most* answers, spread evenly over all where there are more."""

    def answer_vectors(self) -> Vectors:
        """Return the mean of the vectors of each answer's passages, at unit length, shape (answers, dimension)."""
