"""Where settings come from, and what is said of a bad one."""

import argparse
import dataclasses
import os
from pathlib import Path

import pytest

from indexer.arithmetic import Arithmetic
from indexer.errors import SettingsError
from indexer.settings import (
    IndexerSettings,
    add_options,
    keep_off_the_hub,
    read_settings,
    refuse_misspelt,
    refuse_unknown,
)
from server.settings import ServerSettings, SiteSettings


def read(tmp_path: Path, arguments: list[str], environment: dict[str, str], toml: str = "") -> IndexerSettings:
    parser = argparse.ArgumentParser()
    add_options(parser, IndexerSettings, ["corpus", "risk", "keep"])
    file = tmp_path / "souffleur.toml"
    file.write_text(toml, encoding="utf-8")
    return read_settings(IndexerSettings, options=parser.parse_args(arguments), environment=environment, file=file)


def test_strongest_source_wins(tmp_path: Path) -> None:
    """Options beat variables, which beat the file, which beats the defaults."""
    toml = 'corpus = "from-file"\nkeep = 7\nrisk = 0.2\n'
    settings = read(tmp_path, ["--corpus", "from-option"], {"SOUFFLEUR_KEEP": "5", "SOUFFLEUR_CORPUS": "x"}, toml)
    assert settings.corpus == Path("from-option")
    assert settings.keep == 5
    assert settings.risk == 0.2
    assert settings.encoder == "bundled"


def test_missing_file_is_no_problem(tmp_path: Path) -> None:
    """Without a souffleur.toml the defaults hold."""
    settings = read_settings(
        IndexerSettings, options=argparse.Namespace(), environment={}, file=tmp_path / "absent.toml"
    )
    assert settings == IndexerSettings()


@pytest.mark.parametrize(
    ("arguments", "environment", "toml", "words"),
    [
        (["--keep", "none"], {}, "", ["--keep", "'none'", "how many indexes"]),
        ([], {"SOUFFLEUR_RISK": "5"}, "", ["SOUFFLEUR_RISK", "'5'", "from 0 to 1"]),
        ([], {}, "keep = 0", ["keep in", "souffleur.toml", "from 1 up"]),
        ([], {}, "kep = 3", ["'kep'", "Did you mean 'keep'"]),
        ([], {}, "zzz = 3", ["'zzz'", "Known are", "corpus"]),
        ([], {}, "keep = [", ["souffleur.toml", "cannot be read"]),
        (["--corpus", ""], {}, "", ["--corpus", "''", "empty"]),
    ],
)
def test_bad_value_is_named_with_its_source(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], toml: str, words: list[str]
) -> None:
    """A value that cannot be used is refused with its source, itself, and what is wanted."""
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, arguments, environment, toml)
    for word in words:
        assert word in str(caught.value)


def test_empty_variable_counts_as_none(tmp_path: Path) -> None:
    """It would be the current folder, or an address on every network."""
    assert read(tmp_path, [], {"SOUFFLEUR_CORPUS": "", "SOUFFLEUR_KEEP": ""}) == IndexerSettings()


def test_secret_is_not_shown(tmp_path: Path) -> None:
    """A token that cannot be used is not printed: what it was meant to be may be one already."""
    environment = {"SOUFFLEUR_ADMIN_TOKEN": "almost-right"}
    file = tmp_path / "absent.toml"
    with pytest.raises(SettingsError, match="16 printable") as caught:
        read_settings(ServerSettings, options=argparse.Namespace(), environment=environment, file=file)
    assert "almost-right" not in str(caught.value)


