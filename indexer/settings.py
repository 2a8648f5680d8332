"""Where settings come from: options beat SOUFFLEUR_* variables, which beat souffleur.toml, which beats the defaults.

A program declares its settings as a frozen dataclass of `setting(...)` fields; this module turns them into command-line
options and reads them once. Only the command lines call it. Not pydantic-settings: each error names the one source that
is wrong, and the core would have one more library for a hundred lines.
"""

import argparse
import dataclasses
import difflib
import os
import re
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from indexer.arithmetic import Arithmetic
from indexer.errors import SettingsError
from indexer.setting_values import parse_arithmetic, parse_count, parse_path, parse_share, parse_store, parse_text
from indexer.store_address import StoreAddress

SETTINGS_FILE = Path("souffleur.toml")
SettingsRecord = TypeVar("SettingsRecord")
_PREFIX = "SOUFFLEUR_"
BUNDLED = "bundled"
BUNDLED_BASE = "bundled-base"
"""The same, whatever an index folder's own adapter says (`indexer.index.encoder`)."""
BUNDLED_TAUGHT = "bundled-taught"
"""The bundled model with what this project taught it: docs/adaptateur.md says for whom it is the better one."""
BUNDLED_ENCODERS = (BUNDLED, BUNDLED_BASE, BUNDLED_TAUGHT)
"""Those that are on this machine with the program itself."""
_SURELY_MEANT = 0.8
"""How alike two names are, from 0 to 1, of which one is the other misspelt."""


def setting(
    default: Any,
    parse: Callable[[str], Any],
    description: str,
    *,
    secret: bool = False,
    variable: str | None = None,
) -> Any:
    """Return a dataclass field that is a setting; *parse* makes its value from text and raises ValueError.

    secret: its value is never shown. variable: what follows SOUFFLEUR_, where the name of the field is not enough to
    tell it from those of other tables.
    """
    metadata = {"parse": parse, "description": description, "secret": secret, "variable": variable}
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class IndexerSettings:
    """What every program needs to know of the corpus, the index and the encoder."""

    corpus: Path = setting(Path("corpus"), parse_path, "folder, .jsonl or .csv file, or BEIR folder with the answers")
    index: Path = setting(Path("build/index"), parse_path, "folder of the index")
    encoder: str = setting(
        BUNDLED,
        parse_text,
        "`bundled`, `bundled-taught` (for English questions), `bundled-base` (never tuned), or a sentence-transformers "
        "model by name or folder",
    )
    device: str | None = setting(None, parse_text, "device of a sentence-transformers model, such as `cuda`")
    batch_size: int | None = setting(
        None, parse_count, "texts that the encoder reads at once (its own choice, if not given)"
    )
    threads: int | None = setting(None, parse_count, "processor threads of the encoder (all, if not given)")
    arithmetic: Arithmetic = setting(
        Arithmetic.MEASURED,
        parse_arithmetic,
        "of the bundled encoder where it reads passages: `4-bit`, `8-bit`, or `auto`, the faster one for many texts",
    )
    cache: Path | None = setting(None, parse_path, "folder of the unpacked model (the user's cache, if not given)")
    risk: float = setting(0.05, parse_share, "accepted share of wrong answers among those given as `answered`")
    memory: int | None = setting(
        None, parse_count, "megabytes that the vectors may take while serving (any, if not given)"
    )
    keep: int = setting(3, parse_count, "how many indexes stay on disk, the one in service included")
    store: StoreAddress | None = setting(
        None, parse_store, "Milvus that serves the index, such as `milvus://host:19530` (its folder, if not given)"
    )
    store_token: str | None = setting(
        None, parse_text, "`user:password` or key of that Milvus (none, if not given)", secret=True
    )


ENCODER_OPTIONS = ("encoder", "device", "batch_size", "threads", "arithmetic", "cache")
INDEX_OPTIONS = ("index", "store", *ENCODER_OPTIONS)
"""The settings that commands have as options: those of the encoder, and of an index to be asked."""


def keep_off_the_hub(encoder: str) -> None:
    """Forbid this process to reach the Hugging Face hub, unless *encoder* is the name of a model there.

    For command lines alone. Libraries that come along would look there for newer files, or tell of their use.
    """
    if encoder in BUNDLED_ENCODERS or encoder.startswith((".", "/", "~")) or Path(encoder).exists():
        os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


def add_options(parser: argparse.ArgumentParser, settings: type, names: Sequence[str]) -> None:
    """Give *parser* an option for each of the named settings; an option not given stays absent from the result."""
    fields = {field.name: field for field in dataclasses.fields(settings)}
    for name in names:
        field = fields[name]
        shown = "" if field.default is None else f" (default: {field.default})"
        parser.add_argument(
            "--" + name.replace("_", "-"),
            default=argparse.SUPPRESS,
            metavar=name.upper(),
            help=field.metadata["description"] + shown,
        )


def add_config_option(parser: argparse.ArgumentParser) -> None:
    """Give *parser* `--config`, which names another file of settings."""
    parser.add_argument(
        "--config",
        type=Path,
        default=argparse.SUPPRESS,
        metavar="FILE",
        help=f"file of the settings (default: {SETTINGS_FILE}, where there is one)",
    )


def settings_file(options: argparse.Namespace) -> Path:
    """Return the file of the settings. SettingsError where `--config` names one that is not there."""
    named: Path | None = getattr(options, "config", None)
    if named is not None and not named.is_file():
        raise SettingsError(f"There is no file {named}. Correct --config.")
    return named or SETTINGS_FILE


@dataclass(frozen=True, slots=True)
class Sourced:
    """A setting as it is in force: its value, and which source it came from."""

    name: str
    value: Any
    source: str
    secret: bool


