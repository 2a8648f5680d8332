"""The places where an index may be kept, for tests that hold in each of them."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from indexer.index.folder import IndexFolder
from indexer.index.indexes import Indexes
from indexer.index.milvus_indexes import MilvusIndexes
from indexer.store.milvus.client import Milvus
from indexer.store_address import StoreAddress
from tests.milvus_server import CannotStartError, MilvusServer, remove

PLACES = ("files", "lite", pytest.param("server", marks=pytest.mark.slow))

Stored = Callable[[Path], Indexes]
"""Puts the index in service in a folder into another place, and returns what is there."""

_numbers = itertools.count()


@contextmanager
def running_server(folder: Path) -> Iterator[MilvusServer]:
    """Run a real Milvus until the end of the block; the test is skipped, with the reason, where none can be."""
    server = MilvusServer(folder)
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
