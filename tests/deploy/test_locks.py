"""What is installed is held to its hash, and both locks say what `constraints.txt` and `pyproject.toml` do."""

import re
import tomllib
from pathlib import Path

import pytest

from indexer.workforce.likeness import DISTRIBUTION

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
FOR_BUILDING = {"setuptools"}
"""What makes a wheel of this checkout; it is no part of what runs, so no constraint names it."""


def name_of(requirement: str) -> str:
    """Return the name of a requirement, as the package index compares it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~;\[]", requirement)[0]).lower()


def locked(file: str) -> dict[str, tuple[str, list[str]]]:
    """Return version and hashes by name."""
    entries = re.split(r"\n(?=\S)", (ROOT / file).read_text(encoding="utf-8"))
    return {
        name_of(entry): (entry.split("==")[1].split()[0], re.findall(r"--hash=sha256:([0-9a-f]{64})\b", entry))
        for entry in entries
    }


def pinned() -> dict[str, str]:
    """Return the versions of `constraints.txt` by name."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return {name_of(line): line.split("==")[1] for line in lines if not line.startswith("#")}


@pytest.mark.parametrize("file", LOCKS)
def test_every_file_has_a_hash_and_the_version_of_the_constraints(file: str) -> None:
    """Where they differ, `make lock` was forgotten. No lock names a registry."""
    found = locked(file)
    assert [name for name, (_, hashes) in found.items() if not hashes] == []
    versions = {name: version for name, (version, _) in found.items() if name not in FOR_BUILDING}
    assert versions.items() <= pinned().items()
    assert "://" not in (ROOT / file).read_text(encoding="utf-8")


def test_the_locks_are_complete() -> None:
    """The one of the core has each of its libraries and no torch; the other has every pin but torch."""
    core, everything = locked("requirements.lock"), locked("requirements-dev.lock")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {name_of(one) for one in (*project["project"]["dependencies"], *project["build-system"]["requires"])}
    assert needed <= core.keys()
    assert core.keys() <= everything.keys()
    assert everything.keys() - FOR_BUILDING == pinned().keys() - {"torch"}


def test_what_users_are_told_to_install_is_ours() -> None:
    """Every command in the sources names this distribution and an extra that it has, or the wheel of the model.

    One called `souffleur` is somebody else's, and `.` is a checkout, which an installed program has not.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {*project["optional-dependencies"], "{extra}"}
    told = {
        (file.relative_to(ROOT).as_posix(), target)
        for package in ("indexer", "server", "evaluation", "souffleur", "training")
        for file in (ROOT / package).rglob("*.py")
        for target in re.findall(r"pip install (?:-\S+ )*[\\\"']*([^\s\\\"']+)", file.read_text(encoding="utf-8"))
    }
    assert len(told) >= 8
    wrong = {
        (file, target)
        for file, target in told
        if target != "{WHEEL}"
        and not (
            (found := re.fullmatch(r"(?:souffleur-faq|\{DISTRIBUTION\})\[(.+?)\](?:==.+)?", target))
            and found[1] in extras
        )
    }
    assert wrong == set()
    assert project["name"] == DISTRIBUTION == "souffleur-faq"