def test_unknown_variables_tables_and_keys_are_refused(tmp_path: Path) -> None:
    """A misspelt one would leave the default in place without a word."""
    records: dict[str | None, type] = {None: IndexerSettings, "server": ServerSettings}
    file = tmp_path / "souffleur.toml"
    file.write_text("[server]\nport = 1\n", encoding="utf-8")
    environment = {"SOUFFLEUR_KEEP_QUESTION": "off", "SOUFFLEUR_KEEP": "3", "HOME": "/"}
    with pytest.raises(SettingsError, match=r"SOUFFLEUR_KEEP_QUESTION is.*Did you mean 'SOUFFLEUR_KEEP_QUESTIONS'"):
        refuse_unknown(records, environment=environment, file=file)
    file.write_text("[sever]\nport = 1\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"\[sever\].*Did you mean 'server'"):
        refuse_unknown(records, environment={}, file=file)


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("port = 9000\n", ["sets 'port'", "belongs under [server]"]),
        ("prot = 9000\n", ["sets 'prot'", "Did you mean 'port'", "under [server]"]),
        ('[server]\ncorpus = "faq.csv"\n', ["[server] of", "'corpus'", "at the top of the file"]),
        ("[server]\nhots = 1\n", ["[server] of", "'hots'", "Did you mean 'host'"]),
        ("kep = 3\n", ["'kep'", "Did you mean 'keep'"]),
    ],
)
def test_misplaced_key_is_told_where_it_belongs(tmp_path: Path, toml: str, words: list[str]) -> None:
    """The nearest right name is given, and the table that it belongs to."""
    file = tmp_path / "souffleur.toml"
    file.write_text(toml, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        refuse_unknown({None: IndexerSettings, "server": ServerSettings}, environment={}, file=file)
    for word in words:
        assert word in str(caught.value)


def test_program_alone_refuses_what_is_nearly_its_own() -> None:
    """It does not know what other programs read, but it knows its own names."""
    refuse_misspelt(IndexerSettings, environment={"SOUFFLEUR_PORT": "1", "SOUFFLEUR_CORPUS": "x"})
    with pytest.raises(SettingsError, match="Did you mean 'SOUFFLEUR_CORPUS'"):
        refuse_misspelt(IndexerSettings, environment={"SOUFFLEUR_CORPSU": "x"})


def test_home_and_a_mark_at_the_beginning_are_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` is the user's home in a variable or a file, where no shell reads it; some editors put a mark first."""
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = read(tmp_path, [], {"SOUFFLEUR_CORPUS": "~/faq.csv"}, "\ufeffkeep = 2\n")
    assert settings.corpus == tmp_path / "faq.csv"
    assert settings.keep == 2


def test_an_unknown_arithmetic_is_told_with_those_there_are(tmp_path: Path) -> None:
    """What can be given instead stands in the error."""
    assert read(tmp_path, [], {}, 'arithmetic = "8-bit"\n').arithmetic is Arithmetic.EIGHT_BIT
    with pytest.raises(SettingsError, match="one of 4-bit, 8-bit, auto is needed"):
        read(tmp_path, [], {"SOUFFLEUR_ARITHMETIC": "bfloat16"})


@pytest.mark.parametrize("text", ["1_000", "trois", "3.5", "", "٣", "9" * 30])
def test_no_words_of_python_are_printed(tmp_path: Path, text: str) -> None:
    """A number that is none is told in words of the setting."""
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, ["--keep", text], {})
    assert "a whole number from 1 up is needed" in str(caught.value)
    assert "int()" not in str(caught.value)


def test_server_settings_have_their_own_table(tmp_path: Path) -> None:
    """[server] in souffleur.toml sets the server, and does not disturb the indexer."""
    file = tmp_path / "souffleur.toml"
    file.write_text("keep = 2\n[server]\nport = 9000\n", encoding="utf-8")
    nothing = argparse.Namespace()
    assert read_settings(ServerSettings, options=nothing, environment={}, file=file, table="server").port == 9000
    assert read_settings(IndexerSettings, options=nothing, environment={}, file=file).keep == 2


def test_every_setting_has_its_own_variable() -> None:
    """No two programs read the same SOUFFLEUR_* variable with two meanings."""
    fields = [
        field for record in (IndexerSettings, ServerSettings, SiteSettings) for field in dataclasses.fields(record)
    ]
    names = [field.metadata["variable"] or field.name.upper() for field in fields]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("encoder", "offline"),
    [("bundled", "1"), ("bundled-taught", "1"), ("./model", "1"), ("/models/x", "1"), ("BAAI/bge-m3", None)],
)
def test_only_a_hub_model_is_looked_for_on_the_hub(
    encoder: str, offline: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any other encoder is on this machine, and no library asks elsewhere."""
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "")  # so that it is as before when the test has ended
        monkeypatch.delenv(name)
    keep_off_the_hub(encoder)
    assert os.environ.get("HF_HUB_OFFLINE") == offline
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"


def test_a_secret_in_an_address_is_not_repeated(tmp_path: Path) -> None:
    """Though the address is shown where it is wrong."""
    environment = {"SOUFFLEUR_STORE": "milvus://root:secret@host"}
    with pytest.raises(SettingsError, match="SOUFFLEUR_STORE cannot be 'milvus://…@host'") as caught:
        read_settings(
            IndexerSettings, options=argparse.Namespace(), environment=environment, file=tmp_path / "none.toml"
        )
    assert "secret@" not in str(caught.value)
