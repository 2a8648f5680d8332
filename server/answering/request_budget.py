"""What a request may still take of the machine: agreed between who lets requests in and who works on them.

A worker thread cannot be stopped from outside, so long work asks in between whether anybody still waits for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class GivenUpError(Exception):
    """Nobody waits for the reply any more. Never seen by a visitor, who has had another reply."""


class RequestBudget:
    """What one request has taken. Written by one thread each: the event loop gives up, the worker counts."""

    def __init__(self) -> None:
        self.given_up = False
        self.questions = 0
        """How many questions the request has asked for so far."""


_current: ContextVar[RequestBudget | None] = ContextVar("_current", default=None)


@contextmanager
def charged_to(budget: RequestBudget) -> Iterator[None]:
    """Within the block, this task and the threads that it starts work on the request that *budget* is of."""
    token = _current.set(budget)
    try:
        yield
    finally:
        _current.reset(token)


def charge(questions: int) -> None:
    """Count questions to the request that this thread works on, if it works on one."""
    if budget := _current.get():
        budget.questions += questions


def stop_if_given_up() -> None:
    """GivenUpError if the request that this thread works on has been given up."""
    if (budget := _current.get()) and budget.given_up:
        raise GivenUpError
