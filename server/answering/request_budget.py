"""What a request may still take of the machine: agreed between who lets requests in and who works on them.

A worker thread cannot be stopped from outside, so long work asks in between whether anybody still waits for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class GivenUpError(Exception):
    """Nobody waits for the reply any more. Never seen by a visitor, who has had another reply."""


class Allowance:
    """Of one request. Written by one thread each: the event loop gives up, the worker counts."""

    def __init__(self) -> None:
        self.given_up = False
        self.questions = 0
        """How many questions the request has asked for so far."""


_current: ContextVar[Allowance | None] = ContextVar("_current", default=None)


@contextmanager
def working_on(request: Allowance) -> Iterator[None]:
    """Within the block, this task and the threads that it starts work on one request."""
    token = _current.set(request)
    try:
        yield
    finally:
        _current.reset(token)


def charge(questions: int) -> None:
    """Count questions to the request that this thread works on, if it works on one."""
    if current := _current.get():
        current.questions += questions


def require_wanted() -> None:
    """GivenUpError if the request that this thread works on has been given up."""
    if (current := _current.get()) and current.given_up:
        raise GivenUpError
