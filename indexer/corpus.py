"""A corpus in any of its forms: a folder of Markdown, a JSONL or CSV file, a BEIR folder. All are streamed.

Owns where the files are and what stands beside the answers; one answer is parsed in `front_matter` or `corpus_rows`.
Reading and checking go through the same `entries`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from indexer.corpus_rows import read_beir, read_csv, read_jsonl
from indexer.entries import Entry, Unreadable, problems_of
from indexer.errors import CorpusError
from indexer.front_matter import parse_markdown_answer
from indexer.records import Acronym, Answer, Facet, Problem

ANSWERS_FOLDER = "answers"
FACETS_FILE = "facettes.yaml"
ACRONYMS_FILE = "acronyms.tsv"
OFF_TOPIC_FILE = "hors-sujet.txt"
_NOT_ANSWERS = {"lisezmoi.md", "readme.md"}


@dataclass(frozen=True, slots=True)
class Companions:
    """What stands beside the answers, and every problem found in it."""

    facets: tuple[Facet, ...]
    acronyms: tuple[Acronym, ...]
    off_topic: tuple[str, ...]
    problems: tuple[Problem, ...]


class Corpus:
    """The answers of an FAQ, and what stands beside them."""

    def __init__(self, path: Path, companions: Companions) -> None:
        self.path = path
        self.companions = companions

    @property
    def facets(self) -> tuple[Facet, ...]:
        """The questions of the guided search; empty where the corpus defines none."""
        return self.companions.facets

    @property
    def acronyms(self) -> tuple[Acronym, ...]:
        """The short forms of the domain."""
        return self.companions.acronyms

    @property
    def off_topic(self) -> tuple[str, ...]:
        """Questions known to have no answer here."""
        return self.companions.off_topic

    def entries(self) -> Iterator[Entry | Unreadable]:
        """Yield what each place of the corpus holds: files by their path, rows in their order."""
        if self.path.suffix == ".jsonl":
            yield from read_jsonl(self.path)
        elif self.path.suffix == ".csv":
            yield from read_csv(self.path)
        elif (self.path / "corpus.jsonl").is_file():
            yield from read_beir(self.path / "corpus.jsonl")
        else:
            for file in _markdown_files(self.path):
                yield _read_markdown(file)

    def answers(self) -> Iterator[Answer]:
        """Yield every answer once. CorpusError, at the end, with every problem that keeps one from being read."""
        problems = list(self.companions.problems)
        seen: dict[str, str] = {}
        for entry in self.entries():
            if isinstance(entry, Unreadable):
                problems += entry.problems
                continue
            problems += [*problems_of(entry), *duplicate_id(entry, seen)]
            yield entry.answer
        if problems:
            raise CorpusError(problems)
        if not seen:
            raise CorpusError([Problem(str(self.path), 1, "le corpus ne contient aucune réponse : ajoutez-en une.")])


def open_corpus(path: Path) -> Corpus:
    """Return the corpus at *path*: a folder, a .jsonl or a .csv file. CorpusError where there is none.

    A folder with `answers/` has its companions beside that; any other folder of Markdown among its files.
    """
    if not path.exists():
        raise CorpusError([Problem(str(path), 1, "il n'y a pas de corpus à cet endroit : vérifiez le chemin.")])
    if path.is_file() and path.suffix not in (".jsonl", ".csv"):
        message = "ce fichier n'est pas un corpus : donnez un dossier, un fichier .jsonl ou un fichier .csv."
        raise CorpusError([Problem(str(path), 1, message)])
    return Corpus(path, _read_companions(path if path.is_dir() else path.parent) if path.is_dir() else _NONE)


def duplicate_id(entry: Entry, seen: dict[str, str]) -> list[Problem]:
    """Note the entry's id in *seen*, id to place; return the problem where it was there already."""
    place = f"{entry.path}:{entry.line}"
    first = seen.setdefault(entry.answer.id, place)
    if first == place:
        return []
    message = f"l'identifiant « {entry.answer.id} » est déjà celui de {first} : changez l'un des deux."
    return [Problem(entry.path, entry.line, message)]


_NONE = Companions((), (), (), ())


def _markdown_files(folder: Path) -> list[Path]:
    answers = folder / ANSWERS_FOLDER
    root = answers if answers.is_dir() else folder
    files = (file for file in root.rglob("*.md") if file.name.lower() not in _NOT_ANSWERS)
    return sorted(file for file in files if not any(part.startswith(".") for part in file.relative_to(root).parts))


def _read_markdown(file: Path) -> Entry | Unreadable:
    try:
        content = file.read_bytes()
    except OSError as error:
        return Unreadable((Problem(str(file), 1, f"le fichier ne peut pas être lu ({error.strerror})."),))
    return parse_markdown_answer(content, path=str(file))


def _read_companions(folder: Path) -> Companions:
    problems: list[Problem] = []
    return Companions(
        facets=_read_facets(folder / FACETS_FILE, problems),
        acronyms=_read_acronyms(folder / ACRONYMS_FILE, problems),
        off_topic=tuple(line for _, line in _lines(folder / OFF_TOPIC_FILE, problems)),
        problems=tuple(problems),
    )


def _lines(file: Path, problems: list[Problem]) -> list[tuple[int, str]]:
    """Return the lines that say something, with their numbers: neither empty nor a comment."""
    if not file.is_file():
        return []
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        problems.append(Problem(str(file), 1, "le fichier n'est pas en UTF-8 : enregistrez-le en « UTF-8 »."))
        return []
    numbered = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return [(number, line) for number, line in numbered if line and not line.startswith("#")]


def _read_acronyms(file: Path, problems: list[Problem]) -> tuple[Acronym, ...]:
    acronyms = []
    for number, line in _lines(file, problems):
        parts = [part.strip() for part in line.split("\t")]
        if len(parts) != 2 or not all(parts):
            message = "une ligne a un sigle, une tabulation, et ce qu'il veut dire : corrigez celle-ci."
            problems.append(Problem(str(file), number, message))
            continue
        acronyms.append(Acronym(parts[0], parts[1]))
    return tuple(acronyms)


def _read_facets(file: Path, problems: list[Problem]) -> tuple[Facet, ...]:
    if not file.is_file():
        return ()
    shape = "chaque facette a une « question » et une liste de « valeurs » : comparez avec LISEZMOI.md."
    try:
        content = yaml.load(file.read_text(encoding="utf-8-sig"), Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problems.append(Problem(str(file), line, f"le fichier ne se lit pas ici : {shape}"))
        return ()
    except (UnicodeDecodeError, yaml.YAMLError):
        problems.append(Problem(str(file), 1, "le fichier n'est pas en UTF-8 : enregistrez-le en « UTF-8 »."))
        return ()
    facets = []
    for key, facet in content.items() if isinstance(content, dict) else ():
        values = facet.get("valeurs") if isinstance(facet, dict) else None
        if not isinstance(values, list) or not all(isinstance(value, str) and value for value in values):
            problems.append(Problem(str(file), 1, f"« {key} » : {shape}"))
            continue
        facets.append(Facet(str(key), str(facet.get("question") or key), tuple(values)))
    return tuple(facets)
