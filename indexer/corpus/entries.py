"""What a place in a corpus holds: an answer with its lines, or the problems that kept it from being one."""

import dataclasses
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from indexer.corpus.mojibake import find_damage
from indexer.french.keywords import looks_like_keywords
from indexer.records import Answer, Problem, Severity

MAX_TEXT_CHARACTERS = 20_000
MAX_CURATED_CHARACTERS = 500
MAX_ID_CHARACTERS = 200
_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Located:
    """A text and its line in the file, from 1; in a table, the letter of its column too."""

    text: str
    line: int
    column: str = ""

    def told(self, message: str) -> str:
        """Return a message about it, with the cell where it is in one."""
        return told_at(self.column, self.line, message)


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer as its file has it, with the lines that messages about it need, and the warnings of reading it.

    text_line: where its text begins, where the lines of the text are those of the file. text_column, id_column: the
    letters of their columns in a table. has_made_id: whether the id was made here, since the row gives none.
    """

    path: str
    answer: Answer
    line: int
    questions: tuple[Located, ...]
    facet_values: tuple[tuple[str, Located], ...]
    warnings: tuple[Problem, ...] = ()
    keywords: tuple[Located, ...] = ()
    former_names: tuple[Located, ...] = ()
    text_line: int | None = None
    text_column: str = ""
    id_column: str = ""
    has_made_id: bool = False

    def with_answer(self, *, id: str, has_made_id: bool) -> "Entry":  # noqa: A002  # the field's name
        """Return the entry with another id of its answer."""
        return dataclasses.replace(self, answer=dataclasses.replace(self.answer, id=id), has_made_id=has_made_id)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A place where an answer should be, and what is wrong with it."""

    problems: tuple[Problem, ...]


def told_at(column: str, line: int, message: str) -> str:
    """Return a message about a cell of a table with the cell's name, or as it is where there is no column."""
    return f"cellule {column}{line} : {message}" if column else message


def problems_of(entry: Entry) -> list[Problem]:
    """Return what is wrong with an answer by itself, whatever else the corpus holds."""
    wrong = wrong_characters(entry.path, _texts(entry))
    return [*entry.warnings, *_wrong_sizes(entry), *wrong, *_questions_that_ask_nothing(entry)]


def _wrong_sizes(entry: Entry) -> Iterator[Problem]:
    answer = entry.answer
    if (
        not 0 < len(answer.id) <= MAX_ID_CHARACTERS
        or any(c.isspace() or not c.isprintable() for c in answer.id)
        or answer.id in (".", "..")  # what an address would follow
    ):
        shown = answer.id[:40].encode("utf-8", errors="replace").decode()
        message = f"l'identifiant « {shown} » ne convient pas : sans espace, {MAX_ID_CHARACTERS} caractères au plus."
        yield Problem(entry.path, entry.line, told_at(entry.id_column, entry.line, message))
    if not answer.text.strip():
        message = "la réponse n'a pas de texte : écrivez-le, ou retirez-la."
        yield Problem(entry.path, entry.line, told_at(entry.text_column, entry.line, message))
    if len(answer.text) > MAX_TEXT_CHARACTERS:
        size = f"{len(answer.text)} caractères, {MAX_TEXT_CHARACTERS} au plus pour être lu d'un visiteur"
        message = f"le texte compte {size} : mieux vaut le partager en plusieurs réponses."
        yield Problem(entry.path, entry.line, told_at(entry.text_column, entry.line, message), Severity.WARNING)
    for what, texts in (("cette question compte", entry.questions), ("ces mots-clés comptent", entry.keywords)):
        for text in texts:
            if len(text.text) > MAX_CURATED_CHARACTERS:
                size = f"{len(text.text)} caractères, {MAX_CURATED_CHARACTERS} au plus"
                yield Problem(entry.path, text.line, text.told(f"{what} {size} : raccourcissez."))


def _questions_that_ask_nothing(entry: Entry) -> Iterator[Problem]:
    for question in entry.questions:
        if looks_like_keywords(question.text):
            place = "dans la colonne « Mots-clés »" if question.column else "sous « mots-cles »"
            message = (
                f"« {question.text[:60]} » a l'air de mots-clés : mettez-les {place}, où ils sont cherchés sans être "
                "montrés ; si c'est une question, finissez-la par « ? »."
            )
            yield Problem(entry.path, question.line, question.told(message), Severity.WARNING)


def _texts(entry: Entry) -> Iterator[Located]:
    text, line = entry.answer.text, entry.text_line
    yield from [Located(text, entry.line, entry.text_column)] if line is None else lines_of(text, first_line=line)
    yield from (*entry.questions, *entry.keywords)
    for key, value in entry.facet_values:
        yield from (Located(key, value.line, value.column), value)
    yield Located(entry.answer.source or "", entry.line)


def lines_of(text: str, *, first_line: int = 1) -> Iterator[Located]:
    """Yield each line of a text of several."""
    return (Located(line, number) for number, line in enumerate(text.split("\n"), first_line))


def wrong_characters(path: str, texts: Iterable[Located]) -> Iterator[Problem]:
    """Yield the first forbidden character of each text, and the first one that a wrong conversion has damaged."""
    for text in texts:
        forbidden = _FORBIDDEN.search(text.text)
        if forbidden:
            after = _after(text.text, forbidden.start())
            message = text.told(f"caractère interdit (U+{ord(forbidden[0]):04X}){after} : retirez-le.")
            yield Problem(path, text.line, message)
        damaged = list(find_damage(text.text))
        if damaged:
            after, meant = _after(text.text, damaged[0].start), damaged[0].meant.strip()
            guess = f"« {meant} »" if meant else "un accent perdu" if not damaged[0].meant else "une espace"
            others = f" (et {len(damaged) - 1} de plus)" if len(damaged) > 1 else ""
            message = text.told(f"caractère abîmé{after}, sans doute {guess}{others} : retapez-le.")
            yield Problem(path, text.line, message, Severity.WARNING)


def _after(text: str, start: int) -> str:
    before = " ".join(text[:start].split())[-30:]
    return f" après « {before} »" if before else " au début"
