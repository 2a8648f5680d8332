"""How an index lies in a Milvus: four collections named by its id, what is in their rows, and how that is packed.

`answers` has a row for each answer, with the places of its passages and spans; `passages` and `spans` their vectors;
`about` the manifest and the small files. A row has the number that it has in the files of the index, so that the same
row is the same passage everywhere. An alias names the collection `about` of the index in service.
"""

import base64
import hashlib
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.answers.passage_table import PassageTable
from indexer.store.milvus.client import LOOKED_UP, Column

ANSWERS, PASSAGES, SPANS, ABOUT = KINDS = ("answers", "passages", "spans", "about")
VECTOR, WORDS = "vector", "words"

MANIFEST = "manifest.json"
MANIFEST_ROWS = 50
"""The first rows of `about` are the manifest's, the next that of the upload."""
UPLOAD_ROW = MANIFEST_ROWS
FIRST_FILE_ROW = UPLOAD_ROW + 1
FIRST_LONG_ANSWER_ROW = 10_000_000
"""From which row of `about` on lie the later parts of answers that do not fit into a field."""

TEXT_BYTES = 60_000
"""Of a text field; a Milvus takes 65,535."""
LOOKED_UP_FROM = 50_000
"""Rows from which on those of some answers are looked up instead of looked through."""
_KEY_BYTES = 32
_ID_BYTES = 64
_NAME_BYTES = 200
_PLACE = np.dtype([("kind", "u1"), ("number", "<u2"), ("start", "<i4"), ("end", "<i4")])


@dataclass(frozen=True, slots=True)
class Names:
    """The names of the collections of one index."""

    index: str
    prefix: str

    @classmethod
    def of(cls, name: str, index_id: str) -> "Names":
        """Return the names of index *index_id* among those that are found by *name*."""
        return cls(index_id, f"{name}_{index_id.replace('-', '_')}_")

    def collection(self, kind: str) -> str:
        """Return the name of one of the KINDS."""
        return self.prefix + kind

    def every(self) -> list[str]:
        """Return all of them, that which is known by the alias last."""
        return [self.collection(kind) for kind in KINDS]


def index_of(collection: str, name: str) -> str | None:
    """Return the id of the index that a collection is of, None for one of somebody else."""
    found = re.fullmatch(rf"{name}_(\d{{8}})_(\d{{6}})_(\d{{3}})_([0-9a-f]{{8}})_({'|'.join(KINDS)})", collection)
    return "-".join(found.groups()[:4]) if found else None


def columns(kind: str, *, dimension: int, facet_columns: int, has_words: bool) -> list[Column]:
    """Return the fields of one of the KINDS, beside the number of the row."""
    facets = Column("facets", "counts", facet_columns)
    # Every collection must have a vector.
    nothing = Column(VECTOR, "vector", 2)
    match kind:
        case "answers":
            return [
                Column("key", "text", _ID_BYTES),
                Column("document", "text", TEXT_BYTES),
                Column("more", "count"),
                Column("more_from", "count"),
                Column("layout", "text", TEXT_BYTES),
                Column("first", "count"),
                Column("first_span", "count"),
                Column("questions", "count"),
                Column("norm", "number"),
                facets,
                nothing,
            ]
        case "passages":
            words = [Column(WORDS, "words")] if has_words else []
            return [
                Column("answer", "count"),
                Column("key", "text", _KEY_BYTES),
                facets,
                Column(VECTOR, "vector", dimension),
                *words,
            ]
        case "spans":
            return [Column("answer", "count"), Column("key", "text", _KEY_BYTES), Column(VECTOR, "vector", dimension)]
        case _:
            return [Column("name", "text", _NAME_BYTES), Column("content", "text", TEXT_BYTES), nothing]


NO_VECTOR = [1.0, 0.0]


def indexes(kind: str, *, rows: int, has_words: bool) -> dict[str, str]:
    """Return the kind of index of each field of a collection that is to have so many rows.

    Vectors are compared one by one, on all query nodes at once: replies are to be those of exact search. A graph (HNSW)
    found 75 of the 100 nearest of 20,000 vectors on a server of version 2.3.5, and 87 of the 544 of some answers.
    """
    words = {WORDS: "SPARSE_INVERTED_INDEX"} if has_words and kind == PASSAGES else {}
    by_answer = {"answer": LOOKED_UP} if rows > LOOKED_UP_FROM and kind in (PASSAGES, SPANS) else {}
    return {VECTOR: "FLAT", **words, **by_answer}


# Texts that are longer than a field, and bytes


def pack(content: bytes) -> list[str]:
    """Return *content* as texts that fit into a field, at least one."""
    text = base64.b85encode(zlib.compress(content, 6)).decode("ascii")
    return [text[at : at + TEXT_BYTES] for at in range(0, len(text), TEXT_BYTES)]


def unpack(parts: Sequence[str]) -> bytes:
    """Return what `pack` was given. ValueError if it is damaged."""
    try:
        return zlib.decompress(base64.b85decode("".join(parts)))
    except zlib.error as error:
        raise ValueError(f"it is damaged: {error}") from error


def sha256(content: bytes) -> str:
    """Return the sha256 of *content*, as a manifest has it of a file."""
    return hashlib.sha256(content).hexdigest()


# The places of the passages and spans of an answer


def pack_places(*tables: NDArray[np.void]) -> str:
    """Return the rows of an answer in some tables as one text. ValueError where they do not fit into a field."""
    parts = [np.array([len(rows)], dtype="<u4").tobytes() + _places(rows).tobytes() for rows in tables]
    text = base64.b85encode(zlib.compress(b"".join(parts), 1)).decode("ascii")
    if len(text) > TEXT_BYTES:
        raise ValueError(f"it has {sum(map(len, tables))} passages and sentences, too many for one answer")
    return text


def _places(rows: NDArray[np.void]) -> NDArray[np.void]:
    places = np.zeros(len(rows), dtype=_PLACE)
    for field in _PLACE.names or ():
        places[field] = rows[field]
    return places


def unpack_places(texts: Sequence[str]) -> tuple[PassageTable, PassageTable]:
    """Return the passages and the spans of some answers, numbered by their place among these."""
    found: tuple[list[NDArray[np.void]], list[NDArray[np.void]]] = ([], [])
    for text in texts:
        content = zlib.decompress(base64.b85decode(text))
        at = 0
        for of_table in found:
            count = int(np.frombuffer(content, dtype="<u4", count=1, offset=at)[0])
            of_table.append(np.frombuffer(content, dtype=_PLACE, count=count, offset=at + 4))
            at += 4 + count * _PLACE.itemsize
    passages, spans = (PassageTable.of_places(of_table) for of_table in found)
    return passages, spans


def key_of_id(answer_id: str) -> str:
    """Return what an answer is looked up by: whatever its id is, this can stand in a condition."""
    return hashlib.blake2b(answer_id.encode("utf-8", "replace"), digest_size=16).hexdigest()


Row = dict[str, Any]
"""A row of a collection by field; it never leaves this package."""
