"""Settings that change under a running server, and those that do not."""

import logging
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.errors import SettingsError
from indexer.settings import IndexerSettings, read_settings
from server.settings import SITE_TABLE, TABLE, ServedSettings, ServerSettings, SiteSettings
from server.settings_reload import SettingsReload

BEFORE = """keep = 3
[server]
client_rate = 5
port = 8000
[site]
name = "FAQ d’avant"
"""
Write = Callable[[str], None]


class Reloaded:
    """A file of settings, what a server took from it, and how often."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.file.write_text(BEFORE, encoding="utf-8")
        self.taken: list[ServedSettings] = []
        self._reload = SettingsReload(self._read, self._read())

    def write(self, text: str, apply: Callable[[ServedSettings], None] | None = None) -> None:
        """Change the file and have it read."""
        self.file.write_text(text, encoding="utf-8")
        self._reload.reload(apply or self.taken.append)

    def _read(self) -> ServedSettings:
        def of(record: type, table: str | None) -> object:
            return read_settings(record, options=Namespace(), environment={}, file=self.file, table=table)

        index, server, site = of(IndexerSettings, None), of(ServerSettings, TABLE), of(SiteSettings, SITE_TABLE)
        assert isinstance(index, IndexerSettings)
        assert isinstance(server, ServerSettings)
        assert isinstance(site, SiteSettings)
        return ServedSettings(index, server, site)


@pytest.fixture
def reloaded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Reloaded:
    """A server that was started with the file of before."""
    caplog.set_level(logging.INFO)
    return Reloaded(tmp_path / "souffleur.toml")


def test_what_can_change_does_and_is_told(reloaded: Reloaded, caplog: pytest.LogCaptureFixture) -> None:
    """The site and the limits are taken with their values told, but for secrets."""
    token = "a-token-of-the-operator"
    text = BEFORE.replace("rate = 5", f'rate = 7\nadmin_token = "{token}"').replace("d’avant", "d’après")
    reloaded.write(text)
    (taken,) = reloaded.taken
    assert (taken.server.client_rate, taken.server.admin_token, taken.site.name) == (7, token, "FAQ d’après")
    assert "client_rate from 5 to 7" in caplog.text
    assert "name from FAQ d’avant to FAQ d’après" in caplog.text
    assert token not in caplog.text
    reloaded.write(text)
    assert len(reloaded.taken) == 1
    assert "None changed" in caplog.text


def test_what_needs_a_restart_is_told_and_stays(reloaded: Reloaded, caplog: pytest.LogCaptureFixture) -> None:
    """The port and the indexer's settings are those of the start, whatever else was taken."""
    reloaded.write(BEFORE.replace("8000", "8001").replace("keep = 3", "keep = 4").replace("rate = 5", "rate = 6"))
    (taken,) = reloaded.taken
    assert (taken.server.port, taken.index.keep, taken.server.client_rate) == (8000, 3, 6)
    assert "need a restart: keep from 3 to 4, port from 8000 to 8001." in caplog.text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[server]\nclient_rate = 0\n", "client_rate in"),
        ("[server]\nclient_rat = 3\n", "Did you mean 'client_rate'"),
        ("[server\n", "cannot be read"),
        (
            f"[server]\nadmin_token = '{'a' * 16}'\neditor_token = '{'a' * 16}'\n",
            "editor_token is the same as admin_token",
        ),
    ],
)
def test_a_mistake_changes_nothing(reloaded: Reloaded, caplog: pytest.LogCaptureFixture, text: str, why: str) -> None:
    """Not even what is right in the same file; the log says what is wrong, and the next good file is taken."""
    reloaded.write(text + '[site]\nname = "Autre"\n')
    assert reloaded.taken == []
    assert "those of before go on" in caplog.text
    assert why in caplog.text
    reloaded.write(BEFORE.replace("rate = 5", "rate = 9"))
    assert [taken.server.client_rate for taken in reloaded.taken] == [9]


def test_what_cannot_be_applied_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log says why, in the words of the error, and the next reading applies it where it can."""
    reloaded = Reloaded(tmp_path / "souffleur.toml")
    refused = ["There is no such logo."]

    def apply(settings: ServedSettings) -> None:
        if refused:
            raise SettingsError(refused.pop())
        reloaded.taken.append(settings)

    reloaded.write(BEFORE.replace("rate = 5", "rate = 9"), apply)
    assert reloaded.taken == []
    assert "those of before go on: There is no such logo." in caplog.text
    reloaded.write(BEFORE.replace("rate = 5", "rate = 9"), apply)
    assert [taken.server.client_rate for taken in reloaded.taken] == [9]
