"""The files of answers that are there, and writing others: all or none, and nothing over what came meanwhile."""

import contextlib
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from indexer.corpus.entries import Entry, Unreadable
from indexer.corpus.markdown_folder import read_folder
from indexer.corpus.text_files import OPEN_ELSEWHERE
from indexer.errors import CorpusError
from indexer.records import Problem, Severity


def left_open(file: Path) -> Iterator[Problem]:
    """Yield a warning where another program has *file* open: what is not saved there yet is not in it."""
    name = file.name
    marks = (f"{OPEN_ELSEWHERE}{name}", f"{OPEN_ELSEWHERE}{name[2:]}", f".~lock.{name}#")
    if any(file.with_name(mark).exists() for mark in marks):
        message = "ce fichier est ouvert dans un autre programme : ce qui n'y est pas enregistré n'est pas lu ici."
        yield Problem(str(file), 1, message, Severity.WARNING)


def existing_answers(folder: Path) -> list[Entry]:
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


def write_files(
    created: Mapping[Path, str],
    folder: Path,
    *,
    replaced: Mapping[Path, tuple[bytes, str]] | None = None,
    removed: Collection[Path] = (),
) -> None:
    """Write every file or none: half an answer would be taken for a whole one.

    replaced: file to what it holds now, and what it shall hold; where it holds something else by now, nothing is done.
    removed: files that go, once all others are there. CorpusError, in French, where that cannot be.
    """
    try:
        for parent in {file.parent for file in created}:
            parent.mkdir(parents=True, exist_ok=True)
        # In the folder itself, so that putting a file in place copies nothing; hidden, so that it is no answer.
        with tempfile.TemporaryDirectory(prefix=".import-", dir=folder) as aside:
            contents = {**created, **{file: content for file, (_, content) in (replaced or {}).items()}}
            written = {Path(aside, str(number)): file for number, file in enumerate(contents)}
            for part, file in written.items():
                part.write_text(contents[file], encoding="utf-8", newline="\n")
            _put_in_place(written, {file: before for file, (before, _) in (replaced or {}).items()})
        for file in removed:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise CorpusError([_not_written(error, folder)]) from error


def _put_in_place(written: Mapping[Path, Path], before: Mapping[Path, bytes]) -> None:
    placed: list[Path] = []
    for file, content in before.items():
        if file.read_bytes() != content:
            message = "ce fichier vient d'être changé : rien n'a été écrit ; recommencez."
            raise CorpusError([Problem(str(file), 1, message)])
    try:
        for part, file in written.items():
            if file not in before:
                file.open("x").close()  # to replace nothing that came meanwhile
            placed.append(file)
            shutil.copymode(file, part)
            part.replace(file)
    except BaseException:  # an interrupt too
        for file in placed:
            with contextlib.suppress(OSError):
                if file in before:
                    file.write_bytes(before[file])
                else:
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
