"""What there is of an index in its collections, fetched: its files, the places of answers, vectors and words.

Many rows in one journey, and none of them kept. What of it a question looks into is for `store` to choose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.answers.passage_table import PassageTable
from indexer.encoders.cosine_scale import CosineScale
from indexer.errors import StoreError
from indexer.records import Vectors
from indexer.store.milvus import collections
from indexer.store.milvus.client import MOST_FOUND, Milvus, vectors_of
from indexer.store.milvus.collections import (
    ABOUT,
    ANSWERS,
    FIRST_FILE_ROW,
    FIRST_LONG_ANSWER_ROW,
    PASSAGES,
    VECTOR,
    WORDS,
    Names,
    Row,
)
from indexer.terminal import command_of

AT_ONCE = 2_000
"""Rows of one journey: with their vectors, three megabytes."""
_FILES_AT_ONCE = 200
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
class Places:
    """The rows of some answers.

    answers: shape (answers,), rising rows. passages, spans: the same of theirs, one answer after the other. table,
    span_table: where they are in the texts; numbered by their place, as the answers are there. facets: of each answer
    the columns that apply to it.
    """

    answers: NDArray[np.int64]
    passages: NDArray[np.int64]
    spans: NDArray[np.int64]
    table: PassageTable
    span_table: PassageTable
    norms: NDArray[np.float32]
    facets: Sequence[Sequence[int]]


class StoredRows:
    """The rows of one index; safe to use from several threads. StoreError, in each method, where one is missing."""

    def __init__(self, milvus: Milvus, index: StoredIndex) -> None:
        self._milvus = milvus
        self._index = index

    def files(self) -> dict[str, bytes]:
        """Return the files of the index, by name. StoreError where one has another sum than it was uploaded with."""
        parts: dict[str, list[str]] = {}
        for start in range(FIRST_FILE_ROW, FIRST_LONG_ANSWER_ROW, _FILES_AT_ONCE):
            condition = f"row >= {start} and row < {min(start + _FILES_AT_ONCE, FIRST_LONG_ANSWER_ROW)}"
            rows = self._milvus.rows(self._collection(ABOUT), condition, ["name", "content"], newest=True)
            for row in rows:
                parts.setdefault(row["name"], []).append(row["content"])
            if len(rows) < _FILES_AT_ONCE:
                break
        files = {}
        for file, texts in parts.items():
            try:
                files[file] = collections.unpack(texts)
            except ValueError as error:
                raise self.damaged(f"{file}: {error}") from error
            expected = self._index.sums.get(file)
            if expected and collections.sha256(files[file]) != expected:
                raise self.damaged(f"{file} has another sum than the manifest says")
        return files

    def damaged(self, why: str) -> StoreError:
        """Return the error of an index that is not what it should be."""
        return StoreError(
            f"Index {self._index.names.index} in {self._milvus.address} is damaged: {why:.200}. "
            f'Run "{command_of("build")}" to put it there again, or "{command_of("rollback")}" to go back.'
        )

    def answers_where(self, condition: str) -> NDArray[np.int64]:
        """Return the rows of the answers that fulfil *condition*, rising."""
        found: list[int] = []
        for start in range(0, self._index.answers, MOST_FOUND):
            within = f"row >= {start} and row < {start + MOST_FOUND} and {condition}"
            found += (int(row["row"]) for row in self._milvus.rows(self._collection(ANSWERS), within, []))
        return np.array(found, dtype=np.int64)

    def count_answers(self, condition: str) -> int:
        """Return how many answers fulfil *condition*."""
        return self._milvus.count(self._collection(ANSWERS), condition, newest=False)

    def places(self, answers: NDArray[np.int64], *, columns: Sequence[Sequence[int]] = ()) -> Places:
        """Return the places of some answers, whose rows rise, as far as they have a facet of each of *columns*."""
        rows: list[Row] = []
        for start in range(0, len(answers), AT_ONCE):
            some = answers[start : start + AT_ONCE].tolist()
            rows += self._milvus.rows_by_number(self._collection(ANSWERS), some, _PLACES)
        rows = [row for row in rows if all(set(some).intersection(row["facets"]) for some in columns)]
        table, spans = collections.unpack_places([row["layout"] for row in rows])
        return Places(
            answers=np.array([row["row"] for row in rows], dtype=np.int64),
            passages=_numbers([row["first"] for row in rows], table),
            spans=_numbers([row["first_span"] for row in rows], spans),
            table=table,
            span_table=spans,
            norms=np.array([row["norm"] for row in rows], dtype=np.float32),
            facets=[list(row["facets"]) for row in rows],
        )

    def vectors(self, kind: str, rows: NDArray[np.int64]) -> Vectors:
        """Return the vectors of some passages or spans, shape (rows, dimension)."""
        found = [np.zeros((0, self._index.dimension), dtype=np.float32)]
        for start in range(0, len(rows), AT_ONCE):
            some = rows[start : start + AT_ONCE].tolist()
            fetched = self._milvus.rows_by_number(self._collection(kind), some, [VECTOR])
            found.append(vectors_of(fetched, VECTOR, self._index.dimension))
        return np.concatenate(found)

    def words(self, passages: NDArray[np.int64]) -> list[Mapping[int, float]]:
        """Return the words of some passages, as sparse vectors; only of an index whose words are there."""
        found = []
        for start in range(0, len(passages), AT_ONCE):
            some = passages[start : start + AT_ONCE].tolist()
            found += [row[WORDS] for row in self._milvus.rows_by_number(self._collection(PASSAGES), some, [WORDS])]
        return found

    def cosines(
        self, kind: str, vector: Vectors, answers: NDArray[np.int64], rows: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return the cosines of *rows*, all those of *answers*, with a question: the server computes them."""
        cosines = np.full(len(rows), np.nan, dtype=np.float32)
        if len(rows):
            (near,) = self._milvus.search(
                self._collection(kind),
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
            cosines[missed] = self.vectors(kind, rows[missed]) @ vector
        return cosines

    def _collection(self, kind: str) -> str:
        return self._index.names.collection(kind)


def _numbers(first: Sequence[int], table: PassageTable) -> NDArray[np.int64]:
    """Return the rows of some answers in a collection, of which each has *first* and those that follow it."""
    lengths = np.diff(table.first_rows)
    within = np.arange(len(table)) - np.repeat(table.first_rows[:-1], lengths)
    return within + np.repeat(np.array(first, dtype=np.int64), lengths)
