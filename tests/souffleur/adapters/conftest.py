"""The FAQ of the README, as an index and behind a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.running import running_server
from indexer.corpus.corpus import open_corpus
from indexer.encoders.loading import load_encoder
from indexer.index.build import build_index

ROOT = Path(__file__).parents[3]
QUESTION = "combien de temps un certificat est-il valable"
ANSWER_ID = "validite-certificat"
OFF_TOPIC = "quelle est la capitale du Pérou"


@pytest.fixture(scope="session")
def shipped_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the shipped corpus by the bundled encoder."""
    path = tmp_path_factory.mktemp("shipped") / "index"
    build_index(open_corpus(ROOT / "corpus"), path, encoder=load_encoder("bundled"))
    return path


@pytest.fixture(scope="session")
def server_url(shipped_index: Path) -> Iterator[str]:
    """A running server of that index."""
    with running_server(shipped_index) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture(params=["index", "server"])
def source(request: pytest.FixtureRequest, shipped_index: Path, server_url: str) -> str:
    """Where the FAQ is: an adapter tells the same of both."""
    return str(shipped_index) if request.param == "index" else server_url
