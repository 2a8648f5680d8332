"""Who is let in, and what is said of it: limits, logs, metrics, headers."""

import json
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from indexer.records import Reply, Vectors
from server.answering.answering import Answering, Filters
from server.app import create_api
from server.feedback.store import FeedbackStore
from server.http.admission import Admission
from server.http.load_shedding import Limits
from server.http.request_log import JsonFormatter
from tests.fakes import FakeEncoder

ASKED = {"query": "erreur 905"}


class HeldAnswering(Answering):
    """Answers only once it is let go."""

    began: threading.Semaphore
    go: threading.Event

    def answer(self, question: str, *, limit: int = 5, filters: Filters | None = None) -> Reply:
        self.began.release()
        self.go.wait(10)
        return super().answer(question, limit=limit, filters=filters)


@pytest.fixture
def held(small_index: Path) -> Iterator[HeldAnswering]:
    """Answers only once it is let go."""
    answering = HeldAnswering.open(small_index, encoder=FakeEncoder())
    assert isinstance(answering, HeldAnswering)
    answering.began, answering.go = threading.Semaphore(0), threading.Event()
    yield answering
    answering.go.set()


def test_beyond_the_most_requests_are_refused_at_once(held: HeldAnswering) -> None:
    """A 503 that says when to come back, while health is still told; then there is room again."""
    with TestClient(create_api(held, limits=Limits(most_requests=1))) as client:
        first = threading.Thread(target=lambda: client.post("/v1/search", json=ASKED))
        first.start()
        held.began.acquire()
        reply = client.post("/v1/search", json=ASKED)
        assert reply.status_code == 503
        assert reply.headers["retry-after"] == "1"
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.elapsed.total_seconds() < 0.05
        assert client.get("/livez").status_code == 200
        assert 'souffleur_refused_total{reason="full"} 1.0' in client.get("/metrics").text
        held.go.set()
        first.join()
        assert client.post("/v1/search", json=ASKED).status_code == 200


def test_a_crowd_that_does_not_end_is_kept_small(answering: Answering) -> None:
    """From a refusal on, fewer are let in, so that they wait less; once few are refused, as many as before."""
    now = [0.0]
    limits = Limits(most_requests=10, overloaded_requests=3, judged_seconds=1.0)
    admission = Admission(create_api(answering), answering=answering, limits=limits, clock=lambda: now[0])

    def is_let_in(*, working: int, at: float) -> bool:
        now[0], admission._working = at, working
        return admission._refuse_when_full() is None

    assert is_let_in(working=9, at=0.0)
    assert not is_let_in(working=10, at=0.1)
    assert not is_let_in(working=3, at=0.5)
    assert is_let_in(working=2, at=0.9)
    assert not is_let_in(working=3, at=1.2)  # half of those before were refused
    assert [is_let_in(working=2, at=1.5) for _ in range(5)] == [True] * 5
    assert is_let_in(working=9, at=2.3)  # of those before, one in six


def test_after_the_deadline_a_request_is_given_up(held: HeldAnswering) -> None:
    """A visitor gets a 503 at the deadline; the work keeps its place until it ends."""
    with TestClient(create_api(held, limits=Limits(most_requests=1, deadline_seconds=0.05))) as client:
        reply = client.post("/v1/search", json=ASKED)
        assert reply.status_code == 503
        assert "0.05 s" in reply.json()["detail"]
        assert "à la fois" in client.post("/v1/search", json=ASKED).json()["detail"]
        held.go.set()


def test_a_batch_ends_soon_after_it_is_given_up(small_index: Path) -> None:
    """After the 503, what is left of a batch keeps the encoder from nobody; asked again, it goes on from there."""

    class SlowEncoder(FakeEncoder):
        slept = 0

        def encode_questions(self, texts: Sequence[str]) -> Vectors:
            if len(texts[0]) > 900:
                time.sleep(0.15)
                self.slept += 1
            return super().encode_questions(texts)

    encoder = SlowEncoder()
    answering = Answering.open(small_index, encoder=encoder)
    asked = {"queries": [f"{number} " * 300 + "certificat" * 8 for number in range(100, 110)]}
    with TestClient(create_api(answering, limits=Limits(most_requests=1, deadline_seconds=0.6))) as client:
        assert client.post("/v1/search/batch", json=asked).status_code == 503
        while "souffleur_in_progress 1.0" in client.get("/metrics").text:
            time.sleep(0.01)
        assert encoder.slept < 10
        while client.post("/v1/search/batch", json=asked).status_code == 503:
            time.sleep(0.01)
        assert encoder.slept == 10


