"""What a corpus adds to the shipped verifier when it is built: a line through its logits, and the thresholds on it.

The prior was taught on several FAQs at once, each left out in turn. The corpus moves it twice. All its questions, each
asked with itself left out, tell how easy it is (`Ease`). Then those count as a visitor's that were left out of an
answer with others; the only question of an answer does not, since without it that answer is of another shape.
Thresholds are chosen on the corpus's own questions together with reference questions to FAQs of the same shape, so that
there is always one that can be reached.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.search.confidence import Calibration, Line, OwnQuestions, fit_line
from indexer.search.contents import IndexContents
from indexer.search.own_questions import FirstHit, OwnQuestionsAsked, have_many_questions
from indexer.search.ranking import RankingWeights
from indexer.search.reliability import FirstHits
from indexer.search.verifier import IN_SCOPE, LEFT_OUT, OFF_TOPIC, SWAPPED, Reference, Verifier, shipped_verifier

MIX = {IN_SCOPE: 0.5, LEFT_OUT: 0.1, OFF_TOPIC: 0.2, SWAPPED: 0.2}
"""The questions that thresholds are chosen for: in scope; unanswered but near; off topic; with a word swapped."""

_WORTH_A_FAQ = 100.0
"""How many questions of the corpus are worth as much as one of the FAQs that the reference comes from."""
_MANY_FAQS = 4
_HIGHEST = 0.99
"""Above all confidences that the reference reaches; what is asked word for word still is as sure."""
_OWN_WORTH = 0.5
"""What a left-out question is worth beside a visitor's: the questions of an answer are made to differ."""
_LEAST_OWN = 12
_MISSED = 0.05
"""The share of answerable questions that may be refused."""
_SAME_SLOPE = 0.01
_NORMAL_95 = 1.959963984540054  # the normal distribution has 2.5 % beyond this

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Firsts:
    """First hits as columns, shape (questions,). confidence: by the line that goes with where they come from."""

    confidence: Floats
    right: NDArray[np.bool_]
    kinds: Rows


@dataclass(frozen=True, slots=True)
class _Group:
    """First hits that count together: rows of the columns, and how much they count."""

    rows: Rows
    worth: float


def fit_thresholds(
    contents: IndexContents,
    weights: RankingWeights,
    calibration: Calibration,
    *,
    off_topic: Sequence[str],
    verifier: Verifier | None = None,
) -> Calibration:
    """Return *calibration* with the line and the thresholds that go with the verifier, and how own questions fare.

    verifier: the shipped one if None.
    """
    verifier = verifier or shipped_verifier()
    asker = OwnQuestionsAsked(contents, weights, verifier)
    left_out = list(asker.left_out())
    own = [first for first in left_out if first.is_fair]
    asked = len(own)
    mean, spread = _prior(verifier, left_out)
    if asked < _LEAST_OWN:
        own = []
        line = Line(*mean.tolist())
    else:
        own += asker.unanswered(off_topic)
        logits, right, kinds = _columns(own)
        line = fit_line(logits, right, mixed(kinds) * asked * _OWN_WORTH, mean=mean, spread=spread)
    firsts = _join(verifier.reference, Line(*verifier.line.tolist()), own, line)
    groups = _groups(contents, verifier.reference)
    own_rows = np.arange(len(verifier.reference.logits), len(firsts.right))
    groups.append(_Group(own_rows, asked * _OWN_WORTH / _WORTH_A_FAQ if own else 0.0))
    judged, show_from = _judge(firsts, groups, risk=calibration.risk)
    answered_from = min(judged.answered_from(risk=calibration.risk), _HIGHEST)
    verbatim = list(asker.verbatim())
    return dataclasses.replace(
        calibration,
        line=line,
        listed_from=calibration.show_from,
        answered_from=round(float(answered_from), 4),
        show_from=round(float(min(answered_from, show_from)), 4),
        expected_calibration_error=round(judged.expected_calibration_error(), 4),
        auroc=round(judged.auroc(), 4) if judged.in_scope.any() and not judged.in_scope.all() else None,
        reliability=judged.reliability(),
        own=_summary(judged, firsts, own_rows, verbatim, line, answered_from=answered_from),
    )


def ease_of(logits: Floats, right: NDArray[np.bool_], *, mean: float, spread: float) -> float:
    """Return the log-odds that first hits have beyond those that are told, from what is known of other FAQs.

    mean, spread: of their ease.
    """
    prior, narrow = np.array([mean, 1.0]), np.array([spread, _SAME_SLOPE])
    return fit_line(logits, right, np.ones(len(logits)), mean=prior, spread=narrow).offset


def _prior(verifier: Verifier, left_out: Sequence[FirstHit]) -> tuple[Floats, Floats]:
    """Return the mean and the spread of the line before fair questions are asked, each offset and slope."""
    if len(left_out) < _LEAST_OWN:
        return verifier.line, verifier.spread
    ease = verifier.ease
    logits, right, _ = _columns(left_out)
    moved = ease.moved(ease_of(logits, right, mean=ease.mean, spread=ease.spread))
    return verifier.line + np.array([moved, 0.0]), np.array([ease.rest, float(verifier.spread[1])])


