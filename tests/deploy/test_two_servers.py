"""Two servers behind nginx, by the shipped example: indexes are switched, a server is killed, and nobody notices."""

import itertools
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from indexer.index.build import build_index
from indexer.records import Answer
from server.feedback.backup import inspect
from server.feedback.merge import merge
from tests.corpora import MemoryCorpus
from tests.deploy.test_nginx import NGINX, free_port
from tests.fakes import FakeEncoder

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "deploy" / "nginx-two-servers.conf").read_text(encoding="utf-8")
SWITCHES = 20


def corpus(edition: int) -> MemoryCorpus:
    """Every answer says of which edition it is."""
    return MemoryCorpus(
        [
            Answer(
                f"a{number}", f"Le délai du service {number} est d'un mois, édition {edition}.", (f"Délai {number} ?",)
            )
            for number in range(5)
        ]
    )


@dataclass
class Servers:
    """Two servers on one index folder, each with its feedback, and the proxy before them."""

    folder: Path
    ports: list[int] = field(default_factory=lambda: [free_port(), free_port()])
    processes: dict[int, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    proxy: str = ""

    def start(self, number: int) -> None:
        """Start a server, and wait until it is ready."""
        command = [sys.executable, "-m", "tests.deploy.server_process", str(self.folder / "index")]
        self.processes[number] = subprocess.Popen(
            [*command, str(self.folder / f"feedback-{number}.sqlite"), str(self.ports[number])],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        wait_for(f"http://127.0.0.1:{self.ports[number]}/readyz")

    def kill(self, number: int) -> None:
        """End a server as a broken machine would."""
        self.processes[number].kill()
        self.processes.pop(number).wait()


def wait_for(address: str) -> None:
    """Return once something answers there."""
    for _ in range(300):
        try:
            if httpx2.get(address).status_code in (200, 404):
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"nothing at {address}")


@contextmanager
def proxied(folder: Path, ports: list[int]) -> Iterator[str]:
    """Run nginx with the example before two ports; give its address."""
    if NGINX is None:
        pytest.skip("nginx is not there: apt-get install nginx-light")
    port = free_port()
    example = EXAMPLE.replace("listen 80;", f"listen 127.0.0.1:{port};")
    for written, real in zip((8001, 8002), ports, strict=True):
        assert f"server 127.0.0.1:{written} " in example
        example = example.replace(f"server 127.0.0.1:{written} ", f"server 127.0.0.1:{real} ")
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\nhttp {{ {temporary} {example} }}\n",
        encoding="utf-8",
    )
    process = subprocess.Popen([NGINX, "-e", f"{folder}/error.log", "-p", str(folder), "-c", f"{folder}/nginx.conf"])
    try:
        wait_for(f"http://127.0.0.1:{port}/livez")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    """Two servers behind the proxy of the example."""
    build_index(corpus(0), tmp_path / "index", encoder=FakeEncoder())
    found = Servers(tmp_path)
    try:
        with proxied(tmp_path, found.ports) as found.proxy:
            for number in range(2):
                found.start(number)
            yield found
    finally:
        for number in list(found.processes):
            found.kill(number)


class Visitors:
    """Ask all the time, in threads, and remember what was wrong."""

    def __init__(self, proxy: str) -> None:
        self.wrong: list[str] = []
        self.editions: dict[str, set[str]] = {}
        """Of each index, the editions of its answers."""
        self.asked = 0
        self._proxy = proxy
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(4)]

    def __enter__(self) -> "Visitors":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def go_on(self, more: int) -> None:
        """Return once so many have been answered, or something was wrong."""
        until = self.asked + more
        while self.asked < until and not self.wrong:
            time.sleep(0.01)

    def _ask(self, visitor: int) -> None:
        with httpx2.Client(base_url=self._proxy, timeout=30) as client:
            for number in itertools.count(visitor):
                if self._ended.is_set():
                    return
                question = f"délai {number % 5}"
                try:
                    if number % 3 == 0:
                        reply = client.get("/v1/search", params={"q": question})
                    elif number % 3 == 1:
                        reply = client.post("/v1/search", json={"query": question})
                    else:
                        reply = client.get("/", params={"q": question})
                except httpx2.TransportError as error:
                    self.wrong.append(repr(error))
                    continue
                self.asked += 1
                if reply.status_code != 200:
                    self.wrong.append(f"{reply.request.method} {reply.url} {reply.status_code} {reply.text[:200]}")
                elif number % 3 < 2:
                    found = reply.json()
                    editions = {hit["answer"].rpartition("édition ")[2] for hit in found["hits"]}
                    if len(editions) != 1:
                        self.wrong.append(f"mixed: {editions}")
                    self.editions.setdefault(found["index"]["id"], set()).update(editions)
                elif len(set(re.findall(r"édition (\d+)", reply.text))) > 1:
                    self.wrong.append("a page of two indexes")


