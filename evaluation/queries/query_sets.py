"""Query sets as others publish them: a BEIR folder, TREC topics with qrels, or a plain list of questions.

Reading checks everything first and streams afterwards: only ids and judgments are kept in memory.
"""

import hashlib
import json
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.queries.qrels import Judgments, decoded_lines, read_judgments
from evaluation.records import EvaluationError, Query, QuerySetError, Scope
from indexer.errors import QuestionError
from indexer.records import Problem
from server.answering.questions import read_question

CORPUS_FILE = "corpus.jsonl"
QUERIES_FILE = "queries.jsonl"
QRELS_FOLDER = "qrels"
_HEADINGS = ("id", "_id", "qid", "query-id", "query_id", "topic")
_NOT_READ = (".csv", ".xml", ".gz", ".zip", ".xlsx", ".ods", ".json")
_METADATA = ("style", "language", "kind")


@dataclass(frozen=True, slots=True)
class QuerySet:
    """A checked query set. Iterating reads the file anew, in its order, one query at a time.

    sha256: of the questions and the judgments. problems: all mistakes that can be seen without the answers.
    corpus: the file of the answers that came with it, if any.
    """

    name: str
    path: Path
    sha256: str
    count: int
    judgments: Judgments | None
    problems: tuple[Problem, ...]
    corpus: Path | None

    def __iter__(self) -> Iterator[Query]:
        """Yield the queries that take part. Only a set without mistakes can be read this way."""
        for line in _parse(self.path, lambda _line, _message: None):
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

    path: a BEIR folder; a .jsonl file of BEIR queries; a .tsv file of TREC topics, a line being id, tab, question; or
    any other file, a line being a question.
    qrels: a file of judgments, of TREC or BEIR. A BEIR folder has its own: all qrels/*.tsv, or the one given here, and
    then queries judged only in the others are left out. Without any, nothing is judged.
    EvaluationError if there is no such file or folder; mistakes inside are in `problems`.
    """
    if not _is_text(str(path)):
        raise EvaluationError(f"The name of the query set, {str(path)!r}, is not UTF-8. Rename it: reports show it.")
    queries = path / QUERIES_FILE if path.is_dir() else path
    if not queries.is_file():
        raise EvaluationError(
            f"There is no query set at {path}: {queries} is missing. Give a BEIR folder (queries.jsonl and qrels/), a "
            ".tsv file of topics, or a text file with a question a line."
        )
    if queries.suffix.lower() in _NOT_READ:
        raise EvaluationError(
            f"{queries} is no query set that can be read here. Give queries.jsonl, a .tsv file of topics, or a text "
            "file with a question a line; unpack or convert it first."
        )
    if qrels is not None and not qrels.is_file():
        raise EvaluationError(f"There is no file of judgments at {qrels}.")
    published = sorted((path / QRELS_FOLDER).glob("*.tsv")) if path.is_dir() else []
    problems: list[Problem] = []
    files = [qrels] if qrels else published
    judgments = read_judgments(files, others=published, problems=problems) if files else None
    ids = _check_queries(queries, judgments, problems)
    if judgments:
        problems += judgments.of_unknown_queries(ids)
    count = len(ids) - sum(query in ids for query in (judgments.left_out if judgments else ()))
    if ids and not count:
        problems.append(Problem(str(qrels), 1, "this judges no query of the set, and the others judge all"))
    corpus = path / CORPUS_FILE
    return QuerySet(
        name=path.stem,
        path=queries,
        sha256=_sum(queries, *files),
        count=count,
        judgments=judgments,
        problems=tuple(problems),
        corpus=corpus if path.is_dir() and corpus.is_file() else None,
    )


@dataclass(frozen=True, slots=True)
class _Line:
    """A query as its file has it, without judgments."""

    number: int
    id: str
    text: str
    metadata: Mapping[str, str]

    def query(self, scope: Scope, expected: Mapping[str, int]) -> Query:
        named = {key: self.metadata.get(key, "") for key in _METADATA}
        return Query(self.id, self.text, scope, expected, **named)


_Report = Callable[[int, str], None]


def _check_queries(file: Path, judgments: Judgments | None, problems: list[Problem]) -> dict[str, int]:
    """Return the ids with their lines; add every mistake of the file to *problems*."""

    def report(line: int, message: str) -> None:
        problems.append(Problem(str(file), line, message))

    ids: dict[str, int] = {}
    for line in _parse(file, report):
        first = ids.setdefault(line.id, line.number)
        if first != line.number:
            report(line.number, f"the id {line.id!r} is taken already, by line {first}")
        if line.id.split() != [line.id]:
            report(line.number, f"the id {line.id!r} must be one word: TREC files separate columns by blanks")
        try:
            read_question(line.text)
        except QuestionError as error:
            report(line.number, f"the question cannot be asked: {error}" if line.text.strip() else "the text is empty")
        if judgments and line.id not in judgments.left_out:
            relevant = any(relevance > 0 for relevance in judgments.of(line.id).values())
            kind = line.metadata.get("kind")
            if kind == Scope.IN_SCOPE and not relevant:
                report(line.number, f"{line.id!r} is said to be in_scope, but no answer is relevant to it")
            if kind not in (None, "", Scope.IN_SCOPE) and relevant:
                report(line.number, f"{line.id!r} is said to be {kind}, but an answer is relevant to it")
    if not ids and not problems:
        report(1, "there is no query in this file")
    return ids


def _parse(file: Path, report: _Report) -> Iterator[_Line]:
    """Yield the lines that can be read as queries; *report* the others. Empty lines of .jsonl and .tsv are skipped."""
    for number, text in decoded_lines(file, report):
        if not text.strip():
            continue
        if file.suffix.lower() == ".jsonl":
            line = _parse_json(number, text, report)
        elif file.suffix.lower() == ".tsv":
            line = _parse_topic(number, text, report)
        else:
            line = _Line(number, f"line-{number}", text, {})
        if line:
            yield line


def _parse_topic(number: int, text: str, report: _Report) -> _Line | None:
    topic_id, tab, question = text.partition("\t")
    if number == 1 and topic_id.strip().lower() in _HEADINGS:
        return None
    if not tab:
        report(number, "a tab is missing between id and question")
        return None
    return _Line(number, topic_id.strip(), question, {})


def _parse_json(number: int, text: str, report: _Report) -> _Line | None:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:  # a number of too many digits, arrays in arrays
        report(number, f"not JSON that can be read: {error}")
        return None
    if not isinstance(record, dict):
        report(number, 'not a JSON object such as {"_id": "q1", "text": "…"}')
        return None
    query_id, question, metadata = record.get("_id"), record.get("text"), record.get("metadata") or {}
    if isinstance(query_id, int) and not isinstance(query_id, bool):
        query_id = str(query_id)
    if not isinstance(query_id, str) or not query_id:
        report(number, '"_id" is missing, or not text')
        return None
    if not isinstance(question, str):
        report(number, f'"text" of {query_id!r} is missing, or not text')
        return None
    if not isinstance(metadata, dict) or not all(isinstance(metadata.get(key, ""), str) for key in _METADATA):
        report(number, f'"metadata" of {query_id!r} must be an object whose style, language and kind are text')
        return None
    if not all(_is_text(one) for one in (query_id, *(metadata.get(key, "") for key in _METADATA))):
        report(number, "the id or the metadata has half of a character (a surrogate), which no file can hold")
        return None
    return _Line(number, query_id, question, metadata)


def _is_text(value: str) -> bool:
    """Return whether *value* can be written: JSON can escape what UTF-8 cannot hold, and so do names of files."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _sum(*files: Path) -> str:
    """Return a sha256 of the contents of *files*, whatever their names."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()
