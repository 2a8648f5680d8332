"""Which questions that visitors judged useful would teach an answer something: different enough, most valuable first.

A day counts once, whoever asked or voted how often: one visitor cannot push a question. What speaks against one is
told to the editors, and it is not proposed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from indexer.corpus.entries import MAX_CURATED_CHARACTERS
from indexer.corpus.phrasings.memory import key_of
from indexer.records import Status, Vectors
from server.feedback.asked import AskedQuestion, JudgedAnswer
from server.learning.grounds import Grounds, Today, is_personal
from server.learning.meaning import group_by_meaning
from server.learning.records import Doubt, DoubtfulQuestion, NearAnswer, Origin, Proposal

MOST_JUDGED = 1500
"""Questions judged useful that are looked at, those of the most days first: encoding them takes the time."""
MOST_OF_AN_ANSWER = 5
MOST_OF_ONE_DAY = 2
"""Proposals of an answer that speak from one and the same day: whoever writes many of them in an hour fills no more."""
MOST_OTHERS = 20
LEAST_VALUE = 0.01
"""Below it the index is sure already, or has nearly the same words: there is nothing to learn."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A question that was judged useful for an answer, with what is known of it."""

    asked: AskedQuestion
    judged: JudgedAnswer
    answer: NearAnswer


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A candidate and what the index says. own: the cosine of the answer's nearest curated question; 0 without any."""

    candidate: _Candidate
    today: Today
    own: float
    doubt: Doubt | None


def propose_phrasings(grounds: Grounds) -> tuple[tuple[Proposal, ...], tuple[DoubtfulQuestion, ...], int]:
    """Return the proposals, what is doubtful, and how many questions were looked at."""
    doubtful: list[DoubtfulQuestion] = []
    candidates = _candidates(grounds, doubtful)
    candidates.sort(key=lambda one: (-len(one.judged.useful_days), -one.asked.times, one.asked.folded, one.answer.id))
    looked_at = candidates[:MOST_JUDGED]
    vectors = grounds.encode([one.asked for one in looked_at])
    weighed = list(_weigh(grounds, looked_at, vectors))
    of_answer: dict[str, list[int]] = {}
    for row, one in enumerate(weighed):
        if one.doubt:
            doubtful.append(DoubtfulQuestion(one.candidate.asked.question, one.candidate.answer, one.doubt))
        else:
            of_answer.setdefault(one.candidate.answer.id, []).append(row)
    found: list[Proposal] = []
    for rows in of_answer.values():
        groups = group_by_meaning(vectors[rows], nearness=grounds.sameness)
        together = [[weighed[rows[at]] for at in group] for group in groups]
        found += _best((_proposal(grounds, some), _days(some)) for some in together if _teaches(grounds, some))
    found.sort(key=lambda one: (-one.value, one.question))
    return tuple(found), tuple(doubtful), len(looked_at)


def value_of(*, days: int, confidence: float, change: float) -> float:
    """Return what a question is worth: how often it is asked, how unsure its answer is, and what it would change."""
    return days * (1 - confidence) * change


def _candidates(grounds: Grounds, doubtful: list[DoubtfulQuestion]) -> list[_Candidate]:
    """Return the questions that may be proposed; those of which their words alone say no are added to *doubtful*."""
    found: list[_Candidate] = []
    for asked, judgements in _by_question(grounds):
        useful = [one for one in judgements if one.useful_days]
        key = key_of(asked.question)
        if not useful or key in grounds.curated or key in grounds.accepted:
            continue
        best = max(useful, key=lambda one: (len(one.useful_days) - len(one.useless_days), one.answer_id))
        answer = grounds.named(best.answer_id)
        if answer is None:
            continue
        # What was refused goes on: questions that mean the same are not to be proposed either.
        doubt = None if grounds.is_refused(asked, best.answer_id) else _doubt_of_words(asked, best, useful)
        if doubt:
            doubtful.append(DoubtfulQuestion(asked.question, answer, doubt))
        else:
            found.append(_Candidate(asked, best, answer))
    return found