def test_indexes_are_switched_under_visitors(servers: Servers) -> None:
    """Twenty times: no request fails, and no reply, of the API or a page, is of two indexes."""
    expected = {}
    with Visitors(servers.proxy) as visitors:
        for edition in range(1, SWITCHES + 1):
            built = build_index(corpus(edition), servers.folder / "index", encoder=FakeEncoder())
            expected[built.manifest.id] = {f"{edition}."}
            visitors.go_on(20)
            while len({index_of(port) for port in servers.ports}) > 1:
                visitors.go_on(1)
        visitors.go_on(20)
    assert visitors.wrong == []
    assert all(len(editions) == 1 for editions in visitors.editions.values())
    assert {index: visitors.editions.get(index, editions) for index, editions in expected.items()} == expected
    assert len(visitors.editions) > SWITCHES / 2


def index_of(port: int) -> str:
    """Return which index a server answers from."""
    return str(httpx2.get(f"http://127.0.0.1:{port}/v1/search", params={"q": "délai"}).json()["index"]["id"])


def test_a_server_is_killed_and_comes_back(servers: Servers) -> None:
    """No request fails: the other answers, also those that the dead one had; after it is back, it does without that."""
    with Visitors(servers.proxy) as visitors:
        visitors.go_on(50)
        servers.kill(0)
        visitors.go_on(100)
        servers.start(0)
        visitors.go_on(50)
        servers.kill(1)
        visitors.go_on(100)
    assert visitors.wrong == []


class Starting:
    """Says 503 to everything, as a server that still loads its index does."""

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self.asked = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.asked += b"/v1/search" in connection.recv(65_536)
                connection.sendall(
                    b"HTTP/1.1 503 x\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
                )

    def close(self) -> None:
        """Let go of the port."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def test_what_is_not_ready_is_passed_over(servers: Servers) -> None:
    """A 503 of one is asked of the other; where both say it, visitors hear it, with when to come back."""
    servers.kill(0)
    first = Starting(servers.ports[0])
    with httpx2.Client(base_url=servers.proxy) as client:
        for _ in range(20):
            assert client.post("/v1/search", json={"query": "délai"}).status_code == 200
        servers.kill(1)
        second = Starting(servers.ports[1])
        refused = client.get("/v1/search", params={"q": "délai"})
        assert refused.status_code == 503
        assert {client.get(path).status_code for path in ("/metrics", "/readyz")} == {404}
    first.close()
    second.close()


def test_votes_at_both_are_collected(servers: Servers) -> None:
    """A vote goes to whichever server; merged, each is there once, with its question and index."""
    with httpx2.Client(base_url=servers.proxy) as client:
        for number in range(12):
            for _ in range(1 + number % 2):  # votes to both, though requests take turns
                found = client.get("/v1/search", params={"q": f"délai {number % 5}"}).json()
            vote = {"query_id": found["query_id"], "answer_id": found["hits"][0]["id"], "useful": True}
            assert client.post("/v1/feedback", json=vote).status_code == 201
    files = [servers.folder / f"feedback-{number}.sqlite" for number in range(2)]
    for number in range(2):
        servers.kill(number)
    held = [inspect(file) for file in files]
    assert sum(one.judgements for one in held) == 12
    assert all(one.judgements for one in held)
    list(merge(servers.folder / "all.sqlite", files, retention_days=395))
    assert inspect(servers.folder / "all.sqlite").judgements == 12
    assert inspect(servers.folder / "all.sqlite").questions == sum(one.questions for one in held) > 0
