"""Requests made from the API's own description: what it declares is what the server does, and the reverse."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from indexer.index.build import build_index
from indexer.records import Answer
from server.answering.answering import Answering
from server.answering.index_switch import IndexSwitch
from server.app import create_api, create_site
from server.feedback.store import FeedbackStore
from server.http.problem_kinds import TYPE_PREFIX
from tests.corpora import MemoryCorpus
from tests.fakes import FakeEncoder

TOKEN = "a-token-for-the-tests"
SCENARIOS = 30
DESCRIPTION = Path(__file__).parents[2] / "data" / "openapi.json"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FeedbackStore]:
    """Keeps judgements and questions."""
    with FeedbackStore.open(tmp_path / "kept.sqlite", keep_questions="redacted", retention_days=30) as store:
        yield store


def scenarios(app: FastAPI, headers: dict[str, str], *, examples: int) -> Iterator[events.ScenarioFinished]:
    """Yield what every phase asks (examples, coverage, fuzzing, sequences of requests) and every check finds."""
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "continue-on-failure": True,
            "headers": headers,
            "generation": {"max-examples": examples, "deterministic": True, "database": "none"},
            # The last: an address may be too long before its parameters are looked at.
            "checks": {"negative_data_rejection": {"expected-statuses": ["400", "401", "404", "405", "422", "431"]}},
            "phases": {"stateful": {"generation": {"max-examples": SCENARIOS}}},
        }
    )
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    for event in from_schema(schema).execute():
        assert not isinstance(event, events.NonFatalError | events.FatalError), event
        if isinstance(event, events.ScenarioFinished):
            yield event


def declared(description: Mapping[str, Any]) -> set[tuple[str, int, str]]:
    """Return what the description says may be told: operation, status, and type."""
    return {
        (f"{method.upper()} {path}", int(status), example["value"]["type"])
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
        for status, reply in operation["responses"].items()
        for example in reply.get("content", {}).get("application/problem+json", {}).get("examples", {}).values()
    }


def excused(check: str, problem: Mapping[str, Any]) -> bool:
    """The description cannot name the facets of the index in service, which may change: unknown ones are a 422.

    Nor can it tell a cursor of this server from other texts.
    """
    allowed = {f"{TYPE_PREFIX}{name}" for name in ("unknown-facet", "cursor-invalid")}
    return check == "positive_data_acceptance" and problem.get("type") in allowed


@pytest.mark.slow
@pytest.mark.parametrize(("token", "examples", "least"), [(None, 50, 500), (TOKEN, 400, 2500)])
def test_the_server_does_what_its_description_says(
    small_index: Path, store: FeedbackStore, token: str | None, examples: int, least: int
) -> None:
    """Thousands of valid and invalid requests: none is a server error, and every check of schemathesis holds."""
    answering = Answering.open(small_index, encoder=FakeEncoder())
    app = create_site(answering, feedback=store, index_switch=IndexSwitch(small_index, answering), admin_token=token)
    found: list[str] = []
    asked: Counter[str] = Counter()
    checked: set[str] = set()
    told: set[tuple[str, int, str]] = set()
    for event in scenarios(app, {"Authorization": f"Bearer {token}"} if token else {}, examples=examples):
        for node in event.recorder.cases.values():
            asked[node.value.operation.label] += 1
        for case_id, results in event.recorder.checks.items():
            reply = event.recorder.interactions[case_id].response
            if reply is not None and reply.status_code >= 400:
                assert reply.headers["content-type"] == ["application/problem+json"]
                assert "Traceback" not in reply.text
                problem = json.loads(reply.text)
                told.add((event.recorder.cases[case_id].value.operation.label, problem["status"], problem["type"]))
                assert "valeur inacceptable" not in problem["detail"], "a mistake that has no French words"
            for result in results:
                checked.add(result.name)
                if result.failure_info is None:
                    continue
                case = event.recorder.cases[case_id].value
                problem = json.loads(reply.text) if reply is not None else {}
                if not excused(result.name, problem):
                    found.append(f"{case.as_curl_command()}: {result.failure_info.failure}")
    assert not found, "\n\n".join(found[:5])
    # A wrong method or address leads to no operation that could say so.
    elsewhere = {f"{TYPE_PREFIX}{name}" for name in ("method-not-allowed", "unknown-address")}
    undeclared = told - declared(TestClient(app).get("/openapi.json").json())
    assert {one for one in undeclared if one[2] not in elsewhere} == set()
    assert {"POST /v1/search", "GET /v1/search", "POST /v1/search/batch", "POST /v1/feedback"} <= set(asked)
    assert ("POST /v1/admin/reload" in asked) == (token is not None)
    assert asked.total() >= least
    assert token is None or checked == set(CHECKS.get_all_names())


def test_the_description_is_as_it_was(small_index: Path, store: FeedbackStore) -> None:
    """Whoever calls this server relies on its description: what is to change there is changed in the file as well."""
    answering = Answering.open(small_index, encoder=FakeEncoder())
    site = create_site(answering, feedback=store, index_switch=IndexSwitch(small_index, answering), admin_token=TOKEN)
    # Laid out so that a difference is seen; the order is that of the bytes that are sent.
    described = json.dumps(TestClient(site).get("/openapi.json").json(), ensure_ascii=False, indent=1) + "\n"
    assert described == DESCRIPTION.read_text(encoding="utf-8")


def test_an_id_with_a_slash_has_an_address(tmp_path: Path) -> None:
    """Ids of JSONL, CSV and BEIR corpora may hold a slash, sent as it is or encoded, in the API and in the pages."""
    build_index(MemoryCorpus([Answer("faq/2024/1", "Une réponse.")]), tmp_path, encoder=FakeEncoder())
    with TestClient(create_site(Answering.open(tmp_path, encoder=FakeEncoder()))) as client:
        for written in ("faq/2024/1", "faq%2F2024%2F1"):
            assert client.get(f"/v1/answers/{written}").json()["id"] == "faq/2024/1"
            assert client.get(f"/reponses/{written}").status_code == 200
        for written in ("faq/2024", "faq/2024/1/", "", "../answers/faq/2024/2"):
            assert client.get(f"/v1/answers/{written}").status_code == 404


@pytest.mark.parametrize(("limit", "status"), [("2.0", 200), ("2e0", 200), ("2.5", 422), ("1e400", 422), ("true", 422)])
def test_a_whole_number_may_be_written_in_any_way(answering: Answering, limit: str, status: int) -> None:
    """JSON has one sort of numbers: 2.0 is 2, and nothing else becomes a number."""
    with TestClient(create_api(answering)) as client:
        content = f'{{"query": "certificat", "limit": {limit}}}'
        reply = client.post("/v1/search", content=content, headers={"content-type": "application/json"})
        assert reply.status_code == status
        assert status != 200 or len(reply.json()["hits"]) == 2


def test_allow_names_every_method_of_an_address(answering: Answering) -> None:
    """GET and POST of one address are two routes, and one list."""
    with TestClient(create_api(answering)) as client:
        for address, methods in (("/v1/search", "GET, POST"), ("/v1/feedback", "POST"), ("/v1/answers/a/b", "GET")):
            reply = client.request("PROPFIND", address)
            assert reply.status_code == 405
            assert reply.headers["allow"] == methods
