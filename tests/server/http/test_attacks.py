"""What strangers may send on purpose, on loopback and bounded: it costs them more than us, and is told in the log."""

import contextlib
import json
import logging
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi.testclient import TestClient
from starlette.types import ASGIApp

from server.answering.answering import Answering
from server.app import create_site
from server.http import connection
from server.http.connection import BoundedHttp, bounded_http
from server.http.load_shedding import Limits
from server.http.request_log import JsonFormatter
from server.page.identity import Identity

HEAD = b"POST /v1/search HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
QUESTION = b'{"query": "certificat"}'
LIVE = b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n"


@contextlib.contextmanager
def served(app: ASGIApp, http: Callable[..., BoundedHttp] = BoundedHttp, **options: int) -> Iterator[int]:
    """Serve *app* as the command does, in a thread of this process; yield the port."""
    config = uvicorn.Config(
        app,
        http=http,  # type: ignore[arg-type]  # what makes one will do
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        **options,  # type: ignore[arg-type]  # those of Config
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = server.force_exit = True
            thread.join()


@pytest.fixture(scope="module")
def port(answering: Answering) -> Iterator[int]:
    """Where all of the site is served."""
    with served(create_site(answering, admin_token="a-token-for-the-tests")) as port:
        yield port


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits of tenths of a second instead of ten."""
    monkeypatch.setattr(connection, "MESSAGE_SECONDS", 0.3)
    monkeypatch.setattr(connection, "LINGER_SECONDS", 0.2)


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def heard_until_closed(client: socket.socket) -> bytes:
    """Return all that is said until the connection ends; TimeoutError where it stays open for ten seconds."""
    heard = b""
    with contextlib.suppress(ConnectionError):
        while part := client.recv(65_536):
            heard += part
    return heard


def status_of(port: int, sent: bytes) -> int:
    with connected(port) as client:
        client.sendall(sent)
        return int(client.recv(65_536).split(b" ", 2)[1])


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


# Trailers

SMUGGLED = (b"Authorization: Bearer a-token-for-the-tests", b"X-Request-ID: 0123456789abcdef", b"X-A: " + b"a" * 20_000)


@pytest.mark.parametrize("trailer", SMUGGLED, ids=["token", "name", "long"])
def test_a_trailer_is_no_header(port: int, trailer: bytes) -> None:
    """It opens no door, names no request, and does not count among the headers."""
    with connected(port) as client:
        admin = CHUNKED.replace(b"POST /v1/search", b"GET /v1/admin/atelier")
        client.sendall(admin + b"0\r\n" + trailer + b"\r\n\r\n")
        heard = client.recv(65_536)
    assert b" 401 " in heard
    assert b"0123456789abcdef" not in heard
    with connected(port) as client:
        client.sendall(CHUNKED + b"%x\r\n%b\r\n0\r\n%b\r\n\r\n" % (len(QUESTION), QUESTION, trailer))
        heard = client.recv(65_536)
    assert b" 200 " in heard
    assert b"0123456789abcdef" not in heard


@pytest.mark.parametrize(
    "piece",
    [b"x-a: " + b"a" * 1000 + b"\r\n", b"a" * 1000, b"1;" + b"x" * 998],
    ids=["trailers", "one trailer", "chunk extension"],
)
def test_what_comes_beside_a_body_ends(port: int, piece: bytes) -> None:
    """After 64 KiB without a byte of the body, whatever it is; 20 MB of it leave no mark on the memory."""
    before = resident_bytes()
    start = CHUNKED + (b"" if piece.startswith(b"1;") else b"0\r\n" + (b"" if b":" in piece else b"x: "))
    sent = 0
    with connected(port) as client, contextlib.suppress(ConnectionError):
        client.sendall(start)
        while sent < 20_000_000:
            client.sendall(piece * 100)
            sent += len(piece) * 100
    assert sent < 20_000_000
    assert resident_bytes() - before < 10_000_000


# Connections that never close

EARLY = {
    "405": b"POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n",
    "413": HEAD + b"content-length: 9000000\r\n\r\n" + b" " * 1_200_000,
    "431": HEAD + b"x-a: " + b"a" * 20_000 + b"\r\ncontent-length: 10\r\n\r\n",
}


@pytest.mark.parametrize("name", EARLY)
@pytest.mark.usefixtures("impatient")
def test_after_an_early_reply_the_connection_is_closed(port: int, name: str) -> None:
    """Whatever is sent of the rest of the request, and the reply is heard."""
    started = time.monotonic()
    with connected(port) as client:
        client.sendall(EARLY[name])
        first = client.recv(65_536)
        with contextlib.suppress(ConnectionError):
            client.sendall(b"x")
        heard = first + heard_until_closed(client)
    assert heard.startswith(b"HTTP/1.1 " + name.encode())
    assert b"connection: close" in heard
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "sent",
    [
        LIVE + b"\r\n",
        LIVE + b"G",
        b"\r\n",
        HEAD + b"content-length: 30\r\n\r\n{",
        CHUNKED + b"1\r\n{\r\n",
        b"GET /livez HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nx",
    ],
    ids=["blank line", "one letter", "blank line first", "length", "chunks", "upgrade"],
)
@pytest.mark.usefixtures("impatient")
def test_a_request_that_does_not_go_on_is_not_waited_for(port: int, sent: bytes) -> None:
    """One deadline for each message, wherever it stops; a byte now and then does not move it."""
    started = time.monotonic()
    with connected(port) as client:
        client.sendall(sent)
        client.settimeout(0.1)
        ended = False
        while not ended and time.monotonic() - started < 5:
            try:
                ended = client.recv(65_536) == b""
            except TimeoutError:
                with contextlib.suppress(ConnectionError):
                    client.sendall(b"\r\n" if sent.endswith(b"\n") and b"POST" not in sent else b" ")
            except ConnectionError:
                ended = True
    assert ended


@pytest.mark.usefixtures("impatient")
def test_more_connections_than_there_may_be_close_the_idle_ones(
    answering: Answering, caplog: pytest.LogCaptureFixture
) -> None:
    """Who has something to ask is heard while others hold connections for nothing, and the log says so once."""
    with served(create_site(answering), bounded_http(most_connections=20)) as port, contextlib.ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(connected(port))
        with connected(port) as client:
            client.sendall(LIVE)
            assert client.recv(65_536).startswith(b"HTTP/1.1 200")
    told = [record for record in caplog.records if "more than 20 connections" in record.getMessage()]
    assert len(told) == 1
    assert told[0].levelno == logging.WARNING


def test_there_are_fewer_connections_than_open_files_allowed() -> None:
    """What the server itself opens, another index among it, always finds a place."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (160, before[1]))
    try:
        places = bounded_http().args[0]  # type: ignore[attr-defined]  # a partial
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert places._most == 64


def test_requests_ahead_of_their_replies_are_few(port: int) -> None:
    """A thousand on one connection before the first reply is read: it is closed."""
    with connected(port) as client:
        with contextlib.suppress(ConnectionError):
            client.sendall(LIVE * 5_000)
        heard = heard_until_closed(client)
    assert heard.count(b"HTTP/1.1 200") < 5_000


# Work proportional to mistakes


def seconds_of(client: TestClient, **request: Any) -> tuple[float, Any]:
    started = time.perf_counter()
    reply = client.request(**request)
    return time.perf_counter() - started, reply


MISTAKES = {
    "values": b'{"query": "x", "filters": {"couloir": [' + b",".join([b"1"] * 30_000) + b"]}}",
    "facets": b'{"query": "x", "filters": {' + b",".join(b'"%d":1' % n for n in range(6_000)) + b"}}",
    "fields": b'{"query": "x", ' + b",".join(b'"%d":1' % n for n in range(6_000)) + b"}",
    "one long name": b'{"query": "x", "' + b"k" * 60_000 + b'": 1}',
    "repeated value": b'{"query": "x", "filters": {"couloir": [' + b",".join([b'"Officine"'] * 5_000) + b"]}}",
}


@pytest.mark.parametrize("name", MISTAKES)
def test_many_mistakes_cost_as_much_as_few(client: TestClient, name: str) -> None:
    """The first few are told, in a reply that does not grow with them, and soon."""
    seconds, reply = seconds_of(
        client, method="POST", url="/v1/search", content=MISTAKES[name], headers={"content-type": "application/json"}
    )
    assert reply.status_code == 422
    assert len(reply.content) < 2_000
    assert seconds < 0.25


@pytest.mark.parametrize("field", [b'"queries": [%b]' % b",".join([b"1"] * 300_000), b'"k": 1, ' * 100_000])
def test_many_mistakes_in_a_batch_cost_as_much_as_few(client: TestClient, field: bytes) -> None:
    """Where a larger body is accepted too."""
    seconds, reply = seconds_of(
        client,
        method="POST",
        url="/v1/search/batch",
        content=b"{" + field.rstrip(b", ") + b"}",
        headers={"content-type": "application/json"},
    )
    assert reply.status_code == 422
    assert len(reply.content) < 2_000
    assert seconds < 0.5


def test_only_a_batch_may_be_large(client: TestClient) -> None:
    """64 KiB are more than any other request needs."""
    large = b'{"query": "' + b"a" * 70_000 + b'"}'
    for address, status in (("/v1/search", 413), ("/v1/feedback", 413), ("/v1/search/batch", 422)):
        reply = client.post(address, content=large, headers={"content-type": "application/json"})
        assert reply.status_code == status


def test_a_batch_that_cannot_be_answered_in_time_is_refused_at_once(client: TestClient) -> None:
    """64 questions of 2,000 characters are ten seconds of work; it says what is accepted."""
    seconds, reply = seconds_of(client, method="POST", url="/v1/search/batch", json={"queries": ["a b " * 500] * 64})
    assert reply.status_code == 422
    assert "32000 au plus sont acceptés" in reply.json()["detail"]
    assert seconds < 0.5


def test_an_address_has_few_parameters(client: TestClient) -> None:
    """3,400 of them took 0.3 s each time; whoever knows the facets needs less than a hundred."""
    address = "/v1/search?q=x&" + "&".join(f"{number:x}" for number in range(3_000))
    seconds, reply = seconds_of(client, method="GET", url=address)
    assert reply.status_code == 431
    assert "100 paramètres" in reply.json()["detail"]
    assert seconds < 0.1


@pytest.mark.slow
def test_bodies_on_their_way_are_bounded_together(answering: Answering) -> None:
    """A hundred clients that begin a megabyte each do not fill the memory: some hear 503."""
    limits = Limits(arriving_bytes=5_000_000, body_seconds=2.0)
    head = HEAD.replace(b"/v1/search", b"/v1/search/batch") + b"content-length: 990000\r\n\r\n"
    with served(create_site(answering, limits=limits)) as port, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connected(port)) for _ in range(12)]
        for client in clients:
            client.sendall(head + b" " * 900_000)
        heard = [client.recv(65_536)[:12] for client in clients]
        assert heard.count(b"HTTP/1.1 503") >= 5
        assert heard.count(b"HTTP/1.1 408") >= 4
        assert status_of(port, HEAD + b"content-length: %d\r\n\r\n" % len(QUESTION) + QUESTION) == 200


