"""Where a run went wrong: failed questions by cause, answers that want questions, and those taken for one another."""

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

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
    """kept: failed questions with their cause, the worst first. total: of all failed questions, kept or not.

    confusions: the most frequent first. wanting: answers that want phrasings, those with most failed questions first.
    magnets: answers that came first for questions of others, and how often.
    """

    kept: tuple[tuple[Cause, Result], ...]
    total: int
    confusions: tuple[Confusion, ...]
    wanting: tuple[Wanting, ...]
    magnets: tuple[tuple[str, int], ...]

    def of(self, cause: Cause) -> list[Result]:
        """Return the questions that failed for this cause."""
        return [result for found, result in self.kept if found is cause]


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
    kept: list[tuple[float, float, int, Result]] = []
    pairs: Counter[tuple[str, str]] = Counter()
    asked: Counter[str] = Counter()
    total = 0
    for number, result in enumerate(results):
        expected = _expected(result)
        asked.update(expected[:1])
        if not failed(result):
            continue
        total += 1
        badness = (1 - result.metrics.get("nDCG@10", 0.0), result.confidence, -number, result)
        (heapq.heappush if len(kept) < most else heapq.heappushpop)(kept, badness)
        if result.hits:
            pairs.update((answer, result.hits[0].id) for answer in expected)
    both = _both_ways(pairs)
    worst = [entry[-1] for entry in sorted(kept, reverse=True)]
    caused = tuple((_cause(result, both, answers), result) for result in worst)
    came_first: Counter[str] = Counter()
    for (_, returned), count in pairs.items():
        came_first[returned] += count
    return Failures(
        kept=caused,
        total=total,
        confusions=_confusions(pairs),
        wanting=_wanting(caused, asked),
        magnets=tuple(sorted(came_first.items(), key=lambda one: (-one[1], one[0]))),
    )


def _expected(result: Result) -> list[str]:
    return [answer for answer, relevance in result.query.expected.items() if relevance > 0]


def _both_ways(pairs: Mapping[tuple[str, str], int]) -> Counter[frozenset[str]]:
    both: Counter[frozenset[str]] = Counter()
    for pair, count in pairs.items():
        both[frozenset(pair)] += count
    return both


def _cause(result: Result, both: Mapping[frozenset[str], int], answers: AnswerVectors | None) -> Cause:
    if result.query.scope is Scope.OFF_TOPIC:
        return Cause.STRAY
    if result.status is Status.ANSWERED:
        return Cause.SURE
    if result.first_relevant_rank is None:
        return Cause.STRANGE if result.status is Status.NO_ANSWER else Cause.LOST
    first = result.hits[0].id
    alike = (
        both[frozenset((answer, first))] >= REPEATED or (answers is not None and answers.is_near(answer, first))
        for answer in _expected(result)
    )
    return Cause.ALIKE if any(alike) else Cause.BEHIND


def _confusions(pairs: Mapping[tuple[str, str], int]) -> tuple[Confusion, ...]:
    found = []
    for pair, count in pairs.items():
        back = pairs.get((pair[1], pair[0]), 0)
        if (back, pair) < (count, (pair[1], pair[0])):
            found.append(Confusion(*pair, count + back, back))
    return tuple(sorted(found, key=lambda one: (-one.count, one.expected, one.returned)))


def _wanting(caused: Iterable[tuple[Cause, Result]], asked: Mapping[str, int]) -> tuple[Wanting, ...]:
    """Return the answers whose questions went elsewhere, each by the first that was expected; *caused*: worst first."""
    missed: Counter[str] = Counter()
    for cause, result in caused:
        if cause in (Cause.LOST, Cause.BEHIND):
            missed.update(_expected(result)[:1])
    # Equal ones stay in the order of their worst question.
    return tuple(Wanting(answer, count, asked[answer]) for answer, count in missed.most_common())
