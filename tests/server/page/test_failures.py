"""Failures, by what the client would rather read: French pages for browsers, problem documents for programs."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from server.answering.answering import Answering
from server.app import create_site
from server.http.load_shedding import Limits
from server.http.startup import LoadingApp
from server.page.failures import FailurePages, failure, prefers_html

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def site(answering: Answering) -> Iterator[TestClient]:
    """The small index, served; redirects are not followed."""
    with TestClient(create_site(answering, limits=Limits(body_bytes=2000)), follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "address", "status", "words"),
    [
        ("GET", "/rien", 404, "Cette page n’existe pas"),
        ("GET", "/avis", 405, "Cette page ne s’ouvre pas ainsi"),
        ("POST", "/", 413, "Le texte envoyé est trop long"),
        ("GET", "/v1/answers/absent", 404, "Cette page n’existe pas"),
    ],
)
def test_a_browser_reads_french(site: TestClient, method: str, address: str, status: int, words: str) -> None:
    """The same failure is a page for a browser and a problem document for a program."""
    body = b"q=" + b"a" * 3000 if method == "POST" else None
    page = site.request(method, address, headers=BROWSER, content=body)
    assert page.status_code == status
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f"<h1>{words}</h1>" in page.text
    assert page.headers["x-request-id"]
    assert page.headers["cache-control"] == "no-store"
    for accept in ("*/*", "application/json", "application/json, text/html;q=0.5"):
        reply = site.request(method, address, headers={"accept": accept}, content=body)
        assert reply.status_code == status
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.json()["status"] == status
    assert page.headers.get("allow") == reply.headers.get("allow")


def test_a_form_of_another_website_is_not_asked_to_try_again(site: TestClient) -> None:
    """It would be refused again: the page says where to ask."""
    page = site.post("/", data={"q": "certificat"}, headers={**BROWSER, "sec-fetch-site": "cross-site"})
    assert page.status_code == 403
    assert "Posez votre question depuis l’accueil" in page.text
    assert "Réessayez" not in page.text


def test_too_many_questions_say_how_long_to_wait(answering: Answering) -> None:
    """429 tells a visitor the seconds, which the header has too."""
    with TestClient(create_site(answering, limits=Limits(client_rate=1))) as client:
        replies = [client.get("/", headers=BROWSER) for _ in range(12)]
    assert replies[-1].status_code == 429
    assert replies[-1].headers["retry-after"] == "1"
    assert "Réessayez dans 1 seconde." in replies[-1].text


def test_words_of_a_wait() -> None:
    """More than one second is plural; an unknown status has words as well."""
    assert failure(503, "12", "").text.endswith("Réessayez dans 12 secondes.")
    assert failure(418, None, "").title == "La demande n’a pas abouti"


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        ("", False),
        ("*/*", False),
        ("text/html", True),
        ("text/html;q=0.9, application/json", False),
        ("application/problem+json, text/html", False),
        ("text/html;q=x", False),
        (BROWSER["accept"], True),
    ],
)
def test_who_prefers_html(accept: str, *, html: bool) -> None:
    """HTML must be named, and weigh more than JSON."""
    assert prefers_html(accept) is html


def test_a_slash_too_many_stays_on_this_host(site: TestClient) -> None:
    """It is taken off by a redirect that names no host, whatever Host says; the list of answers does without."""
    reply = site.get("/v1/search/?q=certificat", headers={"host": "evil.example"})
    assert (reply.status_code, reply.headers["location"]) == (308, "/v1/search?q=certificat")
    assert site.get("/reponses/").status_code == 200
    for address in ("http://testserver//evil.example/", "/rien/", "/v1/answers/"):
        assert site.get(address).status_code == 404


def test_a_browser_waits_in_french_while_the_index_is_loaded() -> None:
    """Before anything is there, a page that needs no other file says how long to wait."""
    client = TestClient(FailurePages(LoadingApp()))
    page = client.get("/", headers=BROWSER)
    assert (page.status_code, page.headers["retry-after"]) == (503, "2")
    assert "Réessayez dans 2 secondes." in page.text
    assert "href" not in page.text
    assert client.get("/v1/search").headers["content-type"] == "application/problem+json"
    assert client.get("/livez", headers=BROWSER).json() == {"status": "ok"}
