"""Where the settings say that indexes are kept: in a folder, or in a Milvus beside it."""

from pathlib import Path
from typing import TYPE_CHECKING

from indexer.index.folder import IndexFolder
from indexer.index.indexes import Indexes
from indexer.settings import IndexerSettings
from indexer.store_address import StoreAddress

if TYPE_CHECKING:
    from indexer.index.milvus_indexes import MilvusIndexes


def configured_indexes(settings: IndexerSettings) -> Indexes:
    """Return the indexes that are served by these settings. StoreError where their Milvus is not reached."""
    return configured_store(settings) or IndexFolder(settings.index)


def place_named(path: str | Path, *, store_token: str | None = None) -> Indexes:
    """Return the indexes in a folder, or at the address of a Milvus. ValueError for a wrong one; StoreError."""
    return _in_milvus(StoreAddress.parse(str(path)), store_token) if is_store(path) else IndexFolder(Path(path))


def is_store(path: str | Path) -> bool:
    """Return whether *path* is the address of a Milvus, or meant as one, and no folder."""
    return isinstance(path, str) and path.startswith("milvus") and "://" in path


def configured_store(settings: IndexerSettings) -> "MilvusIndexes | None":
    """Return the indexes in the Milvus of these settings, None for none. StoreError where it is not reached."""
    return None if settings.store is None else _in_milvus(settings.store, settings.store_token)


def _in_milvus(address: StoreAddress, token: str | None) -> "MilvusIndexes":
    # Not without need: its client takes half a second to load.
    from indexer.index.milvus_indexes import MilvusIndexes
    from indexer.store.milvus.client import Milvus

    return MilvusIndexes(Milvus(address, token=token))
