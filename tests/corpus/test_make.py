"""The commands of the Makefile that editors type, with a program in the place of souffleur that notes what is asked."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAULT = "corpus/answers/a.md:1: il manque la seconde ligne « --- »."
COMMANDS = (("index", "build"), ("ask Q=Quoi", "ask -- Quoi"), ("serve", "serve"), ("check-corpus", "check"))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout where everything is installed and no index is built."""
    if not shutil.which("make"):
        pytest.skip("make is not there")
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "corpus").mkdir()
    (tmp_path / "indexer").mkdir()
    (tmp_path / "corpus" / "a.md").write_text("Du texte.", encoding="utf-8")
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    (programs / "souffleur").write_text(
        f'#!/bin/sh\necho "$*" >>asked\necho "{FAULT}" >&2\nexit ${{STATUS:-0}}\n', encoding="utf-8"
    )
    (programs / "souffleur").chmod(0o755)
    for name in (".core", ".dev"):
        (programs.parent / name).touch()
    return tmp_path


def make(checkout: Path, goal: str, *, status: int = 0) -> tuple[int, str]:
    """Return the exit status of make and all that it printed. status: what souffleur ends with."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "SOUFFLEUR"))}
    done = subprocess.run(
        ["make", *goal.split()],
        cwd=checkout,
        env=environment | {"STATUS": str(status)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def asked(checkout: Path) -> list[str]:
    """Return what souffleur was asked since the last look."""
    note = checkout / "asked"
    lines = note.read_text(encoding="utf-8").splitlines() if note.exists() else []
    note.unlink(missing_ok=True)
    return lines


def age(*files: Path) -> None:
    """Make files older than anything built."""
    for file in files:
        os.utime(file, (1_000_000_000, 1_000_000_000))


@pytest.mark.parametrize(("goal", "command"), COMMANDS)
@pytest.mark.parametrize("status", [1, 2])
def test_make_adds_nothing_to_what_is_wrong(checkout: Path, goal: str, command: str, status: int) -> None:
    """The last line is that of the program, in French; the status says that it failed, for scripts."""
    assert make(checkout, goal, status=status) == (1, f"{FAULT}\n")
    assert asked(checkout) == [command if goal in ("index", "check-corpus") else "build"]


@pytest.mark.parametrize(("goal", "command"), COMMANDS)
def test_make_does_what_is_asked(checkout: Path, goal: str, command: str) -> None:
    """What needs an index builds it first, once."""
    assert make(checkout, goal)[0] == 0
    assert asked(checkout)[-1] == command
    age(*(checkout / "corpus").rglob("*"), checkout / "corpus")
    assert make(checkout, goal)[0] == 0
    assert asked(checkout) == [command]


def test_developers_see_the_error_of_make(checkout: Path) -> None:
    """Other commands, and several at once, are those of any Makefile."""
    status, said = make(checkout, "index clean", status=1)
    assert status == 2
    assert "*** [" in said


def test_a_table_in_the_settings_is_looked_at(checkout: Path) -> None:
    """Where it changed, or the settings, or what is beside it, a question is asked of a fresh index only."""
    table, settings = checkout / "faq.csv", checkout / "souffleur.toml"
    table.write_text("Question;Réponse\n", encoding="utf-8")
    settings.write_text("[server]\nport = 1\n", encoding="utf-8")
    age(table, settings, checkout / "corpus" / "a.md", checkout / "corpus")
    make(checkout, "index")
    asked(checkout)
    make(checkout, "ask Q=Quoi")
    assert asked(checkout) == ["ask -- Quoi"]
    future = 4_000_000_000
    os.utime(table, (future, future))
    make(checkout, "ask Q=Quoi")
    assert asked(checkout) == ["ask -- Quoi"]  # no setting names it
    settings.write_text('corpus = "faq.csv"\n', encoding="utf-8")
    make(checkout, "ask Q=Quoi")
    assert asked(checkout) == ["build", "ask -- Quoi"]
    age(table, settings)
    make(checkout, "ask Q=Quoi")
    assert asked(checkout) == ["ask -- Quoi"]
    (checkout / "acronyms.tsv").write_text("DMP\tDossier", encoding="utf-8")
    os.utime(checkout / "acronyms.tsv", (future, future))
    make(checkout, "ask Q=Quoi")
    assert asked(checkout) == ["build", "ask -- Quoi"]
