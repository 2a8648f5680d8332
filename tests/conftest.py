"""What several test modules share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from indexer.index.build import build_index
from indexer.records import Facet
from server.answering.answering import Answering
from server.app import create_app
from tests.corpora import ANSWERS, MemoryCorpus
from tests.fakes import FakeEncoder

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
def answering(small_index: Path) -> Answering:
    """Answers from the small index."""
    return Answering.open(small_index, encoder=FakeEncoder())


@pytest.fixture(scope="session")
def client(answering: Answering) -> Iterator[TestClient]:
    """Speaks HTTP with the small index."""
    with TestClient(create_app(answering), raise_server_exceptions=False) as client:
        yield client
