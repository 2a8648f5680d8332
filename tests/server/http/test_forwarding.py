"""Under a path and behind a proxy: whose headers count, and that every address keeps to the prefix."""

import re
from ipaddress import ip_network

import pytest
from fastapi.testclient import TestClient

from server.answering.answering import Answering
from server.app import create_site
from server.http.load_shedding import Limits
from server.settings import parse_base_path, parse_networks

PROXY = (ip_network("10.0.0.1"), ip_network("10.1.0.0/16"))
ADDRESSES = r'(?:src|href|action|data-address|data-link)="(/[^"]*)"'


@pytest.mark.parametrize(
    ("base_path", "headers", "sent"),
    [
        ("/faq", {}, "/faq"),
        ("/faq", {}, ""),
        ("", {"x-forwarded-prefix": "/faq/"}, ""),
    ],
)
def test_every_address_keeps_to_the_prefix(
    answering: Answering, base_path: str, headers: dict[str, str], sent: str
) -> None:
    """Pages, files, redirects and the description are under it, whether the proxy takes it off or not."""
    site = create_site(answering, base_path=base_path, trusted_proxies=PROXY)
    with TestClient(site, client=("10.0.0.1", 1), headers=headers, follow_redirects=False) as client:
        pages = [
            client.get(sent + address).text for address in ("/", "/reponses", "/reponses/types-de-bal", "/atelier")
        ]
        pages.append(client.post(f"{sent}/", content=b"q=certificat").text)
        found = {address for page in pages for address in re.findall(ADDRESSES, page)}
        assert len(found) > 10
        assert {address for address in found if not address.startswith("/faq/")} == set()
        assert client.get(f"{sent}/page/style.css").status_code == 200
        moved = client.post(f"{sent}/", content=b"q=certificat&couloir=Officine")
        assert moved.headers["location"] == "/faq/?couloir=Officine"
        assert client.get(f"{sent}/v1/suggest/?q=c").headers["location"] == "/faq/v1/suggest?q=c"
        assert client.get(f"{sent}/openapi.json").json()["servers"] == [{"url": "/faq"}]
        assert TestClient(create_site(answering)).get("/openapi.json").json()["servers"] == [{"url": "/"}]


@pytest.mark.parametrize("prefix", ["//evil.example", "/a b", "faq", "/<x>", "https://evil.example", "/..", "/a//b"])
def test_a_strange_prefix_is_none(answering: Answering, prefix: str) -> None:
    """Even of a trusted proxy: it may pass on what a visitor sent."""
    site = create_site(answering, trusted_proxies=PROXY)
    with TestClient(site, client=("10.0.0.1", 1), headers={"x-forwarded-prefix": prefix}) as client:
        assert 'href="/page/style.css"' in client.get("/").text


def test_headers_of_anybody_else_change_nothing(answering: Answering) -> None:
    """A visitor who sends them is no proxy."""
    site = create_site(answering, trusted_proxies=PROXY, limits=Limits(client_rate=1))
    with TestClient(site, client=("192.0.2.1", 1)) as client:
        assert 'href="/page/style.css"' in client.get("/", headers={"x-forwarded-prefix": "/faq"}).text
        replies = [client.get("/", headers={"x-forwarded-for": f"192.0.2.{n}"}).status_code for n in range(12)]
    assert 429 in replies


def test_limits_are_those_of_the_visitor(answering: Answering) -> None:
    """Behind a trusted proxy each visitor has a rate of their own; what a visitor puts before is not believed."""
    site = create_site(answering, trusted_proxies=PROXY, limits=Limits(client_rate=1))
    with TestClient(site, client=("10.0.0.1", 1)) as client:

        def ask(forwarded: str) -> int:
            return client.get("/", headers={"x-forwarded-for": forwarded}).status_code

        assert [ask(f"192.0.2.{n}, 10.1.2.3") for n in range(12)] == [200] * 12
        assert 429 in [ask(f"198.51.100.{n}, 192.0.2.99") for n in range(12)]


def test_settings_of_proxies() -> None:
    """A list of TOML and one with commas are the same; a path is one of plain words."""
    assert parse_networks("['10.0.0.1', '10.1.0.0/16']") == PROXY == parse_networks("10.0.0.1, 10.1.0.0/16")
    assert parse_base_path("/aide/faq/") == "/aide/faq"
    for wrong in ("faq", "//faq", "/", "/a?b", "/.."):
        with pytest.raises(ValueError, match="needed"):
            parse_base_path(wrong)
