"""What a file to bring in holds: drafts of answers, whatever the format, and what is to be said of it."""

import dataclasses
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer.corpus.entries import Entry, Unreadable, problems_of, told_at
from indexer.corpus.imports.page_notes import DOCUMENTS, SHOWN, no_question, not_read
from indexer.corpus.imports.page_reading import PageAnswer, PageReading
from indexer.corpus.imports.text_page import read_text_page
from indexer.corpus.imports.web_page import read_web_page
from indexer.corpus.imports.word_document import read_word_document
from indexer.corpus.json_lines import read_jsonl
from indexer.corpus.markdown import format_markdown_answer
from indexer.corpus.slugs import name_of, plain
from indexer.corpus.tables.answers import read_table
from indexer.corpus.tables.sheets import ENDINGS
from indexer.corpus.text_files import MAX_FILE_BYTES, OPEN_ELSEWHERE, no_file
from indexer.errors import CorpusError
from indexer.french.text import question_key
from indexer.records import Answer, Problem, Severity

_PAGES = (".html", ".htm", ".xhtml")
_TEXTS = (".txt",)
_SOUND_ID = "reponse"
_ROWS = (*ENDINGS, ".jsonl")


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer of a file, with the name that its own file would have. key: the id that the source gives, or empty.

    theme: the folder it would be put into. place: where it stands, for messages.
    """

    answer: Answer
    key: str
    theme: str
    place: str


@dataclass(frozen=True, slots=True)
class Drafts:
    """What a file holds. *notes*: warnings of reading it, and the rows that are no answer with the reason."""

    drafts: tuple[Draft, ...]
    notes: tuple[Problem, ...]


def read_drafts(file: Path, *, facet_keys: Collection[str]) -> Drafts:
    """Return the answers in *file*. CorpusError where it cannot be read as one of the known formats, or holds none."""
    if not file.is_file():
        raise CorpusError([Problem(str(file), 1, _no_file(file))])
    if file.name.startswith(OPEN_ELSEWHERE):
        message = "c'est la marque d'un document ouvert dans Office, et non le document : donnez celui-ci à l'import."
        raise CorpusError([Problem(str(file), 1, message)])
    if not file.stat().st_size:
        message = "ce fichier est vide, de zéro octet : enregistrez-le ou copiez-le à nouveau."
        raise CorpusError([Problem(str(file), 1, message)])
    ending = file.suffix.lower()
    if ending not in (*_ROWS, *_PAGES, *DOCUMENTS, *_TEXTS):
        raise CorpusError([Problem(str(file), 1, _unknown_format(ending))])
    if ending in _TEXTS:
        return _of_text_page(file, read_text_page(file))
    if ending in _PAGES:
        return _of_page(file, read_web_page(file))
    if ending in DOCUMENTS:
        return _of_page(file, read_word_document(file))
    rows = read_jsonl(file) if ending == ".jsonl" else read_table(file, facet_keys=facet_keys)
    kept: list[Entry] = []
    notes: list[Problem] = []
    for entry in rows:
        if isinstance(entry, Unreadable):
            notes += entry.problems
            continue
        # What is wrong with its id does not matter: another is made of it.
        problems = problems_of(entry.with_answer(id=_SOUND_ID, has_made_id=entry.has_made_id))
        problems += _too_long(entry)
        notes += problems
        if not any(problem.severity is Severity.ERROR for problem in problems):
            kept.append(entry)
    if not kept:
        no_answer = [Problem(str(file), 1, "ce fichier ne contient aucune réponse.")]
        raise CorpusError([note for note in notes if note.severity is Severity.ERROR] or no_answer)
    return Drafts(tuple(map(_draft, kept)), (*notes, *_no_former_names(kept), *_said_twice(kept)))


def _no_file(path: Path) -> str:
    if path.parts[:1] in (("https:",), ("http:",)):
        return (
            "une page ne se lit pas à son adresse : ouvrez-la dans votre navigateur, enregistrez-la en .html, et "
            "donnez ce fichier à l'import."
        )
    if path.is_dir():
        what = "c'est un dossier"
    elif path.exists():
        what = "ce n'est pas un fichier"
    elif path.is_symlink():
        what = "ce lien ne mène à aucun fichier"
    else:
        return no_file(path)
    return f"{what} : donnez le chemin du fichier à importer."


def _too_long(entry: Entry) -> Iterator[Problem]:
    """Yield that the file of an answer could not be read again: a table takes longer texts than a file."""
    if len(entry.answer.text) * 4 <= MAX_FILE_BYTES:
        return
    if len(format_markdown_answer(entry.answer).encode(errors="replace")) > MAX_FILE_BYTES:
        message = f"ce texte ne tient pas dans un fichier de {MAX_FILE_BYTES} octets, et est laissé : partagez-le."
        yield Problem(entry.path, entry.line, told_at(entry.text_column, entry.line, message))


def _said_twice(entries: Iterable[Entry]) -> Iterator[Problem]:
    """Yield a warning for each answer with a question of one before, which an id or another question keeps apart.

    Else for one with its id: of numbers that is no word, since they may begin anew, and name no file.
    """
    of_question: dict[bytes, Entry] = {}
    of_id: dict[str, Entry] = {}
    for entry in entries:
        askers = [of_question.setdefault(question_key(question), entry) for question in entry.answer.questions]
        name = _name_given(entry)
        namesake = of_id.setdefault(name, entry) if name else entry
        if earlier := [asker for asker in askers if asker is not entry]:
            ids = {"" if one.has_made_id else one.answer.id for one in (entry, earlier[0])}
            apart = ", mais un autre identifiant" if len(ids) > 1 and "" not in ids else ""
            message = (
                f"cette ligne a une question de {_place_of(earlier[0], entry)}{apart} : les deux réponses sont gardées."
            )
            yield Problem(entry.path, entry.line, f"{message} Est-ce voulu ?", Severity.WARNING)
        elif namesake is not entry:
            message = (
                f"l'identifiant « {entry.answer.id[:40]} » est déjà celui de {_place_of(namesake, entry)} : les deux "
                "réponses sont gardées, celle-ci sous un autre nom. Est-ce voulu ?"
            )
            yield Problem(entry.path, entry.line, told_at(entry.id_column, entry.line, message), Severity.WARNING)


def _place_of(one: Entry, beside: Entry) -> str:
    return f"la ligne {one.line}" + ("" if one.path == beside.path else f" de {one.path}")


def _no_former_names(entries: Iterable[Entry]) -> Iterator[Problem]:
    for entry in entries:
        for name in entry.former_names:
            if not _is_file_name(_without_ending(name.text)):
                message = (
                    f"l'ancien nom « {name.text} » n'est pas celui d'un fichier (des minuscules sans accent, des "
                    "chiffres et des tirets) : laissé de côté. Donnez-le comme l'adresse l'écrivait."
                )
                yield Problem(entry.path, name.line, name.told(message), Severity.WARNING)


def _without_ending(name: str) -> str:
    return name.removesuffix(".md")


def _is_file_name(name: str) -> bool:
    return plain(name) == name != ""


def _name_given(entry: Entry) -> str:
    """Return the name that the id of a row gives its file, empty where there is none, or a number alone."""
    given = "" if entry.has_made_id else entry.answer.id
    return plain(given) if re.search(r"[A-Za-z]", given) else ""


def _draft(entry: Entry) -> Draft:
    answer = entry.answer
    key = "" if entry.has_made_id else answer.id
    slug = _name_given(entry) or name_of(answer.questions, answer.text)
    theme = next(iter(answer.facets.get("thematique", ())), "")
    former_ids = tuple(name for name in map(_without_ending, answer.former_ids) if _is_file_name(name))
    draft = dataclasses.replace(answer, id=slug, facets=dict(answer.facets), former_ids=former_ids)
    return Draft(draft, key, plain(theme), f"{entry.path}:{entry.line}")


def _unknown_format(ending: str) -> str:
    if ending == ".md":
        return "un fichier .md est déjà une réponse : copiez-le dans le dossier des réponses, comme « corpus/answers »."
    name = f"les fichiers {ending} ne se lisent" if ending else "un fichier sans terminaison ne se lit"
    return (
        f"{name} pas ici : enregistrez un tableau en .xlsx, .ods ou .csv, un document en .docx, une page du site en "
        ".html, puis recommencez avec ce fichier."
    )


def _of_text_page(file: Path, found: list[Answer]) -> Drafts:
    if not found:
        raise CorpusError([Problem(str(file), 1, "ce fichier ne contient aucune réponse.")])
    themes = [next(iter(answer.facets.get("thematique", ())), "") for answer in found]
    drafts = (Draft(answer, "", plain(theme), str(file)) for answer, theme in zip(found, themes, strict=True))
    return Drafts(tuple(drafts), ())


def _of_page(file: Path, reading: PageReading) -> Drafts:
    found = reading.answers
    if not found:
        raise CorpusError([Problem(str(file), 1, no_question(file))])
    drafts = [_draft_of_page(file, one) for one in found if one.text]
    notes = [
        Problem(str(file), 1, f"« {one.question[:SHOWN]} » n'a pas de réponse dessous : laissée.", Severity.WARNING)
        for one in found
        if not one.text
    ]
    if not drafts:
        raise CorpusError(notes)
    notes += [Problem(str(file), 1, message, Severity.WARNING) for message in not_read(reading)]
    return Drafts(tuple(drafts), tuple(notes))


def _draft_of_page(file: Path, one: PageAnswer) -> Draft:
    questions = (one.question, *one.also_asked)
    answer = Answer(name_of(questions, one.text), one.text, questions, source=one.source or None)
    return Draft(answer, "", plain(one.theme), f"{file} « {one.question[:60]} »")
