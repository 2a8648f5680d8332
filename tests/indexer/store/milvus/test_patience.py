"""How long a Milvus is waited for, with calls that fail as they are told to."""

from collections.abc import Callable

import pytest

from indexer.errors import StoreError, StoreUnavailableError
from indexer.store.milvus.patience import Patience
from indexer.store_address import StoreAddress

ADDRESS = StoreAddress.parse("milvus://faq.example:19530")
STARTS = RuntimeError("the server is not ready")


def failing(times: int, error: Exception = STARTS) -> tuple[Callable[[float], str], list[float]]:
    """Return a call that fails so many times before it succeeds, and the seconds that it was given each time."""
    given: list[float] = []

    def ask(seconds: float) -> str:
        given.append(seconds)
        if len(given) <= times:
            raise error
        return "said"

    return ask, given


def test_what_may_pass_is_tried_again() -> None:
    """With what is left of the time."""
    ask, given = failing(2)
    assert Patience(ADDRESS, seconds=5).call(ask) == "said"
    assert len(given) == 3
    assert 5 >= given[0] > given[1] > given[2] > 4


def test_what_does_not_pass_is_told_at_once() -> None:
    """And the server does not count as gone: it has answered."""
    patience = Patience(ADDRESS, seconds=5)
    ask, given = failing(1, RuntimeError("permission denied"))
    with pytest.raises(StoreError, match="refuses the token"):
        patience.call(ask)
    assert len(given) == 1
    assert patience.unavailable is None


def test_a_server_that_is_gone_is_not_waited_for_again() -> None:
    """Until somebody checks it, and it answers."""
    patience = Patience(ADDRESS, seconds=0.02)
    with pytest.raises(StoreUnavailableError, match="does not answer: the server is not ready"):
        patience.call(failing(1_000)[0])
    ask, given = failing(0)
    with pytest.raises(StoreUnavailableError, match="does not answer"):
        patience.call(ask)
    assert given == []
    assert patience.call(ask, in_any_case=True) == "said"
    patience.answers_again()
    assert patience.call(ask) == "said"


def test_some_calls_share_one_deadline() -> None:
    """Within the block; a call that says how long it may take has that long in any case."""
    patience = Patience(ADDRESS, seconds=5)
    ask, given = failing(0)
    with patience.one_deadline():
        patience.call(ask)
        patience.call(ask)
        patience.call(ask, seconds=60)
    assert 5 >= given[0] > given[1]
    assert given[2] > 50
