"""An index in a Milvus as a store: candidates are chosen there, and what there is of them becomes a small whole index.

Of a small index the vectors and words are fetched when it is opened, since every question is compared with all of them;
of a larger one nothing is held but its vocabulary. Texts are fetched for the hits of each question.
"""

import dataclasses
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.answers.facets import DEFINITIONS_FILE, FacetTable, read_facets
from indexer.answers.passage_table import PassageTable
from indexer.answers.store import Answers
from indexer.dense.comparison import TOGETHER, WholeComparison, is_compared_whole
from indexer.encoders.cosine_scale import CosineScale
from indexer.errors import StoreError, Wording
from indexer.lexical import SCORE, LexicalIndex
from indexer.records import Answer, Facet, PassageKind, Vectors
from indexer.search.contents import LEXICAL_FOLDER, OFF_TOPIC_FILE, Candidates
from indexer.search.coverage import CoverageReader
from indexer.search.evidence import DENSE_CANDIDATES, LEXICAL_CANDIDATES
from indexer.store import Filters, Lookup, QuestionVectors, VectorSums
from indexer.store.milvus import collections
from indexer.store.milvus.answers import AnswersOfOneLookup, MilvusAnswers
from indexer.store.milvus.client import MOST_FOUND, Milvus, vectors_of
from indexer.store.milvus.collections import (
    ABOUT,
    ANSWERS,
    FIRST_FILE_ROW,
    FIRST_LONG_ANSWER_ROW,
    PASSAGES,
    SPANS,
    VECTOR,
    WORDS,
    Names,
    Row,
)
from indexer.store.milvus.upload import FACET_COUNTS, OWNERS, RENAMED
from indexer.terminal import command_of

_FILES_AT_ONCE = 200
_AT_ONCE = 2_000
"""Rows of one journey: with their vectors, three megabytes."""
_REMEMBERED_COUNTS = 1_024
_MANY_WORDS = 4 * LEXICAL_CANDIDATES
_PLACES = ["layout", "first", "first_span", "norm", "facets"]


@dataclass(frozen=True, slots=True)
class StoredIndex:
    """What has to be known of an index to open it: of which size it is, and where its words are.

    sums: the sha256 of the files of an index, by name.
    """

    names: Names
    answers: int
    passages: int
    spans: int
    off_topic: int
    dimension: int
    has_words: bool
    cosine_scale: CosineScale
    sums: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Contents:
    """What there is of some answers, see `SearchContents`."""

    answers: Answers
    facets: FacetTable
    table: PassageTable
    spans: PassageTable
    lexical: LexicalIndex
    question_norms: NDArray[np.float32]
    every_candidate: Candidates
    cosine_scale: CosineScale

    def question_norm_without(self, _answer: int, _passage: int) -> np.float32:
        raise ValueError("an index is taught by its own questions where it is built, not here")


@dataclass(frozen=True, slots=True)
class _Places:
    """The rows of some answers.

    answers: shape (answers,), rising rows. passages, spans: the same of theirs, one answer after the other. table,
    span_table: where they are in the texts; numbered by their place, as the answers are there.
    """

    answers: NDArray[np.int64]
    passages: NDArray[np.int64]
    spans: NDArray[np.int64]
    table: PassageTable
    span_table: PassageTable
    norms: NDArray[np.float32]
    applies: NDArray[np.bool_]


