"""Indexes that earlier versions built are served without a rebuild, and say what they said then."""

import json
import shutil
from pathlib import Path

import pytest

from indexer.index.folder import IndexFolder
from indexer.records import Answer
from server.answering.answering import Answering
from tests.fakes import FakeEncoder

DATA = Path(__file__).parents[2] / "data"
DIMENSION = 16


@pytest.mark.parametrize("version", ["0.1"])
def test_earlier_index_answers_as_it_did(version: str, tmp_path: Path) -> None:
    """Its files are verified; order, scores and confidence are those of the version that built it."""
    folder = tmp_path / "index"
    shutil.copytree(DATA / f"index-{version}", folder)
    answering = Answering.open(folder, encoder=FakeEncoder(dimension=DIMENSION))
    for expected in json.loads((DATA / f"index-{version}-replies.json").read_text(encoding="utf-8")):
        reply = answering.answer(expected["question"])
        assert str(reply.status) == expected["status"]
        assert reply.confidence == pytest.approx(expected["confidence"], abs=1e-6)
        found = [(hit.answer.id, hit.passage.text) for hit in reply.hits]
        assert found == [(answer_id, passage) for answer_id, _, passage in expected["hits"]]
        scores = [score for _, score, _ in expected["hits"]]
        assert [hit.score for hit in reply.hits] == pytest.approx(scores, abs=1e-5)
    assert isinstance(answering.get_answer("types-de-bal"), Answer)
    assert IndexFolder(folder).current_id() == answering.index_info.id
