"""Other FAQs under their own names: nothing of the one that is shipped remains on any page or in any file."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from indexer.corpus.check import check_corpus
from indexer.corpus.corpus import open_corpus
from indexer.index.build import build_index
from server.answering.answering import Answering
from server.app import create_site
from server.feedback.store import FeedbackStore
from server.page.identity import Identity
from server.settings import SiteSettings
from tests.fakes import FakeEncoder

ROOT = Path(__file__).parents[3]
TOWN = ROOT / "tests" / "data" / "mairie.csv"
SETS = ROOT.parent / "shared" / "data"
OURS = re.compile(
    r"\bANS\b|Agence du Numérique|esante|e-santé|Ségur|MSSanté|\bDMP\b|\bINSi?\b|FAQ des industriels|IGC-Santé"
    r"|couloir|Souffleur(?!-)"
)
"""Words of the shipped FAQ, and the name of the program, which visitors read only where no other is given."""
HTML = {"accept": "text/html"}


@pytest.fixture(params=["mairie", "cnil-faq", "faq-developpement"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[TestClient, Answering]]:
    """Each of them with settings of its own, and all that can be switched on."""
    path = TOWN if request.param == "mairie" else SETS / request.param
    if not path.exists():
        pytest.skip(f"{path} is not there")
    build_index(open_corpus(path), tmp_path / "index", encoder=FakeEncoder())
    answering = Answering.open(tmp_path / "index", encoder=FakeEncoder())
    settings = SiteSettings(
        name=f"Questions de {request.param}",
        sentence="Tout ce qui se demande ici.",
        publisher="l’éditeur",
        contact="accueil@editeur.example",
        accent="#8a1c4a",
        origins=("https://www.editeur.example",),
    )
    with FeedbackStore.open(tmp_path / "f.sqlite", keep_questions="redacted", retention_days=30) as store:
        app = create_site(answering, feedback=store, identity=Identity.of(settings))
        with TestClient(app) as client:
            yield client, answering


def test_nothing_of_the_shipped_faq_remains(served: tuple[TestClient, Answering]) -> None:
    """Home, answers, doubt, refusal, list, notice, thanks, errors, the box, the description of the API and its page."""
    client, answering = served
    answers = list(answering.index.answers)[:12]
    pages = {
        address: client.get(address, headers=HTML)
        for address in (
            "/",
            "/reponses",
            "/donnees-personnelles",
            "/absent",
            "/reponses/absent",
            "/avis",
            *(f"/reponses/{quote(answer.id)}" for answer in answers),
        )
    }
    asked = [(answer.questions or (answer.text[:80],))[0] for answer in answers] + ["zzz qqq", "a\x00", "le"]
    for address in ("/", "/fragment", "/element"):
        for question in asked:
            pages[f"{address} {question}"] = client.post(address, data={"q": question}, headers=HTML)
    pages["405"] = client.delete("/reponses", headers=HTML)
    pages["413"] = client.post("/", content=b"q=" + b"a" * 100_000, headers=HTML)
    ids = {"query_id": "0" * 32, "answer_id": answers[0].id, "useful": "non"}
    pages["thanks"] = client.post("/avis", data=ids, headers=HTML)
    assert pages["thanks"].status_code == 200
    name = client.get("/").text.split('<form id="ask"')[1].split('data-site="')[1].split('"')[0]
    for address, page in pages.items():
        # What the answers themselves say is theirs.
        words = page.text
        for answer in answering.index.answers if OURS.search(words) else ():
            for said in (answer.id, *re.findall(r"\w+", answer.text), *re.findall(r"\w+", " ".join(answer.questions))):
                if OURS.search(said):
                    words = words.replace(said, "")
        assert not OURS.search(words), (address, OURS.search(words))
        if address.split()[0] not in ("/fragment", "/element"):
            assert name in words, address
    files = re.findall(r'(?:href|src)="(/(?:page/[^"]+|theme\.css))"', pages["/"].text)
    for file in {*files, "/souffleur.js", "/page/answer.js", "/page/list.js", "/page/permalink.js"}:
        reply = client.get(file)
        assert reply.status_code == 200
        assert not re.search(r"\bANS\b|Ségur|MSSanté|e-?sant", reply.text), file
    # The API's description names the program, as what it is, and examples are in its words.
    for address in ("/openapi.json", "/docs", "/docs/start.js"):
        assert not re.search(r"\bANS\b|Ségur|MSSanté|e-?santé|couloir|Hôpital|certificat", client.get(address).text), (
            address
        )


def test_the_spreadsheet_of_a_town_is_served_as_it_is(tmp_path: Path) -> None:
    """Its twelve rows have no problem; keywords, days and former names come with them."""
    assert check_corpus(TOWN) == []
    answers = {answer.id: answer for answer in open_corpus(TOWN).answers()}
    assert len(answers) == 12
    build_index(open_corpus(TOWN), tmp_path / "index", encoder=FakeEncoder())
    with TestClient(create_site(Answering.open(tmp_path / "index", encoder=FakeEncoder()))) as client:
        assert "Modifiée le" in client.get("/reponses/cni").text
        assert client.get("/reponses/poubelles").url.path == "/reponses/bacs-jaunes"
        assert client.get("/v1/search", params={"q": "cni papiers"}).json()["hits"][0]["id"] == "carte-identite"
        assert "papiers" not in client.get("/reponses/carte-identite").text
