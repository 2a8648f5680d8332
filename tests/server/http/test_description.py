"""What others make of the description: Spectral finds nothing, its examples are true, a generated client is served."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from jsonschema_rs import validator_for

from benchmarks.running import TOKEN, running_server
from indexer.encoders.loading import load_encoder
from indexer.index.build import build_index
from server.http import examples
from server.http.schemas import SearchRequest
from tests.conftest import CORPUS

ROOT = Path(__file__).parents[3]
FILE = ROOT / "tests" / "data" / "openapi.json"
DESCRIPTION = json.loads(FILE.read_text(encoding="utf-8"))
OPERATIONS = {
    operation["operationId"]: operation for methods in DESCRIPTION["paths"].values() for operation in methods.values()
}
SPECTRAL = ROOT / "build" / "spectral" / "node_modules" / ".bin" / "spectral"
GENERATOR = ROOT / "build" / "client-generator" / "bin"


def test_operations_are_called_in_words() -> None:
    """As a method of a client is; each has a summary of its own, and a known tag."""
    assert [*OPERATIONS] == [
        *("search", "searchByAddress", "searchMany", "suggest", "listFacets", "sendFeedback", "listAnswers"),
        *("getAnswer", "listProblems", "explainProblem", "checkAlive", "checkReady", "getMetrics"),
        *("reloadIndex", "rollBackIndex", "getAtelier"),
    ]
    assert len({operation["summary"] for operation in OPERATIONS.values()}) == len(OPERATIONS)
    tags = {tag["name"] for tag in DESCRIPTION["tags"]}
    assert {tag for operation in OPERATIONS.values() for tag in operation["tags"]} == tags


def bodies() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every body that the description knows, with the name of its operation."""
    for name, operation in OPERATIONS.items():
        for content in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{name} {content[0]}", content[1]
        for status, reply in operation["responses"].items():
            for content in reply.get("content", {}).items():
                yield f"{name} {status} {content[0]}", content[1]


def test_every_body_has_examples_that_are_so() -> None:
    """Requests, replies and problems: each example has the schema that is declared of it."""
    seen = 0
    for name, content in bodies():
        shown = (
            [one["value"] for one in content["examples"].values()] if "examples" in content else [content["example"]]
        )
        assert shown, name
        schema = content.get("schema")
        if schema is None:  # the metrics, which are no JSON
            continue
        checker = validator_for({**schema, "components": DESCRIPTION["components"]})
        for example in shown:
            assert checker.is_valid(example), (name, example)
            seen += 1
    assert seen > 150


def test_the_example_of_a_search_is_what_a_server_replies(client: TestClient) -> None:
    """Every key at every depth, and no other; the request of the example is one that is read."""

    def keys(value: object) -> object:
        if isinstance(value, dict):
            return {key: keys(one) for key, one in value.items() if key not in ("facets", "scores")}
        return [keys(value[0])] if isinstance(value, list) and value else None

    SearchRequest.model_validate(examples.SEARCH_REQUEST)
    SearchRequest.model_validate(examples.NARROWED_REQUEST)
    reply = client.post("/v1/search", json={"query": "Combien de temps un certificat est-il valable ?", "limit": 1})
    assert keys(reply.json()) == keys(examples.SEARCH_REPLY)
    answer = client.get("/v1/answers/validite-certificat").json()
    assert answer.keys() == examples.ANSWER.keys()
    assert client.get("/readyz").json().keys() == examples.READY_REPLY.keys()
    assert client.get("/v1/answers").json().keys() == examples.ANSWERS_REPLY.keys()


def lint(file: Path) -> "subprocess.CompletedProcess[str]":
    """Run Spectral with our rules; a warning is a failure."""
    if not SPECTRAL.exists():
        pytest.skip("Spectral is not there: `make test` installs it, where npm is")
    options = ["--ruleset", str(ROOT / "tests/data/spectral.yaml"), "--fail-severity", "hint", "--format", "text"]
    return subprocess.run([SPECTRAL, "lint", file, *options], capture_output=True, text=True, timeout=120)


@pytest.mark.slow
def test_spectral_finds_nothing(tmp_path: Path) -> None:
    """No error, warning or hint; that the rules are read shows in a description with mistakes."""
    done = lint(FILE)
    assert done.returncode == 0, done.stdout + done.stderr
    search = OPERATIONS["search"]
    content = {
        name: one for name, one in search["requestBody"]["content"]["application/json"].items() if name == "schema"
    }
    worse = {
        **search,
        "operationId": "post_search_v1_search_post",
        "requestBody": {"content": {"application/json": content}},
    }
    broken = {**DESCRIPTION, "paths": {**DESCRIPTION["paths"], "/v1/search": {"post": worse}}}
    (tmp_path / "broken.json").write_text(json.dumps(broken), encoding="utf-8")
    said = lint(tmp_path / "broken.json")
    assert said.returncode == 1
    assert {"operation-in-words", "body-has-example"} <= set(re.findall(r"error ([a-z-]+)", said.stdout))


