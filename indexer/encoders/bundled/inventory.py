"""What is in a folder of the model: the file that lists it, and whether all of it is there as it was written."""

import json
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from indexer.files import sha256_of

INVENTORY = "souffleur.json"


@dataclass(frozen=True, slots=True)
class File:
    """A file that was written. size: in bytes."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """The fingerprint of the model, and of each file by its path in the folder what it was like when it was written."""

    fingerprint: str
    files: dict[str, File]

    @classmethod
    def take(cls, folder: Path, *, fingerprint: str) -> "Inventory":
        """Return that of the files in *folder*, and write it there."""
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        with ThreadPoolExecutor(2) as pool:
            digests = list(pool.map(sha256_of, paths))
        names = [path.relative_to(folder).as_posix() for path in paths]
        files = [File(path.stat().st_size, digest) for path, digest in zip(paths, digests, strict=True)]
        inventory = cls(fingerprint, dict(zip(names, files, strict=True)))
        (folder / INVENTORY).write_text(json.dumps(asdict(inventory), indent=1), encoding="utf-8")
        return inventory

    @classmethod
    def of_whole(cls, folder: Path, *, files: Collection[str]) -> "Inventory | None":
        """Return that of *folder*; None unless it has *files* and each file in it is there, of its size and its sum."""
        inventory = cls._load(folder / INVENTORY)
        if inventory is None or not inventory.files.keys() >= set(files):
            return None
        try:
            if any((folder / name).stat().st_size != file.size for name, file in inventory.files.items()):
                return None
            with ThreadPoolExecutor(4) as pool:
                digests = list(pool.map(sha256_of, (folder / name for name in inventory.files)))
        except OSError:
            return None
        return inventory if digests == [file.sha256 for file in inventory.files.values()] else None

    @classmethod
    def _load(cls, path: Path) -> "Inventory | None":
        """Return what is at *path*, or None where there is nothing of that kind."""
        try:
            read = json.loads(path.read_bytes())
            return cls(str(read["fingerprint"]), {name: File(**file) for name, file in read["files"].items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
