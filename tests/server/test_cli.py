"""The command lines of the server, where one is cut off."""

from pathlib import Path

import pytest

from indexer.terminal import DONE, FAILED
from server import cli, serve
from server.feedback import backup
from server.feedback.store import FeedbackStore
from server.learning import commands


def cut_off(*_: object, **__: object) -> None:
    """Be stopped by Ctrl-C."""
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "command", [["ask", "combien"], ["learn"], ["feedback", "export"], ["feedback", "backup", "copy"]]
)
def test_a_command_that_was_cut_off_has_failed(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script must not take half an export for a whole one."""
    monkeypatch.chdir(tmp_path)
    Path("feedback.sqlite").touch()
    monkeypatch.setenv("SOUFFLEUR_FEEDBACK", "feedback.sqlite")
    monkeypatch.setattr(serve, "open_answering", cut_off)
    monkeypatch.setattr(commands, "learn", cut_off)
    monkeypatch.setattr(FeedbackStore, "export_jsonl", cut_off)
    monkeypatch.setattr(backup, "back_up", cut_off)
    assert cli.main(command) == FAILED
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "Interrompu avant la fin : relancez la même commande. (Interrupted.)\n")


def test_a_server_ends_by_being_stopped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """That is how it ends in order, also while it reads its settings."""
    with monkeypatch.context() as patched:
        patched.setattr(serve, "serve", cut_off)
        assert cli.main(["serve"]) == DONE
    monkeypatch.setattr(cli, "read_settings", cut_off)
    assert cli.main(["serve"]) == DONE
    assert capsys.readouterr().err == ""
