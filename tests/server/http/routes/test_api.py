"""The HTTP routes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from indexer.index.build import build_index
from indexer.records import Answer, Reply
from server.answering.answering import Answering, Filters
from server.app import create_api
from server.feedback.store import FeedbackStore
from tests.corpora import ANSWERS, MemoryCorpus
from tests.fakes import FakeEncoder
from tests.stores import Stored


@pytest.fixture(scope="module")
def answering(small_index: Path, stored: Stored) -> Answering:
    """Answers from the small index, wherever it is kept."""
    return Answering.open(stored(small_index), encoder=FakeEncoder())


@pytest.fixture(scope="module")
def client(answering: Answering) -> Iterator[TestClient]:
    """Speaks HTTP with it."""
    with TestClient(create_api(answering), raise_server_exceptions=False) as client:
        yield client


def test_the_right_answer_comes_first(client: TestClient) -> None:
    """GET and POST give the same hits, with all the fields of the contract."""
    question = "combien de temps un certificat est-il valable"
    by_get = client.get("/v1/search", params={"q": question, "limit": 2}).json()
    by_post = client.post("/v1/search", json={"query": question, "limit": 2}).json()
    assert by_get["hits"] == by_post["hits"]
    assert set(by_get) == {
        "query_id",
        "status",
        "confidence",
        "hits",
        "facets",
        "index",
        "took_ms",
        "missing",
        "advice",
        "asked",
        "also_asked",
        "read",
    }
    first = by_get["hits"][0]
    assert first["id"] == "validite-certificat"
    assert first["rank"] == 1
    assert first["answer"] == ANSWERS[0].text
    assert first["answer"][first["passage"]["start"] : first["passage"]["end"]] == first["passage"]["text"]
    assert first["matched_question"] == "Combien de temps un certificat est-il valable ?"
    assert first["source"] == "FAQ"
    assert first["facets"] == {"thematique": ["Certificats"]}
    assert set(first["scores"]) == {"dense", "lexical"}
    assert first["features"] is None
    assert by_get["confidence"] == first["confidence"]
    assert len(by_get["hits"]) == 2
    assert by_get["index"]["answers"] == len(ANSWERS)


def test_explain_shows_what_the_ranking_saw(client: TestClient) -> None:
    """explain=true adds the features of each hit."""
    hit = client.get("/v1/search", params={"q": "erreur 905", "explain": "true"}).json()["hits"][0]
    assert hit["id"] == "code-erreur-905"
    assert hit["features"]["ranking.codes"] == 1.0


def test_explain_shows_how_the_question_was_read(tmp_path: Path) -> None:
    """Whatever the spelling, a number with its unit and an acronym have one form; without explain nothing is said."""
    corpus = MemoryCorpus([Answer("delai", "Le numéro FINESS est donné en 36 mois, avant le 1er mars 2025.")])
    build_index(corpus, tmp_path, encoder=FakeEncoder())
    with TestClient(create_api(Answering.open(tmp_path, encoder=FakeEncoder()))) as client:

        def read(question: str) -> dict[str, list[str]]:
            reply = client.get("/v1/search", params={"q": question, "explain": "true"}).json()
            return {word["asked"]: word["terms"] for word in reply["read"] if word["known"]}

        assert read("délai de 3 ans")["3"] == read("délai de 36 mois")["36"] == ["#36 mois"]
        assert read("un F.I.N.E.S.S.")["FINESS"] == read("un FINESS")["FINESS"]
        assert read("xyzzy") == {}
        assert client.get("/v1/search", params={"q": "36 mois"}).json()["read"] is None


def test_filters_are_facets_in_the_address_or_the_body(client: TestClient) -> None:
    """Only answers that apply to the values come back; one without a value for the facet applies to all."""
    found = client.get("/v1/search", params={"q": "certificat", "couloir": "Officine"}).json()
    assert {hit["id"] for hit in found["hits"]} == {"validite-certificat", "types-de-bal", "sans-question"}
    body = {"query": "certificat", "filters": {"couloir": ["Officine"]}}
    assert client.post("/v1/search", json=body).json()["hits"] == found["hits"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"query": ""}, "vide"),
        ({"query": " \u00a0\t\n"}, "vide"),
        ({"query": "a" * 50_000}, "2000 au plus"),
        ({"query": "a\x00b"}, "U+0000"),
        ({"query": "un\x07 deux"}, "caractère 3"),
        ({"query": "\ud800"}, "U+D800"),
        ({"query": 3}, "query"),
        ({"query": None}, "query"),
        ({}, "query"),
        ({"query": "x", "limit": 0}, "limit"),
        ({"query": "x", "limit": 51}, "limit"),
        ({"query": "x", "limit": "5"}, "limit"),
        ({"query": "x", "surprise": 1}, "surprise"),
        ({"query": "x", "filters": {"coulor": ["y"]}}, "pas de facette 'coulor'"),
        ({"query": "x", "filters": {"couloir": ["Hopital"]}}, "Hôpital"),
        ({"query": "x", "filters": {"couloir": "Hôpital"}}, "filters"),
        ({"query": "x", "filters": {"\ud800": ["y"]}}, "facet"),
        ([], "requête"),
        ("x", "requête"),
    ],
)
def test_bad_request_is_told_what_is_wrong(client: TestClient, body: object, words: str) -> None:
    """A request that cannot be answered gets a 422 in words, never a 500."""
    reply = client.post("/v1/search", content=json.dumps(body), headers={"content-type": "application/json"})
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["status"] == 422
    assert words in reply.json()["detail"]


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/v1/search", 422, "q"),
        ("/v1/search?q=", 422, "vide"),
        ("/v1/search?q=%ff", 422, "UTF-8"),
        ("/v1/search?q=a%00b", 422, "U+0000"),
        ("/v1/search?q=x&limit=many", 422, "limit"),
        ("/v1/search?q=x&coulor=y", 422, "coulor"),
        ("/v1/answers/absent", 404, "absent"),
        ("/v1/answers/%2e%2e%2f", 404, ""),
        ("/v1/nothing", 404, ""),
    ],
)
def test_bad_address_is_a_problem_document(client: TestClient, address: str, status: int, words: str) -> None:
    """What there is not is told as a problem document too."""
    reply = client.get(address)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert words in reply.json()["detail"]


@pytest.mark.parametrize(
    ("content", "media_type", "words"),
    [
        (b'{"query": x}', "application/json", "pas du JSON : une valeur est attendue, au caractère 10"),
        (b"\xff", "application/json", "pas du texte en UTF-8"),
        (b"query=x", "text/plain", "Content-Type: application/json"),
        (b"", "application/json", "obligatoire"),
    ],
)
def test_body_that_is_no_json_is_refused(client: TestClient, content: bytes, media_type: str, words: str) -> None:
    """A body that does not parse is a 4xx that says what to send."""
    reply = client.post("/v1/search", content=content, headers={"content-type": media_type})
    assert 400 <= reply.status_code < 500
    assert reply.headers["content-type"] == "application/problem+json"
    assert words in reply.json()["detail"]


@pytest.mark.parametrize(
    "address", ["/v1/search?q=certificat", "/v1/search?q=", "/v1/facets", "/readyz", "/v1/nothing"]
)
def test_head_is_get_without_a_body(client: TestClient, address: str) -> None:
    """The same status and headers; only what is made anew for each request may differ."""
    got, head = client.get(address), client.head(address)
    assert head.status_code == got.status_code
    assert head.headers["content-type"] == got.headers["content-type"]


def test_wrong_method_is_a_problem_document(client: TestClient) -> None:
    """DELETE is not understood, and says so."""
    reply = client.delete("/v1/search")
    assert reply.status_code == 405
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["allow"]


def test_replacement_character_is_text(client: TestClient) -> None:
    """Typed as such it is no byte that was lost."""
    assert client.get("/v1/search?q=%EF%BF%BD+certificat").status_code == 200


def test_answer_by_id(client: TestClient) -> None:
    """An answer comes back with its questions and facets."""
    reply = client.get("/v1/answers/code-erreur-905").json()
    assert reply["answer"] == ANSWERS[1].text
    assert reply["questions"] == ["Quel code d'erreur renvoyer ?"]
    assert reply["facets"] == {"couloir": ["Hôpital"], "thematique": ["Interopérabilité"]}


def test_health(client: TestClient, answering: Answering) -> None:
    """The process says that it lives, and which index it serves."""
    assert client.get("/livez").json() == {"status": "ok"}
    assert client.get("/readyz").json()["index"] == answering.index_info.id
    assert client.get("/openapi.json").json()["info"]["title"] == "Souffleur"


class FailingAnswering(Answering):
    def answer(self, question: str, *, limit: int = 5, filters: Filters | None = None) -> Reply:
        raise ZeroDivisionError(f"{question} {limit} {filters}")


def test_unforeseen_error_tells_nothing_of_the_inside(small_index: Path) -> None:
    """A mistake of the program is a 500 problem that shows nothing of it."""
    app = create_api(FailingAnswering.open(small_index, encoder=FakeEncoder()))
    with TestClient(app, raise_server_exceptions=False) as client:
        reply = client.get("/v1/search", params={"q": "secret"})
    assert reply.status_code == 500
    assert reply.headers["content-type"] == "application/problem+json"
    assert "secret" not in reply.text
    assert reply.headers["x-request-id"]
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_a_parameter_given_twice_is_refused(client: TestClient) -> None:
    """One of them would be passed over in silence; a facet may have several values."""
    for query in ("q=erreur&q=905", "q=erreur&limit=1&limit=2"):
        reply = client.get(f"/v1/search?{query}")
        assert reply.status_code == 422
        assert "plusieurs fois" in reply.json()["detail"]
    assert client.get("/v1/search?q=erreur&couloir=Officine&couloir=H%C3%B4pital").status_code == 200


def test_batch_tells_which_question_is_wrong(client: TestClient) -> None:
    """By its number, from 1."""
    reply = client.post("/v1/search/batch", json={"queries": ["erreur 905", "a\u0001b"]})
    assert reply.status_code == 422
    assert reply.json()["detail"].startswith("Question 2 : Le caractère 2")


def test_facets_count_the_first_hit_of_an_unsure_reply(client: TestClient) -> None:
    """It is shown whatever its confidence, and so it is counted."""
    reply = client.post("/v1/search", json={"query": "quelle est la capitale du Pérou"}).json()
    assert reply["status"] == "no_answer"
    first, *others = reply["hits"]
    assert first["shown"]
    assert not any(hit["shown"] for hit in others)
    assert reply["facets"]["couloir"]
    for key, values in first["facets"].items():
        assert all(reply["facets"][key][value] >= 1 for value in values)


def test_batch_equals_one_by_one(client: TestClient) -> None:
    """Questions asked together get the replies they get alone, in order."""
    questions = ["erreur 905", "types de boîte aux lettres", "erreur 905"]
    for options in ({"limit": 2}, {"limit": 2, "explain": True}):
        together = client.post("/v1/search/batch", json={"queries": questions, **options}).json()["replies"]
        alone = [client.post("/v1/search", json={"query": question, **options}).json() for question in questions]
        assert [reply["hits"] for reply in together] == [reply["hits"] for reply in alone]
    assert client.post("/v1/search/batch", json={"queries": []}).status_code == 422
    assert client.post("/v1/search/batch", json={"queries": ["x"] * 65}).status_code == 422
    assert client.post("/v1/search/batch", json={"queries": ["x", ""]}).status_code == 422


def test_guided_search_counts_answers(client: TestClient) -> None:
    """Every facet with its wording and values; an answer without a value counts for all of them."""
    facets = client.get("/v1/facets").json()["facets"]
    assert facets[0] == {
        "key": "couloir",
        "question": "Votre question concerne quel couloir Ségur ?",
        "values": [{"value": "Hôpital", "answers": 3}, {"value": "Officine", "answers": 3}],
    }


def test_suggestions_are_curated_questions(client: TestClient) -> None:
    """What is typed finds questions by their words, whatever accents and case."""
    found = client.get("/v1/suggest", params={"q": "QUELS types de boite"}).json()["suggestions"]
    assert found == [{"question": "Quels types de boîte aux lettres y a-t-il ?", "answer_id": "types-de-bal"}]


def test_feedback_is_kept_with_the_question(answering: Answering, tmp_path: Path) -> None:
    """A judgement is stored once per reply and answer, and the question without personal data."""
    with FeedbackStore.open(tmp_path / "kept.sqlite", keep_questions="redacted", retention_days=30) as store:
        with TestClient(create_api(answering, feedback=store)) as client:
            found = client.post("/v1/search", json={"query": "erreur 905 pour jean.dupont@exemple.fr"}).json()
            judgement = {"query_id": found["query_id"], "answer_id": found["hits"][0]["id"], "useful": False}
            for comment in ("", "trop court"):
                reply = client.post("/v1/feedback", json=judgement | {"comment": comment})
                assert reply.status_code == 201
                assert reply.json() == {"stored": True}
            assert client.post("/v1/feedback", json=judgement | {"answer_id": "absent"}).status_code == 404
        kept = [json.loads(line) for line in store.export_jsonl()]
    assert len(kept) == 1
    assert kept[0]["comment"] == "trop court"
    assert "dupont" not in kept[0]["question"]


def test_without_a_store_feedback_is_refused(client: TestClient) -> None:
    """A server that keeps nothing says so, rather than losing a judgement."""
    reply = client.post("/v1/feedback", json={"query_id": "0" * 32, "answer_id": "a", "useful": True})
    assert reply.status_code == 404
    assert "SOUFFLEUR_FEEDBACK" in reply.json()["detail"]
