"""How good vectors are on a set by themselves: nDCG@10 and first answer right, question by question."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from evaluation.metrics.ranking import RankingMeter
from evaluation.metrics.resampling import estimate_all, mean_of
from indexer.search.reliability import Floats
from training.encoder.network import Network, ReadText
from training.encoder.questions import QuestionSet

_AT = 10
_MOST_TOKENS = 512


@dataclass(frozen=True, slots=True)
class Judged:
    """One value a question. Shapes (questions,)."""

    ndcg: Floats
    first_right: Floats


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean of paired differences, and the 95 % interval of the percentile bootstrap."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ReadSet:
    """A question set whose texts are read already, to be judged several times.

    passages: what is compared with a question: the answers' texts, or their curated questions, *starts* saying where
    those of each answer begin.
    """

    asked: QuestionSet
    questions: Sequence[ReadText]
    passages: Sequence[ReadText]
    starts: Sequence[int]

    @classmethod
    def read(cls, network: Network, asked: QuestionSet, *, most_tokens: int) -> "ReadSet":
        """Return *asked* as the layers leave it that are not taught. most_tokens: of an answer."""
        questions = network.read([one.text for one in asked.questions], are_questions=True, most_tokens=_MOST_TOKENS)
        if not asked.curated:
            passages = network.read(asked.answers, are_questions=False, most_tokens=most_tokens)
            return cls(asked, questions, passages, range(len(passages)))
        curated = [text for texts in asked.curated for text in texts]
        starts = [0, *accumulate(len(texts) for texts in asked.curated[:-1])]
        return cls(asked, questions, network.read(curated, are_questions=True, most_tokens=_MOST_TOKENS), starts)


def judge(network: Network, read: ReadSet) -> Judged:
    """Return how well the cosines of a network find the right answers; ties go by row.

    An answer is as near as its text, or as the nearest of its curated questions where it has any.
    """
    cosines = network.encode(read.questions) @ network.encode(read.passages).T
    cosines = np.maximum.reduceat(cosines, read.starts, axis=1)
    asked = read.asked
    best = np.argsort(-cosines, axis=1, kind="stable")[:, :_AT]
    expected = {str(at): {str(row): 1 for row in one.right} for at, one in enumerate(asked.questions)}
    measured = RankingMeter().measure(expected, {str(at): [str(row) for row in rows] for at, rows in enumerate(best)})
    return Judged(
        np.array([measured[str(at)]["nDCG@10"] for at in range(len(best))]),
        np.array([measured[str(at)]["Success@1"] for at in range(len(best))]),
    )


def difference(before: Floats, after: Floats) -> Difference:
    """Return what *after* has more than *before*, question by question."""
    ((mean, low, high),) = estimate_all([mean_of(after - before)], count=len(before))
    return Difference(mean, low, high)
