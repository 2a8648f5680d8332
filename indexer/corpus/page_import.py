"""From a page saved from the site, as text, to one Markdown file an answer. Never overwrites a file."""

import re
import tempfile
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from indexer.corpus.ans_page import CLOSING_LINE, EVIDENCE, GUIDED, SOURCE
from indexer.corpus.entries import Entry, Unreadable
from indexer.corpus.markdown import format_markdown_answer
from indexer.corpus.markdown_folder import read_folder
from indexer.corpus.near_duplicates import ALIKE, overlap_of
from indexer.corpus.text_files import read_text_file
from indexer.errors import CorpusError
from indexer.french.text import fold, words_of
from indexer.french.words import content_words, split_words
from indexer.records import Answer, Problem, Severity

_CLOSING_WORDS = words_of(CLOSING_LINE)
_SLUG_WORDS = 5
_NO_THEME = "divers"


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an import did: files made, answers that were there already, and answers left alone with the reason."""

    created: tuple[Path, ...]
    present: tuple[Path, ...]
    left_alone: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"Réponses créées : {len(self.created)}. Déjà présentes : {len(self.present)}."]
        lines += [f"  créée : {path}" for path in self.created]
        lines += [f"  laissée : {reason}" for reason in self.left_alone]
        return "\n".join(lines)


def import_page(page: Path, folder: Path) -> ImportSummary:
    """Write each answer of *page* that *folder* does not have yet to a file of its own, in the folder of its theme.

    An answer is known by its words, whatever its file is called now and whatever was added around it; one whose words
    were edited, by its name or by most of its words. CorpusError, and nothing written, if the page cannot be read as
    one, or the folder cannot be read or written.
    """
    texts = list(dict.fromkeys(_answers_of(page)))
    existing = _existing(folder)
    by_words = {_words(entry.answer.text): Path(entry.path) for entry in existing}
    on_page = {_words(text) for text in texts}
    # What the page has word for word is no edited version of anything else on it.
    edited = [entry for entry in existing if _words(entry.answer.text) not in on_page]
    taken = {Path(entry.path).stem: Path(entry.path) for entry in existing}
    created: dict[Path, str] = {}
    present: list[Path] = []
    left_alone: list[str] = []
    for text in texts:
        slug = _slug(text)
        version = next((Path(entry.path) for entry in edited if overlap_of(entry.answer.text, text) >= ALIKE), None)
        if _words(text) in by_words:
            present.append(by_words[_words(text)])
        elif slug in taken and taken[slug] not in created:
            left_alone.append(f"« {slug} » : {taken[slug]} porte déjà ce nom avec un autre texte ; comparez-les.")
        elif version:
            left_alone.append(f"« {slug} » : {version} en semble une version corrigée ; comparez-les.")
        else:
            answer = Answer(_free(slug, taken), text, facets=_facets(text), source=SOURCE)
            file = folder / _theme(answer) / f"{answer.id}.md"
            created[file] = format_markdown_answer(answer)
            taken[answer.id] = file
    if created:
        _write_all(created, folder)
    return ImportSummary(tuple(created), tuple(present), tuple(left_alone))


def _free(slug: str, taken: Container[str]) -> str:
    names = chain([slug], (f"{slug}-{number}" for number in count(2)))
    return next(name for name in names if name not in taken)


def _theme(answer: Answer) -> str:
    theme = fold(answer.facets["thematique"][0]) if "thematique" in answer.facets else _NO_THEME
    return re.sub(r"[^a-z0-9]+", "-", theme)


def _write_all(contents: Mapping[Path, str], folder: Path) -> None:
    """Write every file or none: half an answer would be taken for a whole one."""
    try:
        for parent in {file.parent for file in contents}:
            parent.mkdir(parents=True, exist_ok=True)
        # In the folder itself, so that putting a file in place copies nothing; hidden, so that it is no answer.
        with tempfile.TemporaryDirectory(prefix=".import-", dir=folder) as aside:
            written = {Path(aside, str(number)): file for number, file in enumerate(contents)}
            for part, file in written.items():
                part.write_text(contents[file], encoding="utf-8", newline="\n")
            _put_in_place(written)
    except OSError as error:
        raise CorpusError([_not_written(error, folder)]) from error


def _put_in_place(written: Mapping[Path, Path]) -> None:
    placed: list[Path] = []
    try:
        for part, file in written.items():
            file.open("x").close()  # to replace nothing that came meanwhile
            placed.append(file)
            part.replace(file)
    except OSError:
        for file in placed:
            file.unlink(missing_ok=True)
        raise


def _not_written(error: OSError, folder: Path) -> Problem:
    path = Path(error.filename2 or error.filename or folder)
    message = f"rien ne peut être écrit ici ({error.strerror}) : vérifiez les droits et la place du disque."
    if isinstance(error, FileExistsError) and path.suffix == ".md":
        message = "ce nom est déjà pris : renommez ce qui le porte, puis recommencez."
    elif isinstance(error, FileExistsError | NotADirectoryError):
        message = "il faut ici un dossier, et un fichier porte déjà ce nom : changez le nom de ce fichier."
    return Problem(str(path), 1, message)


def _answers_of(page: Path) -> Iterator[str]:
    """Yield the texts of the answers: what stands between the closing lines, without the guided search above them."""
    text = read_text_file(page)
    if isinstance(text, Problem):
        raise CorpusError([text])
    lines = [line.strip() for line in text.split("\n")]
    closings = [at for at, line in enumerate(lines) if words_of(line) == _CLOSING_WORDS]
    if not closings:
        message = f"aucune ligne « {CLOSING_LINE} » : est-ce bien une page de la FAQ, enregistrée en texte ?"
        raise CorpusError([Problem(str(page), 1, message)])
    if any(lines[closings[-1] + 1 :]):
        at = next(at for at in range(closings[-1] + 1, len(lines)) if lines[at])
        message = f"ce texte vient après la dernière ligne « {CLOSING_LINE} » : complétez ou retirez-le."
        raise CorpusError([Problem(str(page), at + 1, message)])
    start = 0
    while start < len(lines) and (not lines[start] or GUIDED.fullmatch(words_of(lines[start]))):
        start += 1
    for closing in closings:
        body = "\n".join(lines[start:closing]).strip()
        if body:
            yield body
        start = closing + 1


def _existing(folder: Path) -> list[Entry]:
    """Return the answers in *folder* already. CorpusError with the problems of all that cannot be read."""
    try:
        if folder.exists() and not folder.is_dir():
            message = "ce n'est pas un dossier : donnez celui des réponses, comme « corpus/answers »."
            raise CorpusError([Problem(str(folder), 1, message)])
        found = list(read_folder(folder))
    except OSError as error:
        message = f"ce dossier ne peut pas être lu ({error.strerror}) : vérifiez le chemin et ses droits."
        raise CorpusError([Problem(str(error.filename or folder), 1, message)]) from error
    problems = [problem for entry in found if isinstance(entry, Unreadable) for problem in entry.problems]
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        raise CorpusError(errors)
    return [entry for entry in found if isinstance(entry, Entry)]


def _words(text: str) -> str:
    return " ".join(text.split())


def _slug(text: str) -> str:
    """Return the first telling words of an answer, as an address has them."""
    words = [fold(word.surface) for word in content_words(split_words(text[:400]))]
    slug = re.sub(r"[^a-z0-9]+", "-", " ".join(list(dict.fromkeys(words))[:_SLUG_WORDS])).strip("-")
    return slug or "reponse"


def _facets(text: str) -> dict[str, tuple[str, ...]]:
    found = {
        key: tuple(value for value, expression in values if re.search(expression, text, re.IGNORECASE))
        for key, values in EVIDENCE.items()
    }
    found["thematique"] = found["thematique"][:1]
    return {key: values for key, values in found.items() if values}