class MilvusStore:
    """One index, pinned by the names of its collections: whatever an alias names meanwhile."""

    def __init__(self, milvus: Milvus, index: StoredIndex) -> None:
        """StoreError where something of it is missing or damaged."""
        self._milvus = milvus
        self._index = index
        files = self._read_files()
        try:
            definitions = read_facets(json.loads(files[DEFINITIONS_FILE]))
            self._facet_counts: Sequence[int] = json.loads(files[FACET_COUNTS])
            renamed = json.loads(files[RENAMED])
            off_topic = np.load(BytesIO(files[OFF_TOPIC_FILE]), allow_pickle=False)
            self._lexical = _load_words(files, has_rows=not index.has_words)
            owners = None if index.has_words else np.load(BytesIO(files[OWNERS]), allow_pickle=False)
            self._owners: NDArray[np.int32] | None = owners
        except (KeyError, ValueError, TypeError) as error:
            raise self._damaged(repr(error)) from error
        self._facets = FacetTable(definitions, np.zeros((0, len(self._facet_counts)), dtype=np.bool_))
        self._off_topic: Vectors = np.ascontiguousarray(off_topic["vector"])
        self._answers = MilvusAnswers(milvus, index.names, count=index.answers, renamed=renamed)
        self._counted = lru_cache(_REMEMBERED_COUNTS)(self._count_facets)
        is_whole = is_compared_whole(index.passages + index.spans + index.off_topic) and not index.has_words
        self._whole = self._fetch_whole() if is_whole else None

    def _read_files(self) -> dict[str, bytes]:
        name = self._index.names.collection(ABOUT)
        parts: dict[str, list[str]] = {}
        for start in range(FIRST_FILE_ROW, FIRST_LONG_ANSWER_ROW, _FILES_AT_ONCE):
            condition = f"row >= {start} and row < {min(start + _FILES_AT_ONCE, FIRST_LONG_ANSWER_ROW)}"
            rows = self._milvus.rows(name, condition, ["name", "content"], newest=True)
            for row in rows:
                parts.setdefault(row["name"], []).append(row["content"])
            if len(rows) < _FILES_AT_ONCE:
                break
        files = {}
        for file, texts in parts.items():
            try:
                files[file] = collections.unpack(texts)
            except ValueError as error:
                raise self._damaged(f"{file}: {error}") from error
            expected = self._index.sums.get(file)
            if expected and collections.sha256(files[file]) != expected:
                raise self._damaged(f"{file} has another sum than the manifest says")
        return files

    def _damaged(self, why: str) -> StoreError:
        return StoreError(
            f"Index {self._index.names.index} in {self._milvus.address} is damaged: {why:.200}. "
            f'Run "{command_of("build")}" to put it there again, or "{command_of("rollback")}" to go back.'
        )

    # What does not depend on a question

    @property
    def answers(self) -> Answers:
        return self._answers

    @property
    def facets(self) -> tuple[Facet, ...]:
        return self._facets.facets

    @property
    def unavailable(self) -> str | None:
        """Why the Milvus counts as gone, None while it answers."""
        return self._milvus.unavailable

    def check(self) -> None:
        self._milvus.check(self._index.names.every())

    def known_filters(self, filters: Filters) -> dict[str, list[str]]:
        return self._facets.known(filters)

    def unknown_filter(self, filters: Filters) -> Wording | None:
        return self._facets.unknown(filters)

    def rows_left(self, filters: Filters) -> NDArray[np.int64] | None:
        columns = self._facets.columns_of(filters)
        return self._rows_where(_having(columns)) if columns else None

    def _rows_where(self, condition: str) -> NDArray[np.int64]:
        name = self._index.names.collection(ANSWERS)
        found: list[int] = []
        for start in range(0, len(self._answers), MOST_FOUND):
            within = f"row >= {start} and row < {start + MOST_FOUND} and {condition}"
            found += (int(row["row"]) for row in self._milvus.rows(name, within, []))
        return np.array(found, dtype=np.int64)

    def count_facets(self, filters: Filters) -> Mapping[str, Mapping[str, int]]:
        columns = self._facets.columns_of(filters)
        return self._counted(tuple(map(tuple, columns)))

    def _count_facets(self, columns: Sequence[Sequence[int]]) -> Mapping[str, Mapping[str, int]]:
        if not columns:
            return self._facets.named(self._facet_counts)
        name, condition = self._index.names.collection(ANSWERS), _having(columns)
        counts = [
            self._milvus.count(name, f"{condition} and array_contains(facets, {column})", newest=False)
            for column in range(len(self._facet_counts))
        ]
        return self._facets.named(counts)

    def answers_with_questions(self) -> Sequence[Answer]:
        return self._answers.pick(self._rows_where("questions > 0"))

    def question_vectors(self, *, most: int) -> QuestionVectors:
        rows = self._rows_where("questions > 0")
        # An answer has some questions: of so many answers there are enough.
        places = self._places(rows[:: max(1, len(rows) // most)])
        asked = np.flatnonzero(places.table.are(PassageKind.QUESTION))
        asked = asked[:: max(1, len(asked) // most)]
        vectors = self._vectors(PASSAGES, places.passages[asked])
        return QuestionVectors(vectors, places.answers[places.table.answers[asked]])

    def vector_sums(self, *, most: int) -> VectorSums:
        rows = np.arange(len(self._answers))[:: max(1, -(-len(self._answers) // most))]
        places = self._places(rows)
        of_answers = places.table.rows_of(np.arange(len(rows)))
        sums = of_answers.sums(self._vectors(PASSAGES, places.passages))
        bodies, questions = places.table.lengths.T
        return VectorSums(self._answers.pick(rows), sums[::2], sums[1::2], bodies, questions)

    def answer_vectors(self) -> Vectors:
        parts = [np.zeros((0, self._index.dimension), dtype=np.float32)]
        for start in range(0, len(self._answers), _AT_ONCE):
            places = self._places(np.arange(start, min(start + _AT_ONCE, len(self._answers))))
            sums = np.add.reduceat(self._vectors(PASSAGES, places.passages), places.table.first_rows[:-1], axis=0)
            parts.append(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12))
        return np.concatenate(parts)

    def _vectors(self, kind: str, rows: NDArray[np.int64]) -> Vectors:
        """Return the vectors of some passages or spans, shape (rows, dimension)."""
        found = [np.zeros((0, self._index.dimension), dtype=np.float32)]
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE].tolist()
            fetched = self._milvus.rows_by_number(self._index.names.collection(kind), some, [VECTOR])
            found.append(vectors_of(fetched, VECTOR, self._index.dimension))
        return np.concatenate(found)

    def _places(self, answers: NDArray[np.int64]) -> _Places:
        """Return the places of some answers, which rise."""
        name = self._index.names.collection(ANSWERS)
        rows: list[Row] = []
        for start in range(0, len(answers), _AT_ONCE):
            rows += self._milvus.rows_by_number(name, answers[start : start + _AT_ONCE].tolist(), _PLACES)
        return self._places_of(rows)

    def _places_of(self, rows: Sequence[Row]) -> _Places:
        table, spans = collections.unpack_places([row["layout"] for row in rows])
        applies = np.zeros((len(rows), len(self._facet_counts)), dtype=np.bool_)
        for applying, row in zip(applies, rows, strict=True):
            applying[list(row["facets"])] = True
        return _Places(
            answers=np.array([row["row"] for row in rows], dtype=np.int64),
            passages=_numbers([row["first"] for row in rows], table),
            spans=_numbers([row["first_span"] for row in rows], spans),
            table=table,
            span_table=spans,
            norms=np.array([row["norm"] for row in rows], dtype=np.float32),
            applies=applies,
        )

    # Questions

    def look_up(self, questions: Sequence[str], vectors: Vectors, *, filters: Filters) -> Iterator[Lookup]:
        columns = self._facets.columns_of(filters)
        if self._whole is None:
            for question, vector in zip(questions, vectors, strict=True):
                with self._milvus.one_deadline():
                    found = self._look_up_one(question, vector, columns)
                yield found
            return
        contents, every = self._whole
        allowed = contents.facets.allowed(filters)
        for start in range(0, len(questions), TOGETHER):
            some = tuple(questions[start : start + TOGETHER])
            products = every @ vectors[start : start + TOGETHER].T
            comparison = WholeComparison(products, passages=self._index.passages, spans=self._index.spans)
            answers = AnswersOfOneLookup(self._answers, np.arange(len(self._answers)))
            mine = dataclasses.replace(contents, answers=answers)
            yield Lookup(some, comparison, mine, CoverageReader(mine), allowed)

    def _fetch_whole(self) -> tuple[_Contents, Vectors]:
        places = self._places(np.arange(len(self._answers)))
        every = (self._vectors(PASSAGES, places.passages), self._vectors(SPANS, places.spans), self._off_topic)
        return self._contents(places, self._lexical), np.concatenate(every)

    def _contents(self, places: _Places, lexical: LexicalIndex) -> _Contents:
        return _Contents(
            answers=AnswersOfOneLookup(self._answers, places.answers),
            facets=FacetTable(self._facets.facets, places.applies),
            table=places.table,
            spans=places.span_table,
            lexical=lexical,
            question_norms=places.norms,
            every_candidate=Candidates.every(table=places.table, spans=places.span_table),
            cosine_scale=self._index.cosine_scale,
        )

    def _look_up_one(self, question: str, vector: Vectors, columns: Sequence[Sequence[int]]) -> Lookup:
        passages = self._index.names.collection(PASSAGES)
        (nearest,) = self._milvus.search(
            passages,
            VECTOR,
            vector[np.newaxis],
            limit=min(DENSE_CANDIDATES, self._index.passages),
            condition=_having(columns) if columns else "",
            fields=["answer"],
        )
        # One journey after the other: threads that wait for each other take longer than the server does.
        chosen = {int(hit.fields["answer"]) for hit in nearest} | set(self._having_words(question))
        rows = self._milvus.rows_by_number(self._index.names.collection(ANSWERS), sorted(chosen), _PLACES)
        # Words know no facets.
        rows = [row for row in rows if all(set(some).intersection(row["facets"]) for some in columns)]
        places = self._places_of(rows)
        of_passages = self._cosines(PASSAGES, vector, places.answers, places.passages)
        of_spans = self._cosines(SPANS, vector, places.answers, places.spans)
        lexical = self._words_of(places)
        products = np.concatenate((of_passages, of_spans, self._off_topic @ vector))[:, np.newaxis]
        comparison = WholeComparison(products, passages=len(places.passages), spans=len(places.spans))
        contents = self._contents(places, lexical)
        return Lookup((question,), comparison, contents, CoverageReader(contents))

    def _having_words(self, question: str) -> list[int]:
        """Return the answers of the passages that share words with a question, of the best by these."""
        if self._owners is not None:
            best = self._lexical.look_up(question).best_rows(LEXICAL_CANDIDATES)
            return [int(answer) for answer in self._owners[best]]
        passages = self._index.names.collection(PASSAGES)
        asked = self._lexical.sparse_question(question)
        many = _MANY_WORDS
        while asked:
            (near,) = self._milvus.search(passages, WORDS, [asked], limit=many, fields=["answer", WORDS])
            scores = self._lexical.of_vectors([hit.fields[WORDS] for hit in near]).search(question).values[SCORE]
            order = np.lexsort(([hit.row for hit in near], -scores))[:LEXICAL_CANDIDATES]
            # What was not found scores no more than the last that was, by the sum of all variants.
            if len(near) < many or many == MOST_FOUND or near[-1].score < scores[order[-1]]:
                return [int(near[at].fields["answer"]) for at in order.tolist()]
            many = min(4 * many, MOST_FOUND)
        return []

    def _words_of(self, places: _Places) -> LexicalIndex:
        if not self._index.has_words:
            return self._lexical.of_rows(places.passages)
        name = self._index.names.collection(PASSAGES)
        found = []
        for start in range(0, len(places.passages), _AT_ONCE):
            some = places.passages[start : start + _AT_ONCE].tolist()
            found += [row[WORDS] for row in self._milvus.rows_by_number(name, some, [WORDS])]
        return self._lexical.of_vectors(found)

    def _cosines(
        self, kind: str, vector: Vectors, answers: NDArray[np.int64], rows: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return the cosines of *rows*, all those of *answers*, with a question: the server computes them."""
        cosines = np.full(len(rows), np.nan, dtype=np.float32)
        if len(rows):
            (near,) = self._milvus.search(
                self._index.names.collection(kind),
                VECTOR,
                vector[np.newaxis],
                limit=min(len(rows), MOST_FOUND),
                condition=f"answer in {answers.tolist()}",
            )
            found = np.array([hit.row for hit in near], dtype=np.int64)
            cosines[rows.searchsorted(found)] = [hit.score for hit in near]
        # No more than MOST_FOUND are given.
        missed = np.flatnonzero(np.isnan(cosines))
        if len(missed):
            cosines[missed] = self._vectors(kind, rows[missed]) @ vector
        return cosines


def _numbers(first: Sequence[int], table: PassageTable) -> NDArray[np.int64]:
    """Return the rows of some answers in a collection, of which each has *first* and those that follow it."""
    lengths = np.diff(table.first_rows)
    within = np.arange(len(table)) - np.repeat(table.first_rows[:-1], lengths)
    return within + np.repeat(np.array(first, dtype=np.int64), lengths)


def _having(columns: Sequence[Sequence[int]]) -> str:
    """Return the condition that an answer has one of each of these columns."""
    return " and ".join(f"array_contains_any(facets, {list(some)})" for some in columns)


def _load_words(files: Mapping[str, bytes], *, has_rows: bool) -> LexicalIndex:
    with tempfile.TemporaryDirectory(prefix="souffleur-") as folder:
        for name, content in files.items():
            kind, _, file = name.partition("/")
            if kind == LEXICAL_FOLDER:
                (Path(folder) / Path(file).name).write_bytes(content)
        return LexicalIndex.load(Path(folder), has_rows=has_rows)
