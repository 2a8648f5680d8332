"""gzip for pages and their files, with the headers that caches need; never for the API."""

import gzip
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from server.answering.answering import Answering
from server.app import create_site
from server.http.compression import accepts_gzip
from server.page.identity import Identity

ADDRESSES = ("/", "/reponses", "/donnees-personnelles", "/absent", "/page/style.css", "/page/main.js", "/souffleur.js")


@pytest.fixture
def site(answering: Answering) -> Iterator[TestClient]:
    """The small index, with an accent of its own and a website that may hold the box."""
    identity = Identity(accent="#8a1c4a", origins=("https://a.example",))
    with TestClient(create_site(answering, identity=identity)) as client:
        client.headers["accept"] = "text/html,*/*;q=0.8"
        yield client


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("br, *", True),
        ("gzip;q=0, *", False),
        ("identity", False),
        ("", False),
        ("gzip; q=x", False),
        ("xgzip", False),
    ],
)
def test_who_takes_gzip(header: str, *, taken: bool) -> None:
    """By name or by the star, unless its weight is nothing."""
    assert accepts_gzip(header) is taken


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_or_file_is_the_same_either_way(site: TestClient, address: str) -> None:
    """Compressed for who takes it, smaller, and unpacked the same; caches are told that replies differ."""
    plain = site.get(address, headers={"accept-encoding": "identity"})
    with site.stream("GET", address, headers={"accept-encoding": "gzip"}) as reply:
        raw = b"".join(reply.iter_raw())
    assert "content-encoding" not in plain.headers
    assert reply.headers["content-encoding"] == "gzip"
    assert int(reply.headers["content-length"]) == len(raw) < len(plain.content)
    for one in (plain, reply):
        assert "Accept-Encoding" in one.headers["vary"]
    assert gzip.decompress(raw) == plain.content
    assert plain.status_code == reply.status_code
    assert site.head(address).status_code == plain.status_code


def test_a_file_is_sent_once(site: TestClient) -> None:
    """Its tag, one for each coding, makes the next reply empty; another tag does not."""
    for coding in ("gzip", "identity"):
        first = site.get("/page/style.css", headers={"accept-encoding": coding})
        tag = first.headers["etag"]
        again = site.get("/page/style.css", headers={"accept-encoding": coding, "if-none-match": f'"x", W/{tag}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["cache-control"] == "no-cache"
        other = site.get("/page/style.css", headers={"accept-encoding": coding, "if-none-match": '"x"'})
        assert other.status_code == 200
    assert site.get("/theme.css").headers["etag"] != tag
    assert site.post("/page/style.css").status_code == 405


@pytest.mark.parametrize("address", ["/v1/search?q=certificat", "/v1/facets", "/readyz", "/openapi.json"])
def test_the_api_is_not_compressed(site: TestClient, address: str) -> None:
    """Its replies are as they were made."""
    reply = site.get(address, headers={"accept-encoding": "gzip", "accept": "application/json"})
    assert reply.status_code == 200
    assert "content-encoding" not in reply.headers
