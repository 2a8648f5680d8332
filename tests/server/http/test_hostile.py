"""What nobody sends by mistake: each is refused in words, and leaves no trace of what was asked."""

import contextlib
import logging
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi.testclient import TestClient

from server.answering.answering import Answering
from server.app import create_site
from server.http.load_shedding import Limits
from server.http.request_log import JsonFormatter

SECRET = "mot-tres-secret"
JSON = {"content-type": "application/json"}
ASKED = f'{{"query": "{SECRET}"}}'.encode()

BODIES = {
    "deep lists": b'{"query": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"query": "x", "filters": ' + b'{"a": ' * 50_000 + b"1" + b"}" * 50_000 + b"}",
    "unclosed lists": b"[" * 500_000,
    "huge integer": b'{"query": "x", "limit": 1' + b"0" * 5_000 + b"}",
    "huge exponent": b'{"query": "x", "limit": 1e999999999}',
    "not a number": b'{"query": "x", "limit": NaN}',
    "infinity": b'{"query": "x", "limit": -Infinity}',
    "negative": b'{"query": "x", "limit": -1}',
    "overlong UTF-8": b'{"query": "' + SECRET.encode() + b'\xc0\xaf"}',
    "surrogate in UTF-8": b'{"query": "' + SECRET.encode() + b'\xed\xa0\x80"}',
    "Latin-1": b'{"query": "' + SECRET.encode() + b'\xe9"}',
    "bare NUL": b'{"query": "' + SECRET.encode() + b'\x00"}',
    "escaped NUL": b'{"query": "' + SECRET.encode() + b'\\u0000"}',
    "half a pair": b'{"query": "' + SECRET.encode() + b'\\udc00"}',
    "half a pair as a key": b'{"query": "' + SECRET.encode() + b'", "\\ud800": 1}',
    "text after the end": ASKED + b"}",
    "two objects": ASKED * 2,
    "comment": b"/* */" + ASKED,
    "single quotes": ASKED.replace(b'"', b"'"),
    "long question": b'{"query": "' + b"mot-tres-secret " * 6_250 + b'"}',
    "long key": b'{"' + b"k" * 900_000 + b'": 1}',
    "many keys": b'{"query": "x", ' + b", ".join(b'"k%d": 1' % number for number in range(20_000)) + b"}",
    "prototype": b'{"query": "x", "__proto__": {"limit": 3}}',
    "a form": b"query=" + SECRET.encode(),
    "XML": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "gzip": b"\x1f\x8b\x08\x00" + SECRET.encode(),
}

ADDRESSES = (
    "/v1/answers/../../../../etc/passwd",
    "/v1/answers/..%2f..%2f..%2fetc%2fpasswd",
    "/v1/answers/%252e%252e%252fetc%252fpasswd",
    "/v1/answers/..%5c..%5cetc%5cpasswd",
    "/v1/answers/%00",
    "/v1/answers/%ff%fe",
    "/v1/answers/a%0d%0aSet-Cookie:%20a=b",
    "/v1/answers/" + "a" * 10_000,
    "/v1/answers//etc/passwd",
    "/page/..%2f..%2fapp.py",
    "/page/%2e%2e/%2e%2e/app.py",
    "/page/....//....//app.py",
    "/page/..%5c..%5capp.py",
    "/page//etc/passwd",
    "/page/%2fetc%2fpasswd",
    "/page/a%00.css",
    "/page/" + "a" * 5_000,
    "/v1/search?q=x%0d%0aSet-Cookie:%20a=b&limit=%0d%0a",
    "/v1/search?q=x&%0d%0aSet-Cookie:%20a=b",
    "/v1/search?q=x&limit=99999999999999999999999999",
    "/v1/search?q=x&limit=%D9%A1%D9%A1%D9%A1",
    "/v1/search?q=%ed%a0%80",
    "/v1/search?q=%c0%af",
    "/v1/search?" + "&".join(f"k{number}=v" for number in range(1_000)),
    "/v1/suggest?limit=1",
    "//v1/search?q=x",
    "/v1/searc?q=" + SECRET + "/../x%00",
    "/.git/config",
    "/%2e%2e/%2e%2e/etc/passwd",
)


