"""Letters that a wrong conversion of a file has damaged: « DurÃ©e » for « Durée ».

UTF-8 that was read as another encoding shows each letter as the signs of its bytes. To undo that is to find it: where
the bytes of some signs are UTF-8 for what a French text has, the signs themselves are hardly meant.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Damage:
    """Where in a text a damaged character begins and ends, and what it was before; "" where that is not known."""

    start: int
    end: int
    meant: str


def find_damage(text: str) -> Iterator[Damage]:
    """Yield what is damaged in *text*, from its beginning to its end."""
    if text.isascii() or not _MAY_BE.search(text):
        return
    end = 0
    for damage in sorted(_all(text), key=lambda damage: (damage.start, -damage.end)):
        if damage.start >= end:
            end = damage.end
            yield damage


def _all(text: str) -> Iterator[Damage]:
    for signs, expression in _READINGS:
        for found in expression.finditer(text):
            meant = bytes(signs[sign] for sign in found[0]).decode("utf-8", errors="replace")
            before = text[max(0, found.start() - 2) : found.start()]
            if _FRENCH.fullmatch(meant) and not _breaks_capitals(before, meant):
                yield Damage(found.start(), found.end(), meant)
    for expression, meant in _LOST:
        yield from (Damage(found.start(), found.end(), meant) for found in expression.finditer(text))


def _breaks_capitals(before: str, meant: str) -> bool:
    """Whether a small letter would follow capitals: then the signs are those of a name, as in « IRMÃ® »."""
    return len(before) == 2 and before.isalpha() and before.isupper() and meant.islower()


# Latin-1, what French adds to it, accents by themselves, signs, ligatures, the byte order mark, pictures.
_FRENCH = re.compile(
    "[\u00a0-\u00ffŒœŸ\u0300-\u0302\u0308\u0327\u2000-\u2bff\ufb00-\ufb06\ufe0f\ufeff\U0001f000-\U0001faff]"
)
# Signs of bytes come at least in pairs, but for those that have lost their second: most texts have neither.
_MAY_BE = re.compile("[^\x00-\x7f]{2}|[ÃÂ\ufffd\x80-\x9f]")
_LOST: tuple[tuple[re.Pattern[str], str], ...] = (
    # The second sign of « à » and of a no-break space is a no-break space, which may be a plain one or gone by now.
    (re.compile(r"Ã(?<![A-ZÀ-Þ0-9]Ã)(?=\s|\Z)"), "à"),
    (re.compile(r"Â(?<=[^\s«“‘’'\"(]Â)(?=\s|\Z)"), "\u00a0"),
    # What stands for a letter that was not understood, and Windows-1252 read as Latin-1.
    (re.compile("[\ufffd\x80-\x84\x86-\x9f]"), ""),
)


def _reading(encoding: str) -> tuple[dict[str, int], re.Pattern[str]]:
    """Return the byte of each sign that is not ASCII in *encoding*, and what finds signs that may be UTF-8."""
    # What Windows-1252 has at these places, Latin-1 has as controls.
    signs = {chr(byte): byte for byte in range(0x80, 0xA0)} if encoding == "cp1252" else {}
    for byte in range(0x80, 0x100):
        signs[bytes([byte]).decode(encoding, errors="ignore") or chr(byte)] = byte

    def one_of(first: int, last: int) -> str:
        return "[" + "".join(re.escape(sign) for sign, byte in signs.items() if first <= byte <= last) + "]"

    more = one_of(0x80, 0xBF)
    # A blank does not come second: what is before it may be a word that ends so.
    begun = rf"{one_of(0xC2, 0xF4)}(?!\s){more}"
    two, three, four = (f"(?<={lead}.)" for lead in (one_of(0xC2, 0xDF), one_of(0xE0, 0xEF), one_of(0xF0, 0xF4)))
    # Every build reads all texts: beginning with one class, and not with a choice, this is found four times as fast.
    return signs, re.compile(f"{begun}(?:{two}|{three}{more}|{four}{more}{more})", re.DOTALL)


_READINGS = tuple(_reading(encoding) for encoding in ("cp1252", "mac_roman"))
