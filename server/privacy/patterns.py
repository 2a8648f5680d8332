"""What personal data looks like: the kinds, and the patterns of identifiers, addresses and dates.

In the syntax that Python and JavaScript share, since the page warns with the same patterns while a visitor types.
Repetitions are bounded or exclude what follows them, so that the time is linear in the length.
"""

import re
from dataclasses import dataclass
from enum import Enum, StrEnum, auto


class PersonalKind(StrEnum):
    """What a part of a text is; the value replaces it. Where two kinds overlap, the first one names it."""

    NIR = "NIR"  # the national health identity (INS) is the same number
    IBAN = "IBAN"
    EMAIL = "COURRIEL"
    PHONE = "TÉLÉPHONE"
    BIRTH_DATE = "DATE DE NAISSANCE"
    NAME = "NOM"
    SIRET = "SIRET"
    SIREN = "SIREN"
    RPPS = "RPPS"
    NUMBER = "NUMÉRO"  # nine digits or more of no known kind: mostly one of the above, mistyped


class Where(Enum):
    """In which part of a text a pattern is looked for."""

    EVERYWHERE = auto()
    PROSE = auto()  # all but web addresses, whose numbers are mostly harmless
    NUMBERS = auto()  # all but web addresses and harmless numbers


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a kind looks like: the named group of *expression* where it has one, else all that it matches."""

    kind: PersonalKind
    where: Where
    expression: re.Pattern[str]


def ignoring_case(expression: str) -> re.Pattern[str]:
    """Return *expression*, ready to be looked for in letters of either case."""
    return re.compile(expression, re.IGNORECASE)


# Latin with its extensions and accents, Greek, Cyrillic, Hebrew, Arabic: the names of patients come from everywhere.
LETTER = r"A-Za-zÀ-ÖØ-öø-ɏ\u0300-\u036f\u0370-\u052f\u0590-\u06ff\u1e00-\u1eff"

_GAP = r"[ .,_/\-]{0,3}"  # between groups of digits, as in "06 - 12 - 34"
_NIR_GAP = r"[ .,:·_/\-\r\n]{0,3}"  # long enough to be broken by the end of a line
_KEY = r"(?:[ ,;(]{0,3}cl[eé]\u0301? ?:? ?\d\d(?!\d))?"  # "1850578006084, clé 36"
_LOCAL = r"[^\s@<>()\[\],;:\"'/=?&]"  # of an address before its @
_DOMAIN = r"[A-Z\dÀ-ÿ\-]+"
_DOT = r"(?:\.| (?:point|dot) | ?[(\[](?:point|dot)[)\]] ?)"
_MONTH = rf"(?:janv|f[eé]\u0301?v|mars|avr|mai|juin|juil|ao[uû]\u0302?t|sept|oct|nov|d[eé]\u0301?c)[{LETTER}.]{{0,7}}"
_DATE = (
    rf"(?:\d{{1,2}}(?:er)?[ ./\-]{{1,3}}(?:\d{{1,2}}|{_MONTH})[ ./\-]{{1,3}}\d{{2,4}}"
    r"|\d{4}[ ./\-]\d{1,2}[ ./\-]\d{1,2}|\d{8}|\d{6})(?!\d)"
)
_BORN = (
    r"(?:n(?:é|e\u0301|ee)e?s?(?:\(e\))? ?(?:le|un|:|[aà]\u0300? [^\d\n.;]{1,30} le)|ddn|d\.d\.n\.?|date.(?:de.)?naiss)"
)
# The date of a rule may follow these words as well: "la date de naissance est obligatoire depuis le 1er janvier 2021".
_RULE = r"(?:depuis|partir|avant|apr[eè]s|jusqu|compter|applicable|vigueur|version|arr[eê]t[eé]|d[eé]cret|loi|publi)"

PATTERNS = (
    # Sex, year, month, département, commune, order, and the key where it is given: 1 85 05 78 006 084 36.
    Pattern(
        PersonalKind.NIR,
        Where.NUMBERS,
        ignoring_case(
            rf"(?<!\d)[1-478](?:{_NIR_GAP}\d\d){{3}}(?:{_NIR_GAP}\d{{3}}){{2}}(?:{_NIR_GAP}\d\d)?(?!\d){_KEY}"
        ),
    ),
    # The same in one piece with its key: long enough to be told from the numbers of web addresses.
    Pattern(PersonalKind.NIR, Where.EVERYWHERE, ignoring_case(r"(?<!\d)[1-478]\d{4}(?:\d\d|2[AB])\d{8}(?!\d)")),
    # Born in Corsica; the letter is telling enough to allow for a digit missing or too many.
    Pattern(
        PersonalKind.NIR,
        Where.NUMBERS,
        ignoring_case(rf"(?<!\d)\d(?:{_NIR_GAP}\d){{4,6}} ?[AB](?:{_NIR_GAP}\d){{5,9}}{_KEY}"),
    ),
    # Country, check digits, perhaps a bank in letters, then digits mostly: FR14 2004 1010 0505 0001 3M02 606.
    Pattern(
        PersonalKind.IBAN,
        Where.NUMBERS,
        ignoring_case(
            r"(?<![A-Z\d])(?:FR[ \-]?|[A-Z]{2})\d\d?(?:[ \-]?[A-Z]{4})?(?:[ \-]{0,2}\d){10}"
            r"(?:[ \-]{0,2}(?=[A-Z]{0,3}\d)[A-Z\d]{1,4}){0,6}"
        ),
    ),
    # Spaces around the @, or a word for it, only before what is surely a domain.
    Pattern(
        PersonalKind.EMAIL,
        Where.EVERYWHERE,
        ignoring_case(
            rf"(?<!{_LOCAL})(?!no-?reply@|ne-?pas-?repondre@){_LOCAL}+(?:@{_DOMAIN}(?:\.{_DOMAIN})*"
            rf"|(?: @ ?|@ | ?[(\[](?:at|arobase)[)\]] ?| arobase ){_DOMAIN}(?:{_DOT}{_DOMAIN})+)"
        ),
    ),
    Pattern(
        PersonalKind.PHONE, Where.NUMBERS, ignoring_case(rf"(?<!\d)(?:0[1-9]|\(0[1-9]\))(?:{_GAP}\d\d){{4}}(?!\d)")
    ),
    Pattern(PersonalKind.PHONE, Where.EVERYWHERE, ignoring_case(r"(?<!\d)(?:0|\+33)[1-9]\d{8}(?!\d)")),
    # International, French or not: +33 (0)6 12 34 56 78.
    Pattern(
        PersonalKind.PHONE,
        Where.NUMBERS,
        ignoring_case(r"(?:\+|(?<!\d)00)[ .\-]?[1-9]\d{0,2}(?:[ .\-]{0,2}\(0{1,2}\))?(?:[ .\-/]{0,2}\d){7,12}(?!\d)"),
    ),
    Pattern(
        PersonalKind.BIRTH_DATE,
        Where.PROSE,
        ignoring_case(rf"(?<![{LETTER}]){_BORN}(?:(?!{_RULE})[^\d\n.;\]]){{0,40}}(?P<date>{_DATE})"),
    ),
    # Without its accent, "ne le" is mostly a negation.
    Pattern(
        PersonalKind.BIRTH_DATE,
        Where.PROSE,
        ignoring_case(rf"(?<![{LETTER}])ne {{1,2}}le {{1,2}}(?P<date>{_DATE})"),
    ),
)

NUMBER = ignoring_case(rf"\d(?:[ ._/\-]?\d){{8,}}{_KEY}")
"""Nine digits or more, however grouped: the only shape left to an identifier with a digit missing or too many."""

HARMLESS_NUMBER = ignoring_case(
    r"(?<!\d)\d{1,2}[./\-]\d{1,2}[./\-](?:19|20)\d\d(?!\d)"  # a date
    r"|(?<!\d)(?:19|20)\d\d-\d\d-\d\d(?!\d)"
    r"|(?<!\d)(?<!\d[ /\-])(?:19|20)\d\d(?:[ /\-](?:19|20)\d\d){1,9}(?![ /\-]?\d)"  # years
    r"|(?<!\d)\d{1,3}(?:[ .]\d{3}){1,4}(?:,\d\d?)? ?(?:€|[km]€|eur|%|octets|patients|dossiers)"  # an amount
    # An OID, such as that of the INS; other roots than these look like a NIR with full stops.
    r"|(?<![\d.])(?:1\.2\.[1-9]\d\d|1\.3\.6\.1|2\.16\.[1-9]\d\d)(?:\.(?:0|[1-9]\d{0,8})(?!\d)){1,20}"
    r"|(?<![\da-f])[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}"  # a UUID
    r"|(?<!\d)34009\d{8}(?!\d)"  # the code of a medicine (CIP13)
)

WEB_ADDRESS = ignoring_case(r"(?:https?://|www\.)[^\s<>\"]+")
