"""A folder of Markdown answers: which of its files are read, and what is said of those that are not.

A text put in the wrong place is no answer, so a file that is passed over is told, with what to do. Pictures,
explanations for readers, what is hidden, queries and sources are meant to be.
"""

import difflib
import os
import re
import shlex
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from indexer.corpus.companion_files import FILES
from indexer.corpus.entries import Entry, Unreadable
from indexer.corpus.markdown import is_answer_name, parse_markdown_text
from indexer.corpus.slugs import file_name_of
from indexer.corpus.text_files import OPEN_ELSEWHERE, leads_out, read_text_file
from indexer.records import Problem, Severity
from indexer.terminal import command_of

_EXPLANATIONS = {"lisezmoi.md", "readme.md"}
_OF_THE_SYSTEM = {"thumbs.db", "desktop.ini"}
_PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp"}
_TO_BRING_IN = {".csv", ".xlsx", ".ods", ".docx", ".html", ".htm", ".jsonl"}
_TO_SAVE_ANEW = {".doc", ".odt", ".rtf", ".pdf", ".xls"}
_COPY_OF = re.compile(r"\A(?:copie de|copy of) ", re.IGNORECASE)
_COPY_MARK = re.compile(
    r"(?:[ _-]*\(.*\)|[ _]\d{1,2}|(?i:[ _-]+cop(?:ie|y)\b.*|[ ._-]+(?:sync-)?confli[ct].*)|-[A-Z][^ ]*)\Z"
)
"""What systems, OneDrive, iCloud, Dropbox, Nextcloud and Syncthing put behind the name of a copy."""
_FOLDERS_FOR_OTHERS = ("queries", "sources")


def read_folder(folder: Path, *, corpus: Path | None = None) -> Iterator[Entry | Unreadable]:
    """Yield the answers in the Markdown files below *folder*, and a warning for each file that is none, by path.

    corpus: where the companions are, if not in *folder*. Links to folders are not followed, nor those that lead out of
    the corpus: what lies there was not meant to be published.
    """
    for file in files_below(folder):
        if file.suffix != ".md" or file.is_dir():
            problem = passed_over(file, answers=folder, corpus=corpus or folder)
            if problem:
                yield Unreadable((problem,))
        elif not is_for_readers(file):
            text = leads_out(file, corpus or folder) or _copied(file) or read_text_file(file)
            yield Unreadable((text,)) if isinstance(text, Problem) else parse_markdown_text(text, path=str(file))


def files_below(folder: Path) -> list[Path]:
    """Return the files below *folder* and the links to folders, which are not followed, by path; nothing hidden.

    OSError where a folder cannot be read: left to itself, a walk passes over it, and its answers would be gone.
    """
    return _walk(folder, leaving=(), onerror=_raise)


def passed_over_beside(answers: Path) -> Iterator[Problem]:
    """Yield a warning for each file that lies beside the folder of the answers, or below, and is not read."""
    corpus = answers.parent

    def raise_for_corpus(error: OSError) -> None:
        if error.filename == str(corpus):  # what cannot be read elsewhere would not be read anyway
            _raise(error)

    for file in _walk(corpus, leaving=(answers.name, *_FOLDERS_FOR_OTHERS), onerror=raise_for_corpus):
        problem = passed_over(file, answers=answers, corpus=corpus)
        if problem:
            yield problem


def is_for_readers(file: Path) -> bool:
    """Whether a file explains the others, or is none of a person at all."""
    return file.name.lower() in _EXPLANATIONS | _OF_THE_SYSTEM or file.name.startswith(OPEN_ELSEWHERE)


def passed_over(file: Path, *, answers: Path, corpus: Path) -> Problem | None:
    """Return a warning for a file that is not read, None where that is meant. *corpus*: where the companions are."""
    if is_for_readers(file) or (file.parent == corpus and file.name in FILES):
        return None
    if file.is_dir():
        return _warning(file, "ce dossier est un lien : mettez ici le dossier lui-même.")
    if file.suffix.lower() in _PICTURES:
        return None
    return _misnamed(file, corpus=corpus) or _warning(file, _advice(file, answers=answers))


