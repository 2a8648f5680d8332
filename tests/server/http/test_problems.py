"""Each problem that the API may tell: brought about, in both languages, declared, explained and documented."""

import asyncio
import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from indexer.errors import StoreUnavailableError
from indexer.index.build import build_index
from indexer.records import Reply
from server.answering.answering import Answering, Filters
from server.answering.index_switch import IndexSwitch
from server.app import create_site
from server.feedback.schema import FeedbackError
from server.feedback.store import FeedbackStore
from server.http.load_shedding import Limits
from server.http.problem_kinds import BODY_NOT_JSON, KINDS, Kind
from server.http.startup import LoadingApp
from server.http.validation_messages import json_mistake, mistake
from tests.conftest import CORPUS
from tests.fakes import FakeEncoder

ROOT = Path(__file__).parents[3]
OPERATOR, EDITOR = "a-token-for-operators", "a-token-for-editors"
FRENCH_WORDS = re.compile(r"\b(le|la|les|une?|est|pas|de|du|des|d'un|champs|valeur)\b|l'|garde|rien", re.IGNORECASE)
JUDGEMENT = {"query_id": "0" * 32, "answer_id": "code-erreur-905", "useful": True}


class FailingAnswering(Answering):
    """Fails, or is given up, where the question says so."""

    def answer(self, question: str, *, limit: int = 5, filters: Filters | None = None) -> Reply:
        if question == "erreur":
            raise ZeroDivisionError
        if question == "injoignable":
            raise StoreUnavailableError("milvus://10.0.0.1:19530 does not answer")
        return super().answer(question, limit=limit, filters=filters)


