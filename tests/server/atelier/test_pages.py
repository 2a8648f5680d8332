"""Tests of server.atelier.pages: who may do what, the filter, the states, exports, going back."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from indexer.index.build import build_index
from indexer.index.folder import IndexFolder
from indexer.records import Answer, Status
from server.answering.answering import Answering
from server.answering.index_switch import IndexSwitch
from server.app import create_site
from server.feedback.inbox import Filter, State
from server.feedback.schema import LEFT_QUESTION
from server.feedback.store import FeedbackStore
from server.page.identity import Identity
from tests.corpora import ANSWERS, MemoryCorpus
from tests.fakes import FakeEncoder

ADMIN, EDITOR = "the-operators-token", "the-editors-token"
CORPUS = MemoryCorpus(ANSWERS)
TRUSTED = "https://www.example.org"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two indexes: the first lacks an answer of the second, has one more, and another text of a third."""
    changed = replace(ANSWERS[1], text="Un autre texte.")
    gone = Answer("ancienne-reponse", "Elle fut retirée.", questions=("Et avant ?",))
    build_index(MemoryCorpus((ANSWERS[0], changed, *ANSWERS[3:], gone)), tmp_path / "index", encoder=FakeEncoder())
    build_index(CORPUS, tmp_path / "index", encoder=FakeEncoder())
    return tmp_path / "index"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FeedbackStore]:
    """An inbox with three questions, two of them the same, a remark and a question left."""
    with FeedbackStore.open(tmp_path / "f.sqlite", keep_questions="redacted", retention_days=30) as store:
        for number, question in enumerate(["Où est la clé ?", "ou est la cle", "=1+1 ?"]):
            store.record_question(
                f"q{number}", question, status=Status.NO_ANSWER, confidence=0.1, answer_id=ANSWERS[0].id, index_id="i"
            )
        store.record_feedback("q0", ANSWERS[0].id, useful=False, comment="<b>Vague</b>", index_id="i")
        store.record_feedback("q1", ANSWERS[0].id, useful=False, comment=f"{LEFT_QUESTION}Et moi ?", index_id="i")
        yield store


@pytest.fixture
def client(folder: Path, store: FeedbackStore) -> Iterator[TestClient]:
    """A browser of nobody yet."""
    answering = Answering.open(folder, encoder=FakeEncoder())
    site = create_site(
        answering,
        feedback=store,
        index_switch=IndexSwitch(folder, answering),
        admin_token=ADMIN,
        editor_token=EDITOR,
        identity=Identity(origins=(TRUSTED,)),
    )
    with TestClient(site, headers={"accept": "text/html"}) as client:
        yield client


def send(client: TestClient, address: str, **fields: str) -> str:
    """Send a form, follow where it leads, and return the page."""
    reply = client.post(address, data=fields)
    assert reply.status_code == 200, reply.text
    return reply.text


def enter(client: TestClient, token: str = EDITOR) -> str:
    """Enter the atelier, and return its first page."""
    return send(client, "/atelier/entrer", jeton=token)


def texts(page: str) -> list[str]:
    """Return what the items of a page say."""
    return re.findall(r'class="item-text">([^<]*)<', page)


def decisions(page: str) -> list[str]:
    """Return what the buttons of a page would send."""
    return [value.replace("&#10;", "\n") for value in re.findall(r'name="decision" value="([^"]*)"', page)]


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("POST", "/atelier"),
        ("POST", "/atelier/decider"),
        ("GET", "/atelier/boite.csv"),
        ("POST", "/atelier/boite.json"),
        ("GET", "/atelier/carte"),
        ("GET", "/atelier/index"),
        ("POST", "/atelier/index"),
    ],
)
def test_nothing_is_shown_to_who_has_not_entered(
    client: TestClient, store: FeedbackStore, method: str, address: str
) -> None:
    """There is the entrance, and nothing of visitors; a wrong token, or a pass made up, opens nothing."""
    for headers in ({}, {"cookie": "souffleur_atelier=admin.99999999999.00"}, {"authorization": "Bearer wrong"}):
        reply = client.request(method, address, headers=headers)
        assert reply.status_code == 403
        assert 'name="jeton"' in reply.text
        assert "Vague" not in reply.text
    assert client.get("/atelier").status_code == 200
    refused = client.post("/atelier/entrer", data={"jeton": "wrong"})
    assert (refused.status_code, "pas le bon" in refused.text) == (403, True)
    assert "set-cookie" not in refused.headers
    assert all(item.state is State.NEW for item in store.inbox().read(Filter()).items)


