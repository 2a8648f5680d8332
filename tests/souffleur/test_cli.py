"""The command `souffleur`, as it is typed: its menu, its settings, its completion, and how it ends."""

import argparse
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.terminal import DONE, FAILED, FOUND
from souffleur.cli import main, parser

COMMANDS = (
    *("import", "check", "build", "describe", "rollback", "prune", "serve", "ask", "learn", "feedback", "mcp"),
    *("publish", "digest", "tune", "evaluate", "config", "completion"),
)


def every_command(program: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield the parser of each command that can be run, below groups too."""
    groups = [action for action in program._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield program
    for group in groups:
        for inner in group.choices.values():
            yield from every_command(inner)


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, where a user would."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_menu_has_every_command() -> None:
    """In the order in which a FAQ is brought into service, then looked after."""
    (group,) = [action for action in parser()._actions if isinstance(action, argparse._SubParsersAction)]
    assert tuple(group.choices) == COMMANDS


@pytest.mark.parametrize(
    ("typed", "program"),
    [
        ("import Ma FAQ.xlsx corpus/answers", "souffleur"),
        ("import faq.xlsx", "souffleur import"),
        ("ask combien de temps", "souffleur"),
    ],
)
def test_what_cannot_be_parsed_is_told_in_french(typed: str, program: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Words without quotation marks, or too few of them: the usage, and what to do."""
    with pytest.raises(SystemExit) as left:
        main(typed.split())
    assert left.value.code == FAILED
    said = capsys.readouterr().err
    assert said.startswith("usage: souffleur")
    assert f"\n{program}: error: " in said
    assert f"se met entre guillemets ; « {program} --help » en montre un exemple." in said


def test_help_fits_the_terminal_and_has_an_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eighty columns, a sentence, an example that parses, and where settings come from."""
    monkeypatch.setenv("COLUMNS", "80")
    program = parser()
    commands = list(every_command(program))
    assert len(commands) > 14
    for command in (program, *commands):
        text = command.format_help()
        assert max(map(len, text.splitlines())) <= 80, text
        assert "SOUFFLEUR_*" in text
        assert command.description
        (example,) = re.findall(r"example:\n  (.*)", text)
        if command is not program:
            program_name, *words = shlex.split(example.split(" > ")[0])
            assert program_name == "souffleur"
            assert program.parse_args(words).program


def test_version_is_that_of_the_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    """So that a report can name it."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == DONE
    assert re.fullmatch(r"souffleur \d+\.\d+\.\d+\n", capsys.readouterr().out)


@pytest.mark.parametrize("command", [["check"], ["build"], ["serve"], ["evaluate", "gate"], ["config"]])
def test_misspelt_variable_is_refused_by_every_command(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the nearest right name, before anything is done."""
    monkeypatch.setenv("SOUFFLEUR_CORPSU", "faq.csv")
    assert main(command) == FAILED
    assert "Did you mean 'SOUFFLEUR_CORPUS'?" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["check"], ["serve"], ["config"]])
def test_key_in_the_wrong_place_is_refused_by_every_command(
    command: list[str], workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the table that it belongs to."""
    (workplace / "souffleur.toml").write_text("port = 9000\n", encoding="utf-8")
    assert main(command) == FAILED
    assert capsys.readouterr().err == "souffleur.toml sets 'port', which belongs under [server].\n"


def test_config_names_each_source(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Value and source of every setting; a secret is not shown."""
    (workplace / "here.toml").write_text("risk = 0.1\n[server]\nport = 9000\n", encoding="utf-8")
    monkeypatch.setenv("SOUFFLEUR_KEEP", "7")
    monkeypatch.setenv("SOUFFLEUR_ADMIN_TOKEN", "a-token-nobody-sees")
    assert main(["config", "--config", "here.toml"]) == DONE
    said = capsys.readouterr().out
    assert "a-token-nobody-sees" not in said
    rows = {line.split()[0]: line.split(None, 2)[1:] for line in said.splitlines() if len(line.split()) > 2}
    assert rows["risk"] == ["0.1", "risk in here.toml"]
    assert rows["keep"] == ["7", "SOUFFLEUR_KEEP"]
    assert rows["port"] == ["9000", "port in here.toml"]
    assert rows["admin_token"] == ["(secret)", "SOUFFLEUR_ADMIN_TOKEN"]
    assert rows["host"] == ["127.0.0.1", "default"]


def test_config_checks_a_file_without_starting(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A value that cannot be used is told, and so is a file that is not there."""
    (workplace / "bad.toml").write_text('[server]\nport = "many"\n', encoding="utf-8")
    assert main(["config", "--config", "bad.toml"]) == FAILED
    assert "a port from 0 to 65535 is needed" in capsys.readouterr().err
    assert main(["config", "--config", "absent.toml"]) == FAILED
    assert "There is no file absent.toml" in capsys.readouterr().err
    one = "a" * 16
    Path("bad.toml").write_text(f"[server]\nadmin_token = '{one}'\neditor_token = '{one}'\n", encoding="utf-8")
    assert main(["config", "--config", "bad.toml"]) == FAILED
    assert "editor_token is the same as admin_token" in capsys.readouterr().err


def test_messages_name_the_command_that_the_user_has(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`souffleur build` outside a checkout, where there is no menu; `make index` in one."""
    assert main(["describe"]) == FAILED
    assert "lancez « souffleur build »" in capsys.readouterr().err
    (workplace / "Makefile").write_text("# Souffleur: every command of the project.\n", encoding="utf-8")
    assert main(["describe"]) == FAILED
    assert "lancez « make index »" in capsys.readouterr().err
    (workplace / "Makefile").write_text("all:\n", encoding="utf-8")
    assert main(["describe"]) == FAILED
    assert "lancez « souffleur build »" in capsys.readouterr().err


def test_check_finds(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The status of a check that found something, through the one command."""
    (workplace / "faq.csv").write_text("id;text\na;\n", encoding="utf-8")
    assert main(["check", "--corpus", "faq.csv"]) == FOUND
    assert "faq.csv:2" in capsys.readouterr().out


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_is_a_script_of_that_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It knows commands and options, and bash itself reads it."""
    assert main(["completion", shell]) == DONE
    script = capsys.readouterr().out
    assert "rollback" in script
    assert "--retention-days" in script
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
