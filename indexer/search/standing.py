"""How hits stand to the other candidates of their question, and to what is known to have no answer: cosines and scores.

These are the first of the columns that `coverage` makes for the verifier.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.search.evidence import Evidence
from indexer.search.features import QUESTION_ADVANTAGE, scale_cosine
from indexer.search.ranking import softmax

STANDING = (
    *("margin", "runner_up", "similarity", "question", "body", "sentence", "all_questions", "off_topic_gap"),
    *("off_topic", "has_question"),
)
"""The names of the columns, in order."""

_LOG_ODDS = 6.0
"""Of the least and the greatest share; margins are put on a scale of 1 by it."""
_LEAST_SHARE = 0.0025
_NO_RIVAL = 5.0
_UNKNOWN_GAP = -0.5


def standing_of(
    evidence: Evidence, scores: NDArray[np.float64], positions: Sequence[int], *, at: int
) -> NDArray[np.float64]:
    """Return the columns of the candidates at *positions*, shape (positions, len(STANDING)).

    scores: of all candidates, shape (candidates, questions). at: which of the questions.
    """
    column = scores[:, at]
    questions = evidence.question[:, at]
    of_all, bodies, sentences, asked = (
        evidenced.take(positions).astype(np.float64).tolist()
        for evidenced in (evidence.all_questions[:, at], evidence.body[:, at], evidence.sentence[:, at], questions)
    )
    margins = _margins(column).take(positions).tolist()
    best, second = _best_two(column)
    off_topic = float(evidence.off_topic[at])
    knows_off_topic = off_topic > -1
    # NaN is no greater than anything.
    nearest_question = float(np.fmax.reduce(questions, initial=-np.inf))
    best_body = float(evidence.body[:, at].max(initial=0.0))
    rows = np.empty((len(positions), len(STANDING)))
    # So few that numbers one at a time are quicker than arrays.
    for row, position in enumerate(positions):
        has_question = not math.isnan(asked[row])
        ahead = (float(column[position]) - (second if position == best else float(column[best]))) / _LOG_ODDS
        question = scale_cosine(asked[row]) if has_question else 0.0
        body, sentence = scale_cosine(bodies[row]), scale_cosine(sentences[row])
        near = nearest_question if has_question else best_body + QUESTION_ADVANTAGE
        rows[row] = (
            margins[row],
            min(max(ahead, -1.0), 2.0) if len(column) > 1 else _NO_RIVAL / _LOG_ODDS,
            max(body, sentence, question),
            question,
            body,
            sentence,
            scale_cosine(of_all[row]) if has_question and not math.isnan(of_all[row]) else 0.0,
            scale_cosine(off_topic) - scale_cosine(near) if knows_off_topic else _UNKNOWN_GAP,
            float(knows_off_topic),
            float(has_question),
        )
    return rows


def _margins(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log-odds of each candidate's share of belief, shape (candidates,)."""
    # One more candidate, as good as the mean: where there is but one answer, its share says nothing.
    mean = scores.sum() / max(1, len(scores))
    shares = np.clip(softmax(np.concatenate((scores, [mean])))[:-1], _LEAST_SHARE, 1 - _LEAST_SHARE)
    return np.asarray(np.log(shares / (1 - shares)) / _LOG_ODDS)


def _best_two(scores: NDArray[np.float64]) -> tuple[int, float]:
    """Return which candidate is the best, and the score of the best of the others, -inf for none."""
    best = int(scores.argmax()) if len(scores) else 0
    return best, float(np.delete(scores, best).max(initial=-np.inf)) if len(scores) > 1 else -np.inf
