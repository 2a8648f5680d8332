"""JSON documents whose form is a dataclass, read with every type checked: files are edited by hand, and damaged."""

from dataclasses import dataclass
from typing import Annotated, Generic, TypeAlias, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config

Record = TypeVar("Record")

exact = with_config(ConfigDict(strict=True, allow_inf_nan=False))
"""Marks a dataclass that is read from JSON: nothing in it is converted, and no number is NaN or infinite."""

Count: TypeAlias = Annotated[int, Field(ge=1)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]

_SHOWN = 40


class JsonDocument(Generic[Record]):
    """What a document must be: a dataclass that is marked `exact`. Keys that it does not have are passed over."""

    def __init__(self, record: type[Record]) -> None:
        self._adapter = TypeAdapter(record)

    def read(self, document: str | bytes) -> Record:
        """Return the record that *document* holds. ValueError says in one line what is wrong with it, and where."""
        try:
            return self._adapter.validate_json(document)
        except ValidationError as error:
            raise ValueError(_first_mistake(error)) from error

    def write(self, record: Record) -> bytes:
        """Return the document that `read` makes *record* of, in one line without its end; defaults are left out."""
        return self._adapter.dump_json(record, exclude_defaults=True)


def format_version(document: bytes) -> int:
    """Return the `format_version` that a document says it has. ValueError if it says none."""
    return _VERSIONED.read(document).format_version


@exact
@dataclass(frozen=True, slots=True)
class _Versioned:
    format_version: int


_VERSIONED = JsonDocument(_Versioned)


def _first_mistake(error: ValidationError) -> str:
    mistake = error.errors(include_url=False)[0]
    where = ".".join(map(str, mistake["loc"]))
    if mistake["type"] == "missing":
        return f"{where} is missing"
    value = repr(mistake["input"])
    shown = value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…"
    message = mistake["msg"].replace("Input", shown, 1).replace(" at line 1 column ", " at column ")
    return f"{where}: {message}" if where else message
