"""Which encoder an index folder is asked and built with: the one that the settings name, and of the bundled one what it
was taught for this FAQ.

An adapter made by `souffleur tune` lies in the index folder, named by the fingerprint of the encoder that it makes. The
index in service says which that is: so server, command line and the next build take the right one, whatever was
switched or rolled back, and nobody has to name it.
"""

import contextlib
import logging
import time
from pathlib import Path

from indexer.encoders import Encoder
from indexer.encoders.bundled.layout import TAUGHT_NAME
from indexer.encoders.loading import load_named_encoder
from indexer.errors import IndexFolderError
from indexer.files import force_to_disk, written_aside
from indexer.index.folder import ADAPTERS, IndexFolder
from indexer.index.manifest import Manifest
from indexer.settings import BUNDLED, BUNDLED_BASE, BUNDLED_TAUGHT, IndexerSettings
from indexer.terminal import command_of

_A_DAY_SECONDS = 86_400

_log = logging.getLogger(__name__)


def load_configured_encoder(settings: IndexerSettings) -> Encoder:
    """Return the encoder that *settings* name, as they want it run. EncoderError as `load_encoder`.

    "bundled" is as the index in service was made with it; "bundled-base" is what nobody taught anything.
    """
    return load_named_encoder(settings, adapter=adapter_for(settings.encoder, settings.index))


def load_encoder_of(manifest: Manifest, settings: IndexerSettings) -> Encoder:
    """Return the bundled encoder, run as *settings* want it, as it was taught for an index of their folder."""
    file = _file_of(settings.index, manifest.encoder.fingerprint)
    return load_named_encoder(settings, adapter=file if file.is_file() else None)


def adapter_for(encoder: str, path: Path) -> Path | None:
    """Return what the encoder of this name was taught for the index in service in *path*, a file; None for nothing."""
    return adapter_in_service(path) if encoder == BUNDLED else None


def adapter_in_service(path: Path) -> Path | None:
    """Return the adapter of the index in service in the folder *path*, None where it has none.

    Where that index does not say by which encoder it was made, the newest that does is asked, as a server serves it.
    One that should be there and is not is told in the log: a build would go on with an encoder that nobody taught.
    """
    manifest = _manifest_in_service(path)
    if manifest is None:
        return None
    built_by = manifest.encoder
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


def warn_of_lessons_left(path: Path, *, encoder: Encoder) -> None:
    """Log it where an index by *encoder* leaves what was taught the encoder of the one in service in *path*."""
    manifest = _manifest_in_service(path)
    if _file_of(path, encoder.fingerprint).is_file() or (
        manifest and manifest.encoder.fingerprint == encoder.fingerprint
    ):
        return
    lessons = [_file_of(path, manifest.encoder.fingerprint)] if manifest else sorted((path / ADAPTERS).glob("*.npz"))
    if any(file.is_file() for file in lessons):
        _log.warning(
            "What the encoder was taught is left: %s, and this build encodes all texts anew, with %s. To keep it, "
            'set "encoder" as it was, and see that %s is there; else run "%s" again.',
            f"index {manifest.id} was made with {manifest.encoder.name}"
            if manifest
            else f"no index in {path} is whole",
            encoder.name,
            ", ".join(map(str, lessons)),
            command_of("tune"),
        )


def _manifest_in_service(path: Path) -> Manifest | None:
    """Return the manifest of the index in service, or the newest that can be read; None where none can."""
    folder = IndexFolder(path)
    with contextlib.suppress(IndexFolderError):  # whoever opens the index says so
        return folder.manifest(folder.current_id())
    for index_id in reversed(folder.ids()):
        with contextlib.suppress(IndexFolderError):
            return folder.manifest(index_id)
    return None


def keep_adapter(path: Path, content: bytes, *, fingerprint: str) -> None:
    """Put an adapter into the index folder *path*, before an index that it makes; a day later unused ones are removed.

    fingerprint: of the encoder with this adapter. OSError where it cannot be written.
    """
    file = _file_of(path, fingerprint)
    file.parent.mkdir(parents=True, exist_ok=True)
    _remove_unused(path)
    with written_aside(file) as aside:
        aside.write_bytes(content)
        force_to_disk(aside)
    force_to_disk(file.parent)


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