# What is told to whom


def test_an_address_with_a_slash_too_much_leads_to_no_other_host(client: TestClient) -> None:
    """A redirection that names a host would go where `Host` says, with the question: it names a path alone."""
    reply = client.get("/v1/search/?q=secret", headers={"host": "evil.example"}, follow_redirects=False)
    assert reply.status_code == 308
    assert reply.headers["location"] == "/v1/search?q=secret"


def test_a_form_of_a_listed_website_is_taken(answering: Answering) -> None:
    """Whose browser names it; another one is refused."""
    identity = Identity(origins=("https://www.example.org",))
    with TestClient(create_site(answering, identity=identity)) as client:
        for origin, refused in (("https://www.example.org", False), ("https://evil.example", True)):
            headers = {"sec-fetch-site": "cross-site", "origin": origin}
            reply = client.post("/element", data={"q": "certificat"}, headers=headers)
            assert (reply.status_code == 403) == refused


@pytest.mark.parametrize("address", ["/avis", "/", "/fragment"])
def test_a_form_of_another_site_is_refused(answering: Answering, address: str) -> None:
    """A browser says where a form came from; it is neither answered nor kept. One that says nothing is believed."""
    with TestClient(create_site(answering)) as client:
        for site, refused in (("cross-site", True), ("same-site", True), ("same-origin", False), ("none", False)):
            reply = client.post(address, data={"q": "certificat"}, headers={"sec-fetch-site": site})
            assert (reply.status_code == 403) == refused
        assert client.post(address, data={"q": "certificat"}).status_code != 403
        assert client.get("/", headers={"sec-fetch-site": "cross-site"}).status_code == 200


