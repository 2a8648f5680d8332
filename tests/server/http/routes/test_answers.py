"""All answers, page by page: each once, in one order, whatever is built meanwhile."""

import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi.testclient import TestClient

from indexer.index.build import build_index
from indexer.records import Answer
from server.answering.answering import Answering
from server.answering.index_switch import IndexSwitch
from server.app import create_api
from tests.corpora import ANSWERS, MemoryCorpus
from tests.fakes import FakeEncoder

ROOT = Path(__file__).parents[4]


def pages(client: TestClient, **parameters: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the pages until there is no cursor."""
    cursor = None
    while True:
        reply = client.get("/v1/answers", params=parameters | ({"cursor": cursor} if cursor else {}))
        assert reply.status_code == 200, reply.text
        yield reply.json()
        if (cursor := reply.json()["next_cursor"]) is None:
            return


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 200])
def test_every_answer_is_told_once_by_rising_id(client: TestClient, limit: int) -> None:
    """As it is told alone; no page but the last is short, and none is empty."""
    read = list(pages(client, limit=limit))
    told = [answer for page in read for answer in page["answers"]]
    assert [answer["id"] for answer in told] == sorted(answer.id for answer in ANSWERS)
    assert all(answer == client.get(f"/v1/answers/{answer['id']}").json() for answer in told)
    assert [len(page["answers"]) for page in read[:-1]] == [limit] * (len(read) - 1)
    assert read[-1]["answers"]
    assert {page["total"] for page in read} == {len(ANSWERS)}


def test_facets_narrow_them_as_they_do_a_search(client: TestClient) -> None:
    """Any of the values, of every facet; the hits of a search with these facets are of these answers."""
    chosen = {"couloir": ["Hôpital"], "thematique": ["Certificats"]}
    read = list(pages(client, limit=1, **chosen))
    ids = {answer["id"] for page in read for answer in page["answers"]}
    found = client.post("/v1/search", json={"query": "certificat", "limit": 50, "filters": chosen}).json()["hits"]
    assert ids == {hit["id"] for hit in found}
    assert read[0]["total"] == len(ids)
    assert 0 < len(ids) < len(ANSWERS)


def test_a_cursor_survives_another_index(tmp_path: Path) -> None:
    """Answers that are there all the while are told once, though the one that was told last is gone."""
    build_index(MemoryCorpus([Answer(name, f"Réponse {name}.") for name in "bdfh"]), tmp_path, encoder=FakeEncoder())
    answering = Answering.open(tmp_path, encoder=FakeEncoder())
    index_switch = IndexSwitch(tmp_path, answering)
    with TestClient(create_api(answering)) as client:
        read = pages(client, limit=2)
        first = next(read)
        later = MemoryCorpus([Answer(name, f"Réponse {name}.") for name in "abcefgh"])
        build_index(later, tmp_path, encoder=FakeEncoder())
        index_switch.reload()
        rest = list(read)
    assert [one["id"] for one in first["answers"]] == ["b", "d"]
    assert [one["id"] for page in rest for one in page["answers"]] == ["e", "f", "g", "h"]
    assert first["index"]["id"] != rest[0]["index"]["id"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=0", "request-invalid"),
        ("limit=201", "request-invalid"),
        ("cursor=", "cursor-invalid"),
        ("cursor=é", "cursor-invalid"),
        ("cursor=YQ==", "cursor-invalid"),
        ("cursor=YR", "cursor-invalid"),
        ("cursor=_w", "cursor-invalid"),
        ("cursor=" + "a" * 1001, "request-invalid"),
        ("cursor=YQ&cursor=Yg", "parameter-repeated"),
        ("tematique=x", "unknown-facet"),
    ],
)
def test_what_is_no_page_is_refused(client: TestClient, query: str, name: str) -> None:
    """A cursor is one that was given, in its one spelling."""
    reply = client.get(f"/v1/answers?{query}")
    assert (reply.status_code, reply.json()["type"]) == (422, f"urn:souffleur:problem:{name}")


def test_a_cursor_after_the_last_is_an_empty_page(client: TestClient) -> None:
    """As it is where the last answers are gone."""
    page = client.get("/v1/answers", params={"cursor": "eno"}).json()  # zz
    assert (page["answers"], page["next_cursor"], page["total"]) == ([], None, len(ANSWERS))


def test_the_example_of_the_guide_reads_them_all(answering: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    """The code of docs/api.md, against a server on a port of this machine."""
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/api.md").read_text(encoding="utf-8"), re.DOTALL)
    server = uvicorn.Server(uvicorn.Config(create_api(answering), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        exec(code, {"BASE": f"http://127.0.0.1:{port}"})
    finally:
        server.should_exit = True
        thread.join()
    assert capsys.readouterr().out == f"True {min(answer.id for answer in ANSWERS)}\n"
