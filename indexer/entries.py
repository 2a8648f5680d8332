"""What a place in a corpus holds: an answer with its lines, or the problems that kept it from being one."""

from dataclasses import dataclass

from indexer.records import Answer, Problem

MAX_TEXT_CHARACTERS = 20_000
MAX_QUESTION_CHARACTERS = 500
MAX_ID_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Located:
    """A text and its line in the file, from 1."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer as its file has it, with the lines that messages about it need."""

    path: str
    answer: Answer
    line: int
    questions: tuple[Located, ...]
    facet_values: tuple[tuple[str, Located], ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A place where an answer should be, and what is wrong with it."""

    problems: tuple[Problem, ...]


def problems_of(entry: Entry) -> list[Problem]:
    """Return what is wrong with an answer by itself, whatever else the corpus holds."""
    answer = entry.answer
    messages: list[tuple[int, str]] = []
    if not 0 < len(answer.id) <= MAX_ID_CHARACTERS or any(c.isspace() or not c.isprintable() for c in answer.id):
        shown, most = answer.id[:40], MAX_ID_CHARACTERS
        messages.append(
            (entry.line, f"l'identifiant « {shown} » ne convient pas : sans espace, {most} caractères au plus.")
        )
    if not answer.text.strip():
        messages.append((entry.line, "la réponse n'a pas de texte : écrivez-le, ou retirez-la."))
    if len(answer.text) > MAX_TEXT_CHARACTERS:
        size = f"{len(answer.text)} caractères, {MAX_TEXT_CHARACTERS} au plus"
        messages.append((entry.line, f"le texte compte {size} : partagez-le en plusieurs réponses."))
    for question in entry.questions:
        if len(question.text) > MAX_QUESTION_CHARACTERS:
            size = f"{len(question.text)} caractères, {MAX_QUESTION_CHARACTERS} au plus"
            messages.append((question.line, f"cette question compte {size} : raccourcissez-la."))
    return [Problem(entry.path, line, message) for line, message in messages]
