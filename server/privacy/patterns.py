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
    ADDRESS = "ADRESSE"
    IDENTITY_PAPER = "PIÈCE D'IDENTITÉ"  # passport, identity card, residence and driving permits
    PATIENT_NUMBER = "NUMÉRO DE PATIENT"  # of a person (IPP), a stay (NDA, IEP), a file
    PLATE = "IMMATRICULATION"
    SIRET = "SIRET"
    SIREN = "SIREN"
    RPPS = "RPPS"
    FINESS = "FINESS OU ADELI"
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

_GAP = r"[ .,_/\-\r\n]{0,3}"  # between groups of digits, as in "06 - 12 - 34"; a line may end there
_NIR_GAP = r"[ .,:;|·_/\-\r\n]{0,3}"
_SIGN = r" {0,2}[|;:,·_*/] {0,2}"  # the same between all pairs of a number: "01:02" and "01/02" may be a time
_LABEL_GAP = r"[^\d\n\]]{0,24}?"  # between a label and its number, as in " du patient n° : "
_NUMERO = r"(?: {0,2}\(?(?:n°|nº|n\.|num[eé]ro|no)\)?)?[ :=)(\[n°]{0,5}"  # the same, where only this may come between
_KEY = r"(?:[ ,;(]{0,3}cl[eé]\u0301? ?:? ?\d\d(?!\d))?"  # "1850578006084, clé 36"
_LOCAL = r"[^\s@<>()\[\],;:\"'/=?&]"  # of an address before its @
_DOMAIN = r"[A-Z\dÀ-ÿ\-]+"
_AT = (
    r"(?: ?[(\[{<] {0,2}(?:at|arobase|@|a) {0,2}[)\]}>] ?|[_\-](?:at|arobase)[_\-]| arobase "
    r"|&#0{0,3}64;|&#x40;|&commat;|%40)"
)
_TOP = r"(?:fr|com|net|org|eu|info|be|ch|lu|re|nc|pf|mq|gp|gf|yt|io|health|sante)(?![A-Z\d\-])"
_DOT = rf"(?:\.| (?:point|dot) | ?[(\[{{](?:point|dot)[)\]}}] ?|[_\-](?:point|dot)[_\-]| ?\. ?(?={_TOP}))"
_MONTH = rf"(?:janv|f[eé]\u0301?v|mars|avr|mai|juin|juil|ao[uû]\u0302?t|sept|oct|nov|d[eé]\u0301?c)[{LETTER}.]{{0,7}}"
_DAY = (
    r"(?:\d{1,2}(?:er)?|premier|deux|trois|quatre|cinq|six|sept|huit|neuf|dix(?:.sept|.huit|.neuf)?|onze|douze|treize"
    r"|quatorze|quinze|seize|vingt(?:.deux|.trois|.quatre|.cinq|.six|.sept|.huit|.neuf|.et.un)?|trente(?:.et.un)?)"
)
_DATE = (
    rf"(?:\d{{1,2}}(?:er)?[ ./\-]{{1,3}}(?:\d{{1,2}}|{_MONTH})[ ./\-]{{1,3}}\d{{2,4}}"
    r"|\d{4}[ ./\-]\d{1,2}[ ./\-]\d{1,2}|\d{8}|\d{6})(?!\d)"
)
_DATE_IN_WORDS = rf"(?:{_DAY} {{1,3}})?{_MONTH} {{1,3}}(?:19|20)\d\d(?!\d)"
_BORN = rf"(?:n(?:é|e\u0301|ee)e?s?(?:\(e\))?(?![{LETTER}])|ddn|d\.d\.n\.?|naiss(?:ance)?(?![{LETTER}]))"
_BEFORE_DATE = r"(?:[^\d\n.;\]]|\r?\n)"  # the date may be on the next line
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
    # Each digit in a box of its own; also of other long numbers.
    Pattern(
        PersonalKind.NUMBER,
        Where.NUMBERS,
        ignoring_case(r"(?<!\d)\d(?: ?\| ?[\dAB](?![A-Z\d])| ?\]? ?\[ ?[\dAB](?![A-Z\d])){8,}"),
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
            rf"(?<!{_LOCAL})(?!no-?reply@|ne-?pas-?repondre@){_LOCAL}+(?:@{_DOMAIN}(?:(?:\.|\. (?={_TOP})){_DOMAIN})*"
            rf"|(?: @ ?|@ |@ ?\r?\n ?|{_AT}){_DOMAIN}(?:{_DOT}{_DOMAIN})+)"
        ),
    ),
    # Spaced by what read a page of paper: jean . dupont @ chu-lyon . fr
    Pattern(
        PersonalKind.EMAIL,
        Where.EVERYWHERE,
        ignoring_case(
            r"(?<![A-Z\dÀ-ÿ._\-])(?!no-?reply|ne-?pas-?repondre)"
            rf"[A-Z\dÀ-ÿ]{{1,30}}(?:(?: [._\-] ?|[._\-])[A-Z\dÀ-ÿ]{{1,30}}){{0,4}}(?: ?@ ?|{_AT})"
            rf"[A-Z\dÀ-ÿ]{{1,30}}(?: ?[.\-] ?[A-Z\dÀ-ÿ]{{1,30}}){{0,4}} ?\. ?{_TOP}"
        ),
    ),
    Pattern(
        PersonalKind.PHONE, Where.NUMBERS, ignoring_case(rf"(?<!\d)(?:0[1-9]|\(0[1-9]\))(?:{_GAP}\d\d){{4}}(?!\d)")
    ),
    Pattern(PersonalKind.PHONE, Where.NUMBERS, ignoring_case(rf"(?<!\d)0[1-9]({_SIGN})\d\d(?:\1\d\d){{3}}(?!\d)")),
    # Of six digits, in New Caledonia, French Polynesia, Saint-Pierre; only after a word for it.
    Pattern(
        PersonalKind.PHONE,
        Where.NUMBERS,
        ignoring_case(
            rf"(?<![{LETTER}])(?:t[eé]l(?:[eé]phone)?|portable|fax|gsm|mobilis|(?:joindre|joignable"
            rf"|appel[a-z]{{1,4}}) au)"
            r"[ .:n°]{1,5}\d\d(?:[ .\-]?\d\d){2,3}(?![ .\-]?\d)"
        ),
    ),
    Pattern(PersonalKind.PHONE, Where.EVERYWHERE, ignoring_case(r"(?<!\d)(?:0|\+33)[1-9]\d{8}(?!\d)")),
    # International, French or not: +33 (0)6 12 34 56 78.
    Pattern(
        PersonalKind.PHONE,
        Where.NUMBERS,
        ignoring_case(
            r"(?:\((?:\+|00) ?[1-9]\d{0,2}\)(?:[ .\-/]{0,2}\d){6,12}"
            r"|(?:\+|(?<!\d)00)[ .\-]?[1-9]\d{0,2}(?:[ .\-]{0,2}\(\d{1,2}\))?(?:[ .\-/]{0,2}\d){7,12})(?!\d)"
        ),
    ),
    Pattern(
        PersonalKind.BIRTH_DATE,
        Where.PROSE,
        ignoring_case(rf"(?<![{LETTER}]){_BORN}(?:(?!{_RULE}){_BEFORE_DATE}){{0,40}}(?P<date>{_DATE})"),
    ),
    # "né le premier mars 1962", "née en juin 2009": after a few words at most.
    Pattern(
        PersonalKind.BIRTH_DATE,
        Where.PROSE,
        ignoring_case(
            rf"(?<![{LETTER}]){_BORN}[ :\r\n]{{1,4}}(?:(?!{_RULE})[{LETTER}'\-]{{1,20}}[ :,\r\n]{{1,4}}){{0,5}}?"
            rf"(?P<date>{_DATE_IN_WORDS})"
        ),
    ),
    # Without its accent, "ne le" is mostly a negation.
    Pattern(
        PersonalKind.BIRTH_DATE,
        Where.PROSE,
        ignoring_case(rf"(?<![{LETTER}])ne {{1,2}}le {{1,2}}(?P<date>{_DATE})"),
    ),
    # Whatever looks harmless is not, after its label: "SIREN 732 829 320 patients".
    Pattern(
        PersonalKind.SIREN,
        Where.PROSE,
        ignoring_case(
            rf"(?<![{LETTER}])(?:siren|siret|rpps|adeli|finess|nir|ins|s[eé]curit[eé] sociale)"
            rf"(?![{LETTER}]){_LABEL_GAP}"
            r"(?P<number>\d(?:[ ._/\-]{0,2}\d){7,14})(?!\d)"
        ),
    ),
    # Of Corsica: the département is no number.
    Pattern(
        PersonalKind.FINESS,
        Where.NUMBERS,
        ignoring_case(rf"(?<![\d{LETTER}])2 ?[AB](?:[ .\-]?\d){{7}}(?![\d{LETTER}])"),
    ),
    Pattern(
        PersonalKind.PATIENT_NUMBER,
        Where.PROSE,
        ignoring_case(
            rf"(?<![{LETTER}])(?:ipp|iep|nda|nip)(?![{LETTER}]){_LABEL_GAP}(?P<number>[A-Z]{{0,3}}\d"
            rf"(?:[ .\-]?\d){{4,14}})"
        ),
    ),
    Pattern(
        PersonalKind.PATIENT_NUMBER,
        Where.PROSE,
        ignoring_case(
            r"(?:(?:identifiant|num[eé]ro|n°|nº)(?: permanent)?(?: d[eu])?(?: la| l')? ?"
            r"(?:dossier|patiente?|s[eé]jour|venue|hospitalisation|passage|usager)"
            r"|dossier (?:du )?patiente?|dossier (?:m[eé]dical|administratif))"
            rf"(?: (?:du patient|patient|m[eé]dical|administratif))?{_NUMERO}(?P<number>[A-Z]{{0,3}}\d"
            rf"(?:[ .\-]?\d){{5,14}})"
        ),
    ),
    Pattern(
        PersonalKind.PATIENT_NUMBER,
        Where.NUMBERS,
        ignoring_case(rf"patiente?{_NUMERO}(?P<number>\d(?:[ .\-]?\d){{6,14}})"),
    ),
    Pattern(
        PersonalKind.IDENTITY_PAPER,
        Where.PROSE,
        ignoring_case(
            rf"passeport(?![{LETTER}]){_LABEL_GAP}(?P<number>\d\d ?[A-Z]{{2}} ?\d{{5}}|"
            rf"(?=[A-Z]{{0,3}}\d)[A-Z\d]{{8,9}}(?![A-Z\d]))"
        ),
    ),
    Pattern(
        PersonalKind.IDENTITY_PAPER,
        Where.PROSE,
        ignoring_case(
            rf"(?<![{LETTER}])(?:cnie?|(?:carte|pi[eè]ce)(?: nationale)? d'identit[eé]|titre de s[eé]jour"
            rf"|permis de conduire)"
            rf"(?![{LETTER}]){_LABEL_GAP}(?<![A-Z\d])(?P<number>(?=[A-Z]{{0,8}}\d)[A-Z\d]{{9,12}}(?![A-Z\d]))"
        ),
    ),
    # Such as AB-123-CD; with spaces, or of the older form 1234 AB 75, only after a word for it.
    Pattern(
        PersonalKind.PLATE,
        Where.PROSE,
        ignoring_case(rf"(?<![\d{LETTER}\-])[A-HJ-NP-TV-Z]{{2}}(-?)\d{{3}}\1[A-HJ-NP-TV-Z]{{2}}(?![\d{LETTER}\-])"),
    ),
    Pattern(
        PersonalKind.PLATE,
        Where.PROSE,
        ignoring_case(
            rf"(?:immatricul[{LETTER}]{{1,8}}|plaque)(?![{LETTER}])[^\d\n\]]{{0,20}}?(?<![A-Z\d])"
            r"(?P<number>[A-Z]{2}[ \-]?\d{3}[ \-]?[A-Z]{2}|\d{1,4}[ \-]?[A-Z]{2,3}[ \-]?(?:\d\d|2[AB]))(?![A-Z\d])"
        ),
    ),
)

