"""What makes a file that is written aside safe to put in place: its sum, and that it is on the disk."""

import hashlib
import os
from pathlib import Path


def sha256_of(file: Path) -> str:
    """Return the sha256 of a file in hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def force_to_disk(path: Path) -> None:
    """Return once the content of a file, or the names in a folder, would outlive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def force_all_to_disk(folder: Path) -> None:
    """As `force_to_disk`, for a folder with everything in it."""
    for path in (*sorted(folder.rglob("*")), folder):
        force_to_disk(path)
