"""What is taught and judged: questions with the answers that are right, from BEIR folders and from a corpus."""

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evaluation.queries.query_sets import CORPUS_FILE, QRELS_FOLDER, QUERIES_FILE, open_query_set
from indexer.corpus import open_corpus

_CONTEXTUAL = "contextuelle"
"""The style of a question that is not understood without its answer: no other answer can be said to be wrong."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the rows of the answers that are right, and the stretch of the first that says so, if it is known."""

    text: str
    right: tuple[int, ...]
    stretch: str | None = None


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Answers and what is asked of them. curated: questions of each answer that stand for it in place of its text.

    sha256: of all of it as it was read.
    """

    name: str
    answers: tuple[str, ...]
    questions: tuple[Question, ...]
    sha256: str
    curated: tuple[tuple[str, ...], ...] = ()

    def split(self, share: float) -> tuple["QuestionSet", "QuestionSet"]:
        """Return the first answers with their questions, and the last *share*: texts of one source are together.

        A question with right answers on both sides is left out.
        """
        at = len(self.answers) - round(share * len(self.answers))
        return self._part(range(at), "taught"), self._part(range(at, len(self.answers)), "held out")

    def _part(self, rows: range, label: str) -> "QuestionSet":
        questions = tuple(
            replace(question, right=tuple(row - rows.start for row in question.right))
            for question in self.questions
            if all(row in rows for row in question.right)
        )
        return QuestionSet(f"{self.name}, {label}", self.answers[rows.start : rows.stop], questions, self.sha256)

    def thinned(self, every: int) -> "QuestionSet":
        """Return each answer in *every* with the questions that only these answer."""
        row_of = {row: at for at, row in enumerate(range(0, len(self.answers), every))}
        questions = tuple(
            replace(question, right=tuple(row_of[row] for row in question.right))
            for question in self.questions
            if all(row in row_of for row in question.right)
        )
        return QuestionSet(f"{self.name}, one in {every}", self.answers[::every], questions, self.sha256)


def read_folder(folder: Path) -> QuestionSet:
    """Return what is in a BEIR folder but questions that need their context. OSError or ValueError if it cannot be."""
    files = [folder / CORPUS_FILE, folder / QUERIES_FILE, folder / QRELS_FOLDER / "test.tsv"]
    answers = [json.loads(line) for line in files[0].read_text(encoding="utf-8").splitlines()]
    row_of = {answer["_id"]: row for row, answer in enumerate(answers)}
    right: dict[str, list[int]] = defaultdict(list)
    with files[2].open(encoding="utf-8", newline="") as lines:
        for query, answer, score in list(csv.reader(lines, delimiter="\t"))[1:]:
            if float(score) > 0:
                right[query].append(row_of[answer])
    questions = []
    for line in files[1].read_text(encoding="utf-8").splitlines():
        read = json.loads(line)
        about: Mapping[str, str] = read.get("metadata") or {}
        if (rows := right.get(read["_id"])) and about.get("style") != _CONTEXTUAL:
            questions.append(Question(read["text"], tuple(rows), about.get("answer")))
    texts = tuple(f"{answer.get('title') or ''}\n{answer['text']}".strip() for answer in answers)
    return QuestionSet(folder.name, texts, tuple(questions), _sum_of(*(file.read_bytes() for file in files)))


def read_corpus(corpus: Path, query_set: str) -> QuestionSet:
    """Return the answers of a corpus by their curated questions, asked what one of its query sets asks."""
    answers = list(open_corpus(corpus).answers())
    row_of = {answer.id: row for row, answer in enumerate(answers)}
    opened = open_query_set(corpus / "queries" / query_set)
    asked = [
        (query.text, [row_of[answer] for answer, grade in query.expected.items() if grade > 0]) for query in opened
    ]
    questions = tuple(Question(text, tuple(rows)) for text, rows in asked if rows)
    curated = tuple(answer.questions for answer in answers)
    return QuestionSet(
        f"{query_set} of the shipped FAQ",
        tuple(answer.text for answer in answers),
        questions,
        _sum_of(json.dumps(curated).encode(), opened.sha256.encode()),
        curated,
    )


def join(sets: Sequence[QuestionSet]) -> QuestionSet:
    """Return all answers and questions of *sets* as one."""
    answers: list[str] = []
    questions: list[Question] = []
    for one in sets:
        shift = len(answers)
        answers += one.answers
        questions += [replace(asked, right=tuple(row + shift for row in asked.right)) for asked in one.questions]
    sums = _sum_of(*(one.sha256.encode() for one in sets))
    return QuestionSet(" + ".join(one.name for one in sets), tuple(answers), tuple(questions), sums)


def _sum_of(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
