"""What a place in a corpus holds: an answer with its lines, or the problems that kept it from being one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from indexer.records import Answer, Problem, Severity

MAX_TEXT_CHARACTERS = 20_000
MAX_QUESTION_CHARACTERS = 500
MAX_ID_CHARACTERS = 200
_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
# What a wrong conversion leaves behind: the replacement character, letters of Windows-1252 read as Latin-1, and the
# two signs that the bytes of one accented letter in UTF-8 make when they are read as Windows-1252: « Ã© », « â€™ ».
_DAMAGED = re.compile("[\ufffd\x80-\x84\x86-\x9f]|Ã[\u00a0-\u00bf]|â€|Â[\u00a0-\u00bf]")


@dataclass(frozen=True, slots=True)
class Located:
    """A text and its line in the file, from 1."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer as its file has it, with the lines that messages about it need, and the warnings of reading it."""

    path: str
    answer: Answer
    line: int
    questions: tuple[Located, ...]
    facet_values: tuple[tuple[str, Located], ...]
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A place where an answer should be, and what is wrong with it."""

    problems: tuple[Problem, ...]


def problems_of(entry: Entry) -> list[Problem]:
    """Return what is wrong with an answer by itself, whatever else the corpus holds."""
    return [*entry.warnings, *_wrong_sizes(entry), *_wrong_characters(entry)]


def _wrong_sizes(entry: Entry) -> Iterator[Problem]:
    answer = entry.answer
    if (
        not 0 < len(answer.id) <= MAX_ID_CHARACTERS
        or any(c.isspace() or not c.isprintable() for c in answer.id)
        or answer.id in (".", "..")  # what an address would follow
    ):
        shown = answer.id[:40].encode("utf-8", errors="replace").decode()
        message = f"l'identifiant « {shown} » ne convient pas : sans espace, {MAX_ID_CHARACTERS} caractères au plus."
        yield Problem(entry.path, entry.line, message)
    if not answer.text.strip():
        yield Problem(entry.path, entry.line, "la réponse n'a pas de texte : écrivez-le, ou retirez-la.")
    if len(answer.text) > MAX_TEXT_CHARACTERS:
        size = f"{len(answer.text)} caractères, {MAX_TEXT_CHARACTERS} au plus"
        yield Problem(entry.path, entry.line, f"le texte compte {size} : partagez-le en plusieurs réponses.")
    for question in entry.questions:
        if len(question.text) > MAX_QUESTION_CHARACTERS:
            size = f"{len(question.text)} caractères, {MAX_QUESTION_CHARACTERS} au plus"
            yield Problem(entry.path, question.line, f"cette question compte {size} : raccourcissez-la.")


def _wrong_characters(entry: Entry) -> Iterator[Problem]:
    texts = [Located(entry.answer.text, entry.line), *entry.questions]
    texts += [Located(text, value.line) for key, value in entry.facet_values for text in (key, value.text)]
    texts.append(Located(entry.answer.source or "", entry.line))
    for text in texts:
        forbidden = _FORBIDDEN.search(text.text)
        if forbidden:
            message = f"caractère interdit (U+{ord(forbidden[0]):04X}){_after(text.text, forbidden)} : retirez-le."
            yield Problem(entry.path, text.line, message)
        damaged = _DAMAGED.search(text.text)
        if damaged:
            message = f"caractère abîmé{_after(text.text, damaged)}, sans doute un accent perdu : retapez-le."
            yield Problem(entry.path, text.line, message, Severity.WARNING)


def _after(text: str, found: re.Match[str]) -> str:
    before = " ".join(text[: found.start()].split())[-30:]
    return f" après « {before} »" if before else " au début"
