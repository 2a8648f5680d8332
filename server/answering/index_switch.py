"""Puts another index into service while questions are answered: loads it aside, checks it, warms it, then switches.

An index that is not fit is refused, logged and counted, and the one in service goes on serving.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from indexer.errors import IndexFolderError, StoreError, StoreUnavailableError
from indexer.index.difference import Difference, difference_to
from indexer.index.folder import indexes_in
from indexer.index.index import Index
from indexer.index.indexes import Indexes
from indexer.index.manifest import Manifest
from indexer.records import IndexInfo
from indexer.terminal import command_of
from server.answering.answering import Answering
from server.answering.prepared import UNFIT
from server.periodic import repeated

logger = logging.getLogger(__name__)

_PATIENCE_SECONDS = 60.0
"""How long a reload waits for another."""
_REFUSED = "The index named in `current` was refused, and the one before serves; the log says why."
_DAMAGED = "A file of the index in service is damaged; the log says which."

_UNVERIFIED = "The store of the index in service refused to have it verified; the log says why."


@dataclass(frozen=True, slots=True)
class Previous:
    """The index that a rollback would put into service, and what would be answered otherwise."""

    manifest: Manifest
    difference: Difference


class IndexSwitch:
    """Keeps *answering* on the index that is in service in *where*: a folder names it in `current`, a Milvus by an
    alias."""

    def __init__(self, where: Path | Indexes, answering: Answering, *, loaded_since: object = None) -> None:
        """loaded_since: the `stamp` from before *answering* was opened, so that nothing written since is missed."""
        self._indexes = indexes_in(where)
        self._answering = answering
        self._lock = threading.Lock()
        self._tried = loaded_since or self._named()

    def reload(self) -> IndexInfo:
        """Put the index named in `current` into service. IndexFolderError if it is not fit; nothing changes then."""
        if not self._lock.acquire(timeout=_PATIENCE_SECONDS):
            raise IndexFolderError("Another index is being loaded. Ask again once it is in service.")
        try:
            self._tried = self._named()
            with self._counted(degrades=True):
                index = Index.open(self._indexes)
                self._answering.switch(self._answering.prepare(index))
            self._answering.metrics.reloads.inc()
            self._answering.degrade(None)
            info = IndexInfo(index.manifest.id, index.manifest.encoder.name, len(index))
            logger.info("Index %s is in service, %d answers.", info.id, info.answers)
            return info
        finally:
            self._lock.release()

    def previous(self) -> Previous:
        """Return where `rollback` would lead. IndexFolderError where there is no older index that can be read."""
        earlier = self._indexes.previous_id()
        manifest = self._indexes.manifest(earlier)
        return Previous(manifest, difference_to(self._answering.index.answers, self._indexes, earlier))

    def rollback(self, *, to: str | None = None) -> IndexInfo:
        """Put the index before the current one into service, and name it in `current`. IndexFolderError as `reload`.

        to: the index that somebody agreed to; another is refused.
        """
        with self._indexes.lock():
            earlier = self._indexes.previous_id()
            if to not in (None, earlier):
                raise IndexFolderError(f"The index before the current one is now {earlier}, not {to}.")
            with self._counted():
                self._indexes.verify(earlier)
            self._indexes.switch(earlier)
        return self.reload()

    def look(self) -> bool:
        """Reload if `current` was written since the last try; return whether another index is in service now."""
        try:
            if not self._answering.is_available:
                self._answering.index.check()
            if self._named() == self._tried:
                return False
            self.reload()
        except (IndexFolderError, StoreError):
            return False  # logged and counted already; tried again when another is named, or once the store is back
        return True

    @contextmanager
    def watch(self, *, every_seconds: float = 1.0) -> Iterator[None]:
        """Look from time to time, in a thread of its own, until the end of the block."""
        with repeated(self.look, every_seconds=every_seconds, name="index-watcher", first=self._verify_the_rest):
            yield

    def _verify_the_rest(self) -> None:
        """Read the files that were too large to be verified at the start; one that is damaged is told, not replaced."""
        try:
            self._indexes.verify(self._answering.index_info.id)
        except StoreUnavailableError:
            return  # that is told elsewhere, and is no damage
        except IndexFolderError as error:
            self._answering.metrics.damaged_files.inc()
            self._answering.degrade(_DAMAGED)
            logger.error("The index in service is damaged, and goes on serving: %s", error)
        except StoreError as error:
            self._answering.degrade(_UNVERIFIED)
            logger.error("The index in service could not be verified, and goes on serving: %s", error)

    def _named(self) -> object:
        return self._indexes.stamp()

    @contextmanager
    def _counted(self, *, degrades: bool = False) -> Iterator[None]:
        """Log and count that an index was refused. degrades: it is the one named in `current`."""
        try:
            yield
        except StoreUnavailableError:
            self._tried = None  # nothing is known of the index yet
            raise
        except UNFIT as error:
            self._answering.metrics.refused_reloads.inc()
            if degrades:
                self._answering.degrade(_REFUSED)
            logger.error("The index was refused, %s goes on serving: %s", self._answering.index_info.id, error)
            if isinstance(error, IndexFolderError):
                raise
            raise IndexFolderError(f'The index cannot be loaded: {error}. Run "{command_of("build")}".') from error
