"""Does something from time to time while the server runs."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)

_LONGEST_WAIT_SECONDS = 5
"""How long the end waits for an action that is under way."""


@contextmanager
def repeated(
    action: Callable[[], object], *, every_seconds: float, name: str, first: Callable[[], object] = lambda: None
) -> Iterator[None]:
    """Call *action* every so often until the end of the block, in a thread called *name*, which begins with *first*.

    What either raises is logged, and *action* is called again all the same.
    """
    ended = threading.Event()

    def attempt(due: Callable[[], object]) -> None:
        try:
            due()
        except Exception:
            logger.exception("%s failed, and goes on.", name)

    def repeat() -> None:
        attempt(first)
        while not ended.wait(every_seconds):
            attempt(action)

    thread = threading.Thread(target=repeat, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=_LONGEST_WAIT_SECONDS)