def test_one_client_cannot_ask_without_end(answering: Answering) -> None:
    """After its burst a client gets a 429 that says when to come back."""
    with TestClient(create_api(answering, limits=Limits(client_rate=1))) as client:
        statuses = [client.get("/v1/facets").status_code for _ in range(11)]
        assert statuses == [200] * 10 + [429]
        assert client.get("/v1/facets").headers["retry-after"] == "1"


def test_a_batch_counts_as_its_questions(answering: Answering) -> None:
    """A batch is let in where one question would be; what it asks beyond is owed, and waited for."""
    with TestClient(create_api(answering, limits=Limits(client_rate=1))) as client:
        assert client.post("/v1/search/batch", json={"queries": ["erreur 905"] * 40}).status_code == 200
        reply = client.get("/v1/facets")
        assert reply.status_code == 429
        assert 29 <= int(reply.headers["retry-after"]) <= 31
        assert client.get("/livez").status_code == 200


def test_a_large_body_is_refused(client: TestClient) -> None:
    """A body beyond the limit is a 413, however it is sent."""
    for content in (b" " * 1_000_001, iter([b" " * 600_000] * 2)):
        reply = client.post("/v1/search", content=content, headers={"content-type": "application/json"})
        assert reply.status_code == 413


def test_large_headers_are_refused(client: TestClient) -> None:
    """Headers or an address beyond the limit are a 431, on every route."""
    assert client.get("/livez", headers={"x-a": "a" * 16_384}).status_code == 431
    assert client.get("/v1/search", params={"q": "a" * 16_384}).status_code == 431


def test_headers_let_a_browser_do_nothing_with_a_reply(client: TestClient) -> None:
    """Replies of the API load and frame nothing, are not kept, and are for no other site; /docs has that of pages."""
    for address in ("/v1/facets", "/v1/search", "/v1/nothing"):
        headers = client.get(address, headers={"origin": "https://elsewhere.example"}).headers
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in headers
    assert "script-src 'self'" in client.get("/docs").headers["content-security-policy"]


def test_logs_and_metrics_hold_no_question(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    """One JSON line a request, with its id, route and status; neither the question nor the client is in it."""
    given = "0123456789abcdef0123"
    with caplog.at_level(logging.INFO, logger="server.http.request_log"):
        reply = client.get("/v1/search", params={"q": "mot-tres-secret"}, headers={"x-request-id": given})
        client.get("/mot-tres-secret", headers={"x-request-id": "mot-tres-secret"})
    assert reply.headers["x-request-id"] == given
    lines = [JsonFormatter().format(record) for record in caplog.records if record.name == "server.http.request_log"]
    first = json.loads(lines[0])
    assert {key: first[key] for key in ("method", "route", "status")} == {
        "method": "GET",
        "route": "/v1/search",
        "status": 200,
    }
    metrics = client.get("/metrics").text
    assert 'souffleur_requests_total{route="/v1/search",status="200"}' in metrics
    assert 'souffleur_stage_seconds_count{stage="search"}' in metrics
    for text in (*lines, metrics):
        assert "secret" not in text
        assert "testclient" not in text


def test_head_is_logged_by_its_route(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    """As a GET of the same address is; the log says which of them it was."""
    with caplog.at_level(logging.INFO, logger="server.http.request_log"):
        for address in ("/v1/facets", "/v1/answers/types-de-bal", "/nowhere"):
            client.head(address)
    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records if record.message == "request"]
    routes = ["/v1/facets", "/v1/answers/{answer_id:path}", "other"]
    assert [(line["method"], line["route"]) for line in lines] == [("HEAD", route) for route in routes]


def test_a_traceback_in_the_log_keeps_no_message() -> None:
    """The message of an unforeseen error may hold a question: only its type and its places are logged."""
    try:
        raise ZeroDivisionError("mot-tres-secret")
    except ZeroDivisionError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", None, (type(error), error, error.__traceback__))
    line = JsonFormatter().format(record)
    assert "secret" not in line
    assert json.loads(line)["error"] == "ZeroDivisionError"
    assert "test_admission.py" in json.loads(line)["at"][0]


def test_what_cannot_be_kept_costs_no_reply(answering: Answering, tmp_path: Path) -> None:
    """Where the database fails, a question is answered all the same, and a judgement is a 503."""
    store = FeedbackStore.open(tmp_path / "kept.sqlite", keep_questions="redacted", retention_days=30)
    with TestClient(create_api(answering, feedback=store)) as client:
        store.close()
        reply = client.post("/v1/search", json=ASKED)
        assert reply.status_code == 200
        assert "souffleur_lost_questions_total 1.0" in client.get("/metrics").text
        judgement = {"query_id": reply.json()["query_id"], "answer_id": "types-de-bal", "useful": True}
        assert client.post("/v1/feedback", json=judgement).status_code == 503
