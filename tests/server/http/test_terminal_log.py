"""What a person at a terminal reads of the log."""

import logging
import re

from server.http.terminal_log import TerminalFormatter

LINE = r"\d\d:\d\d:\d\d "


def line_of(message: str, level: int = logging.INFO, **extra: object) -> str:
    """Return the line of a record."""
    record = logging.LogRecord("x", level, "", 0, message, None, None)
    record.__dict__.update(extra)
    return TerminalFormatter().format(record)


def test_an_event_is_one_line_with_its_time() -> None:
    """INFO goes without saying; what is worse is named."""
    assert re.fullmatch(LINE + "Listening on port 8000.", line_of("Listening on port 8000."))
    assert re.fullmatch(LINE + "ERROR It is damaged.", line_of("It is damaged.", logging.ERROR))


def test_a_request_is_told_by_its_route() -> None:
    """Method, route, status and time: what was asked is in none of them."""
    fields = {"method": "GET", "route": "/v1/search", "status": 200, "took_ms": 12.3}
    assert re.fullmatch(LINE + r"GET /v1/search 200 in 12\.3 ms", line_of("request", fields=fields))


def test_an_error_has_its_places_and_not_its_words() -> None:
    """The message of an exception may hold a question."""
    try:
        raise ValueError("ma question à moi")
    except ValueError as error:
        line = line_of("GET / failed", logging.ERROR, exc_info=(ValueError, error, error.__traceback__))
    assert "GET / failed: ValueError at " in line
    assert "test_terminal_log.py" in line
    assert "question" not in line


def test_nothing_commands_the_terminal() -> None:
    """Control codes, line breaks among them, are shown as signs."""
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", line_of("a\x1b[2J\x9b2J\nb"))