@pytest.fixture(scope="module")
def site(answering: Answering) -> Iterator[TestClient]:
    """Speaks HTTP with all that is served."""
    with TestClient(create_site(answering), raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fails a test after which a log line, as the server writes it, holds the secret or a traceback."""
    caplog.set_level(logging.DEBUG)
    yield
    written = [
        JsonFormatter().format(record) for record in caplog.get_records("call") if not record.name.startswith("httpx")
    ]
    assert not [line for line in written if SECRET in line or '"error"' in line or '"level": "ERROR"' in line]


@pytest.mark.parametrize("address", ["/v1/search", "/v1/search/batch", "/v1/feedback"])
@pytest.mark.parametrize("name", BODIES)
@pytest.mark.usefixtures("lines")
def test_a_hostile_body_is_refused(site: TestClient, name: str, address: str) -> None:
    """A 4xx problem document, of a size that does not grow with what was sent."""
    reply = site.post(address, content=BODIES[name], headers=JSON)
    assert 400 <= reply.status_code < 500
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["status"] == reply.status_code
    assert "Traceback" not in reply.text


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/jsonx", "é", "", "a" * 5_000],
)
@pytest.mark.usefixtures("lines")
def test_only_json_is_read_as_json(site: TestClient, media_type: str) -> None:
    """A good body under a wrong name is a 4xx."""
    reply = site.post("/v1/search", content=ASKED, headers={b"content-type": media_type.encode()})
    assert 400 <= reply.status_code < 500
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"\xef\xbb\xbf" + ASKED, None), (ASKED.decode().encode("utf-16-le"), 200), (b'{"query": "", "query": "x"}', 200)],
)
@pytest.mark.usefixtures("lines")
def test_what_parsers_disagree_about_has_one_reading(site: TestClient, body: bytes, status: int | None) -> None:
    """A byte order mark is refused or ignored, UTF-16 is read as such, and of two equal keys the last counts."""
    reply = site.post("/v1/search", content=body, headers=JSON)
    assert reply.status_code < 500
    assert status is None or reply.status_code == status


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address[:50])
@pytest.mark.usefixtures("lines")
def test_a_hostile_address_finds_nothing(site: TestClient, address: str) -> None:
    """A 4xx problem document that sets no header and shows no file of the server."""
    reply = site.get(address)
    assert 400 <= reply.status_code < 500
    assert reply.headers["content-type"] == "application/problem+json"
    assert "set-cookie" not in reply.headers
    assert "root:" not in reply.text
    assert "import" not in reply.text


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "PUT", "PATCH", "X" * 500])
@pytest.mark.parametrize("address", ["/v1/search", "/v1/answers/x", "/", "/page/page.css", "/livez"])
@pytest.mark.usefixtures("lines")
def test_a_method_that_is_none_is_refused(site: TestClient, method: str, address: str) -> None:
    """A 405 problem document."""
    reply = site.request(method, address)
    assert reply.status_code == 405
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.fixture(scope="module", params=["h11", "httptools"])
def port(answering: Answering, request: pytest.FixtureRequest) -> Iterator[int]:
    """Where a server runs as the command runs it, with either parser, that waits half a second for a body."""
    pytest.importorskip(
        request.param, reason="the parser is not installed: uvicorn brings the one, Souffleur the other"
    )
    app = create_site(answering, limits=Limits(body_seconds=0.5))
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http=request.param,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            h11_max_incomplete_event_size=16_384,
        )
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()


def say(port: int, sent: bytes, *, end: bool = False) -> bytes:
    """Return all that the server says to these bytes before it closes the connection; *end*: nothing more follows."""
    for _ in range(10):
        # Where a server closes before it has read everything, the system may reset the connection and with it throw
        # away what was said: nothing that the server could help.
        with contextlib.suppress(ConnectionError):
            return _say_once(port, sent, end=end)
    raise AssertionError("the connection was reset ten times")


def _say_once(port: int, sent: bytes, *, end: bool) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent)
        if end:
            connection.shutdown(socket.SHUT_WR)
        heard = b""
        while part := connection.recv(65_536):
            heard += part
        return heard


HEAD = b"POST /v1/search HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n"

RAW = {
    "chunks without an end": HEAD + b'transfer-encoding: chunked\r\n\r\n5\r\n{"que\r\n',
    "chunk of no size": HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n" + ASKED,
    "negative chunk": HEAD + b"transfer-encoding: chunked\r\n\r\n-5\r\n" + ASKED + b"\r\n0\r\n\r\n",
    "less than it said": HEAD + b"content-length: 1000\r\n\r\n" + ASKED,
    "more than it said": HEAD + b"content-length: 5\r\n\r\n" + ASKED,
    "negative length": HEAD + b"content-length: -1\r\n\r\n" + ASKED,
    "length in words": HEAD + b"content-length: many\r\n\r\n" + ASKED,
    "huge length": HEAD + b"content-length: 99999999999999999999999\r\n\r\n" + ASKED,
    "two lengths": HEAD + b"content-length: 5\r\ncontent-length: 27\r\n\r\n" + ASKED,
    "length and chunks": HEAD + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "unknown coding": HEAD + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "no body": HEAD + b"\r\n",
    "a header of 100 kB": HEAD + b"x-a: " + b"a" * 100_000 + b"\r\n\r\n",
    "10,000 headers": HEAD + b"x-a: a\r\n" * 10_000 + b"\r\n",
    "header without a colon": HEAD + b"nonsense\r\n\r\n",
    "NUL in a header": HEAD + b"x-a: a\x00b\r\n\r\n",
    "folded header": HEAD + b"x-a: a\r\n b\r\ncontent-length: 0\r\n\r\n",
    "bytes": bytes(range(256)) + b"\r\n\r\n",
    "bytes in the address": b"GET /v1/search?q=mot-tres-secret\xff\x01 HTTP/1.1\r\nhost: x\r\n\r\n",
    "spaces in the address": b"GET /v1/search?q=mot-tres-secret x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    "address of 100 kB": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    "no host": b"GET /v1/nothing HTTP/1.1\r\nconnection: close\r\n\r\n",
    "files by a raw address": b"GET /page/../../app.py HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    "a method in small letters": b"get /v1/facets HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
}


@pytest.mark.parametrize("name", RAW)
@pytest.mark.usefixtures("lines")
def test_hostile_bytes_are_refused(port: int, name: str) -> None:
    """A 4xx and the end of the connection; where the bytes were HTTP, as a problem document."""
    heard = say(port, RAW[name])
    status = heard.split(b" ", 2)[1]
    assert status.startswith(b"4"), heard
    assert b"Traceback" not in heard
    assert b"application/problem+json" in heard or b"Invalid HTTP request received." in heard


@pytest.mark.usefixtures("lines")
def test_who_hangs_up_costs_nothing(port: int) -> None:
    """After a body that was given up, the server answers the next."""
    say(port, HEAD + b"content-length: 1000\r\n\r\n" + ASKED, end=True)
    heard = say(port, HEAD + b"content-length: 22\r\n\r\n" + b'{"query": "certificat"}'[:22].ljust(22))
    assert heard.startswith(b"HTTP/1.1 ")
    assert b"HTTP/1.1 200" in say(port, b"GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")


@pytest.mark.usefixtures("lines")
def test_nothing_is_smuggled_behind_a_request(port: int) -> None:
    """With a length and chunks at once, what follows is never read as a second request."""
    inner = b"0\r\n\r\nGET /v1/answers/validite-certificat HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    head = b"POST /v1/search HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\ntransfer-encoding: chunked\r\n\r\n"
    assert b"60 jours" not in say(port, head % len(inner) + inner, end=True)