def test_a_pass_is_for_this_browser_and_these_pages_alone(client: TestClient) -> None:
    """The cookie holds no token, no script reads it, and no other site or page has it sent."""
    reply = client.post("/atelier/entrer", data={"jeton": EDITOR}, follow_redirects=False)
    cookie = reply.headers["set-cookie"]
    assert EDITOR not in cookie
    assert {part.strip() for part in cookie.split(";")[1:]} == {"HttpOnly", "Path=/atelier", "SameSite=strict"}
    assert "cookie, pour douze heures" in client.get("/atelier").text
    assert "frame-ancestors 'none'" in client.get("/atelier").headers["content-security-policy"]
    assert "frame-ancestors https" in client.get("/").headers["content-security-policy"]
    assert "Aucun cookie" in client.get("/").text
    assert client.post("/atelier/quitter").status_code == 200
    assert client.get("/atelier/carte").status_code == 403


@pytest.mark.parametrize("origin", [TRUSTED, "https://evil.example"])
def test_another_site_sends_no_form(client: TestClient, origin: str) -> None:
    """Not even one that may hold our box."""
    enter(client, ADMIN)
    headers = {"sec-fetch-site": "same-site", "origin": origin}
    for address in ("/atelier/decider", "/atelier/index", "/atelier/entrer"):
        assert client.post(address, headers=headers).status_code == 403


def test_the_same_question_is_one_line_with_its_count(client: TestClient) -> None:
    """Each with its kind; what visitors wrote is text, never markup."""
    page = enter(client)
    assert sorted(texts(page)) == ["&lt;b&gt;Vague&lt;/b&gt;", "=1+1 ?", "Et moi ?", "ou est la cle"]
    assert "2 fois" in page
    assert "l’équipe lira votre remarque" in page


def test_a_state_is_set_and_remembered(client: TestClient) -> None:
    """The line leaves the new ones, and is found with its state; the key of a remark has two lines."""
    page = enter(client)
    (remark,) = [value for value in decisions(page) if value.startswith("done remark")]
    # As a browser sends it.
    after = send(client, "/atelier/decider", decision=remark.replace("\n", "\r\n"), etat="nouveau")
    assert "&lt;b&gt;Vague&lt;/b&gt;" not in texts(after)
    assert "Traité (1)" in after
    assert texts(client.get("/atelier?etat=traite").text) == ["&lt;b&gt;Vague&lt;/b&gt;"]
    assert client.post("/atelier/decider", data={"decision": "done remark rien"}).status_code == 409
    for nonsense in ("", "done", "gone remark x", "done nothing x"):
        assert client.post("/atelier/decider", data={"decision": nonsense}).status_code == 422


def test_the_filter_is_in_the_address_and_words_are_not(client: TestClient) -> None:
    """A filter can be kept as a bookmark; words that may be a visitor's are sent in the form alone."""
    enter(client)
    reply = client.post("/atelier", data={"sorte": "remarque", "etat": "tous", "du": "2020-01-01", "mots": ""})
    assert reply.url.query == b"sorte=remarque&etat=tous&du=2020-01-01"
    assert texts(reply.text) == ["&lt;b&gt;Vague&lt;/b&gt;"]
    reply = client.post("/atelier", data={"mots": "clé", "etat": "nouveau"})
    assert reply.url.query == b""
    assert texts(reply.text) == ["ou est la cle"]
    assert len(texts(client.get("/atelier?mots=cle").text)) == 4
    assert texts(client.get("/atelier?au=2020-01-01").text) == []
    assert len(texts(client.get("/atelier?sorte=x&etat=y&du=hier&au=0001-01-01&page=²&tri=z").text)) == 4


def test_pages_are_numbered(client: TestClient, store: FeedbackStore) -> None:
    """Twenty-five lines each; lists go on counting."""
    for number in range(60):
        store.record_question(
            f"p{number}", f"numéro {number}", status=Status.UNCERTAIN, confidence=0.1, answer_id=None, index_id="i"
        )
    enter(client)
    page = client.get("/atelier?page=3").text
    assert len(texts(page)) == 64 - 50
    assert 'start="51"' in page
    assert re.findall(r"page=(\d)", page) == ["2"]
    with_words = send(client, "/atelier", mots="numero", page="2")
    assert len(texts(with_words)) == 25
    assert with_words.count('name="mots" value="numero"') >= 3


