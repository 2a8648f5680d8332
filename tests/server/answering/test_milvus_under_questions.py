"""Servers whose index is in a Milvus: it is gone and comes back, hangs, and is switched, while questions are asked."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from indexer.index.build import build_index
from indexer.index.folder import IndexFolder
from indexer.index.milvus_indexes import MilvusIndexes
from indexer.records import Answer
from indexer.store.milvus.client import Milvus
from indexer.store_address import StoreAddress
from server.answering.answering import Answering
from server.answering.index_switch import IndexSwitch
from server.app import create_site
from tests.corpora import ANSWERS, MemoryCorpus
from tests.fakes import FakeEncoder
from tests.milvus_server import MilvusServer
from tests.stores import connected, running_server

pytestmark = pytest.mark.slow

QUESTIONS = ["Combien de temps un certificat est-il valable ?", "code erreur 905", "types de boîtes aux lettres"]
SECONDS = 2.0
SWITCHES = 20


@pytest.fixture(scope="module")
def mortal_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusServer]:
    """A Milvus that may be killed."""
    with running_server(tmp_path_factory.mktemp("mortal")) as server:
        yield server


def build(folder: Path, version: str) -> str:
    """Build in *folder* answers each of which tells its version; return the id of the index."""
    corpus = MemoryCorpus(
        [Answer(one.id, f"{one.text} Version {version}.", one.questions, one.facets) for one in ANSWERS]
    )
    return build_index(corpus, folder, encoder=FakeEncoder()).manifest.id


@contextmanager
def serving(address: str) -> Iterator[TestClient]:
    """Serve the index in service at *address* as `souffleur serve` does, looking for another ten times a second."""
    indexes = MilvusIndexes(Milvus(StoreAddress.parse(address), seconds=SECONDS))
    before = indexes.stamp()
    answering = Answering.open(indexes, encoder=FakeEncoder())
    index_switch = IndexSwitch(indexes, answering, loaded_since=before)
    site = create_site(answering, index_switch=index_switch, admin_token="a" * 16)
    with index_switch.watch(every_seconds=0.1), TestClient(site, raise_server_exceptions=False) as client:
        # The routes are made at the first request, within a filter of warnings that all servers of a process share.
        assert client.get("/readyz").is_success
        yield client
    indexes.close()


@dataclass
class Asker:
    """Asks one question after the other until it is told to stop, and keeps what came back."""

    client: TestClient
    replies: list[tuple[float, int, float, Any]] = field(default_factory=list)
    """When it was asked, the status, how long it took, and the reply."""

    @contextmanager
    def asking(self) -> Iterator[None]:
        stop = threading.Event()

        def ask() -> None:
            number = 0
            while not stop.is_set():
                started = time.monotonic()
                reply = self.client.get("/v1/search", params={"q": QUESTIONS[number % len(QUESTIONS)]})
                took = time.monotonic() - started
                if reply.status_code == 503:
                    assert int(reply.headers["retry-after"]) >= 1
                    time.sleep(0.05)
                self.replies.append((started, reply.status_code, took, reply.json()))
                number += 1

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def statuses(self, since: float, until: float = float("inf")) -> set[int]:
        """Return the statuses of what was asked between two moments."""
        return {status for at, status, _, _ in self.replies if since <= at < until}


def wait_for(client: TestClient, status: int, *, seconds: float) -> float:
    """Return when /readyz first says *status*, which it must within so many seconds."""
    deadline = time.monotonic() + seconds
    while client.get("/readyz").status_code != status:
        assert time.monotonic() < deadline, client.get("/readyz").json()
        time.sleep(0.05)
    return time.monotonic()


def hits_of(client: TestClient) -> list[Any]:
    """Return what each of the questions gets."""
    return [client.get("/v1/search", params={"q": question}).json()["hits"] for question in QUESTIONS]


def test_a_milvus_that_is_killed_and_comes_back(mortal_server: MilvusServer, tmp_path: Path) -> None:
    """Meanwhile only 503 with Retry-After, soon at once; /readyz says so; then right answers, without a restart."""
    build(tmp_path / "index", "A")
    indexes = connected(f"{mortal_server.address}/killed")
    indexes.publish(IndexFolder(tmp_path / "index"), keep=3)
    with serving(f"{mortal_server.address}/killed") as client:
        before = hits_of(client)
        asker = Asker(client)
        with asker.asking():
            time.sleep(0.5)
            killed = time.monotonic()
            mortal_server.kill()
            gone = wait_for(client, 503, seconds=3 * SECONDS)
            reply = client.get("/readyz")
            assert reply.json()["type"] == "urn:souffleur:problem:store-unavailable"
            assert int(reply.headers["retry-after"]) >= 1
            assert client.get("/livez").status_code == 200
            page = client.get("/", params={"q": QUESTIONS[0]}, headers={"accept": "text/html"})
            assert page.status_code == 503
            assert "milvus" not in page.text.lower()
            time.sleep(1)
            mortal_server.start()
            back = wait_for(client, 200, seconds=60)
            time.sleep(0.5)
        assert asker.statuses(0, killed - 0.1) == {200}
        assert asker.statuses(killed) <= {200, 503}
        assert asker.statuses(gone, back - 3) == {503}
        assert asker.statuses(back) == {200}
        assert max(took for _, _, took, _ in asker.replies) < SECONDS + 1.5
        refused = sorted(took for at, status, took, _ in asker.replies if status == 503 and gone < at < back)
        assert refused[len(refused) // 2] < 0.1
        # As it is told to a caller: what to do, and nothing of the inside.
        details = {reply["detail"] for _, status, _, reply in asker.replies if status == 503}
        assert details == {"La base qui garde l'index ne répond pas. Recommencez dans un instant."}
        assert hits_of(client) == before
    indexes.close()


def test_a_milvus_that_hangs(mortal_server: MilvusServer, tmp_path: Path) -> None:
    """Nobody waits longer than the deadline, and most do not wait; it goes on where it stopped."""
    build(tmp_path / "index", "A")
    indexes = connected(f"{mortal_server.address}/hanging")
    indexes.publish(IndexFolder(tmp_path / "index"), keep=3)
    with serving(f"{mortal_server.address}/hanging") as client:
        before = hits_of(client)
        asker = Asker(client)
        with asker.asking():
            mortal_server.freeze()
            gone = wait_for(client, 503, seconds=3 * SECONDS)
            time.sleep(2)
            thawed = time.monotonic()
            mortal_server.thaw()
            back = wait_for(client, 200, seconds=30)
            time.sleep(0.3)
        assert asker.statuses(gone, thawed - SECONDS) <= {503}
        assert asker.statuses(back + SECONDS) <= {200}
        assert {status for _, status, _, _ in asker.replies} <= {200, 503}
        assert max(took for _, _, took, _ in asker.replies) < SECONDS + 1.5
        assert hits_of(client) == before
    indexes.close()


def test_two_servers_through_twenty_switches(milvus_server: MilvusServer, tmp_path: Path) -> None:
    """No request fails, each reply is of one index, and both servers have the last one in the end."""
    versions = {build(tmp_path / "index", version): version for version in ("A", "B", "C")}
    address = f"{milvus_server.address}/switched"
    indexes = connected(address)
    folder = IndexFolder(tmp_path / "index")
    for index_id in versions:
        folder.switch(index_id)
        indexes.publish(folder, keep=3)
    with ExitStack() as stack:
        askers = [Asker(stack.enter_context(serving(address))) for _ in range(2)]
        for asker in askers:
            stack.enter_context(asker.asking())
        for _, index_id in zip(range(SWITCHES), list(versions) * SWITCHES, strict=False):
            indexes.switch(index_id)
            time.sleep(0.5)
        last = indexes.current_id()
        deadline = time.monotonic() + 20
        while any(asker.client.get("/readyz").json()["index"] != last for asker in askers):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    for asker in askers:
        assert {status for _, status, _, _ in asker.replies} == {200}
        seen = [reply["index"]["id"] for *_, reply in asker.replies]
        assert set(seen) == set(versions)
        assert sum(one != other for one, other in pairwise(seen)) >= SWITCHES // 2
        for *_, reply in asker.replies:
            told = {hit["answer"].split()[-1] for hit in reply["hits"]}
            assert told == {versions[reply["index"]["id"]] + "."}
    indexes.close()
