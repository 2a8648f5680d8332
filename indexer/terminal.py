"""What the three command lines do alike: end as other commands do where nobody reads them any more."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from tqdm import tqdm

from indexer.records import Progress

DONE, FAILED = 0, 2


def run_command(main: Callable[[], int]) -> NoReturn:
    """Run *main* and end the process with its status, or without a word where the reader of its output has gone."""
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # At the end Python would write what is left, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 128 + signal.SIGPIPE
    sys.exit(status)


@contextmanager
def show_progress(what: str) -> Iterator[Progress]:
    """Yield a function to call with the number done and the total; it draws on stderr where that is a terminal."""
    with tqdm(desc=what, unit="text", file=sys.stderr, disable=not sys.stderr.isatty(), leave=False) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress
