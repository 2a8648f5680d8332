"""Judgments: which answers are relevant to which query, in the four columns of TREC or the three of BEIR.

Here also: the lines of a text file with their numbers, one at a time, whatever bytes it holds.
"""

import re
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.records import Problem

MAX_GRADE = 10_000
"""The highest relevance, and its negative the lowest. Published ones end at 100 or so; trec_eval keeps a counter for
each level up to the highest, and fails at what is no C integer."""

_GRADE = re.compile(r"[+-]?\d+(?:\.0+)?")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


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
            Problem(str(file), line, f"there is no answer with the id {answer!r}")
            for answer, (file, line) in self.mentions.items()
            if answer not in known_answers
        ]

    def of_unknown_queries(self, ids: Container[str]) -> list[Problem]:
        """Return a problem for each judged query that is not among *ids*, where it is first named."""
        return [
            Problem(str(file), line, f"there is no query with the id {query!r}")
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


def decoded_lines(file: Path, report: Callable[[int, str], None]) -> Iterator[tuple[int, str]]:
    """Yield each line of *file* that is UTF-8, numbered from 1, without its end; *report* the others."""
    with file.open("rb") as stream:
        for number, raw in enumerate(stream, start=1):
            if number == 1:
                raw = raw.removeprefix(_BYTE_ORDER_MARK)
            try:
                yield number, raw.decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                report(number, f"not UTF-8: {error.reason} at byte {error.start + 1} of the line")


def _rows(file: Path, problems: list[Problem]) -> Iterable[tuple[int, str, str, int]]:
    """Yield line number, query id, answer id and relevance."""

    def report(line: int, message: str) -> None:
        problems.append(Problem(str(file), line, message))

    for number, text in decoded_lines(file, report):
        if not text.strip():
            continue
        columns = text.split("\t") if text.count("\t") == 2 else text.split()
        if len(columns) == 4:
            query, _, answer, grade = columns
        elif len(columns) == 3:
            query, answer, grade = columns
        else:
            report(number, "neither three columns (query, answer, relevance) nor the four of TREC")
            continue
        query, answer = query.strip(), answer.strip()
        if number == 1 and len(columns) == 3 and grade.strip() == "score":
            continue  # the heading of BEIR
        if not _GRADE.fullmatch(grade.strip()):
            report(number, f"the relevance {grade!r} is not a whole number")
        elif answer.split() != [answer] or query.split() != [query]:
            report(number, f"the ids {query!r} and {answer!r} must be one word each: TREC files have blanks between")
        # The length first: int() refuses thousands of digits.
        elif len(grade) > 20 or abs(int(float(grade))) > MAX_GRADE:
            report(number, f"the relevance {_cut(grade)} is not from {-MAX_GRADE} to {MAX_GRADE}")
        else:
            yield number, query, answer, int(float(grade))


def _cut(text: str) -> str:
    return repr(text if len(text) <= 30 else text[:29] + "…")
