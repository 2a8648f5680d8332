"""An index with all that is made of it before the first question: loaded, checked and warmed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indexer.index.index import Index
from indexer.records import Answer, IndexInfo
from server.answering.suggestions import Suggester

VERIFIED_AT_ONCE = 100_000_000
"""Bytes of the largest file whose sum is worked out before the first answer, which takes 0.07 s."""
WARMING_QUESTION = "Combien de temps un certificat est-il valable ?"


@dataclass(frozen=True, slots=True)
class Prepared:
    """An index with all that is made from it, loaded, checked and warm: ready to be put into service."""

    index: Index
    info: IndexInfo
    suggester: Suggester


def open_soon(path: Path) -> Index:
    """Return the index in service in *path*, soon whatever its size: its largest files are not verified.

    `Serving.watch` does that later. IndexFolderError as of Index.open.
    """
    return Index.open(path, largest_bytes=VERIFIED_AT_ONCE)


def asked(index: Index) -> Iterator[Answer]:
    """Yield the answers that have curated questions, without reading the others."""
    table = index.parts.table
    for row in np.flatnonzero(table.later_rows < table.first_rows[1:]).tolist():
        yield index.parts.answers[row]
