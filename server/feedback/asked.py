"""The questions kept, each once however often and by whomever it was put, and what was said of the answers to it.

Who asked is not kept, so that a day is the most that tells two visitors apart: whoever repeats a question or a vote
all day long counts as one. A question left for the team says nothing of an answer: it is no vote.
"""

from dataclasses import dataclass
from pathlib import Path

from server.feedback.reader import LAST, read_rows


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question as it was last put, redacted, and what became of it.

    folded: its words, the same for questions that count as one. days: on which it was put, since 1970.
    confidence: the mean of what was said. answer_id: the first hit when it was last put, None where there was none.
    """

    question: str
    folded: str
    times: int
    days: frozenset[int]
    no_answer: int
    uncertain: int
    confidence: float
    answer_id: str | None


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """What visitors said of one answer to one question: the days on which somebody found it useful, or useless."""

    folded: str
    answer_id: str
    useful_days: frozenset[int]
    useless_days: frozenset[int]


def read_asked(path: Path, *, since: float) -> tuple[AskedQuestion, ...]:
    """Return the questions put *since* then, by their words."""
    rows = read_rows(
        path,
        f"""SELECT folded, question, count(*), group_concat(DISTINCT recorded_at / 86400), sum(status = 'no_answer'),
        sum(status = 'uncertain'), avg(confidence), answer_id, {LAST}
        FROM questions WHERE recorded_at >= ? AND folded <> '' GROUP BY folded ORDER BY folded""",
        (since,),
    )
    return tuple(
        AskedQuestion(question, folded, times, _days(days), no_answer, uncertain, confidence, answer_id)
        for folded, question, times, days, no_answer, uncertain, confidence, answer_id, _ in rows
    )


def read_judged(path: Path, *, since: float) -> tuple[JudgedAnswer, ...]:
    """Return what was said *since* then of answers to questions that are kept, by words and answer."""
    rows = read_rows(
        path,
        """SELECT questions.folded, feedback.answer_id,
        group_concat(DISTINCT CASE WHEN useful THEN feedback.recorded_at / 86400 END),
        group_concat(DISTINCT CASE WHEN NOT useful THEN feedback.recorded_at / 86400 END)
        FROM feedback JOIN questions USING (query_id)
        WHERE feedback.recorded_at >= ?1 AND questions.recorded_at >= ?1 AND questions.folded <> '' AND said <> 'left'
        GROUP BY questions.folded, feedback.answer_id ORDER BY questions.folded, feedback.answer_id""",
        (since,),
    )
    return tuple(
        JudgedAnswer(folded, answer_id, _days(useful), _days(useless)) for folded, answer_id, useful, useless in rows
    )


def _days(joined: str | None) -> frozenset[int]:
    return frozenset(map(int, joined.split(","))) if joined else frozenset()


@dataclass(frozen=True, slots=True)
class AskedOnDay:
    """How often a question was put on one day since 1970 and got one first hit, and how often a sure answer or none.

    question: as it was last put so. answer_id: that first hit, None where there was none.
    """

    folded: str
    question: str
    day: int
    times: int
    answered: int
    no_answer: int
    answer_id: str | None


@dataclass(frozen=True, slots=True)
class VotesOnDay:
    """What was said of an answer on one day since 1970."""

    answer_id: str
    day: int
    useful: int
    useless: int


def read_asked_by_day(path: Path, *, since: float) -> tuple[AskedOnDay, ...]:
    """Return the questions put *since* then, by day, words and first hit."""
    rows = read_rows(
        path,
        f"""SELECT folded, question, recorded_at / 86400 AS day, count(*), sum(status = 'answered'),
        sum(status = 'no_answer'), answer_id, {LAST}
        FROM questions WHERE recorded_at >= ? AND folded <> '' GROUP BY day, folded, answer_id
        ORDER BY day, folded, answer_id""",
        (since,),
    )
    return tuple(AskedOnDay(*of_day) for *of_day, _ in rows)


def read_votes_by_day(path: Path, *, since: float) -> tuple[VotesOnDay, ...]:
    """Return the judgements made *since* then, by day and answer."""
    rows = read_rows(
        path,
        """SELECT answer_id, recorded_at / 86400 AS day, sum(useful), sum(NOT useful)
        FROM feedback WHERE recorded_at >= ? AND said <> 'left' GROUP BY day, answer_id ORDER BY day, answer_id""",
        (since,),
    )
    return tuple(VotesOnDay(*row) for row in rows)
