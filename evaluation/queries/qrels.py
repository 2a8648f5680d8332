"""Judgments: which answers are relevant to which query, in the four columns of TREC or the three of BEIR."""

import re
import sys
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.queries.query_files import FILE_FAULTS
from evaluation.records import EvaluationError
from indexer.french.text import words_of
from indexer.records import Problem
from server.batch.faults import QuestionFileError
from server.batch.packed_text import encoding_of, open_text

MAX_GRADE = 10_000
"""The highest relevance, and its negative the lowest. Published ones end at 100 or so; trec_eval keeps a counter for
each level up to the highest, and fails at what is no C integer."""

_GRADE = re.compile(r"[+-]?\d+(?:\.0*)?")
_NOT_UTF_8 = re.compile("[\udc80-\udcff]")
_GRADE_HEADINGS = {
    "score",
    "relevance",
    "rel",
    "relevancy",
    "grade",
    "label",
    "judgment",
    "judgement",
    "qrel",
    "pertinence",
}
_BLANKS = "TREC files have blanks between"
_QUERY_HEADINGS = {"query id", "queryid", "qid", "query", "id", "topic", "topic id", "question id"}


@dataclass(frozen=True, slots=True)
class Judgments:
    """The judgments of a query set, small in memory: a pair of tuples a query.

    left_out: queries that are judged in another file of the same folder only.
    mentions: each judged answer, and each judged query, with the file and line that named it first.
    """

    by_query: Mapping[str, tuple[tuple[str, ...], tuple[int, ...]]]
    left_out: frozenset[str]
    mentions: Mapping[str, tuple[Path, int]]
    query_mentions: Mapping[str, tuple[Path, int]]

    def of(self, query_id: str) -> dict[str, int]:
        """Return answer id to relevance; empty for a query that nobody judged."""
        return dict(zip(*self.by_query.get(query_id, ((), ())), strict=True))

    def unknown(self, known_answers: Container[str]) -> list[Problem]:
        """Return a problem for each judged answer that is not known, where it is first named."""
        return [
            Problem(str(file), line, f"there is no answer with the id {answer!r}{_meant(answer, known_answers)}")
            for answer, (file, line) in self.mentions.items()
            if answer not in known_answers
        ]

    def of_unknown_queries(self, ids: Container[str]) -> list[Problem]:
        """Return a problem for each judged query that is not among *ids*, where it is first named."""
        return [
            Problem(str(file), line, f"there is no query with the id {query!r}{_meant(query, ids)}")
            for query, (file, line) in self.query_mentions.items()
            if query not in ids
        ]


def read_judgments(files: Sequence[Path], *, others: Iterable[Path], problems: list[Problem]) -> Judgments:
    """Return the judgments of *files* together; mistakes are added to *problems*, and their lines passed over.

    others: files whose queries are left out unless *files* judge them too.
    """
    relevance: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {}
    mentions: dict[str, tuple[Path, int]] = {}
    query_mentions: dict[str, tuple[Path, int]] = {}
    for file in files:
        for number, query, answer, grade in _rows(file, problems):
            answers, grades = relevance.get(query, ((), ()))
            if answer in answers and grades[answers.index(answer)] == grade:
                continue  # the same said twice
            if answer in answers:
                problems.append(Problem(str(file), number, f"{answer!r} is judged twice for {query!r}"))
                continue
            # Ids repeat: one string object for all mentions of an answer.
            relevance[query] = ((*answers, sys.intern(answer)), (*grades, grade))
            mentions.setdefault(answer, (file, number))
            query_mentions.setdefault(query, (file, number))
    elsewhere = {row[1] for file in others if file not in files for row in _rows(file, [])}
    return Judgments(relevance, frozenset(elsewhere - relevance.keys()), mentions, query_mentions)


def _rows(file: Path, problems: list[Problem]) -> Iterable[tuple[int, str, str, int]]:
    """Yield line number, query id, answer id and relevance. EvaluationError where the file is no text."""

    def report(line: int, message: str) -> None:
        problems.append(Problem(str(file), line, message))

    begun = False
    try:
        with open_text(file, encoding_of(file)) as lines:
            for number, line in enumerate(lines, start=1):
                text = line.rstrip("\r\n")
                if not text.strip():
                    continue
                if _NOT_UTF_8.search(text):
                    report(number, "not UTF-8, as other lines are. Save the file as UTF-8")
                    continue
                columns = _columns(text)
                is_first, begun = not begun, True
                if len(columns) not in (3, 4):
                    report(number, "neither three columns (query, answer, relevance) nor the four of TREC")
                    continue
                query, answer, grade = columns[0], columns[-2], columns[-1]
                if is_first and words_of(grade) in _GRADE_HEADINGS | {""} and words_of(query) in _QUERY_HEADINGS:
                    continue
                if (relevance := _relevance(grade)) is not None:
                    if answer.split() != [answer] or query.split() != [query]:
                        report(number, f"the ids {query!r} and {answer!r} must be one word each: {_BLANKS}")
                    elif abs(relevance) > MAX_GRADE:
                        report(number, f"the relevance {_cut(grade)} is not from {-MAX_GRADE} to {MAX_GRADE}")
                    else:
                        yield number, query, answer, relevance
                else:
                    report(number, f"the relevance {_cut(grade)} is not a whole number")
    except QuestionFileError as error:
        message = FILE_FAULTS[error.fault].format(line=error.line, detail=error.detail)
        raise EvaluationError(f"{file} {message}; nothing was measured.") from error
    except OSError as error:
        raise EvaluationError(f"{file} cannot be read: {error.strerror}. Correct that, or choose another.") from error


def _columns(text: str) -> list[str]:
    """Return the columns of a line, parted by tabs, by semicolons or commas without a blank, or by blanks."""
    for sign in "\t;,":
        if text.count(sign) in (2, 3) and (sign == "\t" or len(text.split()) == 1 or f"{sign} " not in text):
            return [column.strip().strip('"') for column in text.split(sign)]
    return text.split()


def _relevance(grade: str) -> int | None:
    """Return the relevance that is written, out of bounds where it has more digits than Python reads; None for none."""
    if not _GRADE.fullmatch(grade):
        return None
    return int(float(grade)) if len(grade) <= 20 else MAX_GRADE + 1


def _meant(name: str, known: Container[str]) -> str:
    """Return which id was meant by one that a spreadsheet made a number of, such as 7.0."""
    whole = name.removesuffix(".0")
    return f", but with {whole!r}: write whole numbers without .0" if whole != name and whole in known else ""


def _cut(text: str) -> str:
    return repr(text if len(text) <= 30 else text[:29] + "…")