def misnamed_companions(corpus: Path) -> Iterator[Problem]:
    """Yield a warning for each file of a folder that has nearly the name of a companion."""
    files = (file for file in sorted(corpus.iterdir()) if not file.name.startswith("."))
    yield from filter(None, (_misnamed(file, corpus=corpus) for file in files))


def _misnamed(file: Path, *, corpus: Path) -> Problem | None:
    nearest = difflib.get_close_matches(file.name.strip().lower(), FILES, n=1, cutoff=0.8)
    if not nearest or _is_markdown(file):
        return None
    read = corpus / nearest[0]
    place = read.name if file.parent == corpus else str(read)
    if read.exists():
        if file.exists() and file.samefile(read):
            return None
        message = f"ce fichier n'est pas lu : « {place} » l'est. Reportez-y ce qui manque, puis retirez celui-ci."
        return _warning(file, message)
    return _warning(file, f"ce fichier n'est pas lu : s'il devait l'être, son nom est « {place} ».")


def _advice(file: Path, *, answers: Path) -> str:
    name = file_name_of(re.sub(r"(?i)\.md\Z", "", file.stem.strip()))
    if file.suffix.lower() in _TO_BRING_IN:
        command = command_of(shlex.join(["import", str(file), str(answers)]))
        return f"ce fichier n'est pas lu : faites-en des réponses, avec « {command} »."
    if file.suffix.lower() in _TO_SAVE_ANEW:
        return (
            "ce fichier n'est pas lu : enregistrez-le en .docx ou en .xlsx, et faites-en des réponses, avec "
            f"« {command_of('import')} »."
        )
    if file.is_relative_to(answers):
        other = file.with_name(name)
        if file.exists() and other.exists() and not other.samefile(file):
            return f"ce fichier n'est pas lu : « {name} » est déjà là. Si c'en est une copie, retirez-la."
        return f"ce fichier n'est pas lu : une réponse porte un nom comme « {name} »."
    if _is_markdown(file):
        named = "" if name == file.name else f" et nommez-le « {name} »"
        return f"ce fichier n'est pas lu : déplacez-le dans le dossier « {answers.name} »{named}."
    return (
        f"ce fichier n'est pas lu : si c'est une réponse, mettez-la dans un fichier « {name} » du dossier "
        f"« {answers.name} » ; si c'est une note, dans « sources »."
    )


def _copied(file: Path) -> Problem | None:
    """Return what to do with a file whose name says that it is a copy of one beside it, as synchronising makes them."""
    original = file.with_stem(_COPY_MARK.sub("", _COPY_OF.sub("", file.stem)) or file.stem)
    if is_answer_name(file.stem) or not is_answer_name(original.stem) or not original.exists():
        return None
    message = (
        f"ce fichier a l'air d'une copie de « {original.name} » : comparez-les, gardez dans celui-là ce qui "
        f"est juste, et retirez la copie. Si c'est une autre réponse, nommez-la « {file_name_of(file.stem)} »."
    )
    return Problem(str(file), 1, message)


def _is_markdown(file: Path) -> bool:
    return file.suffix.strip().lower() == ".md"


def _walk(folder: Path, *, leaving: Collection[str], onerror: Callable[[OSError], None]) -> list[Path]:
    found: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=onerror):
        folders[:] = [name for name in folders if not (parent == str(folder) and name in leaving)]
        links = [name for name in folders if Path(parent, name).is_symlink()]
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in (*names, *links) if not name.startswith(".")]
    return sorted(found)


def _raise(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _warning(file: Path, message: str) -> Problem:
    return Problem(str(file), 1, message, Severity.WARNING)
