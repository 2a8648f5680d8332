"""Where the settings say that indexes are kept: in a folder, or in a Milvus beside it."""

from typing import TYPE_CHECKING

from indexer.index.folder import IndexFolder
from indexer.index.indexes import Indexes
from indexer.settings import IndexerSettings

if TYPE_CHECKING:
    from indexer.index.milvus_indexes import MilvusIndexes


def configured_indexes(settings: IndexerSettings) -> Indexes:
    """Return the indexes that are served by these settings. StoreError where their Milvus is not reached."""
    return configured_store(settings) or IndexFolder(settings.index)


def configured_store(settings: IndexerSettings) -> "MilvusIndexes | None":
    """Return the indexes in the Milvus of these settings, None for none. StoreError where it is not reached."""
    if settings.store is None:
        return None
    # Not without need: its client takes half a second to load.
    from indexer.index.milvus_indexes import MilvusIndexes
    from indexer.store.milvus.client import Milvus

    return MilvusIndexes(Milvus(settings.store, token=settings.store_token))
