"""Where a run went wrong: failed questions by cause, answers that want questions, and those taken for one another."""

import heapq
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from evaluation.records import Result, Scope
from evaluation.report.answer_map import AnswerVectors
from indexer.records import Status

REPEATED = 2
"""Times from which on two answers that are taken for one another are told."""


class Cause(StrEnum):
    """Why a question failed, as far as the run shows it; what an editor does about it follows."""

    SURE = "sure"
    ALIKE = "alike"
    BEHIND = "behind"
    LOST = "lost"
    STRANGE = "strange"
    STRAY = "stray"


@dataclass(frozen=True, slots=True)
class Confusion:
    """Of two answers, one was expected and the other came first, so many times in all.

    expected, returned: in the direction that is more frequent; back: how many of the times it was the other one.
    """

    expected: str
    returned: str
    count: int
    back: int


@dataclass(frozen=True, slots=True)
class Wanting:
    """An answer that questions missed though none like it came first: so many of those asked of it."""

    answer: str
    failed: int
    asked: int


@dataclass(frozen=True, slots=True)
class Failures:
    """kept: failed questions with their cause, the worst first. All else is of all failed questions, kept or not.

    counts: how many have each cause. confusions: the most frequent first. wanting: answers that want phrasings, those
    with most failed questions first. magnets: answers that came first for questions of others, and how often.
    """

    kept: tuple[tuple[Cause, Result], ...]
    counts: Mapping[Cause, int]
    confusions: tuple[Confusion, ...]
    wanting: tuple[Wanting, ...]
    magnets: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """How many questions failed."""
        return sum(self.counts.values())

    def of(self, cause: Cause) -> list[Result]:
        """Return the kept questions that failed for this cause."""
        return [result for found, result in self.kept if found is cause]


@dataclass(frozen=True, slots=True, order=True)
class _Failed:
    """What the cause of a failed question depends on: little enough to remember of a hundred thousand.

    cause: None where it takes the other questions to tell. Ordered by how bad they are, no two alike.
    """

    lost_gain: float
    confidence: float
    before: int
    cause: Cause | None
    expected: tuple[str, ...]
    first: str

    @classmethod
    def of(cls, result: Result, number: int) -> "_Failed":
        return cls(
            lost_gain=1 - result.metrics.get("nDCG@10", 0.0),
            confidence=result.confidence,
            before=-number,
            cause=_own_cause(result),
            expected=tuple(map(sys.intern, _expected(result))),
            first=sys.intern(result.hits[0].id) if result.hits else "",
        )


def failed(result: Result) -> bool:
    """Return whether the first answer of an in-scope question is wrong, or an off-topic question was not refused."""
    if result.query.scope is Scope.IN_SCOPE:
        return not result.right
    return result.query.scope is Scope.OFF_TOPIC and result.status is not Status.NO_ANSWER


def find_failures(results: Iterable[Result], answers: AnswerVectors | None, *, most: int) -> Failures:
    """Return the failures of a run, at most *most* questions, looking at its results one by one.

    Of the failed, those whose right answer is farthest from the top come first, and of these the most confident ones.
    answers: to tell which are alike; None where the index of the run is not there.
    """
    kept: list[tuple[_Failed, Result]] = []
    every: list[_Failed] = []
    pairs: Counter[tuple[str, str]] = Counter()
    asked: Counter[str] = Counter()
    for number, result in enumerate(results):
        asked.update(_expected(result)[:1])
        if not failed(result):
            continue
        one = _Failed.of(result, number)
        every.append(one)
        (heapq.heappush if len(kept) < most else heapq.heappushpop)(kept, (one, result))
        if one.first:
            pairs.update((answer, one.first) for answer in one.expected)
    every.sort(reverse=True)
    are_alike = _likeness(pairs, answers)
    causes = [one.cause or _cause_of_one_behind(one, are_alike) for one in every]
    worst = (result for _, result in sorted(kept, reverse=True))
    came_first: Counter[str] = Counter()
    for (_, returned), count in pairs.items():
        came_first[returned] += count
    return Failures(
        kept=tuple(zip(causes, worst, strict=False)),
        counts=Counter(causes),
        confusions=_confusions(pairs),
        wanting=_wanting(zip(causes, every, strict=True), asked),
        magnets=tuple(sorted(came_first.items(), key=lambda one: (-one[1], one[0]))),
    )


def _expected(result: Result) -> list[str]:
    return [answer for answer, relevance in result.query.expected.items() if relevance > 0]


def _own_cause(result: Result) -> Cause | None:
    """Return the cause that a failed question shows by itself; None where the right answer came behind another."""
    if result.query.scope is Scope.OFF_TOPIC:
        return Cause.STRAY
    if result.status is Status.ANSWERED:
        return Cause.SURE
    if result.first_relevant_rank is None:
        return Cause.STRANGE if result.status is Status.NO_ANSWER else Cause.LOST
    return None


def _cause_of_one_behind(one: _Failed, are_alike: Callable[[str, str], bool]) -> Cause:
    return Cause.ALIKE if any(are_alike(answer, one.first) for answer in one.expected) else Cause.BEHIND


def _likeness(pairs: Mapping[tuple[str, str], int], answers: AnswerVectors | None) -> Callable[[str, str], bool]:
    """Return what says whether two answers are alike: near, or taken for one another more than once."""
    both: Counter[frozenset[str]] = Counter()
    for pair, count in pairs.items():
        both[frozenset(pair)] += count

    @cache
    def are_alike(answer: str, first: str) -> bool:
        return both[frozenset((answer, first))] >= REPEATED or (answers is not None and answers.is_near(answer, first))

    return are_alike


def _confusions(pairs: Mapping[tuple[str, str], int]) -> tuple[Confusion, ...]:
    found = []
    for pair, count in pairs.items():
        back = pairs.get((pair[1], pair[0]), 0)
        if (back, pair) < (count, (pair[1], pair[0])):
            found.append(Confusion(*pair, count + back, back))
    return tuple(sorted(found, key=lambda one: (-one.count, one.expected, one.returned)))


def _wanting(caused: Iterable[tuple[Cause, _Failed]], asked: Mapping[str, int]) -> tuple[Wanting, ...]:
    """Return the answers whose questions went elsewhere, each by the first that was expected; *caused*: worst first."""
    missed: Counter[str] = Counter()
    for cause, one in caused:
        if cause in (Cause.LOST, Cause.BEHIND):
            missed.update(one.expected[:1])
    # Equal ones stay in the order of their worst question.
    return tuple(Wanting(answer, count, asked[answer]) for answer, count in missed.most_common())
