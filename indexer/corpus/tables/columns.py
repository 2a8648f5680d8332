"""What the columns of a table are, by their headings: in French or English, in any case, with spaces and accents."""

import dataclasses
import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from indexer.corpus.tables.rows import Row, column_letter
from indexer.french.text import fold, words_of

FACET_COLUMN = "facette"


class Role(StrEnum):
    """What a column holds."""

    ID = "identifiant"
    NUMBER = "numéro"
    TEXT = "réponse"
    QUESTION = "question"
    KEYWORDS = "mots-clés"
    FACET = "facette"
    LINK = "lien"
    SOURCE = "source"
    FORMER_NAMES = "anciens noms"
    CHANGED_ON = "modifié le"


_HEADINGS: dict[str, Role] = {
    heading: role
    for role, headings in {
        Role.ID: "id|identifiant|identifier|code|ref|reference|cle|key|slug|uid|id reponse|id question|_id",
        Role.NUMBER: "n|no|num|numero|number|rang|ordre|n question|n de question|numero de question",
        Role.TEXT: "text|texte|reponse|reponses|answer|answers|contenu|content|body|la reponse|texte de la reponse|"
        "reponse apportee|reponse complete|elements de reponse|reponse officielle|reponse faq|reponse a la question",
        Role.QUESTION: "question|questions|intitule|titre|title|libelle|la question|question posee|questions posees|"
        "question frequente|questions frequentes|autres questions|autre question|variante|variantes|reformulations|"
        "formulations|formulation|intitule de la question|libelle de la question|question faq|question type",
        Role.KEYWORDS: "mots cles|mot cle|mots clefs|mot clef|motscles|keywords|keyword|tags|tag|etiquettes|etiquette",
        Role.LINK: "lien|liens|url|urls|link|links|lien utile|liens utiles|adresse web|adresse internet|page web|"
        "pour en savoir plus|en savoir plus",
        Role.SOURCE: "source|sources|origine|provenance",
        Role.FORMER_NAMES: "ancien nom|anciens noms|ancien identifiant|anciens identifiants|former id|former ids",
        Role.CHANGED_ON: "modifie le|mis a jour le|mise a jour|mise a jour le|date de mise a jour|derniere mise a jour|"
        "date de modification|derniere modification|date de derniere modification|maj|date maj|date|changed on|"
        "updated|updated at|last updated|last modified",
    }.items()
    for heading in headings.split("|")
}
_THEMES = {"thematique", "thematiques", "theme", "themes", "topic", "topics"}
_LIKE_THEMES = {"categorie", "categories", "category", "rubrique", "rubriques", "domaine", "domaines", "section"}
_SHOWN = ("ID", "Question", "Réponse", "Thématique", "Mots-clés", "Lien", "Source", "Modifié le")


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is read: where it stands, from 0, what it holds, and the facet's key where that is one.

    letter: what stands above it in the spreadsheet, made here.
    """

    at: int
    role: Role
    facet: str = ""

    letter: str = dataclasses.field(init=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "letter", column_letter(self.at))


@dataclass(frozen=True)
class Columns:
    """The columns of a table; *ignored*, a French sentence for each that is not read; *wrong*, what keeps it closed.

    headless: columns within it, from 0, that nothing is written over.
    """

    read: tuple[Column, ...]
    ignored: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    headless: frozenset[int] = frozenset()
    width: int = 0

    @cached_property
    def by_role(self) -> dict[Role, tuple[Column, ...]]:
        """The columns of each role, from the left."""
        return {role: tuple(column for column in self.read if column.role is role) for role in Role}

    @property
    def gives_names(self) -> bool:
        """Whether the rows have ids of their own."""
        return bool(self.by_role[Role.ID] or self.by_role[Role.NUMBER])

    def first(self, role: Role) -> Column | None:
        """Return the first column of a role."""
        return next(iter(self.by_role[role]), None)

    def of(self, role: Role) -> tuple[Column, ...]:
        """Return all columns of a role, from the left."""
        return self.by_role[role]


def rate_heading(cells: Sequence[str]) -> int:
    """Return how many cells are headings known here."""
    folded = [words_of(cell) for cell in cells]
    return sum(bool(role_of(cell)) or word in _THEMES | _LIKE_THEMES for cell, word in zip(cells, folded, strict=True))


def role_of(heading: str) -> Role | None:
    """Return what a column, or a field of JSON, of this name holds; None for a facet and for what is not known."""
    if heading.strip() in ("#", "N°", "n°", "№", "Nº", "nº"):
        return Role.NUMBER
    words = words_of(heading)
    if words not in _HEADINGS and re.fullmatch(r"(?:question|variante|formulation) \d{1,2}", words):
        return Role.QUESTION
    return _HEADINGS.get(words)


def is_theme(heading: str) -> bool:
    """Return whether a field of this name says what an answer is about."""
    return words_of(heading) in _THEMES | _LIKE_THEMES


def find_columns(rows: Sequence[Row], *, facet_keys: Collection[str]) -> tuple[int, Columns | None]:
    """Return which of the first rows is the head, and its columns; None where no row can be one.

    facet_keys: of the facets that are defined beside the table; a column of that name is that facet.
    """
    best = max(range(len(rows)), key=lambda at: (rate_heading(rows[at].cells), -at), default=0)
    if not rows:
        return 0, None
    columns = _columns_of(rows[best].cells, facet_keys)
    return best, columns if rate_heading(rows[best].cells) else None


def describe_headings() -> str:
    """Return the names that columns have, for a message."""
    return ", ".join(f"« {name} »" for name in _SHOWN)


def _columns_of(cells: Sequence[str], facet_keys: Collection[str]) -> Columns:
    words = [words_of(cell) for cell in cells]
    has_theme = any(word in _THEMES for word in words)
    by_fold = {words_of(key): key for key in facet_keys}
    read: list[Column] = []
    ignored: list[str] = []
    wrong: list[str] = []
    seen: dict[tuple[Role, str], Column] = {}
    for at, cell in enumerate(cells):
        heading = " ".join(cell.split())
        if not heading:
            continue
        column = _column(at, heading, words[at], has_theme=has_theme, by_fold=by_fold)
        if column is None:
            ignored.append(f"la colonne {column_letter(at)}, « {heading[:40]} », n'est pas lue{_hint(heading)}")
            continue
        if column.role is Role.FACET and not column.facet:
            wrong.append(f"la colonne {column.letter}, « {heading[:40]} », n'a pas de clé : complétez-la.")
            continue
        first = seen.setdefault((column.role, column.facet), column)
        if first is not column and column.role not in (Role.QUESTION, Role.KEYWORDS, Role.LINK):
            wrong.append(_said_twice(first, " ".join(cells[first.at].split()), column, heading))
            continue
        read.append(column)
    if not any(column.role is Role.TEXT for column in read):
        wrong.append(
            "il manque la colonne des réponses : nommez-la « Réponse ». Les colonnes connues sont "
            f"{describe_headings()} et « {FACET_COLUMN}:… »."
        )
    headless = frozenset(at for at, cell in enumerate(cells) if not cell.strip())
    return Columns(tuple(read), tuple(ignored), tuple(wrong), headless, width=len(cells))


def _said_twice(first: Column, first_heading: str, second: Column, second_heading: str) -> str:
    advice = f", ou nommez l'une « {FACET_COLUMN}:… », d'une autre clé" if first.role is Role.FACET else ""
    return (
        f"les colonnes {first.letter}, « {first_heading[:40]} », et {second.letter}, « {second_heading[:40]} », "
        f"donnent deux fois « {first.facet or first.role} » : gardez-en une{advice}."
    )


def _column(at: int, heading: str, words: str, *, has_theme: bool, by_fold: dict[str, str]) -> Column | None:
    marked = re.match(r"facett?e?s?\s*:\s*", heading, re.IGNORECASE)
    if marked:
        key = heading[marked.end() :].strip()
        return Column(at, Role.FACET, by_fold.get(words_of(key), key))
    role = role_of(heading)
    if role:
        return Column(at, role)
    if words in _THEMES or (words in _LIKE_THEMES and not has_theme and words not in by_fold):
        return Column(at, Role.FACET, "thematique")
    if words in by_fold:
        return Column(at, Role.FACET, by_fold[words])
    return Column(at, Role.FACET, words.rstrip("s")) if words in _LIKE_THEMES else None


def _hint(heading: str) -> str:
    names = {fold(name): name for name in (*_SHOWN, "Questions", "Catégorie", "text", "questions")}
    nearest = difflib.get_close_matches(fold(heading), names, n=1, cutoff=0.75)
    if nearest:
        return f" : voulez-vous dire « {names[nearest[0]]} » ?"
    return f" ; si ses valeurs servent à ranger, nommez-la « {FACET_COLUMN}:{words_of(heading)[:30] or '…'} »."
