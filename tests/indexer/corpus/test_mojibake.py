"""What a wrong conversion of a file leaves behind."""

import unicodedata
from typing import Literal

import pytest

from indexer.corpus.mojibake import find_damage

FRENCH = (
    "Durée de validité : « cœur » – l’accès à l’INS… Œuvre, DURÉE, ÎLE, Ça, Noël, où, naïf, aiguë, voilà, À 5 €, ©. "
    "3 °C, INS\xa0? Âge, déjà à distance\u202f! N°\xa01, 2 m², 😀 ✓"
)


def converted(text: str, encoding: str) -> str:
    """Return the UTF-8 of *text*, read as another encoding; a byte that has no sign there is a control."""
    return "".join(bytes([byte]).decode(encoding, errors="ignore") or chr(byte) for byte in text.encode())


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "mac_roman"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_every_damaged_letter_is_found_and_known(encoding: str, form: Literal["NFC", "NFD"]) -> None:
    """To put back what was meant gives the text again, whichever encoding it was read as."""
    text = unicodedata.normalize(form, FRENCH)
    damaged = converted(text, encoding)
    for damage in reversed(list(find_damage(damaged))):
        damaged = damaged[: damage.start] + damage.meant + damaged[damage.end :]
    # Where a no-break space is the second sign, it is left: it may have become a plain one.
    assert damaged.replace("à\xa0", "à").replace("\xa0\xa0", "\xa0") == text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("DURÃ‰E", [(3, "É")]),
        ("au cÅ“ur", [(4, "œ")]),
        ("Ã  distance", [(0, "à")]),
        ("voilÃ", [(4, "à")]),
        ("100Â %", [(3, "\xa0")]),
        ("d\ufffdlai", [(1, "")]),
        ("dur\x82e", [(3, "")]),
        ("[HÃ´pital]", [(2, "ô")]),
        ("LÃ©a", [(1, "é")]),
        ("ÃƒÂ©", [(0, "Ã"), (2, "©")]),
    ],
)
def test_damage_of_editors_is_found(text: str, found: list[tuple[int, str]]) -> None:
    """Each as it was seen, some with the no-break space of « à » gone since."""
    assert [(damage.start, damage.meant) for damage in find_damage(text)] == found


@pytest.mark.parametrize(
    "text",
    [
        FRENCH,
        "« IRMÃ\xa0»",
        "IRMÃ®",
        "SÃO PAULO",
        "« DURÉ»",
        "« Hanoï…\xa0»",
        "à…»",
        "é”»",
        "É…",
        "5 Å\xa0de",
        "√2 ≈ 1,4",
    ],
)
def test_what_people_write_is_not_damaged(text: str) -> None:
    """Capitals before punctuation, names, units."""
    assert list(find_damage(text)) == []
