"""Folders of the model that nobody uses any more: which they are, and that nothing else is removed."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from indexer.encoders.bundled.disuse import UNUSED_DAYS, is_unused, stamp
from indexer.encoders.bundled.encoder import BundledEncoder
from indexer.encoders.bundled.layout import MODEL_NAME, folder_name, name_for_other_engines
from indexer.encoders.bundled.unpack import UnpackedModel, unpack_model

WORDS = "engine/words.npy"
MODEL = folder_name(None).rpartition("-")[0]
LAYOUT = int(folder_name(None).rpartition("-")[2])
BEFORE = f"{MODEL}-{LAYOUT - 1}"
KEEP_OPEN = """
import mmap, sys, time
with open(sys.argv[1], "rb") as file:
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if sys.argv[2] == "open":
        print("open", flush=True)
        time.sleep(600)
print("mapped", flush=True)
time.sleep(600)
"""


def make_older(path: Path, *, days: float) -> None:
    """Make everything in *path* look as if it was last written and read so many days ago."""
    then = time.time() - days * 24 * 60 * 60
    for each in (*path.rglob("*"), path):
        if not each.is_symlink():
            os.utime(each, (then, then))


def older_folder(cache: Path, name: str, *, days: float = UNUSED_DAYS + 1) -> Path:
    """Return a folder such as another version leaves it, last used so many days ago."""
    folder = cache / name
    (folder / WORDS).parent.mkdir(parents=True)
    for file in (folder / WORDS, folder / "souffleur.json"):
        file.write_text("{}")
    make_older(folder, days=days)
    return folder


@pytest.fixture
def cache(unpacked: UnpackedModel, tmp_path: Path) -> Path:
    """A cache in which the model was last used yesterday; its large files are those of all tests."""
    folder = tmp_path / "cache" / unpacked.folder.name
    shutil.copytree(unpacked.folder, folder, copy_function=os.link)
    inventory = folder / "souffleur.json"
    inventory.unlink()
    shutil.copyfile(unpacked.folder / "souffleur.json", inventory)
    make_older(inventory, days=1.1)
    return tmp_path / "cache"


def names(cache: Path) -> set[str]:
    """Return what is in a cache, without locks."""
    return {path.name for path in cache.iterdir() if not path.name.endswith(".lock")}


def test_a_folder_is_unused_after_two_weeks_without_a_read_or_a_stamp(tmp_path: Path) -> None:
    """One file that was read or written later than that is enough for it to be used."""
    assert is_unused(older_folder(tmp_path, "long ago", days=UNUSED_DAYS + 0.1))
    assert not is_unused(older_folder(tmp_path, "of late", days=UNUSED_DAYS - 0.1))
    longer, now = time.time() - 2 * UNUSED_DAYS * 24 * 60 * 60, time.time()
    for name, times in (("read", (now, longer)), ("written", (longer, now))):
        folder = older_folder(tmp_path, name)
        os.utime(folder / WORDS, times)
        assert not is_unused(folder)


@pytest.mark.parametrize("how", ["open", "mapped"])
def test_a_folder_is_used_while_a_process_has_a_file_of_it(tmp_path: Path, how: str) -> None:
    """However long ago it was opened; not after that process was killed."""
    folder = older_folder(tmp_path, BEFORE)
    process = subprocess.Popen([sys.executable, "-c", KEEP_OPEN, str(folder / WORDS), how], stdout=subprocess.PIPE)
    try:
        assert process.stdout
        process.stdout.readline()
        make_older(folder, days=UNUSED_DAYS + 1)
        assert not is_unused(folder)
    finally:
        process.kill()
        process.communicate()
    assert is_unused(folder)


@pytest.mark.slow
def test_the_folder_of_a_loaded_encoder_is_used(unpacked: UnpackedModel, tmp_path: Path) -> None:
    """Its table of words is mapped as long as it serves."""
    folder = Path(shutil.copytree(unpacked.folder, tmp_path / unpacked.folder.name))
    encoder = BundledEncoder(cache_folder=tmp_path)
    make_older(folder, days=UNUSED_DAYS + 1)
    assert not is_unused(folder)
    assert encoder.encode_questions(["délai"]).shape == (1, encoder.dimension)


def test_a_folder_is_stamped_once_a_day(tmp_path: Path) -> None:
    """Only then; a time to come, of a clock that was wrong, is corrected, and what is not there is no error."""
    file = tmp_path / "souffleur.json"
    assert not stamp(file)
    for days, is_due in ((0.9, False), (1.1, True), (-2, True)):
        file.write_text("")
        make_older(file, days=days)
        before = file.stat().st_mtime
        assert stamp(file) == is_due
        assert (file.stat().st_mtime == before) != is_due
        assert not stamp(file)


def test_unused_folders_of_the_model_are_removed(cache: Path) -> None:
    """Those of earlier layouts, of other wheels, of adapters, and what killed processes left aside of them."""
    for name in (
        BEFORE,
        f"{MODEL}-1",
        f"{MODEL}-0123456789ab-{LAYOUT - 1}",
        f"{MODEL}-0123456789ab-{LAYOUT}",
        f"{MODEL_NAME}-0123456789ab-{LAYOUT}",
        f".{BEFORE}.part-abc123",
        f".{MODEL}-2.part-unused",
    ):
        older_folder(cache, name)
    unpack_model(cache)
    assert names(cache) == {folder_name(None)}


def test_nothing_else_is_removed(cache: Path, tmp_path: Path) -> None:
    """What is used, what a newer version made, what somebody asked for, and what only looks alike."""
    used = older_folder(cache, BEFORE, days=UNUSED_DAYS - 1)
    for name in (
        f"{MODEL}-{LAYOUT + 1}",
        f".{MODEL}-{LAYOUT + 1}.part-abc123",
        name_for_other_engines(None),
        f"{MODEL}-{LAYOUT - 1}.part-mine",
        f".{MODEL}-2",
        f"{MODEL}-2-mine",
        f"{MODEL}-0123456789ab-0123456789ab-{LAYOUT}",
        f"{MODEL_NAME}-{LAYOUT}",
        f"{MODEL_NAME}-0123456789XY-{LAYOUT}",
        "matplotlib",
    ):
        older_folder(cache, name)
    (cache / f"{MODEL}-2").write_text("a file")
    make_older(cache / f"{MODEL}-2", days=UNUSED_DAYS + 1)
    elsewhere = older_folder(tmp_path, "elsewhere")
    (cache / f"{MODEL}-3").symlink_to(elsewhere)
    before = names(cache)
    unpack_model(cache)
    assert names(cache) == before
    assert (elsewhere / WORDS).exists()
    assert (used / WORDS).exists()


def test_links_in_a_folder_are_not_followed(cache: Path, tmp_path: Path) -> None:
    """What they lead to stays, and does not make the folder a used one."""
    elsewhere = older_folder(tmp_path, "elsewhere", days=0)
    folder = older_folder(cache, BEFORE)
    (folder / "folder").symlink_to(elsewhere)
    (folder / "file").symlink_to(elsewhere / WORDS)
    make_older(folder, days=UNUSED_DAYS + 1)
    unpack_model(cache)
    assert not folder.exists()
    assert (elsewhere / WORDS).exists()


def test_folders_are_looked_at_once_a_day(cache: Path) -> None:
    """The second start of a day removes nothing."""
    unpack_model(cache)
    folder = older_folder(cache, BEFORE)
    unpack_model(cache)
    assert folder.exists()


@pytest.mark.slow
def test_unused_folders_go_when_the_model_is_unpacked(tmp_path: Path) -> None:
    """After it, so that a version that cannot be unpacked takes nothing away."""
    folder = older_folder(tmp_path, BEFORE)
    unpack_model(tmp_path)
    assert not folder.exists()


def test_a_folder_that_is_being_unpacked_stays(cache: Path) -> None:
    """Whoever does it holds the lock; the start does not wait for it."""
    folder = older_folder(cache, BEFORE)
    with FileLock(cache / f".{BEFORE}.lock"):
        unpack_model(cache)
    assert folder.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_a_cache_that_is_only_read_is_no_error(cache: Path, unpacked: UnpackedModel) -> None:
    """The model is found, and what nobody uses stays."""
    folder = older_folder(cache, BEFORE)
    cache.chmod(0o555)
    try:
        assert unpack_model(cache).fingerprint == unpacked.fingerprint
    finally:
        cache.chmod(0o755)
    assert folder.exists()
