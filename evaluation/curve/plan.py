"""Which questions are asked, and which an index may know meanwhile: never one that is asked of it.

The questions of an answer are dealt to folds, in the order of its file. In a fold its share is asked, the others may
be kept: the first k of them, as an editor who writes few writes those first. So each question is asked once, of every
rung, and what is compared is the same questions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from evaluation.queries.query_sets import QuerySet
from evaluation.records import EvaluationError, Scope
from indexer.corpus.answer_list import AnswerList
from indexer.errors import QuestionError
from indexer.french.text import question_key
from indexer.records import Answer, AnswerSource
from server.answering.questions import read_question


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question, and the answers that are right; the first of them is the one it counts for."""

    text: str
    expected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """Questions that are asked together, and the answers with the questions that may be kept meanwhile."""

    asked: tuple[AskedQuestion, ...]
    answers: tuple[Answer, ...]

    def kept(self, most: int | None) -> tuple[Answer, ...]:
        """Return the answers with at most so many of those questions; all of them if None."""
        return tuple(replace(answer, questions=answer.questions[:most]) for answer in self.answers)


def left_out(corpus: AnswerSource, *, folds: int) -> list[Fold]:
    """Return the folds that ask a corpus its own questions. EvaluationError where no answer has two of them.

    Where several answers have a question, each of them is right.
    """
    answers = tuple(corpus.answers())
    if not any(len(answer.questions) > 1 for answer in answers):
        raise EvaluationError(
            "No answer of this corpus has two curated questions, so that none can be left out while another stays. "
            "Name a query set to ask instead with --queries, or give answers more questions."
        )
    dealt = [_deal(answer, number, folds) for number, answer in enumerate(answers)]
    owners = _owners(answers)
    # The last folds have nothing to ask where no answer has so many questions.
    return [fold for at in range(folds) if (fold := _fold(answers, [shares[at] for shares in dealt], owners)).asked]


def asking(queries: QuerySet, corpus: AnswerSource) -> list[Fold]:
    """Return the one fold that asks the queries of a set that are in scope. QuerySetError where it has mistakes."""
    answers = tuple(corpus.answers())
    queries.require_sound({answer.id for answer in answers})
    if not any(answer.questions for answer in answers):
        raise EvaluationError("No answer of this corpus has a curated question, so that there is nothing to leave out.")
    asked = tuple(
        AskedQuestion(query.text, tuple(name for name, relevance in query.expected.items() if relevance > 0))
        for query in queries
        if query.scope is Scope.IN_SCOPE
    )
    if not asked:
        raise EvaluationError(f"{queries.path} judges no question as answered by this corpus. Choose another.")
    return [Fold(asked, _without(answers, asked))]


def corpus_of(answers: Sequence[Answer], source: AnswerSource) -> AnswerList:
    """Return a corpus of *answers* with all else that *source* has."""
    return AnswerList(tuple(answers), tuple(source.facets), tuple(source.acronyms), tuple(source.off_topic))


def _deal(answer: Answer, number: int, folds: int) -> list[list[str]]:
    """Return the questions of an answer by fold; its only one is never asked, and stays."""
    shares: list[list[str]] = [[] for _ in range(folds)]
    if len(answer.questions) > 1:
        for at, question in enumerate(answer.questions):
            # Not all answers begin with the same fold: those with few questions would all be asked in the first ones.
            shares[(at + number) % folds].append(question)
    return shares


def _owners(answers: Iterable[Answer]) -> Mapping[bytes, Sequence[str]]:
    """Return the ids of the answers that have a question, by its key."""
    owners: dict[bytes, list[str]] = {}
    for answer in answers:
        for question in answer.questions:
            owners.setdefault(question_key(question), []).append(answer.id)
    return owners


def _fold(answers: Sequence[Answer], shares: Sequence[Sequence[str]], owners: Mapping[bytes, Sequence[str]]) -> Fold:
    asked = tuple(
        AskedQuestion(question, tuple(dict.fromkeys((answer.id, *owners[question_key(question)]))))
        for answer, questions in zip(answers, shares, strict=True)
        for question in questions
        if _can_be_asked(question)
    )
    return Fold(asked, _without(answers, asked))


def _without(answers: Iterable[Answer], asked: Iterable[AskedQuestion]) -> tuple[Answer, ...]:
    """Return the answers without any question that is asked, in whatever signs and case, of whichever answer."""
    keys = {question_key(one.text) for one in asked}
    return tuple(
        replace(answer, questions=tuple(one for one in answer.questions if question_key(one) not in keys))
        for answer in answers
    )


def _can_be_asked(question: str) -> bool:
    try:
        read_question(question)
    except QuestionError:
        return False
    return True
