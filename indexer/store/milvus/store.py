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
from indexer.errors import Wording
from indexer.lexical import SCORE, LexicalIndex
from indexer.records import Answer, Facet, PassageKind, Vectors
from indexer.search.contents import LEXICAL_FOLDER, OFF_TOPIC_FILE, Candidates
from indexer.search.coverage import CoverageReader
from indexer.search.evidence import DENSE_CANDIDATES, LEXICAL_CANDIDATES
from indexer.store import Filters, Lookup, QuestionVectors, VectorSums
from indexer.store.milvus.answers import AnswersOfOneLookup, MilvusAnswers
from indexer.store.milvus.client import MOST_FOUND, Milvus
from indexer.store.milvus.collections import PASSAGES, SPANS, VECTOR, WORDS
from indexer.store.milvus.stored_rows import AT_ONCE, Places, StoredIndex, StoredRows
from indexer.store.milvus.upload import FACET_COUNTS, OWNERS, RENAMED

_REMEMBERED_COUNTS = 1_024
_MANY_WORDS = 4 * LEXICAL_CANDIDATES


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


class MilvusStore:
    """One index, pinned by the names of its collections: whatever an alias names meanwhile."""

    def __init__(self, milvus: Milvus, index: StoredIndex) -> None:
        """StoreError where something of it is missing or damaged."""
        self._milvus = milvus
        self._index = index
        self._rows = StoredRows(milvus, index)
        files = self._rows.files()
        try:
            definitions = read_facets(json.loads(files[DEFINITIONS_FILE]))
            self._facet_counts: Sequence[int] = json.loads(files[FACET_COUNTS])
            renamed = json.loads(files[RENAMED])
            off_topic = np.load(BytesIO(files[OFF_TOPIC_FILE]), allow_pickle=False)
            self._lexical = _load_words(files, has_rows=not index.has_words)
            owners = None if index.has_words else np.load(BytesIO(files[OWNERS]), allow_pickle=False)
            self._owners: NDArray[np.int32] | None = owners
        except (KeyError, ValueError, TypeError) as error:
            raise self._rows.damaged(repr(error)) from error
        self._facets = FacetTable(definitions, np.zeros((0, len(self._facet_counts)), dtype=np.bool_))
        self._off_topic: Vectors = np.ascontiguousarray(off_topic["vector"])
        self._answers = MilvusAnswers(milvus, index.names, count=index.answers, renamed=renamed)
        self._counted = lru_cache(_REMEMBERED_COUNTS)(self._count_facets)
        is_whole = is_compared_whole(index.passages + index.spans + index.off_topic) and not index.has_words
        self._whole = self._fetch_whole() if is_whole else None

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
        return self._rows.answers_where(_having(columns)) if columns else None

    def count_facets(self, filters: Filters) -> Mapping[str, Mapping[str, int]]:
        columns = self._facets.columns_of(filters)
        return self._counted(tuple(map(tuple, columns)))

    def _count_facets(self, columns: Sequence[Sequence[int]]) -> Mapping[str, Mapping[str, int]]:
        if not columns:
            return self._facets.named(self._facet_counts)
        condition = _having(columns)
        counts = [
            self._rows.count_answers(f"{condition} and array_contains(facets, {column})")
            for column in range(len(self._facet_counts))
        ]
        return self._facets.named(counts)

    def answers_with_questions(self) -> Sequence[Answer]:
        return self._answers.pick(self._rows.answers_where("questions > 0"))

    def question_vectors(self, *, most: int) -> QuestionVectors:
        rows = self._rows.answers_where("questions > 0")
        # An answer has some questions: of so many answers there are enough.
        places = self._rows.places(rows[:: max(1, len(rows) // most)])
        asked = np.flatnonzero(places.table.are(PassageKind.QUESTION))
        asked = asked[:: max(1, len(asked) // most)]
        vectors = self._rows.vectors(PASSAGES, places.passages[asked])
        return QuestionVectors(vectors, places.answers[places.table.answers[asked]])

    def vector_sums(self, *, most: int) -> VectorSums:
        rows = np.arange(len(self._answers))[:: max(1, -(-len(self._answers) // most))]
        places = self._rows.places(rows)
        of_answers = places.table.rows_of(np.arange(len(rows)))
        sums = of_answers.sums(self._rows.vectors(PASSAGES, places.passages))
        bodies, questions = places.table.lengths.T
        return VectorSums(self._answers.pick(rows), sums[::2], sums[1::2], bodies, questions)

    def answer_vectors(self) -> Vectors:
        parts = [np.zeros((0, self._index.dimension), dtype=np.float32)]
        for start in range(0, len(self._answers), AT_ONCE):
            places = self._rows.places(np.arange(start, min(start + AT_ONCE, len(self._answers))))
            sums = np.add.reduceat(self._rows.vectors(PASSAGES, places.passages), places.table.first_rows[:-1], axis=0)
            parts.append(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12))
        return np.concatenate(parts)

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
        places = self._rows.places(np.arange(len(self._answers)))
        every = (
            self._rows.vectors(PASSAGES, places.passages),
            self._rows.vectors(SPANS, places.spans),
            self._off_topic,
        )
        return self._contents(places, self._lexical), np.concatenate(every)

    def _contents(self, places: Places, lexical: LexicalIndex) -> _Contents:
        applies = np.zeros((len(places.answers), len(self._facet_counts)), dtype=np.bool_)
        for applying, columns in zip(applies, places.facets, strict=True):
            applying[columns] = True
        return _Contents(
            answers=AnswersOfOneLookup(self._answers, places.answers),
            facets=FacetTable(self._facets.facets, applies),
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
        # Words know no facets.
        places = self._rows.places(np.array(sorted(chosen), dtype=np.int64), columns=columns)
        of_passages = self._rows.cosines(PASSAGES, vector, places.answers, places.passages)
        of_spans = self._rows.cosines(SPANS, vector, places.answers, places.spans)
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

    def _words_of(self, places: Places) -> LexicalIndex:
        if not self._index.has_words:
            return self._lexical.of_rows(places.passages)
        return self._lexical.of_vectors(self._rows.words(places.passages))


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
