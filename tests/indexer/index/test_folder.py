"""The life of an index folder."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.errors import IndexFolderError
from indexer.index.folder import IndexFolder, file_sums
from indexer.index.manifest import FORMAT_VERSION, Counts, EncoderInfo, Manifest
from indexer.records import DenseChoice
from indexer.search.fitting import SHIPPED_CALIBRATION
from indexer.search.ranking import SHIPPED_WEIGHTS

IDS = [f"2026010{day}-120000-000-0123456{day}" for day in range(1, 6)]


def publish(folder: IndexFolder, index_id: str, *, replaced: str = "") -> Manifest:
    with folder.lock():
        aside = folder.aside()
        (aside / "answers.jsonl").write_text(index_id, encoding="utf-8")
        (aside / "lexical").mkdir()
        (aside / "lexical" / "words").write_bytes(b"\x00\x01")
        manifest = Manifest(
            id=index_id,
            built_at="2026-01-01T12:00:00+00:00",
            method=1,
            corpus_hash="ab",
            encoder=EncoderInfo("fake", "cd", 64),
            counts=Counts(1, 2, 3, 4, 5, 6, 7, 8),
            dense=DenseChoice("exact", 1.0),
            ranking=SHIPPED_WEIGHTS,
            calibration=SHIPPED_CALIBRATION,
            files=file_sums(aside),
            replaced=replaced,
        )
        folder.publish(aside, manifest)
    return manifest


@pytest.fixture
def folder(tmp_path: Path) -> IndexFolder:
    folder = IndexFolder(tmp_path / "index")
    for index_id in IDS:
        publish(folder, index_id)
    return folder


def test_published_index_is_in_service_and_verified(folder: IndexFolder) -> None:
    """The last published index is current, and its manifest is read back as it was written."""
    assert folder.current_id() == IDS[-1]
    manifest = folder.verify(IDS[-1])
    assert manifest == publish(IndexFolder(folder.path.parent / "other"), IDS[-1])
    assert sorted(manifest.files) == ["answers.jsonl", "lexical/words"]


def damage_bit(index: Path) -> None:
    file = index / "lexical" / "words"
    file.write_bytes(bytes([file.read_bytes()[0] ^ 1]) + file.read_bytes()[1:])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (damage_bit, ["lexical/words", "damaged", "make index", "rollback"]),
        (lambda index: (index / "answers.jsonl").unlink(), ["answers.jsonl", "missing", "make index"]),
        (lambda index: (index / "manifest.json").unlink(), ["manifest.json", "missing"]),
        (lambda index: (index / "manifest.json").write_text("{"), ["manifest.json", "damaged"]),
        (lambda index: (index / "manifest.json").write_text("[]"), ["manifest.json", "damaged"]),
        (
            lambda index: (index / "manifest.json").write_text(
                (index / "manifest.json")
                .read_text()
                .replace(f'"format_version": {FORMAT_VERSION}', '"format_version": 0')
            ),
            ["manifest.json", "format 0", "make index"],
        ),
    ],
)
def test_damage_is_refused_by_name(folder: IndexFolder, damage: Callable[[Path], object], words: list[str]) -> None:
    """A flipped bit, a missing file, an older format: the file is named, and what to do next."""
    damage(folder.path / IDS[-1])
    with pytest.raises(IndexFolderError) as caught:
        folder.verify(IDS[-1])
    for word in words:
        assert word in str(caught.value)


def test_rollback_goes_back_one_at_a_time(folder: IndexFolder) -> None:
    """The previous index is the next older one than that in service, until there is none."""
    folder.switch(folder.previous_id())
    assert folder.current_id() == IDS[3]
    assert folder.previous_id() == IDS[2]
    folder.switch(IDS[0])
    with pytest.raises(IndexFolderError, match="no index older"):
        folder.previous_id()


def test_rollback_follows_what_was_replaced(tmp_path: Path) -> None:
    """After a bad index, a rollback and a better one, going back never leads to the bad one."""
    folder = IndexFolder(tmp_path / "index")
    publish(folder, IDS[0])
    publish(folder, IDS[1], replaced=IDS[0])
    folder.switch(folder.previous_id())
    publish(folder, IDS[2], replaced=IDS[0])
    assert folder.previous_id() == IDS[0]
    assert folder.prune(keep=2) == [IDS[1]]
    folder.switch(folder.previous_id())
    with pytest.raises(IndexFolderError, match="no index older"):
        folder.previous_id()


@pytest.mark.parametrize("index_id", [f"{IDS[0]}/", f"./{IDS[0]}", "../../..", "xx", ""])
def test_only_an_index_that_is_kept_can_be_asked_for(folder: IndexFolder, index_id: str) -> None:
    """And those that are kept are named."""
    folder.require(IDS[0])
    with pytest.raises(IndexFolderError, match=IDS[0]):
        folder.require(index_id)


def test_prune_keeps_the_newest_and_the_one_in_service(folder: IndexFolder) -> None:
    """The index in service counts among the kept, even where it is the oldest."""
    folder.switch(IDS[0])
    assert folder.prune(keep=3) == IDS[1:3]
    assert folder.ids() == [IDS[0], *IDS[3:]]
    folder.switch(IDS[4])
    assert folder.prune(keep=1) == [IDS[0], IDS[3]]
    assert folder.ids() == [IDS[4]]
    with pytest.raises(ValueError, match="at least 1"):
        folder.prune(keep=0)


def test_two_builds_at_once_are_refused(folder: IndexFolder) -> None:
    """The second is told that another is at work, and can go on when that has ended."""
    with folder.lock(), pytest.raises(IndexFolderError, match="Another build"), IndexFolder(folder.path).lock():
        pass
    with IndexFolder(folder.path).lock():
        pass


@pytest.mark.parametrize("content", ["", "../../etc/passwd", "20260101", "é"])
def test_strange_current_is_refused(folder: IndexFolder, content: str) -> None:
    """`current` holds an id of this program or nothing that is followed."""
    (folder.path / "current").write_text(content, encoding="utf-8")
    with pytest.raises(IndexFolderError, match="current"):
        folder.current_id()


def test_no_index_says_what_to_run(tmp_path: Path) -> None:
    """An absent folder is told with the command that makes it."""
    with pytest.raises(IndexFolderError, match="make index"):
        IndexFolder(tmp_path / "absent").current_id()
    assert IndexFolder(tmp_path / "absent").ids() == []


def test_what_a_killed_build_left_is_removed(folder: IndexFolder) -> None:
    """Building aside starts from an empty folder, and the index in service is as it was."""
    with folder.lock():
        (folder.aside() / "half").write_text("x")
        assert list(folder.aside().iterdir()) == []
    assert folder.verify(folder.current_id()).id == IDS[-1]


def test_manifest_with_a_field_missing_is_damaged(folder: IndexFolder) -> None:
    """A manifest of the right version but not of this shape is refused, not half understood."""
    text = folder.manifest(IDS[-1]).to_json().replace('"dimension"', '"dimensions"')
    with pytest.raises(IndexFolderError, match="damaged"):
        Manifest.from_json(text, where="manifest.json")
    assert dataclasses.replace(folder.manifest(IDS[-1])) == folder.manifest(IDS[-1])
