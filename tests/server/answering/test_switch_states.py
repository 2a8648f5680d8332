"""Any order of building, damaging, switching, rolling back and pruning, against a model of which index serves."""

import dataclasses
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from indexer.errors import IndexFolderError
from indexer.index.build import build_index
from indexer.index.folder import CURRENT, MANIFEST, IndexFolder
from server.answering.answering import Answering
from server.answering.index_switch import IndexSwitch
from tests.corpora import ANSWERS, MemoryCorpus
from tests.fakes import FakeEncoder

SIZES = (1, 2, 4)
NUMBERS = st.integers(0, 9)


class SwapMachine(RuleBasedStateMachine):
    """The model: the ids in the folder, which of them are damaged, what `current` names, and which index serves."""

    prebuilt: Path
    """Holds one index of each of SIZES answers."""

    def __init__(self) -> None:
        super().__init__()
        self.root = tempfile.TemporaryDirectory()
        self.path = Path(self.root.name)
        self.folder = IndexFolder(self.path)
        self.encoder = FakeEncoder()
        self.ids: dict[str, int] = {}
        self.damaged: set[str] = set()
        self.added = 0
        self.unseen = False
        self.refusals = self.reloads = 0

    @initialize()
    def start(self) -> None:
        self.current = self.serves = self._add(0)
        self.folder.switch(self.current)
        self.answering = Answering.open(self.path, encoder=self.encoder)
        self.index_switch = IndexSwitch(self.path, self.answering)
        self.size = self.ids[self.serves]

    def _add(self, number: int) -> str:
        """Copy a prebuilt index under an id later than all others, as a build would leave it."""
        self.added += 1
        index_id = f"20260101-000000-{self.added:03d}-00000000"
        self._copy(number % len(SIZES), index_id)
        self.ids[index_id] = SIZES[number % len(SIZES)]
        return index_id

    def _copy(self, number: int, index_id: str) -> None:
        source = IndexFolder(self.prebuilt).ids()[number]
        folder = Path(shutil.copytree(self.prebuilt / source, self.path / index_id))
        manifest = IndexFolder(self.prebuilt).manifest(source)
        (folder / MANIFEST).write_text(dataclasses.replace(manifest, id=index_id).to_json(), encoding="utf-8")

    def _pick(self, number: int) -> str:
        return sorted(self.ids)[number % len(self.ids)]

    def _name(self, index_id: str) -> None:
        self.folder.switch(index_id)
        self.current, self.unseen = index_id, True

    def _expect_try(self) -> bool:
        """Note in the model that `current` is tried; return whether it is put into service."""
        self.unseen = False
        fit = self.current in self.ids and self.current not in self.damaged
        if fit:
            self.serves, self.size = self.current, self.ids[self.current]
            self.reloads += 1
        else:
            self.refusals += 1
        return fit

    @rule(number=NUMBERS)
    def build(self, number: int) -> None:
        self._name(self._add(number))

    @rule(number=NUMBERS)
    def switch(self, number: int) -> None:
        self._name(self._pick(number))

    @rule()
    def name_what_is_missing(self) -> None:
        self._name("20250101-000000-000-00000000")

    @rule(number=NUMBERS, file=NUMBERS, how=st.sampled_from(("cut", "flip", "empty", "remove")))
    def damage(self, number: int, file: int, how: str) -> None:
        index_id = self._pick(number)
        files = sorted(entry for entry in (self.path / index_id).rglob("*") if entry.is_file() and entry.stat().st_size)
        victim = files[file % len(files)]
        content = victim.read_bytes()
        # Files in service are mapped: a new file takes the name, and the one that is served keeps its content.
        victim.unlink()
        if how != "remove":
            ways = {"cut": content[: len(content) // 2], "flip": bytes([content[0] ^ 1]) + content[1:], "empty": b""}
            victim.write_bytes(ways[how])
        self.damaged.add(index_id)

    @rule(number=NUMBERS)
    def repair(self, number: int) -> None:
        index_id = self._pick(number)
        shutil.rmtree(self.path / index_id)
        self._copy(SIZES.index(self.ids[index_id]), index_id)
        self.damaged.discard(index_id)

    @rule()
    def look(self) -> None:
        expected = self._expect_try() if self.unseen else False
        assert self.index_switch.look() == expected

    @rule()
    def reload(self) -> None:
        if self._expect_try():
            assert self.index_switch.reload().id == self.current
        else:
            with pytest.raises(IndexFolderError):
                self.index_switch.reload()

    @rule()
    def roll_back(self) -> None:
        older = [index_id for index_id in sorted(self.ids) if index_id < self.current]
        if older and older[-1] not in self.damaged:
            self.current = older[-1]
            self._expect_try()
            assert self.index_switch.rollback().id == self.current
        else:
            self.refusals += bool(older)  # where there is none, no index was refused
            with pytest.raises(IndexFolderError):
                self.index_switch.rollback()

    @precondition(lambda self: len(self.ids) > 1)
    @rule(keep=st.integers(1, 3))
    def prune(self, keep: int) -> None:
        others = sorted(set(self.ids) - {self.current})
        doomed = others[: max(0, len(others) - (keep - 1))]
        assert self.folder.prune(keep=keep) == doomed
        for index_id in doomed:
            del self.ids[index_id]
            self.damaged.discard(index_id)
        if not self.ids:
            self._name(self._add(0))

    @rule()
    def restart(self) -> None:
        """A server that starts takes what `current` names, or does not start at all."""
        if self.current in self.ids and self.current not in self.damaged:
            self.answering = Answering.open(self.path, encoder=self.encoder)
            self.index_switch = IndexSwitch(self.path, self.answering)
            self.serves, self.size, self.unseen = self.current, self.ids[self.current], False
            self.refusals = self.reloads = 0
        else:
            with pytest.raises(IndexFolderError):
                Answering.open(self.path, encoder=self.encoder)

    @invariant()
    def the_index_of_the_model_serves(self) -> None:
        if not hasattr(self, "index_switch"):
            return
        reply = self.answering.answer("certificat")
        assert (reply.index.id, reply.index.answers) == (self.serves, self.size)
        assert len(reply.hits) <= self.size
        assert (self.answering.get_answer(ANSWERS[-1].id) is not None) == (self.size == len(ANSWERS))

    @invariant()
    def the_folder_is_as_in_the_model(self) -> None:
        if hasattr(self, "index_switch"):
            assert self.folder.ids() == sorted(self.ids)
            assert (self.path / CURRENT).read_text() == self.current + "\n"
            assert not list(self.path.glob(".removing-*"))

    @invariant()
    def every_try_is_counted(self) -> None:
        if hasattr(self, "index_switch"):
            told = self.answering.metrics.text().decode()
            assert f"souffleur_refused_reloads_total {self.refusals}.0" in told
            assert f"souffleur_reloads_total {self.reloads}.0" in told

    def teardown(self) -> None:
        self.root.cleanup()


@pytest.mark.slow
def test_the_right_index_serves_whatever_happens(tmp_path: Path) -> None:
    """Replies come from the last fit index that was tried, every refusal is counted, and pruning spares `current`."""
    for size in SIZES:
        build_index(MemoryCorpus(ANSWERS[:size]), tmp_path, encoder=FakeEncoder())
    machine = type("Machine", (SwapMachine,), {"prebuilt": tmp_path})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
