"""Doing something from time to time."""

import threading

import pytest

from server.periodic import repeated


def test_what_fails_is_told_and_done_again(caplog: pytest.LogCaptureFixture) -> None:
    """The first time too: what is repeated does not end with one error."""
    done: list[str] = []
    thrice = threading.Event()

    def fail(name: str) -> None:
        done.append(name)
        if len(done) == 3:
            thrice.set()
        raise OSError(f"{name} cannot be read")

    with repeated(lambda: fail("next"), every_seconds=0.001, name="watcher", first=lambda: fail("first")):
        assert thrice.wait(timeout=5)
    assert done[:3] == ["first", "next", "next"]
    assert "first cannot be read" in caplog.text
    assert "next cannot be read" in caplog.text
