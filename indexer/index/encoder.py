"""Which encoder an index folder is asked and built with: the one that the settings name, and of the bundled one what it
was taught for this FAQ.

An adapter made by `souffleur tune` lies in the index folder, named by the fingerprint of the encoder that it makes. The
index in service says which that is: so server, command line and the next build take the right one, whatever was
switched or rolled back, and nobody has to name it.
"""

import logging
import os
import time
from pathlib import Path

from indexer.encoders import Encoder
from indexer.encoders.bundled.layout import TAUGHT_NAME
from indexer.encoders.loading import load_named_encoder
from indexer.errors import IndexFolderError
from indexer.files import force_to_disk
from indexer.index.folder import ADAPTERS, IndexFolder
from indexer.settings import BUNDLED, BUNDLED_BASE, BUNDLED_TAUGHT, IndexerSettings

_A_DAY_SECONDS = 86_400

_log = logging.getLogger(__name__)


def load_configured_encoder(settings: IndexerSettings) -> Encoder:
    """Return the encoder that *settings* name, as they want it run. EncoderError as `load_encoder`.

    "bundled" is as the index in service was made with it; "bundled-base" is what nobody taught anything.
    """
    return load_named_encoder(settings, adapter=adapter_for(settings.encoder, settings.index))


def adapter_for(encoder: str, path: Path) -> Path | None:
    """Return what the encoder of this name was taught for the index in service in *path*, a file; None for nothing."""
    return adapter_in_service(path) if encoder == BUNDLED else None


def adapter_in_service(path: Path) -> Path | None:
    """Return the adapter of the index in service in the folder *path*, None where it has none, or cannot be read.

    One that should be there and is not is told in the log: a build would go on with an encoder that nobody taught.
    """
    folder = IndexFolder(path)
    try:
        built_by = folder.manifest(folder.current_id()).encoder
    except IndexFolderError:  # whoever opens the index says so
        return None
    file = _file_of(path, built_by.fingerprint)
    if file.is_file():
        return file
    if built_by.name == TAUGHT_NAME:
        _log.warning(
            "The index in service in %s was built with %s (%s), but %s is not there: the encoder is the one that "
            "nobody taught. Copy that file from where the index was made, or name the encoder: %s if that built "
            "it, or %s.",
            path,
            built_by.name,
            built_by.fingerprint[:7],
            file,
            BUNDLED_TAUGHT,
            BUNDLED_BASE,
        )
    return None


def adapter_name(fingerprint: str) -> str:
    """Return where in an index folder that lies which the encoder of this fingerprint was taught."""
    return f"{ADAPTERS}/{fingerprint[:16]}.npz"


def keep_adapter(path: Path, content: bytes, *, fingerprint: str) -> None:
    """Put an adapter into the index folder *path*, before an index that it makes; a day later unused ones are removed.

    fingerprint: of the encoder with this adapter. OSError where it cannot be written.
    """
    file = _file_of(path, fingerprint)
    file.parent.mkdir(parents=True, exist_ok=True)
    _remove_unused(path)
    aside = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        aside.write_bytes(content)
        force_to_disk(aside)
        aside.replace(file)
        force_to_disk(file.parent)
    finally:
        aside.unlink(missing_ok=True)


def _file_of(path: Path, fingerprint: str) -> Path:
    return path / adapter_name(fingerprint)


def _remove_unused(path: Path) -> None:
    """Remove the adapters of no index. Those of today stay: their index may be at work."""
    folder = IndexFolder(path)
    used = set()
    for index_id in folder.ids():
        try:
            used.add(_file_of(path, folder.manifest(index_id).encoder.fingerprint))
        except IndexFolderError:  # not known which it needs
            return
    for file in (path / ADAPTERS).glob("*.npz"):
        if file not in used and file.stat().st_mtime < time.time() - _A_DAY_SECONDS:
            file.unlink(missing_ok=True)
            _log.info("Removed the adapter %s, which no index uses any more.", file.name)
