"""The life of indexes, wherever they are kept: which one is in service, which it replaced, which are removed.

`IndexFolder` keeps them in a folder of this machine, `MilvusIndexes` in a Milvus.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from indexer.errors import IndexFolderError, StoreError
from indexer.index.manifest import Manifest

if TYPE_CHECKING:
    from indexer.answers.store import Answers
    from indexer.store import IndexStore

INDEX_ID = "[0-9]{8}-[0-9]{6}-[0-9]{3}-[0-9a-f]{8}"
"""Pattern of an id: when the index was built, UTC, and the beginning of a sum of corpus and encoder."""


class Indexes(ABC):
    """Indexes by id, of which one is in service. IndexFolderError where one is not as it should be."""

    @property
    @abstractmethod
    def where(self) -> str:
        """How messages name the place."""

    @abstractmethod
    def current_id(self) -> str:
        """Return the id of the index in service. IndexFolderError where there is none."""

    @abstractmethod
    def stamp(self) -> object:
        """Return what differs once another index, or the same one again, was put into service; None for none."""

    @abstractmethod
    def ids(self) -> list[str]:
        """Return the ids of all complete indexes, oldest first."""

    @abstractmethod
    def manifest(self, index_id: str) -> Manifest:
        """Return the manifest of an index. IndexFolderError if it is missing, damaged, of another format or index."""

    @abstractmethod
    def verify(self, index_id: str, *, largest_bytes: int | None = None) -> Manifest:
        """Return the manifest, all that it says of the index compared with what is there.

        largest_bytes: what is larger is only measured; None to read all.
        """

    @abstractmethod
    def open_store(self, manifest: Manifest) -> "IndexStore":
        """Return what is searched of an index that was verified."""

    @abstractmethod
    def answers(self, index_id: str) -> "Answers":
        """Return the answers of an index. IndexFolderError if they cannot be read."""

    @abstractmethod
    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other programs from changing which indexes there are. IndexFolderError if one does."""

    @abstractmethod
    def switch(self, index_id: str) -> None:
        """Put another index into service."""

    @abstractmethod
    def remove(self, index_ids: Sequence[str]) -> None:
        """Remove indexes that are not in service, each at once, so that none ever looks complete and is not."""

    def require(self, index_id: str) -> None:
        """IndexFolderError where there is no such index: an id that a person typed is no path to be followed."""
        if index_id not in self.ids():
            kept = ", ".join(self.ids())
            raise IndexFolderError(f"There is no index {index_id!r} in {self.where}. Kept are: {kept}.")

    def previous_id(self) -> str:
        """Return the id that `rollback` would put into service. IndexFolderError where there is no older index."""
        current = self.current_id()
        previous = self.before(current)
        if previous is None:
            raise IndexFolderError(f"There is no index older than {current} in {self.where} to go back to.")
        return previous

    def prune(self, *, keep: int) -> list[str]:
        """Remove all but *keep* indexes, return the removed ids.

        Kept are the one in service, the one it replaced and so on, then the newest of the others.
        """
        if keep < 1:
            raise ValueError(f"keep is {keep}, at least 1 is needed")
        kept: list[str] = []
        step: str | None = self.current_id()
        while step and len(kept) < keep:
            kept.append(step)
            step = self._replaced_by(step)
        newest_others = [index_id for index_id in reversed(self.ids()) if index_id not in kept]
        removed = sorted(newest_others[keep - len(kept) :])
        self.remove(removed)
        return removed

    def before(self, index_id: str) -> str | None:
        """Return the index that *index_id* replaced, or the newest of the older ones where that is not known or gone.

        After a rollback these differ: the newest older one is that from which the rollback led away.
        """
        older = (other for other in reversed(self.ids()) if other < index_id)
        return self._replaced_by(index_id) or next(older, None)

    def _replaced_by(self, index_id: str) -> str | None:
        """Return the index that *index_id* replaced, None where that is not known or gone."""
        try:
            replaced = self.manifest(index_id).replaced
        except (IndexFolderError, StoreError):  # a damaged one is what people want to go back from
            return None
        return replaced if replaced in self.ids() else None
