"""What a trace says of a request, and what it never says."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

pytest.importorskip("opentelemetry.sdk", reason="OpenTelemetry is not installed: pip install -e '.[tracing]'")

from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from server.answering.answering import Answering
from server.app import create_site
from server.tracing import Tracing
from tests.fakes import FakeEncoder
from tests.server.http.routes.test_api import FailingAnswering

ROOT = Path(__file__).parents[2]
QUESTION = "erreur 905 pour jean.dupont@exemple.fr"


@pytest.fixture
def spans() -> InMemorySpanExporter:
    """Where spans go."""
    return InMemorySpanExporter()


@pytest.fixture
def tracing(spans: InMemorySpanExporter) -> Iterator[Tracing]:
    """Hands over each span as it ends."""
    tracing = Tracing(SimpleSpanProcessor(spans))
    yield tracing
    tracing.close()


def client_of(answering: Answering, tracing: Tracing) -> TestClient:
    app = tracing.watch(create_site(answering), answering)
    return TestClient(app, raise_server_exceptions=False, client=("203.0.113.7", 1))


@pytest.fixture
def traced(small_index: Path, tracing: Tracing) -> TestClient:
    """Speaks HTTP with the small index, traced."""
    return client_of(Answering.open(small_index, encoder=FakeEncoder(), tracing=tracing), tracing)


def test_a_request_has_spans_of_its_stages(traced: TestClient, spans: InMemorySpanExporter) -> None:
    """encode and search lie within request, which names the route, the status and the index."""
    index_id = traced.get("/v1/search", params={"q": QUESTION}).json()["index"]["id"]
    encode, search, request = spans.get_finished_spans()
    assert [encode.name, search.name, request.name] == ["encode", "search", "request"]
    assert request.parent is None
    for stage in (encode, search):
        assert stage.parent is not None
        assert request.context is not None
        assert stage.parent.span_id == request.context.span_id
    assert request.attributes == {
        "http.request.method": "GET",
        "http.route": "/v1/search",
        "http.response.status_code": 200,
        "souffleur.index": index_id,
    }
    assert encode.attributes == {"souffleur.questions": 1, "souffleur.batch_size": 1}
    assert search.attributes == {"souffleur.questions": 1}


def test_a_known_question_has_no_batch(traced: TestClient, spans: InMemorySpanExporter) -> None:
    """A vector from memory was in no batch; a request of several questions has one span of their search."""
    traced.get("/v1/search", params={"q": QUESTION})
    spans.clear()
    traced.post("/v1/search/batch", json={"queries": [QUESTION, QUESTION]})
    assert [span.name for span in spans.get_finished_spans()] == ["encode", "search", "request"]
    assert spans.get_finished_spans()[0].attributes == {"souffleur.questions": 2}


def test_no_span_holds_the_question_or_the_visitor(
    small_index: Path, tracing: Tracing, traced: TestClient, spans: InMemorySpanExporter
) -> None:
    """Neither in attributes nor in events, whether the request is answered, refused, unknown or a mistake of ours."""
    failing = client_of(FailingAnswering.open(small_index, encoder=FakeEncoder(), tracing=tracing), tracing)
    statuses = [
        traced.get("/v1/search", params={"q": QUESTION}).status_code,
        traced.post("/v1/search", json={"query": QUESTION}).status_code,
        traced.post("/v1/search", json={"query": QUESTION, "limit": 0}).status_code,
        traced.get(f"/{QUESTION}").status_code,
        failing.get("/v1/search", params={"q": QUESTION}).status_code,
    ]
    assert statuses == [200, 200, 422, 404, 500]
    requests = [span for span in spans.get_finished_spans() if span.name == "request"]
    assert [(span.attributes or {})["http.response.status_code"] for span in requests] == statuses
    assert [span.status.is_ok for span in requests] == [True, True, True, True, False]
    for span in spans.get_finished_spans():
        text = span.to_json()
        assert not [secret for secret in ("erreur", "dupont", "203.0.113.7") if secret in text]
        assert not span.events


def test_a_visitor_cannot_choose_the_trace(traced: TestClient, spans: InMemorySpanExporter) -> None:
    """The `traceparent` of a request is not taken over."""
    traced.get("/livez", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
    (span,) = spans.get_finished_spans()
    assert span.parent is None
    assert span.context is not None
    assert span.context.trace_id != int("a" * 32, 16)


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
def test_switched_off_nothing_is_imported() -> None:
    """The server alone does not load the SDK, nor this module."""
    code = (
        "import sys, server.__main__, server.app, server.http.startup;"
        "print([name for name in sys.modules if name == 'server.tracing' or name.startswith('opentelemetry.sdk')])"
    )
    assert run(code).strip() == "[]"


@pytest.mark.slow
def test_without_the_extra_it_says_what_to_type(small_index: Path) -> None:
    """A server told to trace without the library ends with 2 and the command that installs it."""
    code = (
        "import sys; sys.modules['opentelemetry.sdk.resources'] = None; from server.__main__ import main;"
        f"print(main(['serve', '--index', {str(small_index)!r}, '--traces', 'http://127.0.0.1:9/v1/traces']))"
    )
    outcome = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert outcome.stdout.strip() == "2"
    assert "pip install 'souffleur-faq[tracing]'" in outcome.stderr
