"""Finds personal data in what visitors type, and replaces it by its kind before anything is stored or logged.

Keeps nothing, logs nothing. What is looked for is in `patterns` and `names`; here, in which part of a text, and which
of several finds counts. Shapes, not check digits: the identifiers that people paste are often mistyped, and a library
that validates lets exactly those pass.
"""

import re
import unicodedata
from collections.abc import Iterator

from server.privacy.addresses import find_addresses
from server.privacy.names import PersonalData, find_names
from server.privacy.patterns import (
    HARMLESS_NUMBER,
    LETTER,
    NUMBER,
    PATTERNS,
    WEB_ADDRESS,
    PersonalKind,
    Where,
)


def redact(text: str) -> str:
    """Return *text* with everything personal replaced by its kind, as in "[NIR]". Doing it twice changes nothing."""
    parts: list[str] = []
    kept_to = 0
    for data in find_personal_data(text):
        parts += [text[kept_to : data.start], f"[{data.kind}]"]
        kept_to = data.end
    return "".join(parts) + text[kept_to:]


def has_redacted(text: str) -> bool:
    """Return whether *text* shows that something personal was replaced in it, as in "[NIR]"."""
    return _REDACTED.search(text) is not None


def find_personal_data(text: str) -> tuple[PersonalData, ...]:
    """Return the parts of *text* that must not be kept, in order, without overlap."""
    text = _canonical(text)
    prose = _blank(text, WEB_ADDRESS)
    numbers = _blank(prose, HARMLESS_NUMBER)
    texts = {Where.EVERYWHERE: text, Where.PROSE: prose, Where.NUMBERS: numbers}
    found = [*find_names(prose), *find_addresses(prose), *_find_numbers(numbers)]
    for pattern in PATTERNS:
        for match in pattern.expression.finditer(texts[pattern.where]):
            start, end = match.span(match.lastgroup or 0)
            found.append(PersonalData(pattern.kind, start, end))
    return tuple(_merge(found))


_REDACTED = re.compile(rf"\[(?:{'|'.join(map(re.escape, PersonalKind))})\]", re.IGNORECASE)


def _find_numbers(text: str) -> Iterator[PersonalData]:
    for match in NUMBER.finditer(text):
        yield PersonalData(_kind_of_number(re.sub(r"\D", "", match[0])), *match.span())


def _kind_of_number(digits: str) -> PersonalKind:
    match len(digits), digits[0]:
        case ((13 | 15), ("1" | "2" | "3" | "4" | "7" | "8")):
            return PersonalKind.NIR
        case 14, _:
            return PersonalKind.SIRET
        case 11, ("1" | "8"):
            return PersonalKind.RPPS
        case 10, "0":
            return PersonalKind.PHONE
        case 9, _:
            return PersonalKind.SIREN
        case _:
            return PersonalKind.NUMBER


def _merge(found: list[PersonalData]) -> list[PersonalData]:
    """Return the unions of what overlaps, named by the first kind: two patterns may each see a part of one number."""
    kinds = list(PersonalKind)
    merged: list[PersonalData] = []
    for data in sorted(found, key=lambda data: data.start):
        if merged and data.start < merged[-1].end:
            last = merged.pop()
            kind = min(last.kind, data.kind, key=kinds.index)
            merged.append(PersonalData(kind, last.start, max(last.end, data.end)))
        else:
            merged.append(data)
    return merged


def _blank(text: str, expression: re.Pattern[str]) -> str:
    """Return *text* with as many line ends, which are in no pattern, in place of what *expression* matches."""
    return expression.sub(lambda match: "\n" * len(match[0]), text)


class _Canonical(dict[int, str]):
    """Spaces, digits, hyphens and apostrophes of any alphabet to their ASCII form, one character for one."""

    def __missing__(self, code: int) -> str:
        # Not remembered: a hostile text could otherwise fill the memory with the whole of Unicode.
        character = chr(code)
        if (digit := unicodedata.decimal(character, None)) is not None:
            return str(digit)
        match unicodedata.category(character):
            case "Zs" | "Cf":
                return " "
            case "Pd":
                return "-"
            case _:
                return {"’": "'", "‘": "'", "ʼ": "'", "＠": "@", "＋": "+", "．": "."}.get(character, character)


_CANONICAL = _Canonical({code: chr(code) for code in range(256)} | {0x09: " ", 0xA0: " ", 0xAD: " ", 0xB4: "'"})

_DIGITS_AND_LOOKALIKES = re.compile(rf"(?<![{LETTER}\d])[OoIlABab\d]{{2,}}(?![{LETTER}\d])")
_LOOKALIKES = re.compile(r"(?<=[OoIl\d][ .\-])[OoIl]{2,3}(?=[ .\-][OoIlABab\d]{2})")
_FIRST_LOOKALIKE = re.compile(rf"(?<![{LETTER}\d'])[lI](?=[ .\-/|;]{{0,3}}\d\d[ .\-/|;]{{0,3}}\d\d)")
_CORSICA = re.compile(r"[ABab]")
_AS_DIGITS = str.maketrans("OoIl", "0011")


def _canonical(text: str) -> str:
    """Return *text* with the same length and fewer ways to write the same thing."""
    text = text.translate(_CANONICAL)
    text = _DIGITS_AND_LOOKALIKES.sub(_digits_of, text)
    text = _LOOKALIKES.sub(_digits_of, text)
    return _FIRST_LOOKALIKE.sub("1", text)


def _digits_of(match: re.Match[str]) -> str:
    """Return the digits that letters stand for, in a word of both; a word of letters alone only where it is short."""
    digits = sum(map(str.isdigit, match[0]))
    # A and B are the Corsican départements of a long number.
    if match.re is _LOOKALIKES or digits >= (4 if _CORSICA.search(match[0]) else 1):
        return match[0].translate(_AS_DIGITS)
    return match[0]
