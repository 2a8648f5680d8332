"""Ranking metrics, as `ir_measures` defines them; the only module that knows it.

trec_eval sorts a run by score, and breaks ties by id one way, MS MARCO's script the other. So a ranking is handed
over, and written to run files, by the scores n, n-1, … 1: distinct whole numbers, exact even as 32-bit floats, whose
order is ours under any tie rule. What the ranking itself calls score stays in the JSON lines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ir_measures
from ir_measures import AP, RR, R, Success, nDCG

_MEASURES = (Success @ 1, Success @ 3, Success @ 5, RR @ 10, nDCG @ 10, R @ 1, R @ 3, R @ 5, R @ 10, AP)

RANKING_METRICS = tuple(str(measure) for measure in _MEASURES)
"""Their names, as ir_measures writes them. A mean of RR@10 is the MRR@10, a mean of AP the MAP."""


_MOST_REMEMBERED = 10_000


def rank_scores(ids: Sequence[str]) -> dict[str, float]:
    """Return a score for each answer id of a ranking, best first, that keeps its order under any tie rule."""
    return {answer: float(len(ids) - at) for at, answer in enumerate(ids)}


class RankingMeter:
    """Measures rankings, and remembers them: a few questions out of a hundred are answered unlike all others."""

    def __init__(self) -> None:
        self._known: dict[_Judged, Mapping[str, float]] = {}

    def measure(
        self, expected: Mapping[str, Mapping[str, int]], rankings: Mapping[str, Sequence[str]]
    ) -> dict[str, Mapping[str, float]]:
        """Return query id to metric name to value, for each query of *expected*.

        expected: query id to answer id to relevance, at least one of them above 0.
        rankings: query id to answer ids, best first; a query that is absent found nothing.
        """
        judged = {query: _Judged.of(grades, rankings.get(query, ())) for query, grades in expected.items()}
        if len(self._known) > _MOST_REMEMBERED:
            self._known.clear()
        # Together, since a call costs more than what it measures.
        new = [judgement for judgement in dict.fromkeys(judged.values()) if judgement not in self._known]
        self._known.update(zip(new, _measure(new), strict=True))
        return {query: self._known[judgement] for query, judgement in judged.items()}


@dataclass(frozen=True, slots=True)
class _Judged:
    """All of a ranking that its metrics depend on: the relevance at each rank, and of what was not found.

    Zero stands for negative judgments too, which pytrec_eval cannot take: they mean not relevant.
    """

    found: tuple[int, ...]
    missed: tuple[int, ...]

    @classmethod
    def of(cls, grades: Mapping[str, int], ranking: Sequence[str]) -> "_Judged":
        found = tuple(max(0, grades.get(answer, 0)) for answer in ranking)
        missed = sorted(grade for answer, grade in grades.items() if grade > 0 and answer not in ranking)
        return cls(found, tuple(missed))

    def judgments(self) -> dict[str, int]:
        return {str(at): grade for at, grade in enumerate((*self.found, *self.missed))}

    def ranking(self) -> dict[str, float]:
        return rank_scores([str(at) for at in range(len(self.found))])


def _measure(judged: Sequence[_Judged]) -> list[dict[str, float]]:
    values = [dict.fromkeys(RANKING_METRICS, 0.0) for _ in judged]
    if judged:
        judgments = {str(number): one.judgments() for number, one in enumerate(judged)}
        run = {str(number): one.ranking() for number, one in enumerate(judged)}
        for metric in ir_measures.iter_calc(_MEASURES, judgments, run):
            values[int(metric.query_id)][str(metric.measure)] = float(metric.value)
    return values
