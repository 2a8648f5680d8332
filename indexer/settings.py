"""Where settings come from: options beat SOUFFLEUR_* variables, which beat souffleur.toml, which beats the defaults.

A program declares its settings as a frozen dataclass of `setting(...)` fields; this module turns them into command-line
options and reads them once. Only the `__main__` modules call it.
"""

import argparse
import dataclasses
import difflib
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from indexer.errors import SettingsError

SETTINGS_FILE = Path("souffleur.toml")
SettingsRecord = TypeVar("SettingsRecord")
_PREFIX = "SOUFFLEUR_"


def setting(default: Any, parse: Callable[[str], Any], description: str, *, secret: bool = False) -> Any:
    """Return a dataclass field that is a setting; *parse* makes its value from text and raises ValueError.

    secret: its value is never shown.
    """
    return dataclasses.field(default=default, metadata={"parse": parse, "description": description, "secret": secret})


def parse_text(text: str) -> str:
    """Return the text; ValueError for none."""
    if not text.strip():
        raise ValueError("it is empty")
    return text


def parse_path(text: str) -> Path:
    """Return a path; ValueError for an empty one, which would be the current folder."""
    return Path(parse_text(text))


def parse_share(text: str) -> float:
    """Return a number from 0 to 1; ValueError for anything else."""
    share = float(text)
    if not 0 <= share <= 1:
        raise ValueError("a number from 0 to 1 is needed")
    return share


def parse_count(text: str) -> int:
    """Return a whole number from 1 up; ValueError for anything else."""
    count = int(text)
    if count < 1:
        raise ValueError("a whole number from 1 up is needed")
    return count


def parse_port(text: str) -> int:
    """Return a TCP port, 0 for any free one; ValueError for anything else."""
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError("a port from 0 to 65535 is needed")
    return port


@dataclasses.dataclass(frozen=True)
class IndexerSettings:
    """What every program needs to know of the corpus, the index and the encoder."""

    corpus: Path = setting(Path("corpus"), parse_path, "folder, .jsonl or .csv file, or BEIR folder with the answers")
    index: Path = setting(Path("build/index"), parse_path, "folder of the index")
    encoder: str = setting("bundled", parse_text, "`bundled`, or a sentence-transformers model by name or folder")
    device: str | None = setting(None, parse_text, "device of a sentence-transformers model, such as `cuda`")
    batch_size: int | None = setting(
        None, parse_count, "texts that the encoder reads at once (its own choice, if not given)"
    )
    threads: int | None = setting(None, parse_count, "processor threads of the encoder (all, if not given)")
    cache: Path | None = setting(None, parse_path, "folder of the unpacked model (the user's cache, if not given)")
    risk: float = setting(0.05, parse_share, "accepted share of wrong answers among those given as `answered`")
    memory: int | None = setting(
        None, parse_count, "megabytes that the vectors may take while serving (any, if not given)"
    )
    keep: int = setting(3, parse_count, "how many indexes stay on disk, the one in service included")


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
    fields = dataclasses.fields(settings)  # type: ignore[arg-type]  # mypy has no type for "a dataclass's type"
    from_file = _read_table(file, table)
    known = {field.name for field in fields}
    for key in from_file:
        if key not in known:
            raise SettingsError(f"{file} sets {key!r}, which is not a setting. {_hint(key, known)}")
    values: dict[str, Any] = {}
    for field in fields:
        variable = _PREFIX + field.name.upper()
        for source, text in (
            ("--" + field.name.replace("_", "-"), getattr(options, field.name, None)),
            (variable, environment.get(variable) or None),
            (f"{field.name} in {file}", from_file.get(field.name)),
        ):
            if text is not None:
                values[field.name] = _parse(field, str(text), source)
                break
    return settings(**values)


def refuse_unknown(
    records: Mapping[str | None, type],
    *,
    environment: Mapping[str, str],
    file: Path = SETTINGS_FILE,
) -> list[str]:
    """Return a sentence for each SOUFFLEUR_* variable that is no setting: a misspelt one would do nothing, in silence.

    records: the settings of all programs by their table of *file*, None for its top. SettingsError for another table.
    """
    tables = {table for table in records if table}
    for name, value in _read_file(file).items():
        if isinstance(value, dict) and name not in tables:
            raise SettingsError(f"{file} has a table [{name}], which is none of settings. {_hint(name, tables)}")
    names = {_PREFIX + field.name.upper() for record in records.values() for field in dataclasses.fields(record)}
    given = sorted(name for name in environment if name.startswith(_PREFIX) and name not in names)
    return [f"{name} is not a setting, and does nothing. {_hint(name, names)}" for name in given]


def _hint(name: str, known: Collection[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {nearest[0]!r}?" if nearest else f"Known are: {', '.join(sorted(known))}."


def _parse(field: "dataclasses.Field[Any]", text: str, source: str) -> Any:
    try:
        return field.metadata["parse"](text)
    except ValueError as error:
        shown = "what was given" if field.metadata["secret"] else repr(text)
        meaning = field.metadata["description"]
        raise SettingsError(f"{source} cannot be {shown}: {error}. It is: {meaning}.") from None


def _read_file(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
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
