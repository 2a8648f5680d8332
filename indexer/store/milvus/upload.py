"""Copies an index from its files into the collections of a Milvus, beside those that are there.

The manifest is not among it: who puts an index into service writes it last, once all else was counted and tried.
"""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np

from indexer.answers.facets import DEFINITIONS_FILE
from indexer.answers.passage_table import PassageTable
from indexer.answers.store import encode_answer
from indexer.dense.vector_table import VectorTable
from indexer.errors import StoreError
from indexer.search.contents import LEXICAL_FOLDER, OFF_TOPIC_FILE, IndexContents
from indexer.store.milvus import collections
from indexer.store.milvus.client import Milvus
from indexer.store.milvus.collections import (
    ABOUT,
    ANSWERS,
    FIRST_FILE_ROW,
    FIRST_LONG_ANSWER_ROW,
    KINDS,
    NO_VECTOR,
    PASSAGES,
    SPANS,
    VECTOR,
    WORDS,
    Names,
    Row,
)

FACET_COUNTS, RENAMED = "facet_counts.json", "renamed.json"
OWNERS = "owners.npy"
"""The row of the answer of each passage, where words are not in the Milvus: they name passages."""

_ROWS_AT_ONCE = 500
_SECONDS = 300.0
"""How long one step may take: a cluster under load may make one wait, and a build has time."""
_OF_ALL_WORDS = (f"{LEXICAL_FOLDER}/rows.npy", f"{LEXICAL_FOLDER}/impacts.npy")


@dataclass(slots=True)
class _Heart:
    """Tells from time to time that somebody is still at work."""

    beat: Callable[[], None]
    every_seconds: float = 20.0
    last: float = field(default_factory=time.monotonic)

    def __call__(self) -> None:
        if time.monotonic() - self.last > self.every_seconds:
            self.last = time.monotonic()
            self.beat()


def has_words(milvus: Milvus, contents: IndexContents) -> bool:
    """Whether the words of an index go into the Milvus too: of a small one they are few, and it has to know sparse
    vectors."""
    return milvus.has_sparse_vectors and not contents.comparer.is_whole


def create(milvus: Milvus, names: Names, contents: IndexContents) -> None:
    """Create the collections of an index, empty. StoreError says what to do."""
    words = has_words(milvus, contents)
    dimension, facet_columns = contents.embeddings.every.shape[1], contents.facets.applies.shape[1]
    sizes = {ANSWERS: len(contents.answers), PASSAGES: len(contents.table), SPANS: len(contents.spans), ABOUT: 0}

    def create_one(kind: str) -> None:
        columns = collections.columns(kind, dimension=dimension, facet_columns=facet_columns, has_words=words)
        indexes = collections.indexes(kind, rows=sizes[kind], has_words=words)
        milvus.create(names.collection(kind), columns, indexes=indexes, seconds=_SECONDS)

    _each(create_one)


def put_about(milvus: Milvus, names: Names, first_row: int, name: str, parts: list[str]) -> None:
    """Write texts into consecutive rows of `about`, or over what is there."""
    rows = [
        {"row": row, "name": name, "content": part, VECTOR: NO_VECTOR}
        for row, part in enumerate(parts, start=first_row)
    ]
    milvus.put(names.collection(ABOUT), rows, seconds=_SECONDS)


def upload(milvus: Milvus, names: Names, contents: IndexContents, folder: Path, *, beat: Callable[[], None]) -> None:
    """Write everything but the manifest into collections that `create` made. StoreError says what to do.

    folder: the files of the index. beat: called now and then.
    """
    heart = _Heart(beat)
    words = has_words(milvus, contents)

    def copy(kind: str) -> None:
        name = names.collection(kind)
        waiting: list[Row] = []
        for row in _rows(kind, contents, folder, has_words=words):
            waiting.append(row)
            if len(waiting) == _ROWS_AT_ONCE:
                milvus.insert(name, waiting, seconds=_SECONDS)
                waiting = []
                heart()
        if waiting:
            milvus.insert(name, waiting, seconds=_SECONDS)
        milvus.flush(name, seconds=_SECONDS)

    _each(copy)


def _each(work: Callable[[str], None]) -> None:
    """Do *work* for each of the KINDS at the same time: most of it is the server's."""
    with ThreadPoolExecutor(len(KINDS), "upload") as beside:
        for done in [beside.submit(work, kind) for kind in KINDS]:
            done.result()