def test_who_leaves_is_no_mistake_of_ours(answering: Answering, caplog: pytest.LogCaptureFixture) -> None:
    """A client that goes in the middle of its body is 499 in the log and the metrics, not 500."""
    caplog.set_level(logging.INFO, "server")
    with served(create_site(answering)) as port:
        with connected(port) as client:
            client.sendall(HEAD + b"content-length: 100\r\n\r\n{")
        until = time.monotonic() + 5
        while not any(getattr(record, "fields", {}).get("status") == 499 for record in caplog.records):
            assert time.monotonic() < until
            time.sleep(0.01)
    assert 'status="499"' in answering.metrics.text().decode()
    assert not [record for record in caplog.records if getattr(record, "fields", {}).get("status") == 500]


def test_no_log_line_commands_a_terminal() -> None:
    """Escape sequences and C1 control codes are written as JSON writes them, and read back as they were."""
    text = "a\u009b31mb\x1b[2Jc\x7f\u0085d\né"
    line = JsonFormatter().format(logging.LogRecord("x", logging.INFO, "", 0, text, None, None))
    assert json.loads(line)["message"] == text
    assert line.isprintable()


# Floods of what is not a question


def test_what_is_no_question_waits_for_its_turn(answering: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    """/metrics is worked out for one at a time, and for as many as ask; questions do not wait for it."""
    at_once, most = 0, 0
    told = answering.metrics.text

    def text() -> bytes:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        time.sleep(0.01)
        at_once -= 1
        return told()

    monkeypatch.setattr(answering.metrics, "text", text)
    with served(create_site(answering)) as port, ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(lambda _: status_of(port, LIVE.replace(b"/livez", b"/metrics")), range(24)))
    assert statuses == [200] * 24
    assert most == 1


