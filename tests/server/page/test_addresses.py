"""Addresses of answers: the old ones of renamed answers lead to them, one that leads nowhere helps to ask."""

from collections.abc import Iterator
from datetime import date
from ipaddress import ip_network
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from indexer.index.build import build_index
from indexer.records import Answer
from server.answering.answering import Answering
from server.app import create_site
from tests.corpora import MemoryCorpus
from tests.fakes import FakeEncoder

RENAMED = MemoryCorpus(
    [
        Answer(
            "carte-identite",
            "En mairie.",
            questions=("Où faire sa carte d'identité ?",),
            former_ids=("cni", "passeport", "c/n i", "élan"),
            changed_on=date(2026, 3, 1),
        ),
        Answer("passeport", "En mairie aussi.", questions=("Où faire son passeport ?",), former_ids=("cni",)),
        Answer('texte-"former_ids"', 'Un texte avec "former_ids": ["zzz"].', questions=("Quel texte ?",)),
    ]
)


@pytest.fixture
def answering(tmp_path: Path) -> Answering:
    """Answers, two of which had other names."""
    build_index(RENAMED, tmp_path / "index", encoder=FakeEncoder())
    return Answering.open(tmp_path / "index", encoder=FakeEncoder())


@pytest.fixture
def site(answering: Answering) -> Iterator[TestClient]:
    """They are served at the root; redirects are not followed."""
    with TestClient(create_site(answering), follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize("place", ["/reponses", "/v1/answers"])
@pytest.mark.parametrize("former", ["cni", "c%2Fn%20i", "%C3%A9lan"])
def test_an_old_address_leads_to_the_answer(site: TestClient, place: str, former: str) -> None:
    """For good, as pages and as JSON, and by a path alone; of two that claim a name the first has it."""
    reply = site.get(f"{place}/{former}", headers={"host": "evil.example"})
    assert (reply.status_code, reply.headers["location"]) == (308, f"{place}/carte-identite")
    assert site.get(reply.headers["location"]).status_code == 200


def test_a_name_in_use_is_no_old_one(site: TestClient) -> None:
    """What an answer is called now counts more than what another was called before."""
    assert "En mairie aussi" in site.get("/reponses/passeport").text
    assert site.get("/v1/answers/passeport").json()["answer"] == "En mairie aussi."
    assert site.get("/reponses/zzz").status_code == 404


@pytest.mark.parametrize(
    ("address", "headers"),
    [("/faq/reponses/cni", {}), ("/reponses/cni", {}), ("/reponses/cni", {"x-forwarded-prefix": "/aide"})],
)
def test_it_does_so_under_a_path(answering: Answering, address: str, headers: dict[str, str]) -> None:
    """Whether the path is a setting or a proxy's."""
    app = create_site(answering, base_path="/faq", trusted_proxies=(ip_network("127.0.0.1"),))
    with TestClient(app, follow_redirects=False, client=("127.0.0.1", 1)) as client:
        reply = client.get(address, headers=headers)
        prefix = headers.get("x-forwarded-prefix", "/faq")
        assert (reply.status_code, reply.headers["location"]) == (308, f"{prefix}/reponses/carte-identite")
        json = client.get(address.replace("reponses", "v1/answers"), headers=headers)
        assert json.headers["location"] == f"{prefix}/v1/answers/carte-identite"


def test_an_answer_that_is_gone_helps_to_ask(site: TestClient) -> None:
    """The page says so in French, with a field that has the words of the address, and no markup of it."""
    page = site.get("/reponses/carte-grise-perdue")
    assert page.status_code == 404
    assert "Cette réponse n’existe pas" in page.text
    assert 'action="/"' in page.text
    assert 'name="q" value="carte grise perdue"' in page.text
    attack = site.get('/reponses/"><script>alert(1)</script>').text
    assert "<script>alert" not in attack
    assert 'name="q" value=""' in attack


def test_the_day_of_change_is_said(site: TestClient) -> None:
    """Under an answer, on its page, in its structured data, and in JSON; nothing where the corpus has none."""
    shown = 'Modifiée le <time datetime="2026-03-01">1er mars 2026</time>'
    page = site.get("/reponses/carte-identite").text
    assert shown in page
    assert '"dateModified": "2026-03-01"' in page
    assert shown in site.post("/", content="q=Où faire sa carte d'identité ?".encode()).text
    assert site.get("/v1/answers/carte-identite").json()["changed_on"] == "2026-03-01"
    hits = site.get("/v1/search", params={"q": "carte d'identité"}).json()["hits"]
    assert {hit["id"]: hit["changed_on"] for hit in hits}["carte-identite"] == "2026-03-01"
    for address in ("/reponses/passeport", "/v1/answers/passeport"):
        assert "Modifiée" not in site.get(address).text
        assert "dateModified" not in site.get(address).text
    assert site.get("/v1/answers/passeport").json()["changed_on"] is None
