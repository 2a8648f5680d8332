"""What adapters ask: an index and a server say the same, and what goes wrong is told in a sentence."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import uvicorn
from starlette.types import ASGIApp

from indexer.errors import QuestionError, SouffleurError
from indexer.index.build import build_index
from indexer.records import Answer
from server.answering.answering import Answering
from server.app import create_site
from souffleur.adapters.faq import LocalFaq, open_faq
from souffleur.adapters.served_faq import ServedFaq, ServedFaqError
from tests.corpora import MemoryCorpus
from tests.fakes import FakeEncoder

ANSWERS = (
    Answer(
        "guichet/ouverture", "Le guichet ouvre à neuf heures.", former_ids=("horaires",), facets={"lieu": ("Nord",)}
    ),
    Answer("prix", "La carte coûte dix euros.", facets={"lieu": ("Sud",)}),
)


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve an application on a free port of this machine, and yield its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def answering(tmp_path: Path) -> Answering:
    """Answers from an index of two answers."""
    build_index(MemoryCorpus(ANSWERS), tmp_path, encoder=FakeEncoder())
    return Answering.open(tmp_path, encoder=FakeEncoder())


def test_an_index_and_a_server_say_the_same(answering: Answering) -> None:
    """Replies, answers, old ids and unknown ones; under a prefix too, and whatever proxy the environment names."""
    local = open_faq(answering)
    assert isinstance(local, LocalFaq)
    with served(create_site(answering, base_path="/faq")) as root, pytest.MonkeyPatch.context() as patch:
        patch.setenv("http_proxy", "http://127.0.0.1:9")
        remote = open_faq(f"{root}/faq/")
        assert isinstance(remote, ServedFaq)
        for question in ("Quand ouvre le guichet ?", "Quel temps fait-il ?"):
            for facets in (None, {"lieu": ["Nord"]}):
                replies = [asdict(faq.ask(question, limit=2, facets=facets)) for faq in (local, remote)]
                for reply in replies:
                    del reply["query_id"], reply["took_ms"]
                assert replies[0] == replies[1]
                assert len(replies[0]["hits"]) == (1 if facets else 2)
        for answer_id in ("guichet/ouverture", "horaires", "prix"):
            assert local.find(answer_id) == remote.find(answer_id) is not None
        assert local.find("absent") is remote.find("absent") is None
        assert remote.address_of("guichet/ouverture") == f"{root}/faq/reponses/guichet/ouverture"
        for faq in (local, remote):
            with pytest.raises(ValueError, match="'place'"):
                faq.ask("guichet", limit=1, facets={"place": ["Nord"]})
            with pytest.raises(SouffleurError, match="La question est vide"):
                faq.ask(" ", limit=1)
        with pytest.raises(QuestionError):
            local.ask(" ", limit=1)
        with pytest.raises(ServedFaqError) as refused:
            remote.ask(" ", limit=1)
        assert refused.value.type == "urn:souffleur:problem:question-blank"


class _Other(BaseHTTPRequestHandler):
    """A server that is none of ours: `/error` fails, everything else is a page, which stops early at `/cut`."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(500 if self.path.startswith("/error") else 200)
        self.send_header("content-length", "1000" if self.path.startswith("/cut") else "4")
        self.end_headers()
        self.wfile.write(b"<br>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    ("path", "words"),
    [("", "does not answer as this Souffleur does"), ("/error", "answered 500"), ("/cut", "cannot be reached")],
)
def test_another_server_is_told_in_a_sentence(path: str, words: str) -> None:
    """With what to do, and without what it sent."""
    with HTTPServer(("127.0.0.1", 0), _Other) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            with pytest.raises(ServedFaqError, match=words) as told:
                ServedFaq(f"http://127.0.0.1:{server.server_port}{path}").ask("guichet", limit=1)
            assert "<br>" not in str(told.value)
            assert "\n" not in str(told.value)
        finally:
            server.shutdown()
            thread.join()


def test_nobody_there_is_told_with_the_command() -> None:
    """That starts one."""
    with pytest.raises(ServedFaqError, match="Start it with `souffleur serve`"):
        ServedFaq("http://127.0.0.1:9").ask("guichet", limit=1)


@pytest.mark.parametrize("url", ["faq.example", "http://", "file:///etc/passwd", "ftp://faq.example", "http://[::1"])
def test_what_is_no_address_is_refused(url: str) -> None:
    """Before anything is asked; only HTTP is spoken."""
    with pytest.raises(ValueError, match=r"no address|Invalid IPv6"):
        ServedFaq(url)
