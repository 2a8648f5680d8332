"""A corpus in any of its forms: a folder of Markdown, a JSONL or CSV file, a BEIR folder. All are streamed.

Owns where the files are, and what must hold between answers; one answer is parsed in `front_matter` or `corpus_rows`.
Reading and checking go through the same `examined`, so that a build refuses exactly what the check calls an error.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer.companions import FILES, Companions, read_companions
from indexer.corpus_rows import read_beir, read_csv, read_jsonl
from indexer.entries import Entry, Unreadable, problems_of
from indexer.errors import CorpusError
from indexer.examining import Examiner
from indexer.front_matter import parse_markdown_text
from indexer.records import Acronym, Answer, Facet, Problem, Severity
from indexer.text_files import read_text_file

ANSWERS_FOLDER = "answers"
BEIR_FILE = "corpus.jsonl"
_NOT_ANSWERS = {"lisezmoi.md", "readme.md"}
_PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp"}


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found at one place: an answer, where one can be read at all, and everything wrong there."""

    entry: Entry | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the answer out of an index."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)


class Corpus:
    """The answers of an FAQ, and what stands beside them."""

    def __init__(self, path: Path, companions: Companions) -> None:
        self.path = path
        self._companions = companions

    @property
    def facets(self) -> tuple[Facet, ...]:
        """The questions of the guided search; empty where the corpus defines none."""
        return self._companions.facets

    @property
    def acronyms(self) -> tuple[Acronym, ...]:
        """The short forms of the domain."""
        return self._companions.acronyms

    @property
    def off_topic(self) -> tuple[str, ...]:
        """Questions known to have no answer here."""
        return tuple(question.text for question in self._companions.off_topic)

    def answers(self) -> Iterator[Answer]:
        """Yield every answer once. CorpusError, at the end, with every error of the corpus."""
        errors: list[Problem] = []
        for examined in self.examined():
            errors += examined.errors
            if examined.entry and not examined.errors:
                yield examined.entry.answer
        if errors:
            raise CorpusError(errors)

    def examined(self) -> Iterator[Examined]:
        """Yield what each place of the corpus holds: what stands beside the answers, files by path, rows in order."""
        yield Examined(None, self._companions.problems)
        examiner = Examiner(self._companions)
        found_any = False
        for entry in self._entries():
            if isinstance(entry, Unreadable):
                unreadable = Examined(None, entry.problems)
                found_any = found_any or bool(unreadable.errors)  # a file that is merely passed over is no answer
                yield unreadable
                continue
            found_any = True
            known = examiner.with_known_spelling(entry)
            yield Examined(known, (*problems_of(known), *examiner.problems_with_others(known)))
        if not found_any:
            message = "le corpus ne contient aucune réponse : ajoutez-en une."
            yield Examined(None, (Problem(str(self.path), 1, message),))

    def _entries(self) -> Iterator[Entry | Unreadable]:
        try:
            yield from self._read()
        except OSError as error:
            message = f"ce fichier ou ce dossier ne peut pas être lu ({error.strerror}) : vérifiez ses droits."
            yield Unreadable((Problem(str(error.filename or self.path), 1, message),))

    def _read(self) -> Iterator[Entry | Unreadable]:
        if self.path.suffix == ".jsonl":
            yield from read_jsonl(self.path)
        elif self.path.suffix == ".csv":
            yield from read_csv(self.path)
        elif (self.path / BEIR_FILE).is_file():
            yield from read_beir(self.path / BEIR_FILE)
        else:
            answers = self.path / ANSWERS_FOLDER
            if answers.is_dir():
                yield from _passed_over_beside(answers)
            yield from read_folder(answers if answers.is_dir() else self.path)


def open_corpus(path: Path) -> Corpus:
    """Return the corpus at *path*: a folder, a .jsonl or a .csv file. CorpusError where there is none.

    A folder has its companions in itself, beside `answers/` where there is one; a file has none.
    """
    if path.is_dir():
        return Corpus(path, read_companions(path))
    if not path.exists():
        raise CorpusError([Problem(str(path), 1, "il n'y a pas de corpus à cet endroit : vérifiez le chemin.")])
    if not path.is_file() or path.suffix not in (".jsonl", ".csv"):
        message = "ce fichier n'est pas un corpus : donnez un dossier, un fichier .jsonl ou un fichier .csv."
        raise CorpusError([Problem(str(path), 1, message)])
    return Corpus(path, Companions())


def read_folder(folder: Path) -> Iterator[Entry | Unreadable]:
    """Yield the answers in the Markdown files below *folder*, by path.

    What is hidden, or an explanation for readers, is none; links to folders are not followed.
    """
    for file in _files_below(folder):
        name = file.name.lower()
        if name in _NOT_ANSWERS or name in FILES:
            continue
        if file.is_dir():
            yield _passed_over(file, "ce dossier est un lien : mettez ici le dossier lui-même.")
        elif file.suffix == ".md":
            text = read_text_file(file)
            yield Unreadable((text,)) if isinstance(text, Problem) else parse_markdown_text(text, path=str(file))
        elif file.suffix.lower() not in _PICTURES:
            example = f"{file.stem.lower()}.md"
            yield _passed_over(file, f"ce fichier n'est pas lu : une réponse porte un nom comme « {example} ».")


def _passed_over_beside(answers: Path) -> Iterator[Unreadable]:
    for file in sorted(answers.parent.glob("[!.]*.md")):
        if file.name.lower() not in _NOT_ANSWERS:
            yield _passed_over(file, f"ce fichier n'est pas lu : déplacez-le dans le dossier « {ANSWERS_FOLDER} ».")


def _files_below(folder: Path) -> list[Path]:
    found: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=_raise):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in (*names, *links) if not name.startswith(".")]
    return sorted(found)


def _raise(error: OSError) -> None:
    """Left to itself, a walk passes over a folder that cannot be read, and its answers would be gone."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _passed_over(file: Path, message: str) -> Unreadable:
    return Unreadable((Problem(str(file), 1, message, Severity.WARNING),))
