"""Writes what editors decided into the corpus: questions into answers, questions off topic, and the memory of it.

All files or none, each whole at any moment. Answers that are rows of a table are left to their editor, who is told the
place: a spreadsheet that was written by another program would not be theirs any more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from indexer.corpus.companion_files import OFF_TOPIC_TEXTS
from indexer.corpus.corpus import Corpus
from indexer.corpus.entries import Entry
from indexer.corpus.imports.files import write_files
from indexer.corpus.phrasings.insertion import with_question
from indexer.corpus.phrasings.memory import DecidedQuestions, decided_file
from indexer.corpus.text_files import decode_text
from indexer.errors import CorpusError
from indexer.french.text import question_key
from indexer.records import Problem


@dataclass(frozen=True, slots=True)
class CorpusAdditions:
    """Questions in normal form that a corpus shall have. questions: by the id of their answer, in order."""

    questions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    off_topic: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class WrittenDecisions:
    """The files that were changed, the memory apart, and what is left to do by hand, with its place, in French."""

    files: tuple[Path, ...]
    by_hand: tuple[Problem, ...]


def write_decisions(corpus: Corpus, additions: CorpusAdditions, decided: DecidedQuestions) -> WrittenDecisions:
    """Write *additions* into the corpus and *decided* beside it.

    A question that is there already is not written again. CorpusError with every problem, and nothing written, where
    there is no such answer, a file cannot be read, or was changed meanwhile.
    """
    problems: list[Problem] = []
    by_hand: list[Problem] = []
    before: dict[Path, bytes] = {}
    after: dict[Path, bytes] = {}
    entries = {one.entry.answer.id: one.entry for one in corpus.examined() if one.entry} if additions.questions else {}
    for answer_id, questions in additions.questions.items():
        entry = entries.get(answer_id)
        if entry is None:
            listed = ", ".join(f"« {question} »" for question in questions)
            message = f"il n'y a pas de réponse « {answer_id} », à qui donner {listed} : corrigez son identifiant."
            problems.append(Problem(str(corpus.path), 1, message))
            continue
        if corpus.kind != "markdown":
            by_hand.append(_left_to_the_editor(entry, questions))
            continue
        file = Path(entry.path).resolve()
        try:
            content = before[file] = file.read_bytes()
            known = {question_key(question) for question in entry.answer.questions}
            for question in questions:
                if question_key(question) not in known:
                    content = with_question(content, question, path=entry.path)
            after[file] = content
        except CorpusError as error:
            problems += error.problems
    folder = decided_file(corpus.path).parent
    if additions.off_topic:
        file = folder / OFF_TOPIC_TEXTS
        before[file] = file.read_bytes() if file.exists() else b""
        try:
            after[file] = with_off_topic(before[file], additions.off_topic, path=str(file))
        except CorpusError as error:
            problems += error.problems
    if problems:
        raise CorpusError(problems)
    changed = tuple(file for file in after if after[file] != before[file])
    memory = decided_file(corpus.path)
    texts = {file: after[file].decode() for file in changed} | {memory: decided.to_json()}
    write_files(
        {file: text for file, text in texts.items() if not file.exists()},
        folder,
        replaced={
            file: (before[file] if file in before else file.read_bytes(), text)
            for file, text in texts.items()
            if file.exists()
        },
    )
    return WrittenDecisions(changed, tuple(by_hand))


def with_off_topic(content: bytes, questions: Sequence[str], *, path: str) -> bytes:
    """Return the content of the file of questions off topic with some more at its end; nothing else differs."""
    text = decode_text(content, path=path)
    if isinstance(text, Problem):
        raise CorpusError([text])
    known = {question_key(line) for line in text.split("\n")}
    newline = "\r\n" if b"\r\n" in content else "\n"
    added = "" if not text or text.endswith("\n") else newline
    for question in questions:
        if question_key(question) not in known and not question.startswith("#"):
            known.add(question_key(question))
            added += question + newline
    return content + added.encode() if added.strip() else content


def _left_to_the_editor(entry: Entry, questions: Sequence[str]) -> Problem:
    listed = ", ".join(f"« {question} »" for question in questions)
    message = (
        f"ajoutez vous-même à la réponse « {entry.answer.id} » {listed} : ce fichier n'est pas écrit par le programme "
        "; ou faites-en des fichiers, avec la commande « import »."
    )
    return Problem(entry.path, entry.line, message)
