"""Where a run went wrong: its failed questions, the worst of them, and which answers were taken for which others."""

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from evaluation.records import Result, Scope
from indexer.records import Status


@dataclass(frozen=True, slots=True)
class Confusion:
    """An answer was expected, another came first, so many times."""

    expected: str
    returned: str
    count: int


@dataclass(frozen=True, slots=True)
class Failures:
    """worst: failed questions, the worst first. confusions: the most frequent first. total: of all failed questions."""

    worst: tuple[Result, ...]
    confusions: tuple[Confusion, ...]
    total: int


def failed(result: Result) -> bool:
    """Return whether the first answer of an in-scope question is wrong, or an off-topic question was not refused."""
    if result.query.scope is Scope.IN_SCOPE:
        return not result.right
    return result.query.scope is Scope.OFF_TOPIC and result.status is not Status.NO_ANSWER


def find_failures(results: Iterable[Result], *, worst: int) -> Failures:
    """Return the failures of a run, at most *worst* questions, looking at its results one by one.

    Of the failed, those whose right answer is farthest from the top come first, and of these the most confident ones.
    """
    kept: list[tuple[float, float, int, Result]] = []
    pairs: Counter[tuple[str, str]] = Counter()
    total = 0
    for number, result in enumerate(results):
        if not failed(result):
            continue
        total += 1
        badness = (1 - result.metrics.get("nDCG@10", 0.0), result.confidence, -number, result)
        (heapq.heappush if len(kept) < worst else heapq.heappushpop)(kept, badness)
        if result.hits:
            expected = (answer for answer, relevance in result.query.expected.items() if relevance > 0)
            pairs.update((answer, result.hits[0].id) for answer in expected)
    ordered = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    return Failures(
        worst=tuple(entry[-1] for entry in sorted(kept, reverse=True)),
        confusions=tuple(Confusion(*names, count) for names, count in ordered),
        total=total,
    )
