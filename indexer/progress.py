"""A progress bar with rate and time left, on a terminal only. The only module that knows tqdm."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from indexer.vectors import Progress


@contextmanager
def show_progress(what: str) -> Iterator[Progress]:
    """Yield a function to call with the number done and the total; it draws on stderr where that is a terminal."""
    with tqdm(desc=what, unit="text", file=sys.stderr, disable=not sys.stderr.isatty(), leave=False) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress
