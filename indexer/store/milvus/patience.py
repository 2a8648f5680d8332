"""How long one waits for a Milvus, and when it counts as gone.

Every call has a deadline. What may pass by itself, such as a server that starts again, is tried again until then, after
longer and longer waits; then the server counts as gone, and for a moment nobody waits for it any more.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from indexer.errors import StoreUnavailableError
from indexer.store.milvus.failures import may_pass, refusal, said_by
from indexer.store_address import StoreAddress

logger = logging.getLogger(__name__)

_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.05, 0.8
_BETWEEN_TRIES_SECONDS = 5.0
"""How long a server that is gone is left alone before a question tries it again, unless somebody checks it."""
_LEAST_SECONDS = 0.2

_Result = TypeVar("_Result")
_deadline: ContextVar[float | None] = ContextVar("_deadline", default=None)


class Patience:
    """Makes the calls of one server; safe to use from several threads."""

    def __init__(self, address: StoreAddress, *, seconds: float) -> None:
        """seconds: most that one call may take, all its tries together."""
        self._address = address
        self._seconds = seconds
        self._lock = threading.Lock()
        self._try_again_at = 0.0
        self.unavailable: str | None = None
        """Why the server counts as gone, None while it answers."""

    @contextmanager
    def one_deadline(self) -> Iterator[None]:
        """Within the block, the calls of this thread take together what one call may take."""
        token = _deadline.set(time.monotonic() + self._seconds)
        try:
            yield
        finally:
            _deadline.reset(token)

    def call(
        self, ask: Callable[[float], _Result], *, seconds: float | None = None, in_any_case: bool = False
    ) -> _Result:
        """Return what *ask*, given the seconds left, returns; tried again where it fails for what may pass.

        in_any_case: also while the server counts as gone; for all others that is a StoreUnavailableError at once.
        StoreError for what does not pass.
        """
        if not in_any_case:
            self._refuse_while_gone()
        deadline = time.monotonic() + (seconds or self._seconds)
        if seconds is None and (together := _deadline.get()) is not None:
            deadline = min(deadline, together)
        wait = _FIRST_WAIT_SECONDS
        while True:
            try:
                return ask(max(_LEAST_SECONDS, deadline - time.monotonic()))
            except Exception as error:  # the client raises what it likes; grpc, OSError of a file and its own
                pause = wait * random.uniform(0.5, 1.0)
                if not may_pass(error):
                    raise refusal(error, self._address) from error
                if time.monotonic() + pause >= deadline:
                    raise self._gone(error) from error
            time.sleep(pause)
            wait = min(2 * wait, _LONGEST_WAIT_SECONDS)

    def answers_again(self) -> None:
        """From now on the server does not count as gone."""
        if self.unavailable is not None:
            logger.warning("%s answers again.", self._address)
            self.unavailable = None

    def _refuse_while_gone(self) -> None:
        with self._lock:
            if self.unavailable is None:
                return
            if time.monotonic() < self._try_again_at:
                raise StoreUnavailableError(self.unavailable)
            # One tries, the others do not wait for it.
            self._try_again_at = time.monotonic() + _BETWEEN_TRIES_SECONDS

    def _gone(self, error: Exception) -> StoreUnavailableError:
        with self._lock:
            if self.unavailable is None:
                logger.error("%s does not answer: %s", self._address, said_by(error))
            self.unavailable = f"{self._address} does not answer: {said_by(error)}. Check that it runs."
            self._try_again_at = time.monotonic() + _BETWEEN_TRIES_SECONDS
        return StoreUnavailableError(self.unavailable)
