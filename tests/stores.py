"""The places where an index may be kept, for tests that hold in each of them."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from indexer.index.folder import IndexFolder
from indexer.index.indexes import Indexes
from indexer.index.milvus_indexes import MilvusIndexes
from indexer.store.milvus.client import Milvus
from indexer.store_address import StoreAddress
from server.answering.answering import Answering
from tests.milvus_server import CannotStartError, MilvusServer, remove

PLACES = ("files", "lite", pytest.param("server", marks=pytest.mark.slow))

Stored = Callable[[Path], Indexes]
"""Puts the index in service in a folder into another place, and returns what is there."""

_numbers = itertools.count()


def assert_same_replies(
    one: Answering, other: Answering, questions: Sequence[str], *, filters: Mapping[str, Sequence[str]] | None = None
) -> None:
    """The same hits, scores to 1e-4, in the same order but for ties; the same confidence, status and facets."""
    for question in questions:
        expected, found = one.answer(question, filters=filters), other.answer(question, filters=filters)
        assert [hit.score for hit in found.hits] == pytest.approx([hit.score for hit in expected.hits], abs=1e-4)
        scores = {hit.answer.id: hit.score for hit in expected.hits}
        for ours, theirs in zip(expected.hits, found.hits, strict=True):
            if ours.answer.id != theirs.answer.id:
                last = expected.hits[-1].score
                assert scores.get(theirs.answer.id, last) == pytest.approx(ours.score, abs=1e-4), question
                continue
            assert theirs.confidence == pytest.approx(ours.confidence, abs=1e-4)
            assert (theirs.answer, theirs.status, theirs.passage) == (ours.answer, ours.status, ours.passage)
            assert theirs.matched_question == ours.matched_question
        assert (found.status, found.missing, found.advice, found.facets, found.shown, found.read) == (
            *(expected.status, expected.missing, expected.advice, expected.facets, expected.shown, expected.read),
        )


@contextmanager
def running_server(folder: Path, *, options: Sequence[str] = ()) -> Iterator[MilvusServer]:
    """Run a real Milvus until the end of the block; the test is skipped, with the reason, where none can be."""
    server = MilvusServer(folder, options=options)
    try:
        server.start()
        yield server
    except CannotStartError as error:
        pytest.skip(f"no Milvus to test with: {error}")
    finally:
        server.kill()
        remove(folder)


def connected(address: str) -> MilvusIndexes:
    """Return what is at *address*."""
    return MilvusIndexes(Milvus(StoreAddress.parse(address)))


def stored_in_milvus(address: str) -> Iterator[Stored]:
    """Yield what copies an index to a Milvus, each under a name of its own; what it opened is closed in the end."""
    opened: list[MilvusIndexes] = []
    separator = "#" if address.startswith("milvus+lite") else "/"

    def store(folder: Path) -> Indexes:
        indexes = connected(f"{address}{separator}index_{next(_numbers)}")
        opened.append(indexes)
        indexes.publish(IndexFolder(folder), keep=3)
        return indexes

    yield store
    for indexes in opened:
        indexes.close()