@pytest.mark.parametrize("address", ["/metrics", "/v1/admin/atelier", "/v1/admin/reload"])
def test_operators_addresses_have_the_rate_of_all(answering: Answering, address: str) -> None:
    """A token is not guessed faster than questions are asked."""
    site = create_site(answering, admin_token="a-token-for-the-tests", limits=Limits(client_rate=1))
    with TestClient(site) as client:
        statuses = {client.get(address).status_code for _ in range(20)}
    assert 429 in statuses


def test_the_list_of_answers_is_also_at_a_slash(answering: Answering) -> None:
    """The same page, not that of an answer that does not exist."""
    with TestClient(create_site(answering)) as client:
        reply = client.get("/reponses/")
        assert reply.status_code == 200
        assert reply.text == client.get("/reponses").text


def test_an_idle_connection_is_kept_as_long_as_is_said(answering: Answering) -> None:
    """And closed then, so that a proxy that keeps it for less never meets a closed one."""
    with served(create_site(answering), timeout_keep_alive=1) as port, connected(port) as client:
        client.sendall(LIVE)
        assert client.recv(65_536).startswith(b"HTTP/1.1 200")
        time.sleep(0.5)
        client.sendall(LIVE)
        assert client.recv(65_536).startswith(b"HTTP/1.1 200")
        started = time.monotonic()
        assert client.recv(65_536) == b""
        assert 0.5 < time.monotonic() - started < 5