def _judge(firsts: _Firsts, groups: Sequence[_Group], *, risk: float) -> tuple[FirstHits, float]:
    """Return all first hits as they count together, and from which confidence on a reply is shown."""
    weight = np.zeros(len(firsts.right))
    answered_froms, show_froms = [], []
    for group in groups:
        of_group = mixed(firsts.kinds[group.rows])
        weight[group.rows] += group.worth * of_group
        inside = firsts.kinds[group.rows] == IN_SCOPE
        if group.worth <= 0 or not inside.any():
            answered_froms.append(_HIGHEST)
            show_froms.append(0.0)
            continue
        confidence, right = firsts.confidence[group.rows], firsts.right[group.rows]
        answered_froms.append(FirstHits(confidence, right, inside, of_group).answered_from(risk=risk))
        # To refuse a question whose first hit was wrong anyway is no loss.
        kept = inside & right
        show_froms.append(_quantile(confidence[kept], of_group[kept], _MISSED))
    # Of many FAQs the strictest is passed over: one of many alike answers, or of odd judgements, would decide for all.
    counting = [at for at, group in enumerate(groups) if group.worth > 0]
    if len(counting) >= _MANY_FAQS:
        has_own = groups[-1].worth > 0
        of_reference = counting[:-1] if has_own else counting
        weight[groups[max(of_reference, key=lambda at: answered_froms[at])].rows] = 0
    # Between the FAQs that could refuse more and those that must refuse less.
    show_from = float(np.average(show_froms, weights=[group.worth for group in groups]))
    return FirstHits(firsts.confidence, firsts.right, firsts.kinds == IN_SCOPE, weight), show_from


def _summary(
    judged: FirstHits,
    firsts: _Firsts,
    own_rows: Rows,
    verbatim: Sequence[FirstHit],
    line: Line,
    *,
    answered_from: float,
) -> OwnQuestions:
    answered = judged.confidence >= answered_from
    risk, low, high = _wilson(judged.right, judged.weight, answered)
    of_own = judged.confidence[own_rows][firsts.kinds[own_rows] == IN_SCOPE]
    sure = [first.same_words or line.confidence(np.array([first.logit]))[0] >= answered_from for first in verbatim]
    in_scope = judged.weight[judged.in_scope].sum()
    return OwnQuestions(
        verbatim=len(verbatim),
        verbatim_answered=sum(first.right and is_sure for first, is_sure in zip(verbatim, sure, strict=True)),
        left_out=len(of_own),
        left_out_answered=int((of_own >= answered_from).sum()),
        expected_answered=round(float(judged.weight[judged.in_scope & answered].sum() / max(1e-9, in_scope)), 4),
        risk=round(risk, 4),
        risk_low=round(low, 4),
        risk_high=round(high, 4),
    )


def _columns(firsts: Sequence[FirstHit]) -> tuple[Floats, NDArray[np.bool_], Rows]:
    return (
        np.array([one.logit for one in firsts], dtype=np.float64),
        np.array([one.right for one in firsts], dtype=np.bool_),
        np.array([one.kind for one in firsts], dtype=np.int64),
    )


def _join(reference: Reference, line: Line, own: Sequence[FirstHit], own_line: Line) -> _Firsts:
    """Return the reference, read with the line of FAQs in general, then the own questions, with that of this one."""
    logits, right, kinds = _columns(own)
    return _Firsts(
        np.concatenate((line.confidence(reference.logits.astype(np.float64)), own_line.confidence(logits))),
        np.concatenate((reference.right, right)),
        np.concatenate((reference.kinds.astype(np.int64), kinds)),
    )


def mixed(kinds: Rows) -> Floats:
    """Return the weights of questions so that the kinds come in the shares of MIX; they add up to 1."""
    weights = np.ones(len(kinds))
    for kind, share in MIX.items():
        chosen = kinds == kind
        if chosen.any():
            weights[chosen] = share / chosen.sum()
    total = weights.sum()
    return weights / total if total else weights


def _groups(contents: IndexContents, reference: Reference) -> list[_Group]:
    """Return the reference questions of each FAQ and shape, and how much they count.

    That is the share of the answers here that are of that shape: without questions, with one or two, with more.
    """
    has_any = contents.table.lengths[:, 1] > 0
    shapes = np.where(have_many_questions(contents.table), 3, np.where(has_any, 1, 0))
    groups = []
    for shape in (0, 1, 3):
        share = float((shapes == shape).mean()) if len(shapes) else 0.0
        for faq in np.unique(reference.faq):
            rows = np.flatnonzero((reference.faq == faq) & (reference.curated == shape))
            if share > 0 and len(rows):
                groups.append(_Group(rows, share))
    return groups


def _quantile(values: Floats, weights: Floats, share: float) -> float:
    """Return the value below which the share of the weights lies, 0 for no values."""
    if not len(values):
        return 0.0
    order = np.argsort(values)
    summed = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(summed, share * summed[-1])])


def _wilson(right: NDArray[np.bool_], weight: Floats, answered: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Return the weighted share of wrong ones among the answered, and its 95 % interval (Wilson, 1927).

    As for as many unweighted questions as would tell as much (Kish, 1965).
    """
    chosen = weight[answered]
    if not chosen.sum():
        return 0.0, 0.0, 1.0
    share = float(chosen[~right[answered]].sum() / chosen.sum())
    size = float(chosen.sum() ** 2 / (chosen**2).sum())
    square = _NORMAL_95**2
    middle = (share + square / (2 * size)) / (1 + square / size)
    half = _NORMAL_95 * np.sqrt(share * (1 - share) / size + square / (4 * size**2)) / (1 + square / size)
    return share, max(0.0, float(middle - half)), min(1.0, float(middle + half))
