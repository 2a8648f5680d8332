"""From one version to the next and back, with the index and the feedback that the other one left.

`feedback-0.1.sqlite` is that of a server of 0.1.0 which was killed: its newest rows are in the log beside it.
"""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from indexer.errors import IndexFolderError
from indexer.index.folder import IndexFolder
from indexer.index.manifest import RECIPE, Manifest
from indexer.terminal import DONE, FAILED
from server import cli
from server.answering.answering import Answering
from server.answering.index_switch import IndexSwitch
from server.app import create_site
from server.feedback.backup import inspect
from server.feedback.schema import SCHEMA_STEPS
from server.feedback.store import FeedbackStore
from tests.fakes import FakeEncoder

DATA = Path(__file__).parents[1] / "data"
SCHEMA_OF_0_1 = 3
KEPT_SINCE = 1_795_915_200.0
"""A day on which nothing of that feedback has expired."""
JUDGED = [
    ("88504e9c762547c88201afad2fdd76b0", True, "", "durée d'un certificat"),
    ("88514e9c762547c88201afad2fdd76b0", False, "Trop long, je m'y perds.", None),
]
ASKED = ["durée d'un certificat", "mon cœur de métier", "quel temps fera-t-il demain ?", "mon cœur de métier"]


@pytest.fixture
def feedback(tmp_path: Path) -> Path:
    """The feedback of 0.1, as its server left it when it was killed."""
    for end in ("", "-wal"):
        shutil.copy(DATA / f"feedback-0.1.sqlite{end}", tmp_path / f"feedback.sqlite{end}")
    return tmp_path / "feedback.sqlite"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The index folder of 0.1."""
    shutil.copytree(DATA / "index-0.1", tmp_path / "index")
    return tmp_path / "index"


def opened(path: Path) -> FeedbackStore:
    """Return the store of a file, on a day when nothing has expired."""
    return FeedbackStore.open(path, keep_questions="redacted", retention_days=395, clock=lambda: KEPT_SINCE)


@pytest.fixture
def upgraded(folder: Path, feedback: Path) -> Iterator[TestClient]:
    """Speaks HTTP with this version, on the index and the feedback of 0.1."""
    answering = Answering.open(folder, encoder=FakeEncoder(dimension=16))
    with opened(feedback) as store, store.purging():
        site = create_site(answering, feedback=store, index_switch=IndexSwitch(folder, answering))
        with TestClient(site) as client:
            yield client


def test_an_upgrade_loses_nothing(upgraded: TestClient, folder: Path, feedback: Path) -> None:
    """The index answers as it did, all judgements and questions are there by the new schema, and new ones join them."""
    assert upgraded.get("/readyz").json()["status"] == "ready"
    for expected in json.loads((DATA / "index-0.1-replies.json").read_text(encoding="utf-8")):
        reply = upgraded.post("/v1/search", json={"query": expected["question"]}).json()
        assert reply["status"] == expected["status"]
        assert [hit["id"] for hit in reply["hits"]] == [answer_id for answer_id, _, _ in expected["hits"]]
    judgement = {"query_id": reply["query_id"], "answer_id": reply["hits"][0]["id"], "useful": True}
    assert upgraded.post("/v1/feedback", json=judgement).status_code == 201

    with opened(feedback) as store:
        judged = [json.loads(line) for line in store.export_jsonl()]
        asked = [json.loads(line)["question"] for line in store.export_jsonl("questions")]
    found = [(row["query_id"], row["useful"], row["comment"], row["question"]) for row in judged]
    assert found == [*JUDGED, (reply["query_id"], True, "", expected["question"])]
    assert asked[: len(ASKED)] == ASKED
    report = inspect(feedback)
    assert (report.schema, report.problems) == (len(SCHEMA_STEPS), ())
    assert IndexFolder(folder).ids() == [IndexFolder(folder).current_id()]


def test_the_way_back_is_a_backup_from_before(feedback: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new command saves the old file as it is, in the schema that the old version reads, log included."""
    monkeypatch.setenv("SOUFFLEUR_FEEDBACK", str(feedback))
    assert cli.main(["feedback", "backup", str(tmp_path / "before.sqlite")]) == DONE
    opened(feedback).close()
    before, after = inspect(tmp_path / "before.sqlite"), inspect(feedback)
    assert (before.schema, before.judgements, before.questions) == (SCHEMA_OF_0_1, 2, 4)
    assert (after.schema, after.judgements, after.questions) == (len(SCHEMA_STEPS), 2, 4)


def test_a_server_says_what_to_do_with_feedback_of_a_later_version(
    feedback: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It does not start, and the file is as it was."""
    opened(feedback).close()
    with closing(sqlite3.connect(feedback)) as later:
        later.execute("PRAGMA user_version = 99")
    content = feedback.read_bytes()
    assert cli.main(["serve", "--index", str(folder), "--feedback", str(feedback), "--port", "0"]) == FAILED
    told = capsys.readouterr().err
    assert f"later version of Souffleur (schema 99, not {len(SCHEMA_STEPS)})" in told
    assert "Install that version again, go back to a backup" in told
    assert feedback.read_bytes() == content


def test_an_index_of_a_later_version_is_refused_and_the_one_in_service_goes_on(folder: Path) -> None:
    """A newer program built into the folder first: the older server says which version it needs, and answers on."""
    answering = Answering.open(folder, encoder=FakeEncoder(dimension=16))
    switch = IndexSwitch(folder, answering)
    indexes = IndexFolder(folder)
    old = indexes.current_id()
    later = f"2027{old[4:]}"
    shutil.copytree(folder / old, folder / later)
    content = json.loads((folder / old / "manifest.json").read_text(encoding="utf-8"))
    content |= {"id": later, "method": RECIPE + 1, "what_nobody_knows_yet": [1]}
    content["calibration"]["what_nobody_knows_yet"] = 1
    (folder / later / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    indexes.switch(later)
    with pytest.raises(IndexFolderError, match=rf"later version .*recipe {RECIPE + 1}; this one knows {RECIPE}"):
        switch.reload()
    assert answering.index_info.id == old
    assert indexes.previous_id() == old
    assert isinstance(indexes.manifest(old), Manifest)
