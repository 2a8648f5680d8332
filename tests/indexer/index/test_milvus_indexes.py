"""The life of indexes in a Milvus: built into it, switched, rolled back, pruned, and what a killed build leaves."""

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from indexer.errors import IndexFolderError, StoreError, StoreUnavailableError
from indexer.index import milvus_indexes
from indexer.index.build import build_index
from indexer.index.folder import IndexFolder
from indexer.index.index import Index
from indexer.index.milvus_indexes import MilvusIndexes
from indexer.records import Answer
from indexer.store.milvus import upload
from indexer.store.milvus.client import Column, Milvus
from indexer.store.milvus.collections import PASSAGES, Names
from indexer.store.milvus.patience import Patience
from indexer.store.milvus.stored_rows import StoredRows
from indexer.store_address import StoreAddress
from server.answering.answering import Answering
from tests.corpora import ANSWERS, MemoryCorpus
from tests.fakes import FakeEncoder
from tests.stores import connected

_numbers = itertools.count()


@pytest.fixture(params=["lite", pytest.param("server", marks=pytest.mark.slow)])
def indexes(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MilvusIndexes]:
    """A place with nothing in it yet."""
    if request.param == "lite":
        address = f"milvus+lite://{tmp_path / 'faq.db'}"
    else:
        address = f"{request.getfixturevalue('milvus_server').address}/life_{next(_numbers)}"
    indexes = connected(address)
    yield indexes
    indexes.close()


def build(folder: Path, version: str, *, encoder: FakeEncoder | None = None) -> str:
    """Build in *folder* what tells its version; return its id."""
    corpus = MemoryCorpus((*ANSWERS, Answer("version", f"La version en service est la {version}.")))
    return build_index(corpus, folder, encoder=encoder or FakeEncoder()).manifest.id


def publish(indexes: MilvusIndexes, folder: Path, version: str, *, keep: int = 3) -> str:
    """Build in *folder* and put it into service in *indexes* too; return its id."""
    index_id = build(folder, version)
    assert indexes.publish(IndexFolder(folder), keep=keep).id == index_id
    return index_id


def version_in(indexes: MilvusIndexes) -> str:
    """Return what the index in service says."""
    answer = Index.open(indexes).get_answer("version")
    return answer.text.split()[-1] if answer else "none"


def test_a_build_is_switched_to_and_back(indexes: MilvusIndexes, tmp_path: Path) -> None:
    """The one before stays for a rollback, the manifest says where the vectors are; of older ones, *keep* stay."""
    with pytest.raises(IndexFolderError, match="There is no index"):
        indexes.current_id()
    first = publish(indexes, tmp_path / "index", "A")
    second = publish(indexes, tmp_path / "index", "B")
    assert indexes.ids() == [first, second]
    assert version_in(indexes) == "B."
    manifest = indexes.manifest(second)
    assert manifest.replaced == first
    assert manifest.store is not None
    assert manifest.store.address == indexes.where
    assert IndexFolder(tmp_path / "index").manifest(second).store is None
    indexes.switch(indexes.previous_id())
    assert version_in(indexes) == "A."
    third = publish(indexes, tmp_path / "index", "C", keep=1)
    # Servers may still ask the one before.
    assert indexes.ids() == [first, third]
    assert [answer.text for answer in indexes.answers(first)][-1].endswith("A.")