class SlowBody:
    """Never hands a body on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def wait_for_ever() -> Message:
            await asyncio.Event().wait()
            return await receive()

        await self._app(scope, wait_for_ever, send)


class RefusingStore:
    """Keeps no judgement, for the reason that it is given; all else is as in the store behind it."""

    def __init__(self, store: FeedbackStore, error: Exception) -> None:
        self._store = store
        self._error = error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def record_feedback(self, *_: object, **__: object) -> None:
        raise self._error


@dataclasses.dataclass(frozen=True)
class Sites:
    """Servers over the small corpus, each with what a problem needs."""

    path: Path
    store: FeedbackStore

    def client(self, *, feedback: Any = None, limits: Limits | None = None) -> TestClient:
        """Return a client of a new one."""
        answering = FailingAnswering.open(self.path, encoder=FakeEncoder())
        site = create_site(
            answering,
            feedback=feedback,
            index_switch=IndexSwitch(self.path, answering),
            admin_token=OPERATOR,
            editor_token=EDITOR,
            limits=limits,
        )
        return TestClient(site, raise_server_exceptions=False)


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[Sites]:
    """Makes servers."""
    build_index(CORPUS, tmp_path / "index", encoder=FakeEncoder())
    with FeedbackStore.open(tmp_path / "kept.sqlite", keep_questions="redacted", retention_days=30) as store:
        yield Sites(tmp_path / "index", store)


def ask(question: object, **more: object) -> dict[str, Any]:
    """Return what a request for one search has."""
    return {"method": "POST", "url": "/v1/search", "json": {"query": question, **more}}


def judge(**more: object) -> dict[str, Any]:
    """Return what a request with a judgement has."""
    return {"method": "POST", "url": "/v1/feedback", "json": JUDGEMENT | more}


def get(url: str, **more: object) -> dict[str, Any]:
    """Return what a request for an address has."""
    return {"method": "GET", "url": url, **more}


def post(url: str, **more: object) -> dict[str, Any]:
    """Return what a request to an address has."""
    return {"method": "POST", "url": url, **more}


JSON = {"content-type": "application/json"}
REQUESTS: dict[str, dict[str, Any]] = {
    "body-unreadable": post("/v1/search", content=b"\xff", headers=JSON),
    "token-needed": get("/v1/admin/atelier"),
    "operators-only": post("/v1/admin/reload", headers={"authorization": f"Bearer {EDITOR}"}),
    "foreign-form": post("/", data={"q": "x"}, headers={"sec-fetch-site": "cross-site"}),
    "unknown-address": get("/v1/nothing"),
    "unknown-answer": get("/v1/answers/absent"),
    "no-feedback": judge(),
    "unknown-problem": get("/v1/problems/absent"),
    "method-not-allowed": {"method": "DELETE", "url": "/v1/search"},
    "body-too-slow": ask("certificat"),
    "index-unfit": post("/v1/admin/rollback", headers={"authorization": f"Bearer {OPERATOR}"}),
    "body-too-large": post("/v1/search", content=b" " * 70_000, headers=JSON),
    "question-blank": ask(" "),
    "question-too-long": ask("a" * 2001),
    "question-not-text": ask("a\x00b"),
    "unknown-facet": get("/v1/answers?tematique=x"),
    "parameter-repeated": get("/v1/search?q=a&q=b"),
    "batch-too-long": post("/v1/search/batch", json={"queries": ["a" * 1999] * 20}),
    "cursor-invalid": get("/v1/answers?cursor=!"),
    "body-not-json": post("/v1/search", content=b"{", headers=JSON),
    "request-invalid": ask("certificat", limit=51),
    "judgement-invalid": judge(),
    "too-many-requests": ask("certificat"),
    "headers-too-large": get("/v1/search?q=" + "a" * 17_000),
    "server-error": ask("erreur"),
    "overloaded": ask("certificat"),
    "out-of-time": ask("certificat"),
    "loading": get("/readyz"),
    "store-unavailable": ask("injoignable"),
    "feedback-unavailable": judge(),
}
LIMITS = {
    "body-too-slow": Limits(body_seconds=0.001),
    "too-many-requests": Limits(client_rate=1),
    "overloaded": Limits(most_requests=0, overloaded_requests=0),
    "out-of-time": Limits(deadline_seconds=0),
}


def client_for(kind: str, sites: Sites) -> TestClient:
    """Return a client of a server that tells this problem."""
    if kind == "loading":
        return TestClient(LoadingApp())
    error = {"judgement-invalid": ValueError("no id"), "feedback-unavailable": FeedbackError("disk full")}.get(kind)
    client = sites.client(feedback=RefusingStore(sites.store, error) if error else None, limits=LIMITS.get(kind))
    if kind == "body-too-slow":
        return TestClient(SlowBody(client.app))
    if kind == "too-many-requests":
        for _ in range(20):
            client.request(**ask("certificat"))
    return client


def test_every_problem_has_a_request_that_brings_it_about() -> None:
    """In the order of the list, which is by status; no name is given twice, and none goes."""
    assert [*REQUESTS] == [kind.name for kind in KINDS]
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert [kind.status for kind in KINDS] == sorted(kind.status for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_problem_is_told_in_the_language_asked_for(kind: Kind, sites: Sites) -> None:
    """Type and status are the same; title and detail are French, or English, and the headers say which."""
    client, request = client_for(kind.name, sites), REQUESTS[kind.name]

    def tell(language: str | None) -> Response:
        headers = request.get("headers", {}) | ({"accept-language": language} if language else {})
        return client.request(**(request | {"headers": headers}))

    told: dict[str, Any] = {}
    for language, expected in ((None, "fr"), ("fr-FR,fr;q=0.9,en;q=0.8", "fr"), ("en-GB", "en")):
        reply = tell(language)
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.headers["content-language"] == expected
        assert "accept-language" in reply.headers["vary"].lower()
        assert reply.headers["link"] == f'</v1/problems/{kind.name}>; rel="help"'
        assert int(reply.headers["content-length"]) == len(reply.content)
        problem = reply.json()
        assert problem.keys() == {"type", "title", "status", "detail"}
        assert problem["type"] == f"urn:souffleur:problem:{kind.name}"
        assert problem["status"] == reply.status_code == kind.status
        told[expected] = problem
    assert told["fr"]["title"] == kind.title.french
    assert told["en"]["title"] == kind.title.english
    assert told["fr"]["detail"] != told["en"]["detail"]
    assert FRENCH_WORDS.search(told["fr"]["detail"])
    if kind.name != "index-unfit":
        assert not FRENCH_WORDS.search(told["en"]["detail"].replace("Retry-After", ""))


def test_the_link_has_the_prefix_of_the_server(answering: Answering) -> None:
    """Behind a proxy too it leads to the explanation, from a file that is mounted as well."""
    client = TestClient(create_site(answering, base_path="/faq"))
    for address in ("/faq/v1/nothing", "/faq/page/nothing"):
        link = client.get(address).headers["link"]
        assert link == '</faq/v1/problems/unknown-address>; rel="help"'
    assert client.get("/faq/v1/problems/unknown-address").json()["name"] == "unknown-address"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_problem_is_explained(kind: Kind, client: TestClient) -> None:
    """By its name, and in the list, in both languages."""
    for language in ("fr", "en"):
        headers = {"accept-language": language}
        one = client.get(f"/v1/problems/{kind.name}", headers=headers)
        every = client.get("/v1/problems", headers=headers)
        for reply in (one, every):
            assert reply.headers["content-language"] == language
            assert "accept-language" in reply.headers["vary"].lower()
        assert one.json() in every.json()["problems"]
        assert one.json()["type"] == kind.type
        assert one.json()["remedy"] == (kind.remedy.french if language == "fr" else kind.remedy.english)


def test_the_guide_has_every_problem_and_no_other() -> None:
    """docs/api.md: name, status and what to do, as the server says it."""
    guide = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \| (.*) \|$", guide, re.MULTILINE)
    assert rows == [(kind.name, str(int(kind.status)), kind.remedy.english) for kind in KINDS]


@pytest.mark.parametrize(
    ("body", "french", "english"),
    [
        ({"query": "x", "limit": 51}, "limit: la valeur doit être au plus 50", "less than or equal to 50"),
        ({"query": "x", "limit": "5"}, "limit: la valeur doit être un nombre entier", "valid integer"),
        ({"query": "x", "explain": 1}, "explain: la valeur doit être vraie ou fausse", "valid boolean"),
        ({"limit": 1}, "query: le champ est obligatoire", "query: Field required"),
        ({"query": "x", "other": 1}, "other: ce champ n'est pas prévu", "Extra inputs are not permitted"),
        ({"query": "x", "filters": {"couloir": [""] * 101}}, "il en faut au plus 100, et non", "at most 100 items"),
        ({"query": "x", **{f"f{n}": 1 for n in range(60)}}, "l'objet a 61 champs, 50 au plus", "it has 61 fields"),
        ([], "la requête: la valeur doit être un objet", "the request: Input should be a valid dictionary"),
    ],
)
def test_a_field_is_told_with_what_is_wrong(client: TestClient, body: object, french: str, english: str) -> None:
    """The place as it was sent, the words in the language asked for."""
    for language, words in (("fr", french), ("en", english)):
        reply = client.request("POST", "/v1/search", json=body, headers={"accept-language": language})
        assert reply.status_code == 422
        assert words in reply.json()["detail"]


def test_a_sort_of_mistake_that_is_new_is_told_in_the_words_of_the_framework() -> None:
    """Rather than not at all; all that our requests can have now are French, as the requests of schemathesis show."""
    assert mistake({"type": "from_the_future", "msg": "Odd"}).french == "valeur inacceptable (Odd)"


@pytest.mark.parametrize(
    "text", ["", "{x}", '{"a" 1}', "[1 2]", "1 2", '"a', '"\x01"', '"\\x"', '"\\u12"', '{"a":1,}', "[1,]"]
)
def test_what_is_no_json_is_told_in_french(text: str) -> None:
    """Each message of Python's decoder has its French."""
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads(text)
    assert json_mistake(caught.value.msg) != json_mistake("of no version")


@pytest.mark.parametrize("url", ["/v1/search", "/v1/search/batch", "/v1/feedback"])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[" * 30_000, "nested"),
        (b'{"a":' * 10_000, "nested"),
        (b'{"query": "a", "limit": ' + b"1" * 5_000 + b"}", "too many digits"),
    ],
)
def test_json_that_is_text_and_cannot_be_read_is_told_as_such(sites: Sites, url: str, content: bytes, why: str) -> None:
    """It is in UTF-8, and who sent it would look for the wrong mistake."""
    reply = sites.client().request(**post(url, content=content, headers=JSON | {"accept-language": "en"}))
    assert (reply.status_code, reply.json()["type"]) == (422, BODY_NOT_JSON.type)
    assert why in reply.json()["detail"]
