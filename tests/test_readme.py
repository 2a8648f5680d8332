"""The README says what is so."""

import argparse
import dataclasses
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import indexer.cli
import server.cli
from indexer.settings import IndexerSettings
from server.settings import ServerSettings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDES = {
    name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md", "corpus/LISEZMOI.md")
}


def test_settings_table_is_that_of_the_code() -> None:
    """Every setting stands in the table with its default and meaning, in order, and no other does."""
    table = README.split("| setting | default | meaning |\n| --- | --- | --- |\n")[1].split("\n\n")[0].splitlines()
    fields = [*dataclasses.fields(IndexerSettings), *dataclasses.fields(ServerSettings)]
    assert table == [_row(field) for field in fields]


def _row(field: "dataclasses.Field[object]") -> str:
    default = "" if field.default is None else f"`{field.default}`"
    return f"| `{field.name}` | {default} | {field.metadata['description']} |"


def test_map_names_what_exists() -> None:
    """Every path between back quotes in the map is there."""
    rows = README.split("| I look for | it is in |")[1].split("\n## ")[0]
    paths = [path for path in re.findall(r"`([^`]+)`", rows) if "/" in path]
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_pictures_and_pages_exist() -> None:
    """Nothing in the guides points to a file that is not there."""
    for name, text in GUIDES.items():
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (ROOT / name).parent.joinpath(target).exists(), (name, target)


@pytest.mark.parametrize("name", GUIDES)
def test_make_targets_exist(name: str) -> None:
    """Every `make …` of the guides is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|[`$ ])make ([a-z-]+)\b", GUIDES[name])) - {"alone"}
    assert named
    assert named <= targets


@pytest.mark.parametrize(("program", "parser"), [("indexer", indexer.cli.parser), ("server", server.cli.parser)])
def test_commands_parse(program: str, parser: Callable[[], argparse.ArgumentParser]) -> None:
    """Every command line of the guides is one that the program accepts."""
    lines = [line for text in GUIDES.values() for line in re.findall(rf"python -m {program} ([^`\n)]+)", text)]
    assert lines
    for line in lines:
        parser().parse_args(line.split())


def test_make_alone_lists_every_target_in_a_line() -> None:
    """The menu is complete and has no line for what is no command."""
    menu = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert [line.split()[0] for line in menu] == [
        *(
            "help",
            "setup",
            "index",
            "serve",
            "ask",
            "check",
            "check-corpus",
            "format",
            "test",
            "evaluate",
            "gate",
            "bench",
            "clean",
        )
    ]
    assert all(len(line) <= 100 for line in menu)
