"""Notices that a corpus was saved, by looking: any editor, any disk, also one of a network, and no library for it."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

Seen = Mapping[str, tuple[int, int]]
"""Path of each file to when it was changed, in nanoseconds, and its bytes."""

LOOK_EVERY_SECONDS = 1.0
CALM_LOOKS = 2
"""How many looks in a row must see the same: who saves ten files is published once."""


def look_at(corpus: Path) -> Seen:
    """Return the files of a corpus as they are, hidden ones and the query sets apart; nothing where it is not there."""
    if not corpus.is_dir():
        beside = [corpus, *(file for file in corpus.parent.glob("*") if file.suffix in (".yaml", ".tsv", ".txt"))]
        return dict(filter(None, map(_stamp, beside)))
    seen: dict[str, tuple[int, int]] = {}
    for parent, folders, names in os.walk(corpus):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "queries"]
        paths = (Path(parent, name) for name in names if not name.startswith("."))
        seen.update(filter(None, map(_stamp, paths)))
    return seen


def changes(look: Callable[[], Seen], pause: Callable[[], None]) -> Iterator[Seen]:
    """Yield what is there whenever it differs from what was yielded last, and has been calm for some looks.

    The first is what is there at the beginning. pause: waits until the next look; the iteration ends by its exception.
    """
    known: Seen | None = None
    last: Seen | None = None
    calm = 0
    while True:
        seen = look()
        calm = calm + 1 if seen == last else 1
        last = seen
        if seen != known and calm >= CALM_LOOKS:
            known = seen
            yield seen
        pause()


def _stamp(file: Path) -> tuple[str, tuple[int, int]] | None:
    try:
        found = file.stat()
    except OSError:  # gone since it was listed
        return None
    return str(file), (found.st_mtime_ns, found.st_size)
