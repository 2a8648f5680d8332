"""The life of an index folder: which index is in service, building aside, switching, going back, pruning.

Knows nothing of what is inside an index but its manifest and the sums of its files.
"""

import hashlib
import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from indexer.errors import IndexFolderError
from indexer.files import force_all_to_disk, force_to_disk, open_plain, read_plain_text, sha256_of
from indexer.index.manifest import Manifest
from indexer.terminal import command_of

logger = logging.getLogger(__name__)

CURRENT = "current"
MANIFEST = "manifest.json"
ADAPTERS = "adapters"
"""Folder of what the bundled encoder was taught for indexes here; `indexer.index.encoder` owns it."""
_ASIDE = ".building"
_MOST_CURRENT_BYTES, _MOST_MANIFEST_BYTES = 1_000, 10_000_000
INDEX_ID = "[0-9]{8}-[0-9]{6}-[0-9]{3}-[0-9a-f]{8}"
"""Pattern of an id: when the index was built, UTC, and the beginning of a sum of corpus and encoder."""


class IndexFolder:
    """A folder with indexes by id, and the file `current` that names the one in service."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def current_id(self) -> str:
        """Return the id of the index in service. IndexFolderError where there is none."""
        file = self.path / CURRENT
        try:
            index_id = read_plain_text(file, most_bytes=_MOST_CURRENT_BYTES).strip()
        except FileNotFoundError:
            raise IndexFolderError(
                f'There is no index in {self.path}. Run "{command_of("build")}" to build one.'
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

    def require(self, index_id: str) -> None:
        """IndexFolderError where there is no such index: an id that a person typed is no path to be followed."""
        if index_id not in self.ids():
            raise IndexFolderError(f"There is no index {index_id!r} in {self.path}. Kept are: {', '.join(self.ids())}.")

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

    def previous_id(self) -> str:
        """Return the id that `rollback` would put into service. IndexFolderError where there is no older index."""
        current = self.current_id()
        previous = self._before(current)
        if previous is None:
            raise IndexFolderError(f"There is no index older than {current} in {self.path} to go back to.")
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
        for index_id in removed:
            # Renamed first: a half-removed index must not look like a complete one.
            doomed = self.path / f".removing-{index_id}"
            (self.path / index_id).rename(doomed)
        for doomed in self.path.glob(".removing-*"):
            shutil.rmtree(doomed)
        return removed

    def _way_out(self, index_id: str) -> str:
        back = f', or "{command_of("rollback")}" to go back to the one before' if self._before(index_id) else ""
        return f'Run "{command_of("build")}" to build anew{back}.'

    def _before(self, index_id: str) -> str | None:
        """Return the index that *index_id* replaced, or the newest of the older ones where that is not known or gone.

        After a rollback these differ: the newest older one is that from which the rollback led away.
        """
        older = (other for other in reversed(self.ids()) if other < index_id)
        return self._replaced_by(index_id) or next(older, None)

    def _replaced_by(self, index_id: str) -> str | None:
        """Return the index that *index_id* replaced, None where that is not known or gone."""
        try:
            replaced = self.manifest(index_id).replaced
        except IndexFolderError:  # a damaged one is what people want to go back from
            return None
        return replaced if replaced in self.ids() else None


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
    return {file.relative_to(folder).as_posix(): sha256_of(file) for file in files}


def file_sizes(folder: Path) -> dict[str, int]:
    """Return the bytes of every file under *folder*, by its path within, in order."""
    files = sorted(entry for entry in folder.rglob("*") if entry.is_file())
    return {file.relative_to(folder).as_posix(): file.stat().st_size for file in files}
