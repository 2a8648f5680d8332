"""The settings of the server, beside those of the index it serves."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from indexer.settings import parse_count, parse_path, parse_port, parse_text, setting

KeepQuestions = Literal["off", "redacted"]

MAX_LIMIT = 50
"""The most hits of a reply."""
TABLE = "server"
"""The table of souffleur.toml that holds them."""


def parse_keep_questions(text: str) -> KeepQuestions:
    """Return whether questions are kept; ValueError for anything but the two."""
    if text == "off":
        return "off"
    if text == "redacted":
        return "redacted"
    raise ValueError("off or redacted is needed")


def parse_token(text: str) -> str:
    """Return a secret; ValueError for one that can be guessed or cannot be sent in a header."""
    if len(text) < 16 or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("at least 16 printable ASCII characters are needed")
    return text


def parse_endpoint(text: str) -> str:
    """Return an http address; ValueError for anything else."""
    if not text.startswith(("http://", "https://")):
        raise ValueError("an address that begins with http:// or https:// is needed")
    return text


@dataclass(frozen=True)
class ServerSettings:
    """How the server listens and what it accepts."""

    host: str = setting(
        "127.0.0.1", parse_text, "address to listen on; other machines reach it only if you say so here"
    )
    port: int = setting(8000, parse_port, "port to listen on")
    limit: int = setting(5, parse_count, "hits of a reply, where the request does not say")
    feedback: Path | None = setting(
        None, parse_path, "file of the judgements and questions; nothing is kept if not given"
    )
    keep_questions: KeepQuestions = setting("redacted", parse_keep_questions, "`off`, or `redacted`: without names")
    retention_days: int = setting(395, parse_count, "days after which judgements and questions are erased")
    cached_questions: int = setting(2048, parse_count, "questions whose vectors are kept in memory")
    admin_token: str | None = setting(
        None, parse_token, "bearer token of /v1/admin; there is none if not given", secret=True
    )
    most_requests: int = setting(40, parse_count, "requests worked on at once; beyond it 503")
    deadline_seconds: int = setting(10, parse_count, "seconds after which a request is given up")
    keep_alive_seconds: int = setting(
        75, parse_count, "seconds that an idle connection is kept; longer than a proxy in front keeps it"
    )
    client_rate: int | None = setting(None, parse_count, "questions a second of one client; no limit if not given")
    traces: str | None = setting(
        None, parse_endpoint, "OTLP endpoint of traces, such as `http://127.0.0.1:4318/v1/traces`; none if not given"
    )
