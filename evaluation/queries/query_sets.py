"""Query sets as others publish them: a BEIR folder, TREC topics with qrels, a table, or a plain list of questions.

Reading checks everything first and streams afterwards: only ids and judgments are kept in memory.
"""

import hashlib
import os
import sys
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.queries.qrels import Judgments, read_judgments
from evaluation.queries.query_files import QueryLine, is_text, open_query_file, read_query_lines
from evaluation.records import EvaluationError, Query, QuerySetError, Scope
from indexer.errors import QuestionError
from indexer.records import Problem
from server.answering.questions import read_question
from server.batch.packed_text import name_without_packing
from server.batch.question_files import QuestionFile

CORPUS_FILE = "corpus.jsonl"
QUERIES_FILE = "queries.jsonl"
QRELS_FOLDER = "qrels"
_QUERIES, _CORPUS = "queries", "corpus"
_QUERY_ENDINGS = (".jsonl", ".ndjson", ".tsv", ".csv", ".txt")
_JUDGMENT_ENDINGS = (".tsv", ".csv", ".txt", ".qrels", ".trec")


@dataclass(frozen=True, slots=True)
class QuerySet:
    """A checked query set. Iterating reads the file anew, in its order, one query at a time.

    sha256: of the questions and the judgments. problems: all mistakes that can be seen without the answers.
    corpus: the file of the answers that came with it, if any. repeated: lines that say what one above has said.
    """

    name: str
    path: Path
    sha256: str
    count: int
    judgments: Judgments | None
    problems: tuple[Problem, ...]
    corpus: Path | None
    file: QuestionFile
    repeated: frozenset[int]

    def __iter__(self) -> Iterator[Query]:
        """Yield the queries that take part. Only a set without mistakes can be read this way."""
        for line in read_query_lines(self.file, lambda _line, _message: None):
            if line.number in self.repeated:
                continue
            if self.judgments is None:
                yield line.query(Scope.UNJUDGED, {})
            elif line.id not in self.judgments.left_out:
                expected = self.judgments.of(line.id)
                relevant = any(relevance > 0 for relevance in expected.values())
                yield line.query(Scope.IN_SCOPE if relevant else Scope.OFF_TOPIC, expected)

    def require_sound(self, known_answers: Container[str]) -> None:
        """Raise QuerySetError with every mistake, judgments of answers that are not in *known_answers* among them."""
        unknown = () if self.judgments is None else self.judgments.unknown(known_answers)
        problems = sorted([*self.problems, *unknown], key=lambda problem: (problem.path, problem.line))
        if problems:
            raise QuerySetError(problems)

    @property
    def judged_answers(self) -> Sequence[str]:
        """The ids of all answers that the judgments name."""
        return () if self.judgments is None else list(self.judgments.mentions)


def open_query_set(path: Path, *, qrels: Path | None = None) -> QuerySet:
    """Return the query set in *path*, all of it checked.

    path: a BEIR folder; lines of JSON as BEIR has them; a table, CSV or TSV, whose headings name the columns of ids and
    questions; a .tsv file of TREC topics, a line being id, tab, question; or a text file, a line being a question. Any
    of them may be packed (.gz), and of any case of name.
    qrels: a file of judgments, of TREC or BEIR. A BEIR folder has its own: all qrels/*.tsv, or the one given here, and
    then queries judged only in the others are left out. Else a table may name the expected answers in a column of its
    own. Without any, nothing is judged.
    EvaluationError if there is no such file or folder, or it is none of these; mistakes inside are in `problems`.
    """
    if not is_text(str(path)):
        raise EvaluationError(f"The name of the query set, {str(path)!r}, is not UTF-8. Rename it: reports show it.")
    queries = _queries_in(path) if path.is_dir() else path
    if not queries.is_file():
        raise EvaluationError(
            f"There is no query set at {path}: {queries} is missing. Give a BEIR folder (queries.jsonl and qrels/), a "
            "table (.csv or .tsv) with headings, or a text file with a question a line."
        )
    if qrels is not None and not qrels.is_file():
        raise EvaluationError(f"There is no file of judgments at {qrels}.")
    file = open_query_file(queries)
    published = _judgments_in(path) if path.is_dir() else []
    problems: list[Problem] = []
    files = [qrels] if qrels else published
    read = _Checked(queries, problems)
    judgments = read_judgments(files, others=published, problems=problems) if files else None
    read.read(file, judgments)
    if judgments:
        problems += judgments.of_unknown_queries(read.ids)
    elif read.judges:
        judgments = read.own_judgments()
    count = len(read.ids) - sum(query in read.ids for query in (judgments.left_out if judgments else ()))
    if read.ids and not count:
        problems.append(Problem(str(qrels), 1, "this judges no query of the set, and the others judge all"))
    return QuerySet(
        name=name_without_packing(Path(os.path.abspath(path))).stem,  # noqa: PTH100  # no link is followed
        path=queries,
        sha256=_sum(queries, *files),
        count=count,
        judgments=judgments,
        problems=tuple(problems),
        corpus=_corpus_in(path) if path.is_dir() else None,
        file=file,
        repeated=frozenset(read.repeated),
    )


