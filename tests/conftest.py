"""What several test modules share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from indexer.index.build import build_index
from indexer.index.folder import IndexFolder
from indexer.records import Facet
from server.answering.answering import Answering
from server.app import create_api
from tests.corpora import ANSWERS, MemoryCorpus
from tests.fakes import FakeEncoder
from tests.milvus_server import MilvusServer
from tests.stores import PLACES, Stored, running_server, stored_in_milvus

CORPUS = MemoryCorpus(
    ANSWERS,
    facets=(
        Facet("couloir", "Votre question concerne quel couloir Ségur ?", ("Hôpital", "Officine")),
        Facet("thematique", "Votre question concerne quelle thématique ?", ("Certificats", "Interopérabilité")),
    ),
    off_topic=("Quel temps fera-t-il demain ?", "Bonjour"),
)


@pytest.fixture(scope="session")
def small_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index folder of the small corpus, made by the fake encoder; not to be changed."""
    path = tmp_path_factory.mktemp("small") / "index"
    build_index(CORPUS, path, encoder=FakeEncoder())
    return path


@pytest.fixture(scope="session")
def milvus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusServer]:
    """A real Milvus, not to be killed."""
    with running_server(tmp_path_factory.mktemp("milvus")) as server:
        yield server


@pytest.fixture(scope="session", params=PLACES)
def stored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    """Where an index is kept: what holds of a search holds in each place."""
    if request.param == "files":
        yield IndexFolder
    elif request.param == "lite":
        yield from stored_in_milvus(f"milvus+lite://{tmp_path_factory.mktemp('lite') / 'faq.db'}")
    else:
        yield from stored_in_milvus(request.getfixturevalue("milvus_server").address)


@pytest.fixture(scope="session")
def answering(small_index: Path) -> Answering:
    """Answers from the small index."""
    return Answering.open(small_index, encoder=FakeEncoder())


@pytest.fixture(scope="session")
def client(answering: Answering) -> Iterator[TestClient]:
    """Speaks HTTP with the small index."""
    with TestClient(create_api(answering), raise_server_exceptions=False) as client:
        yield client
