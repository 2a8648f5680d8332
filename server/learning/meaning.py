"""Which questions mean the same, by their vectors. How near they must be is read off the corpus, for any encoder."""

import numpy as np
from numpy.typing import NDArray

from indexer.index.index import Index

_UNRELATED_SHARE = 99.0  # percentile: of pairs of questions with different answers, one in a hundred is nearer
_SAMPLED_QUESTIONS = 1000
_NEARNESS_WITHOUT_QUESTIONS = 0.92
_SAME = 0.7
"""Of the way from `nearness_of` to 1: beyond it, one wording teaches nothing that the other does not."""


def group_by_meaning(vectors: NDArray[np.floating], *, nearness: float) -> list[list[int]]:
    """Return the rows of *vectors* in groups; a row joins the nearest group whose first row is at least so near.

    vectors: shape (n, dimension), unit length, the most important first. The first row of a group names it.
    """
    groups: list[list[int]] = []
    heads = np.empty_like(vectors)
    for row, vector in enumerate(vectors):
        cosines = heads[: len(groups)] @ vector
        if len(cosines) and cosines.max() >= nearness:
            groups[int(cosines.argmax())].append(row)
        else:
            heads[len(groups)] = vector
            groups.append([row])
    return groups


def nearness_of(index: Index) -> float:
    """Return the cosine from which on two questions are said to mean the same, by the curated questions of *index*."""
    sample = index.question_vectors(most=_SAMPLED_QUESTIONS)
    unrelated = (sample.vectors @ sample.vectors.T)[sample.answers[:, np.newaxis] != sample.answers]
    if len(unrelated) == 0:
        return _NEARNESS_WITHOUT_QUESTIONS
    return float(np.percentile(unrelated, _UNRELATED_SHARE))


def sameness_of(nearness: float) -> float:
    """Return the cosine from which on two questions are nearly the same words, given that of the same meaning."""
    return nearness + _SAME * (1 - nearness)
