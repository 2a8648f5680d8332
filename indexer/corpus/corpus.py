"""A corpus in any of its forms: a folder of Markdown, a JSONL file, a table, a BEIR folder. All are streamed.

Owns which form it is and where its files are. One answer is parsed in `markdown`, `json_lines` or `tables`; what must
hold between answers is in `consistency`, and the files that are passed over in `markdown_folder`.
Reading and checking go through the same `examined`, so that a build refuses exactly what the check calls an error.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer.corpus.companion_files import Companions, read_companions
from indexer.corpus.consistency import Consistency
from indexer.corpus.entries import Entry, Unreadable, problems_of
from indexer.corpus.json_lines import read_beir, read_jsonl
from indexer.corpus.markdown_folder import misnamed_companions, passed_over_beside, read_folder
from indexer.corpus.tables.answers import read_table
from indexer.corpus.tables.sheets import ENDINGS
from indexer.corpus.text_files import as_on_disk
from indexer.errors import CorpusError
from indexer.records import Acronym, Answer, Facet, Problem, Severity
from indexer.terminal import command_of

ANSWERS_FOLDER = "answers"
BEIR_FILE = "corpus.jsonl"
JSONL = ".jsonl"


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
    """The answers of an FAQ, and what stands beside them. warnings: how many the last reading of all answers met."""

    def __init__(self, path: Path, companions: Companions) -> None:
        self.path = path
        self.warnings = 0
        self._companions = companions

    @property
    def kind(self) -> str:
        """What form it has: `markdown`, `beir`, `jsonl` or `table`."""
        if self.path.is_file():
            return "jsonl" if self.path.suffix.lower() == JSONL else "table"
        return "beir" if (self.path / BEIR_FILE).is_file() else "markdown"

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
        warnings = 0
        for examined in self.examined():
            errors += examined.errors
            warnings += len(examined.problems) - len(examined.errors)
            if examined.entry and not examined.errors:
                yield examined.entry.answer
        self.warnings = warnings
        if errors:
            raise CorpusError(errors)

    def examined(self) -> Iterator[Examined]:
        """Yield what each place of the corpus holds: what stands beside the answers, files by path, rows in order."""
        yield Examined(None, self._companions.problems)
        examiner = Consistency(self._companions)
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
        ending = self.path.suffix.lower()
        if self.path.is_file() and ending == JSONL:
            yield from read_jsonl(self.path)
        elif self.path.is_file() and ending in ENDINGS:
            yield from read_table(self.path, facet_keys=[facet.key for facet in self.facets])
        elif (self.path / BEIR_FILE).is_file():
            yield from (Unreadable((problem,)) for problem in misnamed_companions(self.path))
            yield from read_beir(self.path / BEIR_FILE)
        elif (self.path / ANSWERS_FOLDER).is_dir():
            answers = self.path / ANSWERS_FOLDER
            yield from (Unreadable((problem,)) for problem in passed_over_beside(answers))
            yield from read_folder(answers, corpus=self.path)
        else:
            yield from read_folder(self.path)


def open_corpus(path: Path) -> Corpus:
    """Return the corpus at *path*: a folder, a .jsonl file or a table. CorpusError where there is none.

    A folder has its companions in itself, beside `answers/` where there is one; a file has them beside it.
    """
    path = as_on_disk(path)
    if path.is_dir():
        return Corpus(path, read_companions(path))
    if not path.exists():
        message = (
            "il n'y a pas de corpus à cet endroit : vérifiez le chemin, et le dossier d'où la commande est lancée. D'"
            f"un tableau, d'une page ou d'un document, « {command_of('import')} FICHIER corpus/answers » en fait un."
        )
        raise CorpusError([Problem(str(path), 1, message)])
    if not path.is_file() or path.suffix.lower() not in (JSONL, *ENDINGS):
        raise CorpusError([Problem(str(path), 1, _no_corpus(path))])
    return Corpus(path, read_companions(path.parent))


def _no_corpus(path: Path) -> str:
    if path.suffix.lower() in (".html", ".htm", ".docx"):
        return (
            "une page ou un document ne se met pas en service tel quel : faites-en d'abord des réponses, avec "
            f"« {command_of('import')} {shlex.quote(str(path))} corpus/answers »."
        )
    known = ", ".join(sorted({JSONL, *ENDINGS} - {".xlsm"}))
    return f"ce fichier n'est pas un corpus : donnez un dossier ou un fichier {known}."
