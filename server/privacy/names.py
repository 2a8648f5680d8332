"""Names of persons: titles, what may come between, and where a name ends.

A name is only known by the title before it: without one, a word with a capital may be anything. Two words in small
letters count after most titles, since visitors do not always type capitals; words that no name has end it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from server.privacy.patterns import LETTER, PersonalKind, ignoring_case


@dataclass(frozen=True, slots=True)
class PersonalData:
    """A part of a text that must not be kept; start and end are offsets in code points."""

    kind: PersonalKind
    start: int
    end: int


def find_names(text: str) -> Iterator[PersonalData]:
    """Yield the names in *text* with the titles before them, in order; *text* is canonical, as `redaction` makes it."""
    for match in _TITLED_WORDS.finditer(text):
        if not _is_title(match):
            continue
        if length := _name_length(match["words"], small_letters=_goes_before_small_letters(match)):
            end = match.end() + length
            if _plain(match) in _PLURALS:
                end = _end_of_more_names(text, end)
            yield PersonalData(PersonalKind.NAME, match.start(), end)


_A_WORD = rf"[{LETTER}][{LETTER}'.\-]*"
_WORDS = rf"(?P<words>{_A_WORD}(?: {{1,2}}{_A_WORD}){{0,7}})"
_TITLED_WORDS = ignoring_case(
    rf"(?<![{LETTER}\d'\-])"
    r"(?P<title>(?:mm?|mmes?|mlles?|mrs?|drs?|prs?|messieurs|mesdames|monsieur|madame|mademoiselle"
    r"|docteure?|professeure?|ma[iî]tre|me|n[eé]e)(?:\.|(?=[ \r\n_:])))"
    rf"(?P<gap> {{0,2}}| ?\r?\n ?|_| ?: {{0,2}})(?={_WORDS})"
)
"""A title and the words after it; which of them are a name, `_name_length` says."""

_ANOTHER_NAME = ignoring_case(rf"(?: {{0,2}},| {{1,2}}(?:et|ou|&)) {{1,2}}(?={_WORDS})")

_MOST_NAMES = 4
_PLURALS = frozenset(["mm", "mmes", "mlles", "mrs", "drs", "prs", "messieurs", "mesdames"])
_TITLES_BEFORE_SMALL_LETTERS = frozenset(
    ["mme", "mlle", "mr", "dr", "docteur", "docteure", "monsieur", "madame", "mademoiselle"]
)
_GREETINGS = frozenset(["monsieur", "madame", "mademoiselle", "messieurs", "mesdames"])
_PARTICLES = frozenset(["d", "de", "du", "des", "la", "le", "van", "von", "der", "el", "ben"])

_COMMON_WORDS = """
a à afin ai alors après as au aussi aux avait avant avec ayant bonjour c car ce ces cet cette chez comme comment dans
demande depuis dit docteur doit doivent dont elle elles en est et été être fait faut il ils j je l les leur lui m ma
madame mais me merci mes mesdames messieurs mme mon monsieur mr n ne ni nom nos notre nous on ont ou où par pas peut
peuvent plus pour puis qu quand que quel quelle qui quoi s sa sans se sera ses si son sont souhaite sur svp tout toute
un une va vers veut veulent via vient vos votre vous y besoin combien quelles quels
traitant traitante remplaçant remplaçante libéral libérale responsable signataire hospitalier hospitalière junior
prescripteur prescriptrice référent référente coordonnateur généraliste spécialiste inscrit inscrite titulaire concerné
concernée habilité habilitée exerçant signe signé utilise consulte prescrit voit reçoit envoie crée valide demande
sénior absent absente même lui-même aussi déjà toujours jamais encore seul seule salarié salariée retraité
diplômé pharmacien pharmacienne médecin vétérinaire honoraire associé associée militaire étranger étrangère
"""
_NO_NAMES = frozenset(_COMMON_WORDS.split()) | _PARTICLES

# Right after a title these are an office in small letters alone: « M. Maire » is a name, « M. le Maire » is none.
_OFFICES = frozenset(["directeur", "directrice", "maire", "ministre", "préfet", "préfète", "président", "présidente"])

_SAME = re.compile(r"\b(?:le|les|du|au) $", re.IGNORECASE)
"""Before « mme », what goes with no lady: « le mme jour » is « le même jour »."""

_GOES_ON = re.compile(r"\b(?:de|à|par|pour|avec|et|chez|que|sur|concernant|patiente?|voir) $", re.IGNORECASE)
"""Before a title at the end of a line, what a name must follow."""

_INVERTED = re.compile(r".+-(?:je|tu|ils?|elles?|on|nous|vous|ce)")
"""A verb that asks, such as « puis-je » or « a-t-on »: « bonjour madame puis-je… »."""


def _plain(titled: re.Match[str]) -> str:
    return titled["title"].lower().rstrip(".")


def _is_title(titled: re.Match[str]) -> bool:
    if titled["title"] in ("m", "mm", "mm."):  # metres; "m." may be
        return False
    if titled["title"].lower() == "me" and titled["title"] != "Me":  # « je me demande »
        return False
    if "\n" in titled["gap"] and _plain(titled) in _GREETINGS:
        # « Bonjour Madame » is followed by a new sentence, « le dossier de Madame » by her name.
        return _GOES_ON.search(titled.string, max(0, titled.start() - 12), titled.start()) is not None
    return not (_plain(titled) == "mme" and _SAME.search(titled.string, max(0, titled.start() - 4), titled.start()))


def _goes_before_small_letters(titled: re.Match[str]) -> bool:
    """Whether words in small letters after this title are likely a name."""
    if "\n" in titled["gap"] or ":" in titled["gap"]:
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
