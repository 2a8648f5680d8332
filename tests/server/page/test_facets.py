"""The guided search and the list of answers agree, whatever an answer without a value applies to."""

import html
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from indexer.index.build import build_index
from indexer.records import Answer, Facet
from server.answering.answering import Answering
from server.app import create_site
from tests.corpora import MemoryCorpus
from tests.fakes import FakeEncoder

VALUES = {"couloir": ("Hôpital", "Officine"), "produit": ("DMP", "INS"), "thematique": ("Certificats", "Sécurité")}
ANSWERS = [
    Answer(
        "un", "Un certificat.", questions=("Un ?",), facets={"couloir": ("Hôpital",), "thematique": ("Certificats",)}
    ),
    Answer("deux", "Deux DMP.", questions=("Deux ?",), facets={"produit": ("DMP",), "thematique": ("Sécurité",)}),
    Answer("trois", "Trois INS.", questions=("Trois ?",), facets={"couloir": ("Officine",), "produit": ("INS",)}),
    Answer("quatre", "Quatre.", questions=("Quatre ?",), facets={"couloir": ("Hôpital", "Officine")}),
    Answer("cinq", "Cinq.", questions=("Cinq ?",)),
]


@pytest.fixture(params=["thematique open", "thematique closed"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestClient]:
    """Five answers; produit applies to none without a value, couloir to all, thematique to either."""
    closed = {"produit"} | ({"thematique"} if request.param == "thematique closed" else set())
    facets = [Facet(key, f"Votre question concerne {key} ?", some, key not in closed) for key, some in VALUES.items()]
    build_index(MemoryCorpus(ANSWERS, facets=facets), tmp_path / "index", encoder=FakeEncoder())
    with TestClient(create_site(Answering.open(tmp_path / "index", encoder=FakeEncoder()))) as client:
        yield client


def counts_on(page: str) -> dict[tuple[str, str], int]:
    """Return key and value of each that a page offers, with its count."""
    found = re.findall(r'name="(\w+)" value="([^"]+)" id=[^>]+><span>[^<]+</span> <span class="count">(\d+)<', page)
    return {(key, html.unescape(value)): int(count) for key, value, count in found}


def listed_by(page: str) -> set[str]:
    """Return the ids of the answers that a page lists."""
    return set(re.findall(r'<li><a href="/reponses/([^"]+)"', page))


def test_counts_are_what_the_list_has(site: TestClient) -> None:
    """Beside each value, on the page and with each other choice, stands how many answers its list has."""
    for chosen in ("", "couloir=Officine", "produit=DMP", "couloir=H%C3%B4pital&produit=INS"):
        offered = counts_on(site.get(f"/?{chosen}").text)
        assert offered
        for (key, value), count in offered.items():
            kept = [pair for pair in chosen.split("&") if pair and not pair.startswith(f"{key}=")]
            page = site.get("/reponses?" + "&".join([*kept, f"{key}={quote(value)}"])).text
            assert len(listed_by(page)) == count, (chosen, key, value)


def test_the_themes_of_the_list_have_the_same_counts(site: TestClient) -> None:
    """Where answers without a theme count for each, the list says that they come too."""
    page = site.get("/reponses").text
    nav = re.findall(r'<a href="#theme-\d">([^<]+)</a> <span class="count">(\d+)</span>', page)
    shown = {key: count for (facet, key), count in counts_on(site.get("/").text).items() if facet == "thematique"}
    assert {name: int(count) for name, count in nav if name in shown} == shown
    assert listed_by(page) == {answer.id for answer in ANSWERS}
    assert ("pour tous les thèmes" in page) is (shown["Certificats"] == 4)


def test_values_of_a_closed_facet_leave_only_those_that_have_it(site: TestClient) -> None:
    """The API filters alike."""
    assert listed_by(site.get("/reponses?produit=DMP").text) == {"deux"}
    assert listed_by(site.get("/reponses?couloir=Officine").text) == {"deux", "trois", "quatre", "cinq"}
    hits = site.get("/v1/search", params={"q": "Un ?", "produit": "DMP"}).json()["hits"]
    assert [hit["id"] for hit in hits] == ["deux"]


def test_decomposed_accents_choose_the_same_value(site: TestClient) -> None:
    """An address or a form that some system has decomposed opens with the value chosen."""
    value = quote(unicodedata.normalize("NFD", "Hôpital"))
    assert listed_by(site.get(f"/reponses?couloir={value}").text) == {"un", "deux", "quatre", "cinq"}
    page = site.get(f"/?couloir={value}").text
    assert re.findall(r'value="([^"]+)" id="[^"]+" checked', page) == ["Hôpital"]
    asked = site.post(
        "/", content=f"q=Un+%3F&couloir={value}", headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert asked.url.query == b"couloir=H%C3%B4pital"
