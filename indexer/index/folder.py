"""The life of an index folder: which index is in service, building aside, switching, going back, pruning.

Knows nothing of what is inside an index but its manifest and the sums of its files.
"""

import hashlib
import logging
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from indexer.errors import IndexFolderError
from indexer.files import force_all_to_disk, force_to_disk, open_plain, read_plain_text, sha256_of
from indexer.index.indexes import INDEX_ID, Indexes
from indexer.index.manifest import Manifest
from indexer.terminal import command_of

if TYPE_CHECKING:
    from indexer.answers.store import Answers
    from indexer.store import IndexStore

logger = logging.getLogger(__name__)

CURRENT = "current"
MANIFEST = "manifest.json"
ADAPTERS = "adapters"
"""Folder of what the bundled encoder was taught for indexes here; `indexer.index.encoder` owns it."""
_ASIDE = ".building"
_SUMS_AT_ONCE = 2
_MOST_CURRENT_BYTES, _MOST_MANIFEST_BYTES = 1_000, 10_000_000


class IndexFolder(Indexes):
    """A folder with indexes by id, and the file `current` that names the one in service."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def where(self) -> str:
        return str(self.path)

    def current_id(self) -> str:
        """Return the id of the index in service. IndexFolderError where there is none."""
        file = self.path / CURRENT
        try:
            index_id = read_plain_text(file, most_bytes=_MOST_CURRENT_BYTES).strip()
        except FileNotFoundError:
            raise IndexFolderError(
                f"Il n'y a pas encore d'index dans {self.path} : lancez « {command_of('build')} ». (There is no index.)"
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise IndexFolderError(f'{file} cannot be read: {error}. Run "{command_of("build")}".') from error
        if not re.fullmatch(INDEX_ID, index_id):
            raise IndexFolderError(
                f'{file} holds {index_id[:80]!r}, which is no index id. Run "{command_of("build")}".'
            )
        return index_id

    def ids(self) -> list[str]:
        """Return the ids of all complete indexes, oldest first."""
        if not self.path.is_dir():
            return []
        return sorted(entry.name for entry in self.path.iterdir() if re.fullmatch(INDEX_ID, entry.name))

    def manifest(self, index_id: str) -> Manifest:
        """Return the manifest of an index. IndexFolderError if it is missing, damaged, of another format or index."""
        file = self.path / index_id / MANIFEST
        try:
            text = read_plain_text(file, most_bytes=_MOST_MANIFEST_BYTES)
        except FileNotFoundError:
            raise IndexFolderError(f'{file} is missing. Run "{command_of("build")}" to build anew.') from None
        except (OSError, UnicodeDecodeError) as error:
            raise IndexFolderError(f'{file} cannot be read: {error}. Run "{command_of("build")}".') from error
        manifest = Manifest.from_json(text, where=str(file))
        if manifest.id != index_id:
            raise IndexFolderError(
                f'{file} is that of another index, {manifest.id[:80]!r}. Run "{command_of("build")}" to build anew.'
            )
        return manifest

    def verify(self, index_id: str, *, largest_bytes: int | None = None) -> Manifest:
        """Return the manifest, every file compared with its sum. IndexFolderError names the first that differs.

        largest_bytes: of larger files only that they are there, and as large as they were; None to read all of them.
        """
        manifest = self.manifest(index_id)
        for name, expected in manifest.files.items():
            file = self.path / index_id / name
            try:
                with open_plain(file) as stream:
                    size = os.fstat(stream.fileno()).st_size
                    skipped = largest_bytes is not None and size > largest_bytes
                    found = expected if skipped else hashlib.file_digest(stream, "sha256").hexdigest()
            except FileNotFoundError:
                raise IndexFolderError(f"{file} is missing. {self._way_out(index_id)}") from None
            except OSError as error:
                raise IndexFolderError(f"{file} cannot be read: {error}. {self._way_out(index_id)}") from error
            if size != manifest.sizes.get(name, size):
                raise IndexFolderError(
                    f"{file} is damaged: it has {size} bytes, not {manifest.sizes[name]}. {self._way_out(index_id)}"
                )
            if found != expected:
                raise IndexFolderError(
                    f"{file} is damaged: its sha256 is {found[:12]}…, not {expected[:12]}…. {self._way_out(index_id)}"
                )
        return manifest

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder alone; the kernel lets go when the process ends. IndexFolderError if another holds it."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(self.path / ".lock", timeout=0):
                yield
        except filelock.Timeout:
            raise IndexFolderError(
                f"Another build is at work in {self.path}. Wait for it to end, or choose another --index."
            ) from None
        except OSError as error:
            # A full disk may show at any step of a build.
            message = f"Nothing was changed in {self.path}: {error}. The index in service stays."
            raise IndexFolderError(message) from error

    def aside(self) -> Path:
        """Return a new empty folder to build in; what a killed build left there is removed. Call under `lock`."""
        folder = self.path / _ASIDE
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir()
        return folder

    def discard(self, aside: Path) -> None:
        """Remove the folder built aside, which is not wanted."""
        shutil.rmtree(aside)

    def publish(self, aside: Path, manifest: Manifest) -> None:
        """Write *manifest* into the folder built aside, make all of it durable, and put it into service."""
        (aside / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
        force_all_to_disk(aside)
        aside.rename(self.path / manifest.id)
        force_to_disk(self.path)
        self.switch(manifest.id)

    def amend(self, manifest: Manifest) -> None:
        """Say something else of an index that is there, whose other files stay. Call under `lock`."""
        _put(self.path / manifest.id / MANIFEST, manifest.to_json())

    def switch(self, index_id: str) -> None:
        """Name another index in `current`."""
        _put(self.path / CURRENT, index_id + "\n")
        logger.info("Index %s is in service.", index_id)

    def stamp(self) -> object:
        """Return what changes whenever `current` is replaced."""
        try:
            found = (self.path / CURRENT).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def open_store(self, manifest: Manifest) -> "IndexStore":
        """Return the files of an index as a store."""
        # Not where only a manifest is read: it brings FAISS.
        from indexer.search.contents import IndexContents
        from indexer.store.embedded import EmbeddedStore

        return EmbeddedStore(IndexContents.load(self.path / manifest.id, cosine_scale=manifest.cosine_scale))

    def answers(self, index_id: str) -> "Answers":
        """Return the answers of an index. IndexFolderError if they cannot be read."""
        from indexer.answers.store import AnswerStore  # as above

        try:
            return AnswerStore(self.path / index_id)
        except (OSError, ValueError) as error:
            raise IndexFolderError(f"The answers of {index_id} cannot be read: {error}.") from error

    def remove(self, index_ids: Sequence[str]) -> None:
        """Remove indexes, and what an earlier removal left. IndexFolderError names those that cannot be removed."""
        failed = []
        for index_id in index_ids:
            # Renamed first: a half-removed index must not look like a complete one.
            try:
                (self.path / index_id).rename(self.path / f".removing-{index_id}")
            except OSError as error:
                failed.append(str(error))
        for doomed in sorted(self.path.glob(".removing-*")):
            try:
                shutil.rmtree(doomed)
            except OSError as error:  # which names a file within
                failed.append(f"{doomed}: {error}")
        if failed:
            raise IndexFolderError(f"Nothing needs this any more, remove it by hand: {'; '.join(failed)}.")

    def _way_out(self, index_id: str) -> str:
        back = f', or "{command_of("rollback")}" to go back to the one before' if self.before(index_id) else ""
        return f'Run "{command_of("build")}" to build anew{back}.'


def indexes_in(where: Path | Indexes) -> Indexes:
    """Return the indexes of a folder, or those that *where* is already."""
    return IndexFolder(where) if isinstance(where, Path) else where


def _put(file: Path, text: str) -> None:
    """Write *text* into *file*; readers see the old or the new one, never anything between."""
    draft = file.with_name(f"{file.name}.new")
    draft.write_text(text, encoding="utf-8")
    force_to_disk(draft)
    draft.replace(file)
    force_to_disk(file.parent)


def file_sums(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file under *folder*, by its path within, in order."""
    files = sorted(entry for entry in folder.rglob("*") if entry.is_file())
    with ThreadPoolExecutor(_SUMS_AT_ONCE, "sums") as pool:
        found = pool.map(sha256_of, files)
        return {file.relative_to(folder).as_posix(): sum_ for file, sum_ in zip(files, found, strict=True)}


def file_sizes(folder: Path) -> dict[str, int]:
    """Return the bytes of every file under *folder*, by its path within, in order."""
    files = sorted(entry for entry in folder.rglob("*") if entry.is_file())
    return {file.relative_to(folder).as_posix(): file.stat().st_size for file in files}
