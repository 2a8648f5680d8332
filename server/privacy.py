"""Finds personal data in what visitors type, and replaces it by its kind before anything is stored or logged.

Owns the list of patterns; keeps nothing, logs nothing. Shapes, not check digits: the identifiers that people paste are
often mistyped, and a library that validates lets exactly those pass. The patterns keep to the syntax that Python and
JavaScript share, and repetitions are bounded or exclude what follows them, so that the time is linear in the length.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum, auto


class PersonalKind(StrEnum):
    """What a stretch of text is; the value replaces it. Where two kinds overlap, the first one names it."""

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


@dataclass(frozen=True, slots=True)
class PersonalData:
    """A stretch of a text that must not be kept; start and end are offsets in code points."""

    kind: PersonalKind
    start: int
    end: int


def redact(text: str) -> str:
    """Return *text* with everything personal replaced by its kind, as in "[NIR]". Doing it twice changes nothing."""
    parts: list[str] = []
    kept_to = 0
    for data in find_personal_data(text):
        parts += [text[kept_to : data.start], f"[{data.kind}]"]
        kept_to = data.end
    return "".join(parts) + text[kept_to:]


def find_personal_data(text: str) -> tuple[PersonalData, ...]:
    """Return the stretches of *text* that must not be kept, in order, without overlap."""
    text = _canonical(text)
    prose = _blank(text, WEB_ADDRESS)
    numbers = _blank(prose, HARMLESS_NUMBER)
    texts = {Where.EVERYWHERE: text, Where.PROSE: prose, Where.NUMBERS: numbers}
    found = [*_find_names(prose), *_find_numbers(numbers)]
    for pattern in PATTERNS:
        for match in pattern.expression.finditer(texts[pattern.where]):
            start, end = match.span(match.lastgroup or 0)
            found.append(PersonalData(pattern.kind, start, end))
    return tuple(_merge(found))


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


def _ignoring_case(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.IGNORECASE)


# Latin with its extensions and accents, Greek, Cyrillic, Hebrew, Arabic: the names of patients come from everywhere.
_LETTER = r"A-Za-zÀ-ÖØ-öø-ɏ\u0300-\u036f\u0370-\u052f\u0590-\u06ff\u1e00-\u1eff"
_GAP = r"[ .,_/\-]{0,3}"  # between groups of digits, as in "06 - 12 - 34"
_NIR_GAP = r"[ .,:·_/\-\r\n]{0,3}"  # long enough to be broken by the end of a line
_KEY = r"(?:[ ,;(]{0,3}cl[eé]\u0301? ?:? ?\d\d(?!\d))?"  # "1850578006084, clé 36"
_LOCAL = r"[^\s@<>()\[\],;:\"'/=?&]"  # of an address before its @
_DOMAIN = r"[A-Z\dÀ-ÿ\-]+"
_DOT = r"(?:\.| (?:point|dot) | ?[(\[](?:point|dot)[)\]] ?)"
_MONTH = rf"(?:janv|f[eé]\u0301?v|mars|avr|mai|juin|juil|ao[uû]\u0302?t|sept|oct|nov|d[eé]\u0301?c)[{_LETTER}.]{{0,7}}"
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
        _ignoring_case(
            rf"(?<!\d)[1-478](?:{_NIR_GAP}\d\d){{3}}(?:{_NIR_GAP}\d{{3}}){{2}}(?:{_NIR_GAP}\d\d)?(?!\d){_KEY}"
        ),
    ),
    # The same in one piece with its key: long enough to be told from the numbers of web addresses.
    Pattern(PersonalKind.NIR, Where.EVERYWHERE, _ignoring_case(r"(?<!\d)[1-478]\d{4}(?:\d\d|2[AB])\d{8}(?!\d)")),
    # Born in Corsica; the letter is telling enough to allow for a digit missing or too many.
    Pattern(
        PersonalKind.NIR,
        Where.NUMBERS,
        _ignoring_case(rf"(?<!\d)\d(?:{_NIR_GAP}\d){{4,6}} ?[AB](?:{_NIR_GAP}\d){{5,9}}{_KEY}"),
    ),
    # Country, check digits, perhaps a bank in letters, then digits mostly: FR14 2004 1010 0505 0001 3M02 606.
    Pattern(
        PersonalKind.IBAN,
        Where.NUMBERS,
        _ignoring_case(
            r"(?<![A-Z\d])(?:FR[ \-]?|[A-Z]{2})\d\d?(?:[ \-]?[A-Z]{4})?(?:[ \-]{0,2}\d){10}"
            r"(?:[ \-]{0,2}(?=[A-Z]{0,3}\d)[A-Z\d]{1,4}){0,6}"
        ),
    ),
    # Spaces around the @, or a word for it, only before what is surely a domain.
    Pattern(
        PersonalKind.EMAIL,
        Where.EVERYWHERE,
        _ignoring_case(
            rf"(?<!{_LOCAL})(?!no-?reply@|ne-?pas-?repondre@){_LOCAL}+(?:@{_DOMAIN}(?:\.{_DOMAIN})*"
            rf"|(?: @ ?|@ | ?[(\[](?:at|arobase)[)\]] ?| arobase ){_DOMAIN}(?:{_DOT}{_DOMAIN})+)"
        ),
    ),
    Pattern(
        PersonalKind.PHONE, Where.NUMBERS, _ignoring_case(rf"(?<!\d)(?:0[1-9]|\(0[1-9]\))(?:{_GAP}\d\d){{4}}(?!\d)")
    ),
    Pattern(PersonalKind.PHONE, Where.EVERYWHERE, _ignoring_case(r"(?<!\d)(?:0|\+33)[1-9]\d{8}(?!\d)")),
    # International, French or not: +33 (0)6 12 34 56 78.
    Pattern(
        PersonalKind.PHONE,
        Where.NUMBERS,
        _ignoring_case(r"(?:\+|(?<!\d)00)[ .\-]?[1-9]\d{0,2}(?:[ .\-]{0,2}\(0{1,2}\))?(?:[ .\-/]{0,2}\d){7,12}(?!\d)"),
    ),
    Pattern(
        PersonalKind.BIRTH_DATE,
        Where.PROSE,
        _ignoring_case(rf"(?<![{_LETTER}]){_BORN}(?:(?!{_RULE})[^\d\n.;\]]){{0,40}}(?P<date>{_DATE})"),
    ),
    # Without its accent, "ne le" is mostly a negation.
    Pattern(
        PersonalKind.BIRTH_DATE,
        Where.PROSE,
        _ignoring_case(rf"(?<![{_LETTER}])ne {{1,2}}le {{1,2}}(?P<date>{_DATE})"),
    ),
)

NUMBER = _ignoring_case(rf"\d(?:[ ._/\-]?\d){{8,}}{_KEY}")
"""Nine digits or more, however grouped: the only shape left to an identifier with a digit missing or too many."""

HARMLESS_NUMBER = _ignoring_case(
    r"(?<!\d)\d{1,2}[./\-]\d{1,2}[./\-](?:19|20)\d\d(?!\d)"  # a date
    r"|(?<!\d)(?:19|20)\d\d-\d\d-\d\d(?!\d)"
    r"|(?<!\d)(?<!\d[ /\-])(?:19|20)\d\d(?:[ /\-](?:19|20)\d\d){1,9}(?![ /\-]?\d)"  # years
    r"|(?<!\d)\d{1,3}(?:[ .]\d{3}){1,4}(?:,\d\d?)? ?(?:€|[km]€|eur|%|octets|patients|dossiers)"  # an amount
    # An OID, such as that of the INS; other roots than these look like a NIR with full stops.
    r"|(?<![\d.])(?:1\.2\.[1-9]\d\d|1\.3\.6\.1|2\.16\.[1-9]\d\d)(?:\.(?:0|[1-9]\d{0,8})(?!\d)){1,20}"
    r"|(?<![\da-f])[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}"  # a UUID
    r"|(?<!\d)34009\d{8}(?!\d)"  # the code of a medicine (CIP13)
)

WEB_ADDRESS = _ignoring_case(r"(?:https?://|www\.)[^\s<>\"]+")

_A_WORD = rf"[{_LETTER}][{_LETTER}'.\-]*"
_WORDS = rf"(?P<words>{_A_WORD}(?: {{1,2}}{_A_WORD}){{0,7}})"
TITLED_WORDS = _ignoring_case(
    rf"(?<![{_LETTER}\d'\-])"
    r"(?P<title>(?:mm?|mmes?|mlles?|mrs?|drs?|prs?|messieurs|mesdames|monsieur|madame|mademoiselle"
    r"|docteure?|professeure?)(?:\.|(?=[ \r\n])))"
    rf"(?P<gap> {{0,2}}| ?\r?\n ?)(?={_WORDS})"
)
"""A title and the words after it; which of them are a name, `_name_length` says."""
_ANOTHER_NAME = _ignoring_case(rf"(?: {{0,2}},| {{1,2}}(?:et|ou|&)) {{1,2}}(?={_WORDS})")
_PLURALS = frozenset(["mm", "mmes", "mlles", "mrs", "drs", "prs", "messieurs", "mesdames"])

_MOST_NAMES = 4
_TITLES_BEFORE_SMALL_LETTERS = frozenset(["mme", "mlle", "mr", "dr", "monsieur", "madame", "mademoiselle"])
_GREETINGS = frozenset(["monsieur", "madame", "mademoiselle", "messieurs", "mesdames"])
_PARTICLES = frozenset(["d", "de", "du", "des", "la", "le", "van", "von", "der", "el", "ben"])
_COMMON_WORDS = """
a à afin ai alors après as au aussi aux avait avant avec ayant bonjour c car ce ces cet cette chez comme comment dans
demande depuis dit docteur doit doivent dont elle elles en est et été être fait faut il ils j je l les leur lui m ma
madame mais me merci mes mesdames messieurs mme mon monsieur mr n ne ni nom nos notre nous on ont ou où par pas peut
peuvent plus pour puis qu quand que quel quelle qui quoi s sa sans se sera ses si son sont souhaite sur svp tout toute
un une va vers veut veulent via vient vos votre vous y besoin combien quelles quels
"""
_NO_NAMES = frozenset(_COMMON_WORDS.split()) | _PARTICLES
# Right after a title these are an office in small letters alone: « M. Maire » is a name, « M. le Maire » is none.
_OFFICES = frozenset(["directeur", "directrice", "maire", "ministre", "préfet", "préfète", "président", "présidente"])
_SAME = re.compile(r"\b(?:le|les|du|au) $", re.IGNORECASE)
"""Before « mme », what goes with no lady: « le mme jour » is « le même jour »."""
_INVERTED = re.compile(r".+-(?:je|tu|ils?|elles?|on|nous|vous|ce)")
"""A verb that asks, such as « puis-je » or « a-t-on »: « bonjour madame puis-je… »."""


def _find_names(text: str) -> Iterator[PersonalData]:
    for match in TITLED_WORDS.finditer(text):
        if not _is_title(match):
            continue
        if length := _name_length(match["words"], small_letters=_goes_before_small_letters(match)):
            end = match.end() + length
            if _plain(match) in _PLURALS:
                end = _end_of_more_names(text, end)
            yield PersonalData(PersonalKind.NAME, match.start(), end)


def _plain(titled: re.Match[str]) -> str:
    return titled["title"].lower().rstrip(".")


def _is_title(titled: re.Match[str]) -> bool:
    if titled["title"] in ("m", "mm", "mm."):  # metres; "m." may be
        return False
    if "\n" in titled["gap"] and _plain(titled) in _GREETINGS:  # « Bonjour Madame » is followed by a new sentence
        return False
    return not (_plain(titled) == "mme" and _SAME.search(titled.string, max(0, titled.start() - 4), titled.start()))


def _goes_before_small_letters(titled: re.Match[str]) -> bool:
    """Whether words in small letters after this title are likely a name."""
    if "\n" in titled["gap"]:
        return False
    if titled["title"] == "m.":  # metres, after a number
        return not titled.string[max(0, titled.start() - 2) : titled.start()].rstrip()[-1:].isdigit()
    return titled["title"] == "M." or _plain(titled) in _TITLES_BEFORE_SMALL_LETTERS


def _end_of_more_names(text: str, end: int) -> int:
    """Return where the names that are listed after the one that ends at *end* end."""
    while (another := _ANOTHER_NAME.match(text, end)) and (
        length := _name_length(another["words"], small_letters=False)
    ):
        end = another.end() + length
    return end


def _name_length(words: str, *, small_letters: bool) -> int:
    """Return how much of *words* is a name: capitalised words, or the first two where small letters are likely one."""
    length = names = 0
    in_particle = False
    for word in re.finditer(r"[^ ]+", words):
        bare = word[0].removeprefix("d'").removeprefix("D'").rstrip(".'-")
        plain = bare.lower()
        # "Mme de la Tour" and "Mme Le Gall", but not "Mme la directrice".
        if plain in _PARTICLES and (in_particle or word[0] not in ("le", "la", "des")):
            in_particle = True
            continue
        capitalised = bare != plain
        is_initial = capitalised and re.fullmatch(r"[^.\-]\.(?:-?[^.\-]\.)*", word[0]) is not None
        likely = capitalised or (small_letters and names < 2)
        # "N'Guyen" is a name, "n'arrive" is not.
        head, _, rest = bare.partition("'")
        common = head.lower() in _NO_NAMES and not (is_initial or rest[:1].isupper() or (capitalised and in_particle))
        is_office = plain in _OFFICES and not capitalised
        if names == _MOST_NAMES or not likely or common or is_office or _INVERTED.fullmatch(bare):
            break
        names += 1
        small_letters = small_letters and not capitalised
        in_particle = False
        # The full stop of an initial is part of the name, that of a sentence is not, and ends it.
        length = word.end() if is_initial else word.start() + len(word[0].rstrip("."))
        if word[0].endswith(".") and not is_initial:
            break
    return length


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

_DIGIT_LOOKALIKE = re.compile(r"(?<=\d)[OoIl](?=\d)")


def _canonical(text: str) -> str:
    """Return *text* with the same length and fewer ways to write the same thing."""
    text = text.translate(_CANONICAL)
    return _DIGIT_LOOKALIKE.sub(lambda match: "0" if match[0] in "Oo" else "1", text)
