"""A server on a copy of an index folder: the copy may be cut off anywhere, while both serve."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.index.build import build_index
from indexer.index.encoder import adapter_in_service, keep_adapter
from indexer.index.folder import ADAPTERS, CURRENT, IndexFolder
from indexer.records import Answer
from server.answering.answering import Answering
from server.answering.index_switch import IndexSwitch
from tests.corpora import ANSWERS, MemoryCorpus
from tests.fakes import FakeEncoder

SCRIPT = Path(__file__).parents[3] / "deploy" / "copy-index.sh"
QUESTION = "Combien de temps un certificat est-il valable ?"


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of two indexes, and a copy of it from when there was one."""
    one, two = tmp_path / "one", tmp_path / "two"
    build_index(MemoryCorpus(ANSWERS), one, encoder=FakeEncoder())
    shutil.copytree(one, two)
    extra = Answer("nouvelle", "Le bureau ouvre le lundi.", ("Quand ouvre le bureau ?",))
    build_index(MemoryCorpus([*ANSWERS, extra]), one, encoder=FakeEncoder())
    return one, two


class Server:
    """Serves a folder, and looks at `current` when told."""

    def __init__(self, path: Path) -> None:
        self.answering = Answering.open(path, encoder=FakeEncoder())
        self.index_switch = IndexSwitch(path, self.answering)

    def index_after_look(self) -> str:
        """Return which index a reply is from, all of whose hits it has."""
        self.index_switch.look()
        reply = self.answering.answer(QUESTION)
        assert len(reply.hits) == min(5, reply.index.answers)
        assert reply.hits[0].answer.id == "validite-certificat"
        return reply.index.id


def steps(one: Path, two: Path) -> Iterator[str]:
    """Copy the index in service file by file, half of each first, then `current`; yield the name after each step."""
    index_id = IndexFolder(one).current_id()
    for source in sorted((one / index_id).rglob("*")):
        target = two / source.relative_to(one)
        if source.is_dir():
            target.mkdir(parents=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            data = source.read_bytes()
            target.write_bytes(data[: len(data) // 2])
            yield source.name
            target.write_bytes(data)
        yield source.name
    shutil.copy(one / CURRENT, two / "current.copied")
    (two / "current.copied").replace(two / CURRENT)
    yield CURRENT


def test_a_copy_is_cut_off_after_each_step(folders: tuple[Path, Path]) -> None:
    """Until `current` is there, who serves and who starts gives whole replies of the index before; then of the new."""
    one, two = folders
    before, after = IndexFolder(two).current_id(), IndexFolder(one).current_id()
    first, second = Server(one), Server(two)
    done = 0
    for name in steps(one, two):
        done += 1
        expected = after if name == CURRENT else before
        assert second.index_after_look() == expected, name
        assert Server(two).index_after_look() == expected, name
        assert first.index_after_look() == after
    assert done > 30
    assert second.answering.metrics.refused_reloads._value.get() == 0


def test_in_the_wrong_order_the_index_before_serves(folders: tuple[Path, Path]) -> None:
    """With `current` first, the new index is refused while a file is missing; written again at the end, it serves."""
    one, two = folders
    before, after = IndexFolder(two).current_id(), IndexFolder(one).current_id()
    server = Server(two)
    (two / CURRENT).write_text(after + "\n", encoding="utf-8")
    for name in steps(one, two):
        assert server.index_after_look() == (after if name == CURRENT else before), name
    assert server.answering.metrics.refused_reloads._value.get() == 1


def test_servers_of_one_folder_follow_each_other(folders: tuple[Path, Path]) -> None:
    """What one of them is told to go back to, all serve."""
    one, _ = folders
    servers = [Server(one), Server(one)]
    earlier = servers[0].index_switch.rollback().id
    assert [server.index_after_look() for server in servers] == [earlier, earlier]


def test_the_script_copies_what_the_encoder_was_taught(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before `current`, which would name an index that cannot be asked; where nothing was taught, nothing is missed."""
    stand_in = tmp_path / "bin" / "rsync"
    stand_in.parent.mkdir()
    stand_in.write_text(
        '#!/bin/sh\nwhile [ $# -gt 2 ]; do shift; done\ncp -R "$1" "$2" && basename "$1"\n', encoding="utf-8"
    )
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stand_in.parent}:{os.environ['PATH']}")
    one, two = folders
    after = IndexFolder(one).current_id()

    def copied() -> list[str]:
        done = subprocess.run([SCRIPT, one, two], check=True, timeout=60, capture_output=True, text=True)
        return done.stdout.split()

    assert copied() == [after, CURRENT]
    keep_adapter(one, b"taught", fingerprint=FakeEncoder().fingerprint)
    assert copied() == [after, ADAPTERS, CURRENT]
    adapter = adapter_in_service(two)
    assert adapter is not None
    assert adapter.read_bytes() == b"taught"


@pytest.mark.slow
def test_the_script_is_killed_and_run_again(folders: tuple[Path, Path]) -> None:
    """`deploy/copy-index.sh`, ended at any moment, leaves the index before; run to its end, both folders are alike."""
    if shutil.which("rsync") is None:
        pytest.skip("rsync is not there: apt-get install rsync")
    one, two = folders
    keep_adapter(one, b"taught", fingerprint=FakeEncoder().fingerprint)
    before, after = IndexFolder(two).current_id(), IndexFolder(one).current_id()
    server = Server(two)
    for moment in range(25):
        copying = subprocess.Popen([SCRIPT, one, f"{two}/"], start_new_session=True)
        try:
            copying.wait(0.004 * moment)
        except subprocess.TimeoutExpired:
            os.killpg(copying.pid, signal.SIGKILL)
            copying.wait()
        found = IndexFolder(two).current_id()
        assert server.index_after_look() == found
        if found == after:
            break
        assert found == before
        shutil.rmtree(two / after, ignore_errors=True)
    subprocess.run([SCRIPT, one, two], check=True, timeout=60)
    assert server.index_after_look() == after
    assert IndexFolder(two).verify(after)
    assert adapter_in_service(two)
    # To go back is another `current` of the same length, perhaps of the same second.
    IndexFolder(one).switch(before)
    subprocess.run([SCRIPT, one, two], check=True, timeout=60)
    assert server.index_after_look() == before
    assert server.answering.metrics.refused_reloads._value.get() == 0
