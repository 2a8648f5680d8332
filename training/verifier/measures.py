"""What a verifier does on the cases of an index: which first answers are given as sure, and how many are wrong.

End to end: the line and the thresholds are those that a build with this verifier would choose.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.resampling import estimate_all, mean_of
from indexer.search.confidence import Calibration, Line
from indexer.search.coverage import Coverage
from indexer.search.reliability import auroc, reliability
from indexer.search.thresholds import fit_thresholds
from indexer.search.verifier import Verifier, surely_right
from training.verifier.cases import Built, Cases
from training.verifier.faqs import Kind

_BINS = 10

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of cases, shape (cases,). kept: not refused. calibration: of the index that was asked."""

    confidence: Floats
    answered: Flags
    kept: Flags
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class Change:
    """A share before and after, and the 95 % interval of the paired difference. higher_is_better: of the share."""

    name: str
    before: float
    after: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How an index fares whose FAQ taught nothing: shares, NaN where nothing was asked. wrong: among answered."""

    faq: str
    curated: int
    count: int
    first_right: float
    answered_from: float
    answered: float
    wrong: float
    verbatim_answered: float
    swapped_answered: float
    traps_answered: float
    twins_answered: float
    off_topic_answered: float
    calibration_error: float


def judge(built: Built, cases: Cases, verifier: Verifier) -> Outcome:
    """Return what becomes of the *cases* of an index with a verifier."""
    calibration = fit_thresholds(
        built.contents,
        built.manifest.ranking,
        dataclasses.replace(built.manifest.calibration, is_calibrated=True),
        off_topic=built.shape.strays,
        verifier=verifier,
    )
    coverage = Coverage(cases.rows.astype(np.float64), ((),) * len(cases), is_broad=False)
    line = calibration.line or Line(0.0, 1.0)
    confidence = surely_right(line.confidence(verifier.logits(coverage)), coverage)
    answered = (confidence >= calibration.answered_from) & ~cases.missing & ~cases.broad
    return Outcome(confidence, answered, (confidence >= calibration.show_from) | cases.broad, calibration)


def standing(cases: Cases, outcome: Outcome) -> Standing:
    """Return how an index fares; in-scope questions of people, in its language, count as in scope."""
    real = cases.are(Kind.REAL)
    natural = real | cases.are(Kind.OFF_TOPIC)
    return Standing(
        faq=str(cases.faq[0]),
        curated=int(cases.curated[0]),
        count=int(real.sum()),
        first_right=_share(cases.right[real]),
        answered_from=outcome.calibration.answered_from,
        answered=_share(outcome.answered[real]),
        wrong=_share(~cases.right[real & outcome.answered]),
        verbatim_answered=_share(outcome.answered[cases.are(Kind.VERBATIM)]),
        swapped_answered=_share(outcome.answered[cases.are(Kind.SWAPPED, Kind.ASKED_SWAPPED)]),
        traps_answered=_share(outcome.answered[cases.are(Kind.TRAP)]),
        twins_answered=_share(outcome.answered[cases.are(Kind.TWIN)]),
        off_topic_answered=_share(outcome.answered[cases.are(Kind.OFF_TOPIC)]),
        calibration_error=calibration_error(outcome.confidence[natural], cases.right[natural]),
    )


def calibration_error(confidence: Floats, right: Flags) -> float:
    """Return the expected calibration error, NaN for no cases."""
    if not len(right):
        return float("nan")
    bins = reliability(confidence, right, np.ones(len(right)), bins=_BINS).values()
    return sum(one.weight * abs(one.confidence - one.right) for one in bins) / len(right)


def changes(cases: Cases, before: Outcome, after: Outcome) -> list[Change]:
    """Return the shares on the shipped query sets before and after, with the paired difference of each."""

    def of(name: str) -> Flags:
        return np.asarray(cases.query_set == name, dtype=np.bool_)

    dev, far = of("dev/in_scope"), of("dev/general") | of("dev/chit_chat")
    rows = [
        ("traps-dev, answered", of("traps-dev/near_domain"), before.answered, after.answered),
        ("traps-dev, twins answered", of("traps-dev/in_scope"), before.answered, after.answered),
        ("styles-dev, answered", of("styles-dev/in_scope"), before.answered, after.answered),
        ("styles-dev, kept", of("styles-dev/in_scope"), before.kept, after.kept),
        ("dev in scope, answered", dev, before.answered, after.answered),
        ("dev in scope, answered and wrong", dev, before.answered & ~cases.right, after.answered & ~cases.right),
        ("dev in scope, kept", dev, before.kept, after.kept),
        ("dev far, refused", far, ~before.kept, ~after.kept),
        ("dev near, not answered", of("dev/near_domain"), ~before.answered, ~after.answered),
    ]
    found = [_change(name, one[chosen], other[chosen]) for name, chosen, one, other in rows if chosen.any()]
    every = np.char.startswith(cases.query_set, "dev/")
    if dev.any() and (every & ~dev).any():
        for name, measure in (("dev, AUROC", _area), ("dev, calibration error", _error)):
            first, second = (measure(cases.pick(every), outcome.confidence[every]) for outcome in (before, after))
            found.append(Change(name, first, second, float("nan"), float("nan"), int(every.sum())))
    return found


def _change(name: str, before: Flags, after: Flags) -> Change:
    difference = after.astype(np.float64) - before
    ((_, low, high),) = estimate_all([mean_of(difference)], count=len(difference))
    return Change(name, _share(before), _share(after), low, high, len(difference))


def _area(cases: Cases, confidence: Floats) -> float:
    in_scope = np.char.endswith(cases.query_set, "/in_scope")
    return float(auroc(confidence, in_scope)(np.ones((1, len(cases))))[0])


def _error(cases: Cases, confidence: Floats) -> float:
    return calibration_error(confidence, cases.right)


def _share(flags: Flags | Sequence[bool]) -> float:
    return float(np.mean(flags)) if len(flags) else float("nan")