def _queries_in(folder: Path) -> Path:
    """Return the file of the queries of a BEIR folder, however it is written; where there is none, what it would be."""
    found = _named_in(folder, _QUERIES, _QUERY_ENDINGS)
    if len(found) > 1 and folder / QUERIES_FILE not in found:
        raise EvaluationError(
            f"{folder} has {' and '.join(file.name for file in found)}: name the one to ask as the query set, with "
            "--qrels for its judgments."
        )
    return folder / QUERIES_FILE if len(found) != 1 else found[0]


def _judgments_in(folder: Path) -> list[Path]:
    """Return the files of judgments of a BEIR folder; some publish one beside the queries."""
    inside = [found for found in folder.iterdir() if found.is_dir() and found.name.lower() == QRELS_FOLDER]
    files = [file for one in inside for file in one.iterdir() if _ending(file) in _JUDGMENT_ENDINGS and file.is_file()]
    return sorted(files) or _named_in(folder, QRELS_FOLDER, _JUDGMENT_ENDINGS)


def _corpus_in(folder: Path) -> Path | None:
    """Return the answers that came with a BEIR folder, None where there are none. EvaluationError if packed."""
    if (folder / CORPUS_FILE).is_file():
        return folder / CORPUS_FILE
    if found := _named_in(folder, _CORPUS, (".jsonl", ".ndjson")):
        raise EvaluationError(
            f"{found[0]} has the answers of this set, and is read as {CORPUS_FILE} only: unpack it (gunzip -k) or "
            "rename it. To ask another index, name the file of the queries instead of the folder."
        )
    return None


def _named_in(folder: Path, stem: str, endings: Sequence[str]) -> list[Path]:
    return sorted(
        file
        for file in folder.iterdir()
        if name_without_packing(file).stem.lower() == stem and _ending(file) in endings and file.is_file()
    )


def _ending(file: Path) -> str:
    return name_without_packing(file).suffix.lower()


class _Checked:
    """What reading a file of queries once brings: ids with their lines, every mistake, and what its table judges."""

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        self.ids: dict[str, int] = {}
        self.repeated: set[int] = set()
        self.judges = False
        self._path = path
        self._problems = problems
        self._said: dict[str, int] = {}
        self._expected: dict[str, tuple[int, tuple[str, ...]]] = {}

    def read(self, file: QuestionFile, judgments: Judgments | None) -> None:
        """Read all of *file*; add every mistake of it to the problems."""
        for line in read_query_lines(file, self._report):
            first = self.ids.setdefault(line.id, line.number)
            if first != line.number:
                if line.same_as() == self._said[line.id]:
                    self.repeated.add(line.number)
                else:
                    self._report(line.number, f"the id {line.id!r} is taken already, by line {first}")
                continue
            self._said[line.id] = line.same_as()
            if line.expected is not None:
                self.judges = True
                self._expected[line.id] = line.number, line.expected
            self._check(line, judgments)
        if not self.ids and not self._problems:
            self._report(1, "there is no query in this file")

    def own_judgments(self) -> Judgments:
        """Return what the table itself expects of its queries; one without any expected answer is off-topic."""
        mentions: dict[str, tuple[Path, int]] = {}
        for number, answers in self._expected.values():
            for answer in answers:
                mentions.setdefault(sys.intern(answer), (self._path, number))
        return Judgments(
            by_query={
                query: (tuple(map(sys.intern, answers)), (1,) * len(answers))
                for query, (_, answers) in self._expected.items()
                if answers
            },
            left_out=frozenset(),
            mentions=mentions,
            query_mentions={query: (self._path, number) for query, (number, _) in self._expected.items()},
        )

    def _check(self, line: QueryLine, judgments: Judgments | None) -> None:
        if line.id.split() != [line.id]:
            self._report(line.number, f"the id {line.id!r} must be one word: TREC files separate columns by blanks")
        try:
            read_question(line.text)
        except QuestionError as error:
            empty = not line.text.strip()
            self._report(line.number, "the text is empty" if empty else f"the question cannot be asked: {error}")
        if judgments is None and line.expected is None:
            return
        if judgments and line.id in judgments.left_out:
            return
        grades = judgments.of(line.id).values() if judgments else [1] * len(line.expected or ())
        relevant = any(relevance > 0 for relevance in grades)
        kind = line.metadata.get("kind")
        if kind == Scope.IN_SCOPE and not relevant:
            self._report(line.number, f"{line.id!r} is said to be in_scope, but no answer is relevant to it")
        if kind not in (None, "", Scope.IN_SCOPE) and relevant:
            self._report(line.number, f"{line.id!r} is said to be {kind}, but an answer is relevant to it")

    def _report(self, line: int, message: str) -> None:
        self._problems.append(Problem(str(self._path), line, message))


def _sum(*files: Path) -> str:
    """Return a sha256 of the contents of *files*, whatever their names."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()
