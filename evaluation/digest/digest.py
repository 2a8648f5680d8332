"""The figures of a digest: some weeks of questions and judgements, and what accepting questions changed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from indexer.corpus.phrasings.memory import AcceptedQuestion, DecidedQuestions, key_of
from server.feedback.asked import AskedOnDay, VotesOnDay
from server.learning.records import NearAnswer, Proposal

_FIRST_DAY = date(1970, 1, 1)
WEEKS_SHOWN = 12
_MOST_LISTED = 15
ENOUGH_ASKED = 100
"""Questions from which on it says something that an answer was never the first."""


@dataclass(frozen=True, slots=True)
class Week:
    """A week, from its Monday on: questions that got a sure answer, one to check, or none."""

    monday: date
    answered: int
    uncertain: int
    no_answer: int

    @property
    def asked(self) -> int:
        """All questions."""
        return self.answered + self.uncertain + self.no_answer


@dataclass(frozen=True, slots=True)
class JudgedLately:
    """What visitors said of an answer in the weeks of the digest."""

    answer: NearAnswer
    useful: int
    useless: int


@dataclass(frozen=True, slots=True)
class Learnt:
    """What accepting changed: how often the questions that were accepted got a sure answer before and after that day.

    Counts of sure answers and of askings. accepted: questions, in all; lately: in the weeks of the digest.
    """

    accepted: int
    lately: int
    sure_before: int
    asked_before: int
    sure_after: int
    asked_after: int


@dataclass(frozen=True, slots=True)
class Digest:
    """Everything of the page. weeks: WEEKS_SHOWN of them, the last ones the digest's own. themes: new ones first.

    most_asked: question to times. unused: None where too little was asked to tell.
    """

    begin: date
    end: date
    weeks: tuple[Week, ...]
    asked: int
    answered: int
    no_answer: int
    most_asked: tuple[tuple[str, int], ...]
    new_themes: tuple[Proposal, ...]
    useless: tuple[JudgedLately, ...]
    unused: tuple[NearAnswer, ...] | None
    learnt: Learnt

    @property
    def last_day(self) -> date:
        """The last day of the digest."""
        return self.end - timedelta(days=1)


def make_digest(
    *,
    today: date,
    weeks: int,
    asked: Sequence[AskedOnDay],
    votes: Sequence[VotesOnDay],
    themes: Sequence[Proposal],
    answers: Mapping[str, NearAnswer],
    decided: DecidedQuestions,
) -> Digest:
    """Return the digest of the *weeks* that were over before *today*.

    themes: groups of unanswered questions, of which those with nothing asked before these weeks are new.
    """
    end = today - timedelta(days=today.weekday())
    begin = end - timedelta(weeks=weeks)
    lately = [one for one in asked if begin <= day_of(one.day) < end]
    times: Counter[str] = Counter()
    words: dict[str, str] = {}
    for one in lately:
        times[one.folded] += one.times
        words[one.folded] = one.question
    return Digest(
        begin=begin,
        end=end,
        weeks=tuple(_week(asked, end - timedelta(weeks=number)) for number in range(WEEKS_SHOWN, 0, -1)),
        asked=sum(times.values()),
        answered=sum(one.answered for one in lately),
        no_answer=sum(one.no_answer for one in lately),
        most_asked=tuple(
            (words[folded], number)
            for folded, number in sorted(times.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_LISTED]
        ),
        new_themes=_new_themes(themes, asked, begin=begin, end=end),
        useless=_useless(votes, answers, begin=begin, end=end),
        unused=_unused(asked, answers),
        learnt=_learnt(decided.accepted, asked, begin=begin, end=end),
    )


def day_of(days: int) -> date:
    """Return the day that is so many days after the first of 1970."""
    return _FIRST_DAY + timedelta(days=days)


def today_in_utc() -> date:
    """Return the day, as the feedback counts days."""
    return datetime.now(UTC).date()


def _week(asked: Sequence[AskedOnDay], monday: date) -> Week:
    some = [one for one in asked if monday <= day_of(one.day) < monday + timedelta(weeks=1)]
    answered, no_answer = sum(one.answered for one in some), sum(one.no_answer for one in some)
    return Week(monday, answered, sum(one.times for one in some) - answered - no_answer, no_answer)


def _new_themes(
    themes: Sequence[Proposal], asked: Sequence[AskedOnDay], *, begin: date, end: date
) -> tuple[Proposal, ...]:
    first: dict[str, date] = {}
    for one in asked:
        first.setdefault(key_of(one.question), day_of(one.day))
    never = date.max
    new = (one for one in themes if begin <= min((first.get(key, never) for key in one.keys), default=never) < end)
    return tuple(new)[:_MOST_LISTED]


def _useless(
    votes: Sequence[VotesOnDay], answers: Mapping[str, NearAnswer], *, begin: date, end: date
) -> tuple[JudgedLately, ...]:
    useful: Counter[str] = Counter()
    useless: Counter[str] = Counter()
    for one in votes:
        if begin <= day_of(one.day) < end and one.answer_id in answers:
            useful[one.answer_id] += one.useful
            useless[one.answer_id] += one.useless
    found = [JudgedLately(answers[name], useful[name], number) for name, number in useless.items() if number]
    return tuple(sorted(found, key=lambda one: (one.useful - one.useless, one.answer.id))[:_MOST_LISTED])


def _unused(asked: Sequence[AskedOnDay], answers: Mapping[str, NearAnswer]) -> tuple[NearAnswer, ...] | None:
    if sum(one.times for one in asked) < ENOUGH_ASKED:
        return None
    used = {one.answer_id for one in asked}
    return tuple(answers[name] for name in sorted(answers) if name not in used)


def _learnt(accepted: Sequence[AcceptedQuestion], asked: Sequence[AskedOnDay], *, begin: date, end: date) -> Learnt:
    since = {key: date.fromisoformat(one.day) for one in accepted for key in (one.key, *one.asked)}
    known = [(one, since[key]) for one in asked if (key := key_of(one.question)) in since]
    before = [one for one, day in known if day_of(one.day) < day]
    after = [one for one, day in known if day_of(one.day) > day]  # the day itself may be either
    return Learnt(
        accepted=len(accepted),
        lately=sum(begin <= date.fromisoformat(one.day) < end for one in accepted),
        sure_before=sum(one.answered for one in before),
        asked_before=sum(one.times for one in before),
        sure_after=sum(one.answered for one in after),
        asked_after=sum(one.times for one in after),
    )
