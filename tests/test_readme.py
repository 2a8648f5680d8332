"""The README and the other guides say what is so."""

import argparse
import dataclasses
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.corpus.check import check_corpus
from indexer.settings import IndexerSettings
from server.settings import ServerSettings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NAMES = (
    "README.md",
    "CONTRIBUTING.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "corpus/LISEZMOI.md",
    *sorted(file.relative_to(ROOT).as_posix() for file in (ROOT / "docs").glob("*.md")),
)
GUIDES = {name: (ROOT / name).read_text(encoding="utf-8") for name in NAMES}
WITH_MAKE = [name for name, text in GUIDES.items() if re.search(r"[`$ ]make [a-z]", text)]
WALKS = GUIDES["CONTRIBUTING.md"].split("\n## Six walks\n")[1].split("\n\n")[0].splitlines()

# A command as it stands in a line of code, behind a prompt, a path or another command; and as a module of Python.
_COMMAND = re.compile(r"(?:^|[`$ /]|&& )souffleur ([a-z-][^`\n]*)", re.MULTILINE)
_MODULE = re.compile(r"python -m (indexer|server|evaluation) ([a-z][^`\n]*)")


def test_it_is_short() -> None:
    """At most 150 lines: figures are in docs/mesures.md, the way of a question in ARCHITECTURE.md."""
    assert len(README.splitlines()) <= 150


def test_settings_table_is_that_of_the_code() -> None:
    """Every setting stands in the table with its default and meaning, in order, and no other does."""
    table = README.split("| setting | default | meaning |\n| --- | --- | --- |\n")[1].split("\n\n")[0].splitlines()
    fields = [*dataclasses.fields(IndexerSettings), *dataclasses.fields(ServerSettings)]
    assert table == [_row(field) for field in fields]


def _row(field: "dataclasses.Field[object]") -> str:
    default = "" if field.default is None else f"`{field.default}`"
    return f"| `{field.name}` | {default} | {field.metadata['description']} |"


def test_map_has_a_line_for_each_room() -> None:
    """Every package has one row and each row has folders that are there."""
    rows = README.split("| folder | what lives there |\n| --- | --- |\n")[1].split("\n\n")[0].splitlines()
    named = [folder for row in rows for folder in re.findall(r"`([^`]+)`", row.split("|")[1])]
    assert [folder for folder in named if not (ROOT / folder).is_dir()] == []
    programs = [ROOT / name for name in ("souffleur", "indexer", "server", "evaluation")]
    rooms = {file.parent.relative_to(ROOT) for program in programs for file in program.rglob("__init__.py")}
    assert len(named) == len(set(named))
    assert {f"{room.as_posix()}/" for room in rooms} <= set(named)


@pytest.mark.parametrize("name", GUIDES)
def test_paths_exist(name: str) -> None:
    """Every path of the tree between back quotes is there, but for what is built and what the user has."""
    tops = {path.name for path in ROOT.iterdir()} - {"build", "dist"}
    paths = [path for path in re.findall(r"`([\w./-]+)`", GUIDES[name]) if "/" in path and path.split("/")[0] in tops]
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_pictures_and_pages_exist() -> None:
    """Nothing in the guides points to a file that is not there."""
    for name, text in GUIDES.items():
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (ROOT / name).parent.joinpath(target).exists(), (name, target)


def test_six_walks_lead_somewhere() -> None:
    """Each walk is one line that names files, and every other name in it stands in one of them."""
    assert len(WALKS) == 6
    for walk in WALKS:
        quoted = re.findall(r"`([^`]+)`", walk)
        paths = [path for path in quoted if "/" in path]
        assert paths, walk
        assert [path for path in paths if not (ROOT / path).exists()] == []
        texts = "".join((ROOT / path).read_text(encoding="utf-8") for path in paths if (ROOT / path).suffix == ".py")
        assert [name for name in quoted if name not in paths and not re.search(rf"\b{name}\b", texts)] == []


@pytest.mark.parametrize("name", WITH_MAKE)
def test_make_targets_exist(name: str) -> None:
    """Every `make …` of the guides is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|[`$ ])make ([a-z-]+)\b", GUIDES[name], re.MULTILINE))
    assert named <= targets


def test_commands_parse() -> None:
    """Every command line of the guides is one that the program accepts; python -m takes the same words."""
    import souffleur.cli

    lines = [line for text in GUIDES.values() for line in _command_lines(text)]
    assert len(lines) > 15
    parser = souffleur.cli.parser()
    assert [" ".join(line) for line in lines if not _is_accepted(parser, line)] == []


def _command_lines(text: str) -> Iterator[list[str]]:
    """Yield the words after `souffleur` of each command between back quotes or in a block."""
    code = [*re.findall(r"```(?:sh|console)?\n(.*?)```", text, re.DOTALL), *re.findall(r"(?<!`)`([^`]+)`(?!`)", text)]
    for some in code:
        for line in _COMMAND.findall(some):
            yield _words(line)
        for program, line in _MODULE.findall(some):
            yield [*(["evaluate"] if program == "evaluation" else []), *_words(line)]


def _words(line: str) -> list[str]:
    return shlex.split(re.split(r" (?:&&|\|) ", line)[0], comments=True)


def _is_accepted(parser: argparse.ArgumentParser, words: list[str]) -> bool:
    try:
        parser.parse_args(words)
    except SystemExit as ended:
        return not ended.code  # --help and --version end with 0
    return True


def test_benchmarks_named_exist() -> None:
    """Every figure is made again by a program that is there."""
    named = set(re.findall(r"python -m (benchmarks[.\w]*)", "".join(GUIDES.values())))
    assert len(named) > 5
    files = {name: ROOT / name.replace(".", "/") for name in named}
    missing = [name for name, file in files.items() if not (file.with_suffix(".py").exists() or file.is_dir())]
    assert missing == []


def test_faq_of_one_line_is_a_corpus(tmp_path: Path) -> None:
    """The file that the README makes in one line has no problem."""
    (line,) = re.findall(r"^echo '(.*)' > faq\.jsonl$", README, re.MULTILINE)
    (tmp_path / "faq.jsonl").write_text(line + "\n", encoding="utf-8")
    assert check_corpus(tmp_path / "faq.jsonl") == []


@pytest.mark.slow
def test_library_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The ten lines of the README, as they stand, find the answer of its transcript."""
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(example.splitlines()) <= 10
    shutil.copytree(ROOT / "corpus", tmp_path / "corpus")
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})
    status, confidence, answer_id, passage = capsys.readouterr().out.split(maxsplit=3)
    assert (status, answer_id) == ("answered", "validite-certificat")
    assert float(confidence) > 0.9
    assert "3 ans" in passage


def test_library_has_the_names_shown() -> None:
    """What the README names of the library is there."""
    import souffleur

    shown = re.findall(r"\b(souffleur|faq)\.(\w+)\(", README)
    assert {name for _, name in shown} >= {"answer", "answer_many", "open", "open_in_memory"}
    owners = {"souffleur": souffleur, "faq": souffleur.Souffleur}
    assert [name for owner, name in shown if not hasattr(owners[owner], name)] == []


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
            "wheel",
            "lock",
            "sbom",
            "audit",
            "clean",
        )
    ]
    assert all(len(line) <= 100 for line in menu)