def _rows(kind: str, contents: IndexContents, folder: Path, *, has_words: bool) -> Iterator[Row]:
    match kind:
        case "answers":
            return _answers(contents)
        case "passages":
            return _passages(contents, has_words=has_words)
        case "spans":
            return _vectors(contents.spans, contents.span_embeddings)
        case _:
            return _about(contents, folder, has_words=has_words)


def _answers(contents: IndexContents) -> Iterator[Row]:
    table, spans = contents.table, contents.spans
    more_from = FIRST_LONG_ANSWER_ROW
    for row, answer in enumerate(contents.answers):
        document, *more = collections.pack(encode_answer(answer))
        passages = table.rows[table.first_rows[row] : table.first_rows[row + 1]]
        try:
            layout = collections.pack_places(passages, spans.rows[spans.first_rows[row] : spans.first_rows[row + 1]])
        except ValueError as error:
            raise StoreError(
                f"The answer {answer.id} is too long for a Milvus: {error}. Make several of it."
            ) from error
        yield {
            "row": row,
            "key": collections.key_of_id(answer.id),
            "document": document,
            "more": len(more),
            "more_from": more_from,
            "layout": layout,
            "first": int(table.first_rows[row]),
            "first_span": int(spans.first_rows[row]),
            "questions": int(table.lengths[row, 1]),
            "norm": float(contents.question_norms[row]),
            "facets": np.flatnonzero(contents.facets.applies[row]).tolist(),
            VECTOR: NO_VECTOR,
        }
        more_from += len(more)


def _passages(contents: IndexContents, *, has_words: bool) -> Iterator[Row]:
    facets = [np.flatnonzero(applies).tolist() for applies in contents.facets.applies]
    vectors = _vectors(contents.table, contents.embeddings)
    if not has_words:
        return ({**row, "facets": facets[row["answer"]]} for row in vectors)
    return (
        {**row, "facets": facets[row["answer"]], WORDS: dict(words)}
        for row, words in zip(vectors, contents.lexical.sparse_vectors(), strict=True)
    )


def _vectors(table: PassageTable, vectors: VectorTable) -> Iterator[Row]:
    for row, (answer, key) in enumerate(zip(table.answers.tolist(), table.rows["key"].tolist(), strict=True)):
        yield {"row": row, "answer": answer, "key": key.decode("ascii"), VECTOR: np.array(vectors.every[row])}


def _about(contents: IndexContents, folder: Path, *, has_words: bool) -> Iterator[Row]:
    row = FIRST_FILE_ROW
    for name, content in _files(contents, folder, has_words=has_words):
        for part in collections.pack(content):
            yield {"row": row, "name": name, "content": part, VECTOR: NO_VECTOR}
            row += 1
    if row > FIRST_LONG_ANSWER_ROW:
        raise StoreError("The vocabulary of the corpus is too large for a Milvus: more than 600 GB.")
    row = FIRST_LONG_ANSWER_ROW
    for answer in contents.answers:
        _, *more = collections.pack(encode_answer(answer))
        for part in more:
            yield {"row": row, "name": "answer", "content": part, VECTOR: NO_VECTOR}
            row += 1


def _files(contents: IndexContents, folder: Path, *, has_words: bool) -> Iterator[tuple[str, bytes]]:
    """Yield what a server has of an index in its memory: nothing that grows with the number of answers but names."""
    yield DEFINITIONS_FILE, (folder / DEFINITIONS_FILE).read_bytes()
    yield OFF_TOPIC_FILE, (folder / OFF_TOPIC_FILE).read_bytes()
    for file in sorted((folder / LEXICAL_FOLDER).iterdir()):
        name = f"{LEXICAL_FOLDER}/{file.name}"
        if not (has_words and name in _OF_ALL_WORDS):
            yield name, file.read_bytes()
    if not has_words:
        owners = BytesIO()
        np.save(owners, np.ascontiguousarray(contents.table.answers))
        yield OWNERS, owners.getvalue()
    counts = contents.facets.applies.sum(axis=0).tolist()
    yield FACET_COUNTS, json.dumps(counts).encode()
    yield RENAMED, json.dumps(dict(contents.answers.renamed)).encode()
