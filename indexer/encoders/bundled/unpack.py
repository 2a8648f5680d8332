"""Unpacks the bundled model, once, into a folder in the user's cache, and removes folders that nobody uses any more.

Owns these folders: their place, and the promise that each is either whole or absent. It is written aside under a
lock, forced to disk, and renamed into place; what a killed process left behind is removed by the next one. The float32
weights, five times as large as what the bundled engine reads, are only written for who asks for them.
"""

import contextlib
import errno
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from indexer.encoders.bundled.adapter import Adapter
from indexer.encoders.bundled.disuse import UNUSED_DAYS, is_unused, stamp
from indexer.encoders.bundled.inventory import INVENTORY, Inventory
from indexer.encoders.bundled.layout import (
    CHECKED_AT_LOAD,
    MEGABYTES,
    MEGABYTES_FOR_OTHER_ENGINES,
    TOKENIZER,
    WEIGHTS,
    folder_name,
    is_of_this_layout_or_older,
    name_for_other_engines,
)
from indexer.errors import EncoderError
from indexer.files import force_all_to_disk, force_to_disk

_ASIDE = ".part-"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UnpackedModel:
    """A folder, and the fingerprint of the model in it."""

    folder: Path
    fingerprint: str


@dataclass(frozen=True, slots=True)
class _Form:
    """What is unpacked into a folder. files: some that must be there. write: does it, and returns the fingerprint."""

    what: str
    megabytes: int
    files: Collection[str]
    write: Callable[[Path, Adapter | None], str]

    def found_in(self, folder: Path) -> Inventory | None:
        """Return what is in *folder*, None where that is not whole."""
        return Inventory.of_whole(folder, files=self.files)


def unpack_model(cache_folder: Path | None = None, *, adapter: Adapter | None = None) -> UnpackedModel:
    """Return what the bundled engine reads, unpacked first where absent or damaged; a second call takes milliseconds.

    cache_folder: where to keep it, the user's cache by default. adapter: what it has been taught, a folder for each.
    EncoderError if it cannot be unpacked; nothing half-made stays in place. Once a day, folders there that nobody has
    used for `UNUSED_DAYS` are removed, those of adapters and of earlier versions.
    """
    folder = (cache_folder or _user_cache()) / folder_name(adapter)
    # Before it is looked at: from here on nobody removes it.
    is_first_of_day = stamp(folder / INVENTORY)
    inventory = _ENGINE.found_in(folder)
    if is_first_of_day or inventory is None:
        inventory = inventory or _unpack_under_lock(folder, _ENGINE, adapter)
        _remove_unused(but=folder)
    return UnpackedModel(folder, inventory.fingerprint)


def unpack_for_other_engines(cache_folder: Path | None = None, *, adapter: Adapter | None = None) -> UnpackedModel:
    """Return the same model, of the same fingerprint, as a folder that sentence-transformers loads as it is.

    Arguments and errors as `unpack_model`. It stays until who asked for it removes it.
    """
    folder = (cache_folder or _user_cache()) / name_for_other_engines(adapter)
    inventory = _OTHER_ENGINES.found_in(folder) or _unpack_under_lock(folder, _OTHER_ENGINES, adapter)
    return UnpackedModel(folder, inventory.fingerprint)


def _write_for_engine(folder: Path, adapter: Adapter | None) -> str:
    # Imported here: a start with the model unpacked needs none of it.
    from indexer.encoders.bundled.model_files import write_model_files

    return write_model_files(folder, adapter=adapter)


def _write_for_other_engines(folder: Path, adapter: Adapter | None) -> str:
    from indexer.encoders.bundled.model_files import write_for_other_engines

    return write_for_other_engines(folder, adapter=adapter)


_ENGINE = _Form("the bundled model", MEGABYTES, CHECKED_AT_LOAD, _write_for_engine)
_OTHER_ENGINES = _Form(
    "the bundled model for other engines", MEGABYTES_FOR_OTHER_ENGINES, (WEIGHTS, TOKENIZER), _write_for_other_engines
)