NUMBER = ignoring_case(rf"\d(?:[ ._/\-]?\d){{8,}}{_KEY}")
"""Nine digits or more, however grouped: the only shape left to an identifier with a digit missing or too many."""

HARMLESS_NUMBER = ignoring_case(
    r"(?<!\d)\d{1,2}[./\-]\d{1,2}[./\-](?:19|20)\d\d(?!\d)"  # a date
    r"|(?<!\d)(?:19|20)\d\d-\d\d-\d\d(?!\d)"
    r"|(?<!\d)(?<!\d[ /\-])(?:19|20)\d\d(?:[ /\-](?:19|20)\d\d){1,9}(?![ /\-]?\d)"  # years
    r"|(?<!\d)\d{1,3}(?:[ .]\d{3}){1,4}(?:,\d\d?)? ?(?:€|[km]€|eur(?:os?)?(?![a-zà-ÿ])|%|octets)"  # an amount
    r"|(?<!\d)\d{1,3}(?:(?:[ .']\d{3}){1,4},\d\d?|(?:[,']\d{3}){1,4}\.\d\d)(?!\d)"
    r"|(?<!\d)\d{4,12}(?:[,.]\d\d)? ?(?:€|[km]€|euros?(?![a-zà-ÿ])|octets)"
    r"|(?:€|usd|eur) ?\d{1,3}(?:[ .,']\d{3}){1,4}(?![ .,']?\d)"
    r"|(?<!\d)(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[T _\-]?(?:[01]\d|2[0-3])[0-5]\d"
    r"(?:[0-5]\d)?(?!\d)"  # a time
    r"|(?<!\d)1[67]\d{8}(?!\d)"  # the same in seconds since 1970
    r"|(?:timestamp|horodatage|epoch)[^\d\n]{0,12}\d{10,13}(?!\d)"
    r"|(?<![a-zà-ÿ])(?:lots?|batch|ticket|incident|commande|facture|s[eé]rie|build|snomed|snomed.ct|loinc|isbn"
    r"|ean|gtin|jorftext"
    r"|legi[a-z]{4})(?: n°| num[eé]ro| no)?[ :=n°#]{0,4}\d(?:[ \-]?\d){4,16}(?!\d)"
    r"|(?:version|release|build|firmware|(?<![a-z])v)[ :=]{0,3}\d{1,4}(?:[.\-+]\d{1,8}){1,6}(?![\d])"
    r"|(?<![\d.])(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}(?!\.?\d"
    r"|[a-z])"  # of a network
    r"|(?<![a-z])[lrda]\.? ?\d{1,4}(?:-\d{1,3}){1,6}(?!-?\d)"  # an article of a code
    # An OID, such as that of the INS; other roots than these look like a NIR with full stops.
    r"|(?<![\d.])(?:1\.2\.[1-9]\d\d|1\.3\.6\.1|2\.16\.[1-9]\d\d)(?:\.(?:0|[1-9]\d{0,8})(?!\d)){1,20}"
    r"|(?<![\da-f])[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}"  # a UUID
    r"|(?<!\d)34009\d{8}(?!\d)"  # the code of a medicine (CIP13)
)

WEB_ADDRESS = ignoring_case(r"(?:https?://|www\.)[^\s<>\"]+")
