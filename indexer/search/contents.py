"""The files of an index that a search looks into, reading them, and which answers in them are weighed for a question.

A row of the tables and of the vectors is one passage, a span being a finer one.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.answers.facets import FacetTable
from indexer.answers.passage_table import AnswerRows, PassageTable
from indexer.answers.store import Answers, AnswerStore
from indexer.dense.comparison import Comparer
from indexer.dense.faiss_index import DenseIndex
from indexer.dense.vector_table import VectorTable
from indexer.encoders.cosine_scale import E5, CosineScale
from indexer.errors import IndexFolderError
from indexer.files import read_table
from indexer.lexical import LexicalIndex
from indexer.records import Vectors
from indexer.terminal import command_of

PASSAGES_FILE = "passages.npy"
EMBEDDINGS_FILE = "embeddings.npy"
SPANS_FILE = "spans.npy"
SPAN_EMBEDDINGS_FILE = "span_embeddings.npy"
DENSE_FILE = "dense.faiss"
LEXICAL_FOLDER = "lexical"
OFF_TOPIC_FILE = "off_topic.npy"
QUESTION_NORMS_FILE = "question_norms.npy"
READ_TEXTS_FILE = "read_texts.npz"
"""Only the next build looks into it."""


def off_topic_record(dimension: int) -> np.dtype[np.void]:
    """Return the type of a row of the off-topic questions: the key of the text, and its vector as a question."""
    return np.dtype([("key", "S32"), ("vector", "<f4", (dimension,))])


def question_norms(table: PassageTable, embeddings: Vectors) -> NDArray[np.float32]:
    """Return the length of the sum of each answer's question vectors, shape (answers,), 0 for none.

    Divided by it, the sum of cosines with the questions is the cosine with their mean direction.
    """
    norms = np.zeros(len(table.later_rows), dtype=np.float32)
    for answer in np.flatnonzero(table.later_rows < table.first_rows[1:]).tolist():
        questions = embeddings[table.later_rows[answer] : table.first_rows[answer + 1]]
        norms[answer] = np.linalg.norm(questions.sum(axis=0))
    return norms


@dataclass(frozen=True, slots=True)
class Candidates:
    """Some answers, by rising row, shape (candidates,), and the rows of each in the two tables of an index."""

    answers: NDArray[np.int64]
    passages: AnswerRows
    spans: AnswerRows

    @classmethod
    def of(cls, answers: NDArray[np.int64], *, table: PassageTable, spans: PassageTable) -> "Candidates":
        """Return the candidates *answers*, which rise."""
        return cls(answers, table.rows_of(answers), spans.rows_of(answers))

    @classmethod
    def every(cls, *, table: PassageTable, spans: PassageTable) -> "Candidates":
        """Return all answers of an index as candidates."""
        return cls.of(np.arange(len(table.later_rows)), table=table, spans=spans)


class SearchContents(Protocol):
    """What the search for some questions looks into: a whole index, or what a store gave of one for them.

    Rows are places in these tables, which hold either all answers of the index or some of them, by rising id.
    """

    @property
    def answers(self) -> Answers: ...

    @property
    def facets(self) -> FacetTable: ...

    @property
    def table(self) -> PassageTable: ...

    @property
    def spans(self) -> PassageTable: ...

    @property
    def lexical(self) -> LexicalIndex: ...

    @property
    def question_norms(self) -> NDArray[np.float32]: ...

    @property
    def every_candidate(self) -> Candidates | None: ...

    @property
    def cosine_scale(self) -> CosineScale: ...

    def question_norm_without(self, answer: int, passage: int) -> np.float32:
        """Return the length of the sum of an answer's question vectors but for one passage's, 0 for none."""


@dataclass(frozen=True, slots=True)
class IndexContents:
    """Everything that a search looks into.

    table, embeddings, dense and lexical have the same rows: bodies and curated questions. spans and span_embeddings
    have the same rows, sentences and stretches: they tell how well a candidate fits, and where. off_topic_keys,
    off_topic_vectors: see `off_topic_record`, of the questions known to have no answer here. question_norms: see there.
    comparer: compares questions with these vectors. every_candidate: all answers, where the comparer compares with all
    rows; of a larger index, candidates are chosen for each question. cosine_scale: of the encoder of these vectors.
    """

    answers: AnswerStore
    facets: FacetTable
    table: PassageTable
    embeddings: VectorTable
    dense: DenseIndex
    lexical: LexicalIndex
    spans: PassageTable
    span_embeddings: VectorTable
    off_topic_keys: NDArray[np.bytes_]
    off_topic_vectors: Vectors
    question_norms: NDArray[np.float32]
    comparer: Comparer
    every_candidate: Candidates | None
    cosine_scale: CosineScale

    @classmethod
    def load(cls, folder: Path, *, copied: bool = True, cosine_scale: CosineScale = E5) -> "IndexContents":
        """Return what is saved in *folder*. IndexFolderError if a file cannot be read or does not fit the others.

        copied: whether the vectors are read into memory, see there; a build, which has several indexes open and ends
        soon, maps them. cosine_scale: what the manifest says of it; it matters to who searches.
        """
        try:
            answers = AnswerStore(folder)
            embeddings = VectorTable.load(folder / EMBEDDINGS_FILE, copied=copied)
            span_embeddings = VectorTable.load(folder / SPAN_EMBEDDINGS_FILE, copied=copied)
            dense = DenseIndex.load(folder / DENSE_FILE, embeddings, copied=copied)
            off_topic = np.load(folder / OFF_TOPIC_FILE)
            off_topic_vectors = np.ascontiguousarray(off_topic["vector"])
            table = PassageTable.load(folder / PASSAGES_FILE, answers=len(answers))
            spans = PassageTable.load(folder / SPANS_FILE, answers=len(answers))
            comparer = Comparer(embeddings, span_embeddings, off_topic_vectors, dense)
            contents = cls(
                answers=answers,
                facets=FacetTable.load(folder),
                table=table,
                embeddings=embeddings,
                dense=dense,
                lexical=LexicalIndex.load(folder / LEXICAL_FOLDER),
                spans=spans,
                span_embeddings=span_embeddings,
                off_topic_keys=off_topic["key"],
                off_topic_vectors=off_topic_vectors,
                question_norms=read_table(folder / QUESTION_NORMS_FILE),
                comparer=comparer,
                every_candidate=Candidates.every(table=table, spans=spans) if comparer.is_whole else None,
                cosine_scale=cosine_scale,
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise IndexFolderError(
                f'{folder} cannot be read: {error}. Run "{command_of("build")}" to build anew.'
            ) from error
        if not contents.fit_each_other():
            raise IndexFolderError(
                f'The files of {folder} do not fit each other. Run "{command_of("build")}" to build anew.'
            )
        return contents

    def question_norm_without(self, answer: int, passage: int) -> np.float32:
        """Return the length of the sum of an answer's question vectors but for one passage's, 0 for none."""
        rows = np.arange(self.table.later_rows[answer], self.table.first_rows[answer + 1])
        return np.float32(np.linalg.norm(self.embeddings.pick(rows[rows != passage]).sum(axis=0)))

    def fit_each_other(self) -> bool:
        """Whether files of the same rows have the same number of them, and all vectors the same dimension."""
        answers, passages, spans = len(self.answers), len(self.table), len(self.spans)
        dimension = self.embeddings.every.shape[1]
        return (
            answers == len(self.table.lengths) == len(self.question_norms) == len(self.facets.applies)
            and passages == len(self.embeddings) == len(self.dense) == len(self.lexical)
            and spans == len(self.span_embeddings)
            and dimension == self.span_embeddings.every.shape[1] == self.off_topic_vectors.shape[1]
        )
