"""Says which folders of the model nobody uses: those of earlier versions, and of what was taught and is not any more.

Owns the two signs of use. While a folder serves, its files are open or mapped, which the kernel knows of every process,
in whichever container and by whichever version, until the process has ended. Between two starts, what was read or
stamped in the last days is in use. Removing belongs to `unpack`.
"""

import fcntl
import logging
import os
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from indexer.files import open_plain

UNUSED_DAYS = 14
"""Longer than the time in which people go back to the version before, or start a weekly command once more. Who comes
later waits for the model to be unpacked again, a few seconds, and loses nothing else."""

_DAY_SECONDS = 24 * 60 * 60
_CLOCKS_DIFFER_SECONDS = 60 * 60

_log = logging.getLogger(__name__)


def stamp(file: Path) -> bool:
    """Note with the time of *file* that its folder is used, once a day; return whether that was done now.

    Where it cannot be written, as in a cache that is only read, or is not there, nothing happens.
    """
    try:
        age = time.time() - file.stat().st_mtime
        # A time to come is that of a clock that was wrong.
        if -_CLOCKS_DIFFER_SECONDS < age < _DAY_SECONDS:
            return False
        os.utime(file)
    except OSError as error:
        _log.debug("%s is not stamped: %s", file, error)
        return False
    return True


def is_unused(folder: Path) -> bool:
    """Return whether nobody has read or stamped a file of *folder* for `UNUSED_DAYS`, and none is open anywhere.

    A file system that does not say whether a file is open (NFS), and a file of another user, count as used. OSError if
    the folder cannot be read.
    """
    files = list(_plain_files(folder))
    statuses = [file.lstat() for file in (folder, *files)]
    # A folder is read by who lists it, too. Without times of access (noatime) these are the times of unpacking.
    last = max(statuses[0].st_mtime, *(max(status.st_atime, status.st_mtime) for status in statuses[1:]))
    return time.time() - last > UNUSED_DAYS * _DAY_SECONDS and not any(map(_may_be_open, files))


def _plain_files(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise error

    for place, _, names in os.walk(folder, onerror=refuse):
        for name in names:
            file = Path(place, name)
            if stat.S_ISREG(file.lstat().st_mode):
                yield file


def _may_be_open(file: Path) -> bool:
    """Return whether another descriptor or map of *file* may exist, in any process.

    Source: fcntl(2) of Linux; a write lease is only given on a file that nobody else has open.
    """
    try:
        with open_plain(file) as stream:
            # Who opens it in this very moment has the holder of a lease be sent SIGIO, which would end the process.
            fcntl.fcntl(stream, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(stream, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            fcntl.fcntl(stream, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        _log.debug("%s may be open: %s", file, error)
        return True
    return False