def _by_question(grounds: Grounds) -> Iterator[tuple[AskedQuestion, Sequence[JudgedAnswer]]]:
    judgements: dict[str, list[JudgedAnswer]] = {}
    for one in grounds.judged:
        judgements.setdefault(one.folded, []).append(one)
    for folded in sorted(judgements):
        if asked := grounds.asked_by_words.get(folded):
            yield asked, judgements[folded]


def _doubt_of_words(asked: AskedQuestion, best: JudgedAnswer, useful: Iterable[JudgedAnswer]) -> Doubt | None:
    if is_personal(asked.question):
        return Doubt.PERSONAL
    if len(asked.question) > MAX_CURATED_CHARACTERS:
        return Doubt.LONG
    lead = len(best.useful_days) - len(best.useless_days)
    rivals = (len(one.useful_days) - len(one.useless_days) for one in useful if one is not best)
    return Doubt.CONTRADICTORY if lead <= max(0, 0, *rivals) else None


def _weigh(grounds: Grounds, candidates: Sequence[_Candidate], vectors: Vectors) -> Iterator[_Weighed]:
    today = grounds.search([one.asked for one in candidates], vectors)
    near = grounds.curated_nearness(vectors)
    for candidate, said, cosines in zip(candidates, today, near, strict=True):
        own = cosines.get(candidate.answer.id, 0.0)
        doubt = Doubt.ELSEWHERE if _belongs_elsewhere(candidate, said, cosines, own) else None
        yield _Weighed(candidate, said, own, doubt)


def _belongs_elsewhere(candidate: _Candidate, today: Today, cosines: Mapping[str, float], own: float) -> bool:
    """Whether another answer's questions are nearer, or the index is sure of another, or does not find this one."""
    answer_id = candidate.answer.id
    others = max((cosine for other, cosine in cosines.items() if other != answer_id), default=0.0)
    if own and others > max(own, today.nearness.get(answer_id, 0.0)):
        return True
    if today.first_id == answer_id:
        return False
    return today.status is Status.ANSWERED or answer_id not in today.confidences


def _teaches(grounds: Grounds, together: Sequence[_Weighed]) -> bool:
    """Whether these questions are new to their answer, and none of them was refused for it."""
    return together[0].own < grounds.sameness and not any(
        grounds.is_refused(one.candidate.asked, one.candidate.answer.id) for one in together
    )


def _best(proposed: Iterable[tuple[Proposal, frozenset[int]]]) -> Iterator[Proposal]:
    """Yield the most valuable proposals of one answer, few of them from one and the same day."""
    of_day: dict[frozenset[int], int] = {}
    taken = 0
    for one, days in sorted(proposed, key=lambda pair: (-pair[0].value, pair[0].question)):
        if len(days) == 1:
            of_day[days] = of_day.get(days, 0) + 1
        if one.value >= LEAST_VALUE and taken < MOST_OF_AN_ANSWER and of_day.get(days, 0) <= MOST_OF_ONE_DAY:
            taken += 1
            yield one


def _proposal(grounds: Grounds, together: Sequence[_Weighed]) -> Proposal:
    first = together[0]
    asked, answer = first.candidate.asked, first.candidate.answer
    days = _days(together)
    confidence = first.today.confidences.get(answer.id, 0.0) if first.today.first_id == answer.id else 0.0
    known = max(0.0, (first.own - grounds.nearness) / (1 - grounds.nearness))
    change = 1 - known if first.today.first_id == answer.id else 1.0
    return Proposal(
        origin=Origin.JUDGED,
        question=asked.question,
        answer=answer,
        days=len(days),
        times=sum(one.candidate.asked.times for one in together),
        confidence=confidence,
        value=value_of(days=len(days), confidence=confidence, change=change),
        keys=tuple(key_of(one.candidate.asked.question) for one in together[:MOST_OTHERS]),
        others=tuple(one.candidate.asked.question for one in together[1:4]),
    )


def _days(together: Sequence[_Weighed]) -> frozenset[int]:
    return frozenset().union(*(one.candidate.judged.useful_days for one in together))
