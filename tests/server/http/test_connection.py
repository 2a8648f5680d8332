"""HTTP as it arrives on a connection, well or badly meant."""

import asyncio

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from server.http import connection
from server.http.connection import HEAD_BYTES, BoundedHttp


def talk(*pieces: bytes, replies: int = 1) -> bytes:
    """Send *pieces*, one after the other, to a server that answers "ok"; return what it says until it closes."""

    async def spoken() -> bytes:
        config = Config(PlainTextResponse("ok"), log_config=None, ws="none")
        state = ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: BoundedHttp(config=config, server_state=state, app_state={}), "127.0.0.1", 0
        )
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            heard = b""
            try:
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                while heard.count(b"\r\n\r\nok") < replies and (part := await reader.read(65_536)):
                    heard += part
            except ConnectionError:
                pass  # closed while more was being sent
            finally:
                writer.close()
        return heard

    return asyncio.run(asyncio.wait_for(spoken(), timeout=20))


def test_requests_are_answered_whole_or_in_pieces() -> None:
    """One after the other on one connection, however they are cut."""
    assert talk(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").endswith(b"ok")
    assert talk(b"GE", b"T / HT", b"TP/1.1\r\nHo", b"st: a\r\n", b"\r\n").endswith(b"ok")
    twice = talk(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", replies=2)
    assert twice.count(b"200 OK") == 2


@pytest.mark.parametrize("never", [b"x: " + b"a" * 1000 + b"\r\n", b"a" * 1000], ids=["headers", "one header"])
def test_a_head_without_end_is_refused(never: bytes) -> None:
    """After a bounded number of bytes, and the connection is closed."""
    heard = talk(b"GET / HTTP/1.1\r\nHost: a\r\nx: ", *[never] * (2 * HEAD_BYTES // 1000))
    assert b" 400 " in heard or heard == b""
    assert b"200" not in heard


def test_an_address_without_end_is_refused() -> None:
    """The first line is part of the head."""
    heard = talk(b"GET /", *[b"a" * 1000] * (2 * HEAD_BYTES // 1000))
    assert b"200" not in heard


def test_nonsense_is_refused() -> None:
    """What is not HTTP gets 400."""
    assert b" 400 " in talk(b"\x16\x03\x01 hello\r\n\r\n")
    assert b" 400 " in talk("GET /é HTTP/1.1\r\n\r\n".encode())


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n"])
def test_a_head_that_does_not_come_is_not_waited_for(begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is closed, whether something of it has arrived or nothing."""
    monkeypatch.setattr(connection, "MESSAGE_SECONDS", 0.05)
    assert talk(begun) == b""


def test_a_body_is_no_part_of_the_head() -> None:
    """It may be longer than a head may be."""
    request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n"
    assert talk(request, *[b"x" * 50_000] * 4).endswith(b"ok")


def test_who_never_reads_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply larger than what the system keeps for a client must not hold its place for ever."""
    monkeypatch.setattr(connection, "UNREAD_SECONDS", 0.2)

    async def unread() -> bool:
        ended = asyncio.Event()

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await PlainTextResponse("a" * 50_000_000)(scope, receive, send)
            finally:
                ended.set()

        config = Config(application, log_config=None, ws="none")
        state = ServerState()
        server = await asyncio.get_running_loop().create_server(
            lambda: BoundedHttp(config=config, server_state=state, app_state={}), "127.0.0.1", 0
        )
        async with server:
            _, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), limit=1)
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            async with asyncio.timeout(10):
                await ended.wait()
                while state.connections:
                    await asyncio.sleep(0.01)
            writer.close()
        return not state.connections

    assert asyncio.run(unread())
