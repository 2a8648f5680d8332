"""docs/assistants.md: its examples print what stands below them, and nobody else hears of it."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import pytest

from indexer.encoders.loading import load_encoder
from tests.souffleur.adapters.conftest import ROOT
from tests.souffleur.test_silence import Listener

GUIDE = (ROOT / "docs" / "assistants.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", GUIDE, re.DOTALL)
_LIBRARIES = {"mcp": "mcp", "langchain": "langchain_core", "haystack": "haystack", "mteb": "mteb"}


def library_of(code: str) -> str:
    """Return the library that an example needs."""
    return next(library for name, library in _LIBRARIES.items() if name in code)


@dataclass(frozen=True)
class Watched:
    """What a program printed, whom it spoke to, and which files it left in the home."""

    printed: str
    heard: list[str]
    files: list[Path]


@dataclass(frozen=True)
class Workplace:
    """A folder with an index, an empty home, and the command on the path."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, index: Path) -> "Workplace":
        """Return a new one."""
        load_encoder()
        for name in ("home/.cache", "bin", "work/build"):
            (folder / name).mkdir(parents=True)
        (folder / "work/build/index").symlink_to(index)
        # The model is there already; anything else in the home would be new.
        (folder / "home/.cache/souffleur").symlink_to(platformdirs.user_cache_path("souffleur"))
        return cls(folder)

    def run(self, code: str, more: Mapping[str, str] | None = None) -> Watched:
        """Run an example with a proxy for everything that only listens. more: variables beside it."""
        listener = Listener()
        names = ("http_proxy", "https_proxy", "all_proxy")
        proxies = dict.fromkeys([*names, *map(str.upper, names)], listener.address)
        settings = {**proxies, "PYTHONPATH": str(ROOT)}
        # The client of MCP hands the command little more than the path: what it needs is set there.
        exports = "".join(f"export {name}='{value}'\n" for name, value in settings.items())
        command = self.folder / "bin/souffleur"
        command.write_text(f'#!/bin/sh\n{exports}exec {sys.executable} -m souffleur "$@"\n', encoding="utf-8")
        command.chmod(0o755)
        path = f"{command.parent}:{os.environ['PATH']}"
        home = self.folder / "home"
        try:
            done = subprocess.run(
                [sys.executable, "-c", code],
                cwd=self.folder / "work",
                env={"PATH": path, "HOME": str(home), "no_proxy": "", **settings, **(more or {})},
                capture_output=True,
                text=True,
                timeout=120,
            )
        finally:
            listener.close()
        assert done.returncode == 0, done.stderr
        return Watched(done.stdout, listener.heard, [file for file in home.rglob("*") if file.is_file()])


@pytest.fixture
def workplace(tmp_path: Path, shipped_index: Path) -> Workplace:
    """Where the examples run."""
    return Workplace.make(tmp_path, shipped_index)


def test_each_adapter_has_an_example() -> None:
    """In the order of the page."""
    assert [library_of(code) for code, _ in EXAMPLES] == [*_LIBRARIES.values()]


@pytest.mark.slow
@pytest.mark.parametrize(("code", "printed"), EXAMPLES, ids=[library_of(code) for code, _ in EXAMPLES])
def test_an_example_prints_what_is_shown_and_tells_nobody(code: str, printed: str, workplace: Workplace) -> None:
    """No connection is made, and no file appears in the home."""
    pytest.importorskip(library_of(code))
    assert workplace.run(code) == Watched(printed, [], [])


@pytest.mark.slow
def test_haystack_is_silent_though_it_was_imported_first(workplace: Workplace) -> None:
    """And it is our doing: where its operator wants it to report, the listener hears it."""
    pytest.importorskip("haystack")
    code = next(code for code, _ in EXAMPLES if library_of(code) == "haystack")
    assert workplace.run(f"import haystack\n{code}").heard == []
    assert workplace.run(code, {"HAYSTACK_TELEMETRY_ENABLED": "True"}).heard != []