def test_what_is_there_is_not_copied_again(
    indexes: MilvusIndexes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the index in service, nor one that was rolled back from."""
    first = publish(indexes, tmp_path / "index", "A")
    second = publish(indexes, tmp_path / "index", "B")
    monkeypatch.setattr(MilvusIndexes, "_copy", lambda *_, **__: pytest.fail("copied"))
    assert indexes.publish(IndexFolder(tmp_path / "index"), keep=3).id == second
    indexes.switch(first)
    assert indexes.publish(IndexFolder(tmp_path / "index"), keep=3).id == second
    assert version_in(indexes) == "B."


class KilledError(BaseException):
    """Stands for a kill: nothing catches it."""


@pytest.mark.slow
def test_a_build_killed_at_any_moment_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it asked of the Milvus last: what was in service stays, and the next build goes on."""
    indexes = connected(f"milvus+lite://{tmp_path / 'faq.db'}")
    first = publish(indexes, tmp_path / "index", "A")
    second = build(tmp_path / "index", "B")
    asked, call = itertools.count(), Patience.call
    killed_at: int | None = None

    def dying_call(self: Patience, ask: Callable[[float], Any], *, seconds: float | None = None) -> Any:
        if killed_at is not None and next(asked) >= killed_at:
            raise KilledError
        return call(self, ask, seconds=seconds)

    monkeypatch.setattr(Patience, "call", dying_call)
    outcomes = []
    for killed_at in itertools.count():  # read by the call
        asked = itertools.count()
        try:
            connected(indexes.where).publish(IndexFolder(tmp_path / "index"), keep=3)
        except KilledError:
            pass
        else:
            break
        killed_at = None
        assert indexes.current_id() in (first, second)
        assert version_in(indexes) == ("A." if indexes.current_id() == first else "B.")
        outcomes.append(indexes.current_id())
        if indexes.current_id() == second:
            break
    # Only the very last steps come after the switch.
    assert outcomes.count(second) <= 1
    assert len(outcomes) > 20
    monkeypatch.undo()
    assert connected(indexes.where).publish(IndexFolder(tmp_path / "index"), keep=3).id == second
    assert indexes.ids() == [first, second]


def test_what_killed_builds_left_is_found_and_pruned(
    indexes: MilvusIndexes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once nobody has said for a while that he is at work on it; a build that is at work elsewhere is left alone."""
    first = publish(indexes, tmp_path / "index", "A")

    def die(*_: object, **__: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(upload, "_rows", die)
        build(tmp_path / "index", "B")
        with pytest.raises(KilledError):
            indexes.publish(IndexFolder(tmp_path / "index"), keep=3)
    left = IndexFolder(tmp_path / "index").current_id()
    assert indexes.ids() == [first]
    assert indexes.orphans() == []
    assert indexes.prune(keep=3) == []
    with monkeypatch.context() as patch:
        patch.setattr(milvus_indexes, "socket", type("Elsewhere", (), {"gethostname": staticmethod(lambda: "other")}))
        with pytest.raises(StoreError, match="is being copied"):
            indexes.publish(IndexFolder(tmp_path / "index"), keep=3)
    monkeypatch.setattr(milvus_indexes, "_SILENT", timedelta(0))
    assert indexes.orphans() == [left]
    assert indexes.prune(keep=3) == [left]
    assert indexes.ids() == [first]


def test_only_what_changed_is_encoded_again(indexes: MilvusIndexes, tmp_path: Path) -> None:
    """Also by a machine that has never built: it takes the vectors from the Milvus."""
    publish(indexes, tmp_path / "index", "A")
    encoder = FakeEncoder()
    corpus = MemoryCorpus((*ANSWERS, Answer("version", "La version en service est la B.")))
    build_index(corpus, tmp_path / "other", encoder=encoder, known_elsewhere=indexes.known_vectors)
    assert encoder.encoded == ["La version en service est la B."]
    # Those of another encoder are of no use.
    other = FakeEncoder(name="other")
    build_index(corpus, tmp_path / "third", encoder=other, known_elsewhere=indexes.known_vectors)
    assert len(other.encoded) > 10


def test_an_index_of_another_encoder_is_refused(indexes: MilvusIndexes, tmp_path: Path) -> None:
    """As one in a folder is."""
    publish(indexes, tmp_path / "index", "A")
    with pytest.raises(IndexFolderError, match=r"was built with fake .*, but other .* Run .* or name the encoder"):
        Answering.open(indexes, encoder=FakeEncoder(name="other"))


def test_an_alias_of_somebody_else_is_left_alone(indexes: MilvusIndexes, tmp_path: Path) -> None:
    """It is said what to do."""
    milvus = indexes._milvus
    milvus.create("theirs", [Column("vector", "vector", 2)], indexes={"vector": "FLAT"}, seconds=30)
    milvus.point_alias(milvus.address.name, "theirs")
    with pytest.raises(IndexFolderError, match=r"which is no index of Souffleur's\. Give another name"):
        indexes.current_id()
    build(tmp_path / "index", "A")
    with pytest.raises(IndexFolderError, match="Give another name"):
        indexes.publish(IndexFolder(tmp_path / "index"), keep=3)
    milvus.point_alias(milvus.address.name, "theirs")


def test_a_copy_that_lost_rows_is_told(indexes: MilvusIndexes, tmp_path: Path) -> None:
    """Each collection has as many rows as its manifest says, or it does not serve."""
    index_id = publish(indexes, tmp_path / "index", "A")
    name = Names.of(indexes._milvus.address.name, index_id).collection(PASSAGES)
    indexes._milvus._client.delete(name, ids=[0])
    with pytest.raises(IndexFolderError, match=r"has \d+ passages, not \d+. Run"):
        Index.open(indexes)
    indexes._milvus.drop(name)
    with pytest.raises(StoreError, match="has lost a collection"):
        Index.open(connected(indexes.where) if indexes._milvus.address.kind != "lite" else indexes)


def test_a_copy_that_answers_otherwise_is_not_put_into_service(
    indexes: MilvusIndexes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sample of searches is compared with the files before the switch."""
    first = publish(indexes, tmp_path / "index", "A")
    build(tmp_path / "index", "B")
    fetch = StoredRows.vectors
    monkeypatch.setattr(StoredRows, "vectors", lambda *asked: -fetch(*asked))
    with pytest.raises(StoreError, match="answers otherwise than its files"):
        indexes.publish(IndexFolder(tmp_path / "index"), keep=3)
    assert indexes.current_id() == first
    assert indexes.ids() == [first]


def test_a_full_disk_is_told(indexes: MilvusIndexes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do, and what is in service stays."""
    first = publish(indexes, tmp_path / "index", "A")
    build(tmp_path / "index", "B")

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("quota exceeded[reason=disk quota exceeded, please allocate more resources]")

    monkeypatch.setattr(indexes._milvus._client, "insert", refuse)
    with pytest.raises(StoreError, match=r"takes nothing more: .*disk quota.* Free space there .* run .* again"):
        indexes.publish(IndexFolder(tmp_path / "index"), keep=3)
    assert indexes.current_id() == first
    assert version_in(indexes) == "A."


@pytest.mark.slow
def test_a_file_that_another_process_has_is_told(tmp_path: Path) -> None:
    """Without a traceback; and so is a folder that cannot be made."""
    indexes = connected(f"milvus+lite://{tmp_path / 'faq.db'}")
    for store in (indexes.where, "milvus+lite:///proc/none/faq.db"):
        command = [sys.executable, "-m", "souffleur", "describe", "--store", store]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert "one process opens it at a time" in line
    indexes.close()


@pytest.mark.slow
def test_nothing_at_an_address_is_told(tmp_path: Path) -> None:
    """Within the deadline, without the token."""
    build(tmp_path / "index", "A")
    with pytest.raises(StoreUnavailableError) as caught:
        Milvus(StoreAddress.parse("milvus://127.0.0.1:9"), token="root:secret", seconds=1)
    assert "No Milvus answers at milvus://127.0.0.1:9" in str(caught.value)
    assert "Check the address" in str(caught.value)
    assert "secret" not in str(caught.value)
