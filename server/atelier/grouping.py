"""Puts questions that mean about the same together, in plain NumPy.

How near two questions must be is read off the corpus, so that it fits any encoder.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.index.index import Index
from indexer.records import Vectors
from server.answering.batching import divide
from server.answering.request_budget import stop_if_given_up

EncodeQuestions = Callable[[Sequence[str]], Vectors]
"""Encoder.encode_questions, of the encoder that the index was built with."""

ENCODING_SECONDS = 3.0
"""How long new questions are encoded for one page. Those left are shown by themselves, and grouped on a later page."""
BEGINNING_CHARACTERS = 200
"""Of a question, which say what it is about; 500 of 2,000 characters each took more than three minutes to encode."""
_TOGETHER = 16

_UNRELATED_SHARE = 99.0  # percentile: of pairs of questions with different answers, one in a hundred is nearer
_SAMPLED_QUESTIONS = 1000
_NEARNESS_WITHOUT_QUESTIONS = 0.92


class BeginningVectors:
    """The vectors of the beginnings of questions, kept from one page to the next: a question is encoded once."""

    def __init__(
        self, encode: EncodeQuestions, *, seconds: float = ENCODING_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """seconds: of encoding at each call, about."""
        self._encode = encode
        self._seconds = seconds
        self._clock = clock
        self._kept: dict[str, Vectors] = {}

    def of(self, questions: Sequence[str]) -> list[Vectors | None]:
        """Return the vector of each of *questions*, the most important first; None where there was no time for it.

        Those of other questions are forgotten. GivenUpError if nobody waits for them any more.
        """
        until = self._clock() + self._seconds
        beginnings = [question[:BEGINNING_CHARACTERS] for question in questions]
        fresh = list(dict.fromkeys(text for text in beginnings if text not in self._kept))
        for start in range(0, len(fresh), _TOGETHER):
            for part in divide(fresh[start : start + _TOGETHER]):
                stop_if_given_up()
                if self._clock() < until:
                    self._kept.update(zip(part, self._encode(part), strict=True))
        self._kept = {text: self._kept[text] for text in beginnings if text in self._kept}
        return [self._kept.get(text) for text in beginnings]


def group_by_meaning(vectors: NDArray[np.floating], *, nearness: float) -> list[list[int]]:
    """Return the rows of *vectors* in groups; a row joins the nearest group whose first row is at least so near.

    vectors: shape (n, dimension), unit length, the most important first. The first row of a group names it.
    """
    groups: list[list[int]] = []
    for row, vector in enumerate(vectors):
        cosines = vectors[[group[0] for group in groups]] @ vector if groups else np.zeros(0)
        if len(cosines) and cosines.max() >= nearness:
            groups[int(cosines.argmax())].append(row)
        else:
            groups.append([row])
    return groups


def nearness_of(index: Index) -> float:
    """Return the cosine from which on two questions are said to mean the same, by the curated questions of *index*."""
    sample = index.question_vectors(most=_SAMPLED_QUESTIONS)
    unrelated = (sample.vectors @ sample.vectors.T)[sample.answers[:, np.newaxis] != sample.answers]
    if len(unrelated) == 0:
        return _NEARNESS_WITHOUT_QUESTIONS
    return float(np.percentile(unrelated, _UNRELATED_SHARE))
