"""Numbers that name a place in an order: annexe IV, 2e phase, 1er; and long ones written in groups.

Roman numbers are read after such a word only, up to 39, so that no word and no letter of a list is taken for one.
"""

import re
from collections.abc import Iterator

from indexer.french.numbers.mention import CODE, MENTION, START, Mention, Span
from indexer.french.text import fold

NUMBERED = (
    "alinéa|alinea|annexe|article|axe|catégorie|categorie|chapitre|classe|étape|etape|figure|groupe|jalon|livre|lot"
    "|niveau|palier|paragraphe|partie|phase|section|tableau|titre|tome|tranche|type|vague|version|volet|volume"
)
_ROMAN = "x{0,3}(?:ix|iv|v?i{1,3}|v)|x{1,3}"
_PLACE = rf"\d{{1,4}}(?:[.,-]\d{{1,3}}){{0,4}}|{_ROMAN}"
_REFERENCE = re.compile(
    rf"(?<!\w)(?P<noun>{NUMBERED})(?P<many>[sx]?) (?:n[°ºo]\.? ?|num[ée]ro )?"
    rf"(?P<number>1er|premier|{_PLACE})(?!\w|[-.,/]\w)",
    re.IGNORECASE,
)
_NEXT_PLACE = re.compile(rf"(?:, ?| et | ou | [àa] )(?P<number>{_PLACE})(?!\w|[-.,/]\w)", re.IGNORECASE)
ORDINALS = {
    **dict.fromkeys(["premier", "premiere", "premiers", "premieres"], 1),
    "second": 2,
    "deuxieme": 2,
    "troisieme": 3,
    "quatrieme": 4,
    "cinquieme": 5,
    "sixieme": 6,
    "septieme": 7,
    "huitieme": 8,
    "neuvieme": 9,
    "dixieme": 10,
}
_ORDINAL = re.compile(
    rf"{START}(?:(?P<digits>\d{{1,3}})(?:ers?|[èe]res?|res?|nde?s?|i?[èe]mes?|es?)"
    r"|(?P<word>premi(?:ers?|[èe]res?)|second|(?:deux|trois|quatr|cinqu|six|sept|huit|neuv|dix)i[èe]me))"
    rf"(?!\w)(?: (?P<noun>{NUMBERED})(?!\w))?",
    re.IGNORECASE,
)


_TENS, _ONES = ("", "x", "xx", "xxx"), ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
ROMANS = {roman: number for number, roman in enumerate(ten + one for ten in _TENS for one in _ONES) if number}
"""In small letters."""


def find_references(text: str) -> Iterator[Mention]:
    """Yield the places in a text or a plan: « annexe IV », « articles 3 et 4 »."""
    for found in _REFERENCE.finditer(text):
        noun = fold(found["noun"])
        place: re.Match[str] | None = found
        while place:
            yield _reference(noun, place["number"], place.span("number"))
            place = _NEXT_PLACE.match(text, place.end()) if found["many"] else None


def _reference(noun: str, written: str, at: Span) -> Mention:
    lower = written.lower()
    if lower[0].isdigit() and lower != "1er":
        return Mention(f"{MENTION}{noun} {lower.replace(',', '.')}", at)
    number = 1 if lower in {"1er", "premier"} else ROMANS[lower]
    return Mention(f"{MENTION}{noun} {number}", at, implied=(f"{CODE}{number}",))


def find_ordinals(text: str) -> Iterator[Mention]:
    """Yield « 1er » and « deuxième », and what they are of: « 2e phase » is the phase 2."""
    for found in _ORDINAL.finditer(text):
        number = int(found["digits"]) if found["digits"] else ORDINALS[fold(found["word"])]
        end = found.end("digits" if found["digits"] else "word")
        nothing = (found.start(), found.start())
        yield Mention(f"{MENTION}{number}e", nothing, (found.start(), end))
        if found["noun"]:
            yield Mention(f"{MENTION}{fold(found['noun'])} {number}", nothing, (found.start(), end))


_LONG_NUMBER = re.compile(rf"{START}(?<!\d )[1-9]\d\d(?: \d{{3}}){{1,4}}(?![\w./-]| \d)")


def find_long_numbers(text: str) -> Iterator[Mention]:
    """Yield what may be one number or several, such as 905 906; a SIREN is mostly written so."""
    for found in _LONG_NUMBER.finditer(text):
        yield Mention(CODE + found[0].replace(" ", ""), found.span())