def _user_cache() -> Path:
    try:
        return user_cache_path("souffleur")
    except RuntimeError as error:  # an account without a home, as containers make them
        raise EncoderError(
            "There is no home folder to unpack the bundled model into. Name a folder you can write to with --cache or "
            "SOUFFLEUR_CACHE."
        ) from error


def _unpack_under_lock(folder: Path, form: _Form, adapter: Adapter | None) -> Inventory:
    with _explained(folder.parent, form):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _lock(folder):
            # Another process may have done it while this one waited.
            return form.found_in(folder) or _unpack(folder, form, adapter)


def _lock(folder: Path, *, timeout_seconds: float = -1) -> FileLock:
    return FileLock(folder.with_name(f".{folder.name}.lock"), timeout=timeout_seconds)


def _unpack(folder: Path, form: _Form, adapter: Adapter | None) -> Inventory:
    """Make *folder* anew; the lock is held."""
    # Nobody else is at work under the lock, so what has this name was left by a killed process.
    for left_over in folder.parent.glob(f"{_aside_prefix(folder)}*"):
        _remove(left_over)
    _log.info("Unpacking %s into %s, once; it takes %d MB there", form.what, folder, form.megabytes)
    aside = Path(tempfile.mkdtemp(prefix=_aside_prefix(folder), dir=folder.parent))
    damaged = aside.with_name(aside.name + "-damaged")
    try:
        inventory = Inventory.take(aside, fingerprint=form.write(aside, adapter))
        force_all_to_disk(aside)
        # mkdtemp lets only this user in; a cache may be shared.
        aside.chmod(0o755)
        if os.path.lexists(folder):
            _log.warning("%s was damaged; it is made anew", folder)
            folder.rename(damaged)
        aside.rename(folder)
        force_to_disk(folder.parent)
    finally:
        _remove(aside)
        _remove(damaged)
    return inventory


def _aside_prefix(folder: Path) -> str:
    return f".{folder.name}{_ASIDE}"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _remove_unused(*, but: Path) -> None:
    """Remove the unused folders beside *but*, and what killed processes left aside of them. Never fails."""
    with contextlib.suppress(OSError):
        for path in sorted(but.parent.iterdir()):
            folder = path.with_name(_folder_of(path.name))
            if folder != but and is_of_this_layout_or_older(folder.name) and path.is_dir() and not path.is_symlink():
                _remove_if_unused(path, folder)


def _folder_of(name: str) -> str:
    """Return the name of the folder that is written or removed under *name*; *name* itself where it is not of these."""
    before, separator, _ = name.partition(_ASIDE)
    return before[1:] if separator and name.startswith(".") else name


def _remove_if_unused(path: Path, folder: Path) -> None:
    """path: *folder*, or what lies aside of it."""
    try:
        # Who holds it is unpacking. Its file stays: another process may wait for it.
        with _lock(folder, timeout_seconds=0):
            if not is_unused(path):
                return
            if path == folder:
                aside = folder.with_name(f"{_aside_prefix(folder)}unused")
                _remove(aside)
                path = folder.rename(aside)
            _remove(path)
    except OSError as error:
        _log.debug("%s stays: %s", folder, error)
    else:
        _log.info("Removed %s, which nothing had used for %d days", folder, UNUSED_DAYS)


@contextlib.contextmanager
def _explained(root: Path, form: _Form) -> Iterator[None]:
    """Turn an error of the file system into one that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            what = f"The disk is too full to unpack {form.what} into {root}, which takes {form.megabytes} MB ({error})."
            next_step = "Make room there, or name another folder with --cache or SOUFFLEUR_CACHE."
        else:
            what = f"{form.what.capitalize()} cannot be unpacked into {root}: {error}."
            next_step = "Name a folder you can write to with --cache or SOUFFLEUR_CACHE."
        raise EncoderError(f"{what} {next_step}") from error