CALLS = """
import json, sys
from souffleur_client import AuthenticatedClient
from souffleur_client.api.admin import get_atelier
from souffleur_client.api.answers import get_answer, list_answers
from souffleur_client.api.feedback import send_feedback
from souffleur_client.api.health import check_alive, check_ready
from souffleur_client.api.problems import explain_problem, list_problems
from souffleur_client.api.search import list_facets, search, search_by_address, search_many, suggest
from souffleur_client.models import BatchRequest, FeedbackRequest, SearchByAddressFacets, SearchRequest
from souffleur_client.models import SearchRequestFilters

client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2], httpx_args={"trust_env": False})
question, facets = "Combien de temps un certificat est-il valable ?", {"thematique": ["Certificats"]}
replies = {
    "search": search.sync(
        client=client,
        body=SearchRequest(query=question, limit=2, filters=SearchRequestFilters.from_dict(facets), explain=True),
    ),
    "searchByAddress": search_by_address.sync(
        client=client, q=question, limit=2, facets=SearchByAddressFacets.from_dict(facets)
    ),
    "searchMany": search_many.sync(client=client, body=BatchRequest(queries=[question, "905"], limit=1)),
    "suggest": suggest.sync(client=client, q="combien"),
    "listFacets": list_facets.sync(client=client),
    "listAnswers": list_answers.sync(client=client, limit=2),
    "getAnswer": get_answer.sync("validite-certificat", client=client),
    "absent": get_answer.sync("absent", client=client),
    "blank": search.sync(client=client, body=SearchRequest(query=" ")),
    "sendFeedback": send_feedback.sync(
        client=client, body=FeedbackRequest(query_id="0" * 32, answer_id="validite-certificat", useful=True)
    ),
    "explainProblem": explain_problem.sync("unknown-facet", client=client),
    "listProblems": list_problems.sync(client=client),
    "checkAlive": check_alive.sync(client=client),
    "checkReady": check_ready.sync(client=client),
    "getAtelier": get_atelier.sync(client=client),
}
print(json.dumps({name: [type(reply).__name__, reply.to_dict()] for name, reply in replies.items()}))
"""
QUESTION, FACETS = "Combien de temps un certificat est-il valable ?", {"thematique": ["Certificats"]}
REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "search": ("POST", "/v1/search", {"json": {"query": QUESTION, "limit": 2, "filters": FACETS, "explain": True}}),
    "searchByAddress": ("GET", "/v1/search", {"params": {"q": QUESTION, "limit": 2, **FACETS}}),
    "searchMany": ("POST", "/v1/search/batch", {"json": {"queries": [QUESTION, "905"], "limit": 1}}),
    "suggest": ("GET", "/v1/suggest", {"params": {"q": "combien"}}),
    "listFacets": ("GET", "/v1/facets", {}),
    "listAnswers": ("GET", "/v1/answers", {"params": {"limit": 2}}),
    "getAnswer": ("GET", "/v1/answers/validite-certificat", {}),
    "absent": ("GET", "/v1/answers/absent", {}),
    "blank": ("POST", "/v1/search", {"json": {"query": " "}}),
    "sendFeedback": (
        "POST",
        "/v1/feedback",
        {"json": {"query_id": "0" * 32, "answer_id": "validite-certificat", "useful": True}},
    ),
    "explainProblem": ("GET", "/v1/problems/unknown-facet", {}),
    "listProblems": ("GET", "/v1/problems", {}),
    "checkAlive": ("GET", "/livez", {}),
    "checkReady": ("GET", "/readyz", {}),
    "getAtelier": ("GET", "/v1/admin/atelier", {}),
}
_CHANGING = {"query_id", "took_ms", "age_seconds", "age_days", "disk_free_bytes"}
"""What is another value each time."""


def lasting(value: Any) -> Any:
    """Return a reply without what changes from one to the next."""
    if isinstance(value, dict):
        return {key: lasting(one) for key, one in value.items() if key not in _CHANGING}
    return [lasting(one) for one in value] if isinstance(value, list) else value


@pytest.mark.slow
def test_a_generated_client_and_httpx_get_equal_replies(tmp_path: Path) -> None:
    """Of a real server, for each operation; the client is generated without a warning, and typed by our schemas."""
    if not (GENERATOR / "openapi-python-client").exists():
        pytest.skip("what generates the client is not there: `make test` installs it")
    (tmp_path / "generator.yaml").write_text("post_hooks: []\n", encoding="utf-8")
    command = [
        str(GENERATOR / "openapi-python-client"),
        "generate",
        "--path",
        str(FILE),
        "--fail-on-warning",
        "--meta",
        "none",
    ]
    options = ["--output-path", str(tmp_path / "souffleur_client"), "--config", str(tmp_path / "generator.yaml")]
    made = subprocess.run([*command, *options], capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stdout + made.stderr
    build_index(CORPUS, tmp_path / "index", encoder=load_encoder("bundled"))
    with running_server(tmp_path / "index", feedback=tmp_path / "kept.sqlite") as server:
        url = f"http://127.0.0.1:{server.port}"
        said = subprocess.run(
            [GENERATOR / "python", "-c", CALLS, url, TOKEN],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert said.returncode == 0, said.stderr
        replies = json.loads(said.stdout)
        headers = {"authorization": f"Bearer {TOKEN}"}
        with httpx.Client(base_url=url, headers=headers, trust_env=False) as plain:
            for name, (method, path, request) in REQUESTS.items():
                assert lasting(replies[name][1]) == lasting(plain.request(method, path, **request).json()), name
    assert {
        name: kind for name, (kind, _) in replies.items() if name in ("search", "searchMany", "absent", "blank")
    } == {
        "search": "SearchReply",
        "searchMany": "BatchReply",
        "absent": "Problem",
        "blank": "Problem",
    }