def read_settings(
    settings: type[SettingsRecord],
    *,
    options: argparse.Namespace,
    environment: Mapping[str, str],
    file: Path = SETTINGS_FILE,
    table: str | None = None,
) -> SettingsRecord:
    """Return the settings of a program, each from the strongest source that has it.

    table: the table of *file* that holds them, such as `[server]`; the top of the file if not given.
    An empty variable counts as none. SettingsError names the source and the value where one cannot be used, and any
    unknown key of the table.
    """
    found = source_settings(settings, options=options, environment=environment, file=file, table=table)
    return settings(**{one.name: one.value for one in found})


def source_settings(
    settings: type,
    *,
    options: argparse.Namespace,
    environment: Mapping[str, str],
    file: Path = SETTINGS_FILE,
    table: str | None = None,
) -> list[Sourced]:
    """Return every setting of a program with the source that decides it; arguments and errors as `read_settings`."""
    fields = dataclasses.fields(settings)
    from_file = _read_table(file, table)
    known = {field.name for field in fields}
    for key in from_file:
        if key not in known:
            raise SettingsError(f"{file} sets {key!r}, which is not a setting. {_hint(key, known)}")
    found = []
    for field in fields:
        variable = _variable(field)
        value, decided_by = field.default, "default"
        for source, text in (
            ("--" + field.name.replace("_", "-"), getattr(options, field.name, None)),
            (variable, environment.get(variable) or None),
            (f"{field.name} in {file}", from_file.get(field.name)),
        ):
            if text is not None:
                value, decided_by = _parse(field, str(text), source), source
                break
        found.append(Sourced(field.name, value, decided_by, field.metadata["secret"]))
    return found


def refuse_unknown(
    records: Mapping[str | None, type],
    *,
    environment: Mapping[str, str],
    file: Path = SETTINGS_FILE,
) -> None:
    """Refuse what is no setting: a misspelt variable, table or key would do nothing, in silence.

    records: the settings of all programs by their table of *file*, None for its top. SettingsError names the nearest
    right name, and the table that it belongs to.
    """
    tables = {table for table in records if table}
    top = records[None]
    for name, value in _read_file(file).items():
        if isinstance(value, dict):
            if name not in tables:
                raise SettingsError(f"{file} has a table [{name}], which is none of settings. {_hint(name, tables)}")
            _refuse_keys(value, records[name], records, file=file, table=name)
    _refuse_keys(_read_table(file, None), top, records, file=file, table=None)
    names = {_variable(field) for record in records.values() for field in dataclasses.fields(record)}
    for name in sorted(environment):
        if name.startswith(_PREFIX) and name not in names:
            raise SettingsError(f"{name} is not a setting. {_hint(name, names)}")


def refuse_misspelt(record: type, *, environment: Mapping[str, str]) -> None:
    """Refuse a SOUFFLEUR_* variable that is nearly one of *record*'s. SettingsError names the right one.

    For a program that does not know the settings of the others, and so cannot refuse what is none of its own.
    """
    names = {name.upper() for name in _names(record)}
    for variable in sorted(environment):
        name = variable.removeprefix(_PREFIX)
        if name == variable or name in names:
            continue
        for nearest in difflib.get_close_matches(name, names, 1, _SURELY_MEANT):
            raise SettingsError(f"{variable} is not a setting. Did you mean {_PREFIX + nearest!r}?")


def _refuse_keys(
    content: Mapping[str, Any], record: type, records: Mapping[str | None, type], *, file: Path, table: str | None
) -> None:
    known = _names(record)
    place = f"[{table}] of {file}" if table else str(file)
    for key in content:
        if key in known:
            continue
        for other, its_record in records.items():
            if other != table and key in _names(its_record):
                where = f"under [{other}]" if other else "at the top of the file, before any [table]"
                raise SettingsError(f"{place} sets {key!r}, which belongs {where}.")
        everything = {name: other for other, its_record in records.items() for name in _names(its_record)}
        nearest = difflib.get_close_matches(key, known, n=1) or difflib.get_close_matches(key, everything, n=1)
        if nearest and nearest[0] not in known:
            other = everything[nearest[0]]
            where = f"under [{other}]" if other else "at the top of the file"
            raise SettingsError(f"{place} sets {key!r}, which is not a setting. Did you mean {nearest[0]!r}, {where}?")
        raise SettingsError(f"{place} sets {key!r}, which is not a setting. {_hint(key, known)}")


def _variable(field: "dataclasses.Field[Any]") -> str:
    return _PREFIX + (field.metadata["variable"] or field.name.upper())


def _names(record: type) -> set[str]:
    return {field.name for field in dataclasses.fields(record)}


def _hint(name: str, known: Collection[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {nearest[0]!r}?" if nearest else f"Known are: {', '.join(sorted(known))}."


def _parse(field: "dataclasses.Field[Any]", text: str, source: str) -> Any:
    try:
        return field.metadata["parse"](text)
    except ValueError as error:
        # Of an address, what comes before the host may be a secret too.
        shown = "what was given" if field.metadata["secret"] else repr(re.sub("//[^/]*@", "//…@", text))
        meaning = field.metadata["description"]
        raise SettingsError(f"{source} cannot be {shown}: {error}. It is: {meaning}.") from None


def _read_file(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))  # editors of some systems put a mark first
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file} cannot be read: {error}. Correct it, or remove it.") from error


def _read_table(file: Path, table: str | None) -> dict[str, Any]:
    content = _read_file(file)
    if table is None:
        return {key: value for key, value in content.items() if not isinstance(value, dict)}
    inner = content.get(table, {})
    if not isinstance(inner, dict):
        raise SettingsError(f"{file}: [{table}] must be a table, but {table!r} has a single value.")
    return inner
