"""What serves where the index in service is damaged, before the start and after it."""

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from indexer.errors import IndexFolderError
from indexer.index import encoder
from indexer.index.build import build_index
from indexer.index.folder import IndexFolder
from indexer.index.index import Index
from indexer.settings import IndexerSettings
from server.answering.answering import Answering
from server.answering.fall_back import FELL_BACK, fall_back
from server.answering.index_switch import IndexSwitch
from server.answering.prepared import UNFIT, open_soon
from server.app import create_site
from server.serve import _open_answering
from server.settings import ServerSettings
from tests.conftest import CORPUS
from tests.corpora import ANSWERS, MemoryCorpus
from tests.fakes import FakeEncoder

ROOT = Path(__file__).parents[3]


def make(index: Index) -> Answering:
    return Answering(index, FakeEncoder())


@pytest.fixture
def folder(small_index: Path, tmp_path: Path) -> Path:
    """Three indexes, the last in service."""
    folder = Path(shutil.copytree(small_index, tmp_path / "index"))
    for count in (3, 2):
        build_index(MemoryCorpus(ANSWERS[:count]), folder, encoder=FakeEncoder())
    return folder


def opened(folder: Path) -> Answering:
    """Return what a server answers with."""
    try:
        return make(open_soon(folder))
    except UNFIT as error:
        return fall_back(IndexFolder(folder), make, unfit=error)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a file cut short": lambda index: (index / "answers.jsonl").write_bytes(b"{"),
    "a file missing": lambda index: (index / "embeddings.npy").unlink(),
    "another manifest": lambda index: (index / "manifest.json").write_text("{}"),
    "no folder": shutil.rmtree,
    "current of nothing": lambda index: (index.parent / "current").write_text("nothing\n"),
    "current missing": lambda index: (index.parent / "current").unlink(),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_the_newest_whole_index_serves(folder: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever is wrong with the one in service; the log and the metrics say so, and nothing is deleted or written."""
    first, second, third = IndexFolder(folder).ids()
    DAMAGES[name](folder / third)
    left = sorted(folder.rglob("*"))
    answering = opened(folder)
    # A whole index that `current` does not name any more is the newest.
    assert answering.index_info.id == (third if name.startswith("current") else second)
    assert answering.answer("certificat").hits
    assert answering.degraded == FELL_BACK
    assert "souffleur_refused_reloads_total 1.0" in answering.metrics.text().decode()
    assert [record.levelname for record in caplog.records][-1] == "ERROR"
    assert sorted(folder.rglob("*")) == left
    assert first in IndexFolder(folder).ids()


def test_one_after_the_other_is_tried(folder: Path) -> None:
    """Down to the oldest; where none is whole, what is wrong with the one in service is told."""
    first, second, third = IndexFolder(folder).ids()
    for index_id in (third, second):
        (folder / index_id / "spans.npy").write_bytes(b"")
    assert opened(folder).index_info.id == first
    (folder / first / "spans.npy").write_bytes(b"")
    with pytest.raises(IndexFolderError, match=third):
        opened(folder)


@pytest.mark.parametrize("name", ["a file cut short", "another manifest", "no folder"])
@pytest.mark.parametrize("names", [("fake", "taught"), ("taught", "fake")])
def test_an_index_of_another_lesson_serves_with_its_encoder(
    folder: Path, name: str, names: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the first index of a taught encoder is damaged, the one from before serves; and the other way round."""
    taught = FakeEncoder(name="taught")
    encoder.keep_adapter(folder, b"taught", fingerprint=taught.fingerprint)
    monkeypatch.setattr(encoder, "load_named_encoder", lambda _, *, adapter: taught if adapter else FakeEncoder())
    earlier, last = (
        build_index(MemoryCorpus(ANSWERS[:3]), folder, encoder=FakeEncoder(name=made_by), keep=9).manifest.id
        for made_by in names
    )
    settings = IndexerSettings(index=folder)
    for expected, why in ((last, None), (earlier, FELL_BACK)):
        answering = _open_answering(settings, ServerSettings(), IndexFolder(folder), tracing=None, falls_back=True)
        assert (answering.index_info.id, answering.degraded) == (expected, why)
        assert answering.answer("certificat").hits
        if why is None:
            DAMAGES[name](folder / last)


def test_who_watches_is_told(folder: Path) -> None:
    """/readyz is 200 and says degraded, without a path; after the next good index it says ready."""
    third = IndexFolder(folder).current_id()
    (folder / third / "answers.jsonl").write_bytes(b"")
    answering = opened(folder)
    index_switch = IndexSwitch(folder, answering)
    with TestClient(create_site(answering, index_switch=index_switch, disks={"index": folder})) as client:
        reply = client.get("/readyz")
        assert reply.status_code == 200
        body = reply.json()
        assert (body["status"], body["reasons"]) == ("degraded", [FELL_BACK])
        assert "souffleur_degraded 1.0" in client.get("/metrics").text
        assert str(folder) not in reply.text
        assert body["disk_free_bytes"]["index"] > 0
        assert 0 <= body["age_seconds"] < 3_600
        assert not index_switch.look()
        build_index(CORPUS, folder, encoder=FakeEncoder())
        assert index_switch.look()
        assert (client.get("/readyz").json()["status"], client.get("/readyz").json()["reasons"]) == ("ready", [])
        assert "souffleur_degraded 0.0" in client.get("/metrics").text


def test_a_refused_index_is_told_until_another_serves(folder: Path) -> None:
    """The one before serves, and that is not what was wanted."""
    answering = opened(folder)
    index_switch = IndexSwitch(folder, answering)
    assert answering.degraded is None
    built = build_index(CORPUS, folder, encoder=FakeEncoder()).manifest.id
    (folder / built / "answers.jsonl").write_bytes(b"")
    assert not index_switch.look()
    assert "was refused" in (answering.degraded or "")
    index_switch.rollback()
    assert answering.degraded is None


CUT = """
    import os, sys
    from pathlib import Path
    from server.answering.answering import Answering
    from tests.fakes import FakeEncoder

    folder = Path(sys.argv[1])
    answering = Answering.open(folder, encoder=FakeEncoder())
    for file in folder.glob("2*/**/*"):
        if file.is_file():
            os.truncate(file, 0)
    reply = answering.answer("Quels types de boîte aux lettres y a-t-il ?")
    print(reply.hits[0].answer.id, len(answering.index.answer_vectors()), len(list(answering.index.answers)))
"""


def test_files_cut_short_under_a_server_do_not_end_it(small_index: Path, tmp_path: Path) -> None:
    """Every file of the index in service is emptied in place; questions are answered as before."""
    folder = shutil.copytree(small_index, tmp_path / "index")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CUT), str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["types-de-bal", str(len(ANSWERS)), str(len(ANSWERS))]
