"""An index folder knows what the bundled encoder was taught for it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.corpus.answer_list import AnswerList
from indexer.encoders.bundled.layout import TAUGHT_NAME
from indexer.index import encoder as module
from indexer.index.build import build_index
from indexer.index.encoder import adapter_for, adapter_in_service, keep_adapter, load_configured_encoder
from indexer.index.folder import ADAPTERS, IndexFolder
from indexer.settings import IndexerSettings
from tests.corpora import ANSWERS
from tests.fakes import FakeEncoder

OTHER = "0" * 64


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An index folder with an index of the fake encoder."""
    build_index(AnswerList.of(ANSWERS), tmp_path / "index", encoder=FakeEncoder())
    return tmp_path / "index"


def loaded_with(path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> object:
    """Return the adapter that the encoder *name* is loaded with for the index folder *path*."""
    given: dict[str, object] = {}
    monkeypatch.setattr(module, "load_named_encoder", lambda _, **options: given.update(options))
    load_configured_encoder(IndexerSettings(index=path, encoder=name))
    return given["adapter"]


def test_the_adapter_of_the_index_in_service_is_taken(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the default encoder alone: another that is named, or the untaught one, is what it is."""
    assert loaded_with(path, "bundled", monkeypatch) is None
    keep_adapter(path, b"other", fingerprint=OTHER)
    assert loaded_with(path, "bundled", monkeypatch) is None
    keep_adapter(path, b"own", fingerprint=FakeEncoder().fingerprint)
    own = adapter_in_service(path)
    assert own is not None
    assert own.read_bytes() == b"own"
    assert loaded_with(path, "bundled", monkeypatch) == own
    for name in ("bundled-base", "bundled-taught", "some/model"):
        assert loaded_with(path, name, monkeypatch) is None


def test_without_an_index_there_is_none(tmp_path: Path) -> None:
    """Whoever opens the index says what is wrong with it."""
    assert adapter_in_service(tmp_path / "nowhere") is None
    (tmp_path / "current").write_text("20260101-120000-000-01234567\n", encoding="utf-8")
    assert adapter_in_service(tmp_path) is None


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a manifest cut short": lambda index: (index / "manifest.json").write_text("{", encoding="utf-8"),
    "no manifest": lambda index: (index / "manifest.json").unlink(),
    "no index": shutil.rmtree,
    "no current": lambda index: (index.parent / "current").unlink(),
    "current of nothing": lambda index: (index.parent / "current").write_text("nothing\n", encoding="utf-8"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_index_does_not_cost_what_was_taught(path: Path, name: str) -> None:
    """The newest index that can be read tells the encoder: it is the one that a server falls back to."""
    keep_adapter(path, b"own", fingerprint=FakeEncoder().fingerprint)
    own = adapter_in_service(path)
    build_index(AnswerList.of(ANSWERS[:2]), path, encoder=FakeEncoder())
    DAMAGES[name](path / IndexFolder(path).current_id())
    assert own is not None
    assert adapter_in_service(path) == own


def test_a_build_that_leaves_what_was_taught_says_so(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With the file that has it, also where no index says any more which that is. Else it is silent."""
    other = FakeEncoder(name="other")
    build_index(AnswerList.of(ANSWERS[:2]), path, encoder=other)
    build_index(AnswerList.of(ANSWERS), path, encoder=FakeEncoder())
    keep_adapter(path, b"own", fingerprint=FakeEncoder().fingerprint)
    build_index(AnswerList.of(ANSWERS[:2]), path, encoder=FakeEncoder())
    assert not caplog.records
    taught = IndexFolder(path).current_id()
    build_index(AnswerList.of(ANSWERS[:2]), path, encoder=other)
    (warning,) = caplog.messages
    assert f"index {taught} was made with fake, and this build encodes all texts anew, with other" in warning
    assert str(adapter_of_fake := path / ADAPTERS / f"{FakeEncoder().fingerprint[:16]}.npz") in warning
    caplog.clear()
    build_index(AnswerList.of(ANSWERS), path, encoder=other)
    assert not caplog.records
    for index_id in IndexFolder(path).ids():
        (path / index_id / "manifest.json").write_text("{", encoding="utf-8")
    build_index(AnswerList.of(ANSWERS), path, encoder=other)
    assert any("is left: no index in" in message and str(adapter_of_fake) in message for message in caplog.messages)


def test_an_adapter_that_is_missing_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An index that was taught comes with its adapter; without it, the log names the file and the ways on."""
    taught = FakeEncoder(name=TAUGHT_NAME)
    build_index(AnswerList.of(ANSWERS), tmp_path, encoder=taught)
    assert adapter_for("bundled-base", tmp_path) is None
    assert not caplog.messages
    assert adapter_for("bundled", tmp_path) is None
    assert f"{tmp_path}/adapters/{taught.fingerprint[:16]}.npz is not there" in caplog.text
    caplog.clear()
    keep_adapter(tmp_path, b"own", fingerprint=taught.fingerprint)
    assert adapter_for("bundled", tmp_path) is not None
    assert not caplog.messages


def test_an_adapter_of_no_index_goes_after_a_day(path: Path) -> None:
    """Not before: an index that needs it may be at work. One that an index needs stays, however old it is."""
    own = FakeEncoder().fingerprint
    for fingerprint in (own, OTHER):
        keep_adapter(path, b"", fingerprint=fingerprint)
    keep_adapter(path, b"", fingerprint="1" * 64)
    assert len(list((path / ADAPTERS).iterdir())) == 3
    for file in (path / ADAPTERS).iterdir():
        os.utime(file, (0, 0))
    keep_adapter(path, b"", fingerprint="2" * 64)
    assert {file.stem for file in (path / ADAPTERS).iterdir()} == {own[:16], "2" * 16}
    # Of an index that cannot be read nobody knows what it needs.
    (path / IndexFolder(path).current_id() / "manifest.json").write_text("{", encoding="utf-8")
    os.utime(path / ADAPTERS / f"{own[:16]}.npz", (0, 0))
    keep_adapter(path, b"", fingerprint="3" * 64)
    assert len(list((path / ADAPTERS).iterdir())) == 3
