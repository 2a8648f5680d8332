"""The settings of the server, beside those of the index it serves."""

from dataclasses import dataclass

from indexer.settings import parse_count, parse_port, setting

TABLE = "server"
"""The table of souffleur.toml that holds them."""


@dataclass(frozen=True)
class ServerSettings:
    """How the server listens and what it accepts."""

    host: str = setting("127.0.0.1", str, "address to listen on; other machines reach it only if you say so here")
    port: int = setting(8000, parse_port, "port to listen on")
    limit: int = setting(5, parse_count, "hits of a reply, where the request does not say")
    cached_questions: int = setting(2048, parse_count, "questions whose vectors are kept in memory")