def test_what_the_filter_shows_is_exported(client: TestClient) -> None:
    """For a spreadsheet, where no cell is a formula, and as JSON; to a program with a token too."""
    enter(client)
    table = client.post("/atelier/boite.csv", data={"mots": "1", "etat": "tous"})
    rows = list(csv.DictReader(io.StringIO(table.text.removeprefix("\ufeff")), delimiter=";"))
    assert [(row["sorte"], row["état"], row["texte"]) for row in rows] == [("Sans réponse sûre", "Nouveau", "'=1+1 ?")]
    assert table.headers["content-disposition"] == 'attachment; filename="boite.csv"'
    client.cookies.clear()
    reply = client.get("/atelier/boite.json?sorte=laissee", headers={"authorization": f"Bearer {EDITOR}"})
    assert [(row["kind"], row["state"], row["text"]) for row in reply.json()] == [("left", "new", "Et moi ?")]
    empty = client.get("/atelier/boite.json?etat=traite", headers={"authorization": f"Bearer {EDITOR}"})
    assert empty.json() == []


@pytest.mark.parametrize("address", ["/atelier", "/atelier/boite.csv", "/atelier/boite.json"])
def test_an_inbox_that_cannot_be_read_says_so(client: TestClient, store: FeedbackStore, address: str) -> None:
    """An export too, before anything of it is sent: half a file would be taken for a whole one."""
    enter(client)
    store.path.rename(store.path.with_name("away.sqlite"))
    reply = client.get(address)
    assert reply.status_code == 503
    assert "La boîte ne peut pas être lue pour l’instant." in reply.text


def test_going_back_says_where_and_asks_once_more(client: TestClient, folder: Path) -> None:
    """To which index, from when, which answers go, come back or change; then it is done, and only to that index."""
    earlier, now = IndexFolder(folder).ids()
    enter(client, ADMIN)
    page = client.get("/atelier/index").text
    assert f"<strong>{earlier}</strong>" in page
    assert "1 réponse n’est plus donnée" in page
    assert "1 réponse retirée est donnée à nouveau" in page
    assert "Et avant" in page
    assert "1 réponse retrouve son texte" in page
    asked = send(client, "/atelier/index")
    assert "Revenir vraiment" in asked
    assert IndexFolder(folder).current_id() == now
    assert client.post("/atelier/index", data={"vers": now}).status_code == 409
    assert IndexFolder(folder).current_id() == now
    done = send(client, "/atelier/index", vers=earlier)
    assert "L’index précédent est en service" in done
    assert "pas d’index précédent" in done
    assert IndexFolder(folder).current_id() == earlier


def test_editors_read_and_change_no_index(client: TestClient, folder: Path) -> None:
    """Neither on the page nor by the API; they see the atelier by both."""
    now = IndexFolder(folder).current_id()
    page = enter(client)
    page = client.get("/atelier/index").text
    assert "Seul le jeton d’administration" in page
    assert "Revenir à l’index précédent…" not in page
    assert client.post("/atelier/index", data={"vers": IndexFolder(folder).ids()[0]}).status_code == 403
    headers = {"authorization": f"Bearer {EDITOR}", "accept": "application/json"}
    for action in ("rollback", "reload"):
        assert client.post(f"/v1/admin/{action}", headers=headers).status_code == 403
    assert client.get("/v1/admin/atelier", headers=headers).json()["keeps_questions"] is True
    assert IndexFolder(folder).current_id() == now


def test_the_map_says_what_each_number_is(client: TestClient) -> None:
    """Numbers of the list, of the drawing and of its key are the same, and what an editor dealt with has none."""
    enter(client)
    page = client.get("/atelier/carte").text
    assert re.findall(r'<li id="groupe-(\d)">', page) == ["1", "2"]
    assert re.findall(r'class="asked" href="#groupe-(\d)" aria-label="(\d)\. ', page) == [("1", "1"), ("2", "2")]
    assert page.count('<a href="#groupe-') == 2
    for decision in decisions(client.get("/atelier?sorte=sans-reponse").text):
        if decision.startswith("off_topic"):
            send(client, "/atelier/decider", decision=decision)
    assert "Aucune pour l’instant" in client.get("/atelier/carte").text


def test_without_a_token_the_atelier_is_closed(folder: Path) -> None:
    """It says so, and has no entrance."""
    with TestClient(create_site(Answering.open(folder, encoder=FakeEncoder()))) as client:
        reply = client.get("/atelier")
        assert reply.status_code == 404
        assert "aucun jeton" in reply.text
        assert client.post("/atelier/entrer", data={"jeton": ""}).status_code == 404


def test_a_server_that_keeps_nothing_says_so(folder: Path) -> None:
    """The inbox is empty and does not promise anything."""
    answering = Answering.open(folder, encoder=FakeEncoder())
    with TestClient(create_site(answering, editor_token=EDITOR)) as client:
        page = send(client, "/atelier/entrer", jeton=EDITOR)
        assert "ne garde ni les avis ni les questions" in page
        assert client.get("/atelier/boite.csv").status_code == 404
        assert client.post("/atelier/decider", data={"decision": "done left x"}).status_code == 422
