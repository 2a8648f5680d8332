"""The charts of a run: risk and coverage with the thresholds in use, and how far a confidence can be believed."""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.metrics.columns import Columns
from evaluation.report.answer_map import AnswerVectors
from evaluation.report.charts import Chart, shares
from evaluation.report.html import share
from evaluation.summary import Summary
from indexer.records import Status

_WIDTH, _HEIGHT = 560, 300
_TENTHS = [(at / 5, f"{at / 5:.0%}") for at in range(6)]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A confidence from which on something is said, and the share of the judged questions that reach it.

    known: from the index; else it is the least confidence that had the status in the run.
    """

    confidence: float
    coverage: float
    known: bool


def threshold_of(columns: Columns, status: Status, answers: AnswerVectors | None) -> Threshold | None:
    """Return from where on replies are answered, or not refused; None where no index says so and no reply was it."""
    judged = columns.judged
    if answers:
        confidence = answers.answered_from if status is Status.ANSWERED else answers.show_from
    else:
        held = columns.has_status(Status.NO_ANSWER)
        chosen = judged & (columns.has_status(Status.ANSWERED) if status is Status.ANSWERED else ~held)
        if not chosen.any():
            return None
        confidence = float(columns.confidence[chosen].min())
    coverage = float((columns.confidence[judged] >= confidence).mean()) if judged.any() else 0.0
    return Threshold(confidence, coverage, answers is not None)


def draw_risk_coverage(
    curves: Sequence[tuple[str, Sequence[tuple[float, float, float]]]],
    marks: Sequence[tuple[str, Threshold]],
    risk: float,
) -> str:
    """Return the share of wrong first answers among the surest questions, for one run or two named ones.

    marks: thresholds in use, with what is said from there on.
    """
    highest = max((point[1] for _, curve in curves for point in curve), default=0.0)
    top = min(1.0, max(0.1, highest * 1.15))
    chart = Chart(_WIDTH, _HEIGHT, (0, 1), (0, top), x_label="share of the questions, surest first")
    chart.ticks(_TENTHS, shares(top))
    chart.line([(0, risk), (1, risk)], "plain", dashes="2 4")
    chart.text((1, risk), f"accepted: {share(risk)}", "plain", anchor="end", shift=(-4, -5))
    for (name, curve), (kind, dashes) in zip(curves, (("one", ""), ("two", "7 3")), strict=False):
        chart.line([point[:2] for point in curve], kind, dashes=dashes)
        if len(curves) > 1 and curve:
            at = curve[len(curve) * (2 if kind == "one" else 3) // 4]
            chart.text(at[:2], name, kind, shift=(0, -8 if kind == "one" else 16))
    for row, ((words, mark), kind) in enumerate(zip(marks, ("three", "four"), strict=False)):
        label = f"{words} from {mark.confidence:.2f}: {share(mark.coverage)}"
        chart.mark(mark.coverage, kind, label, row=row, dashes="5 3" if kind == "three" else "2 3")
    said = ". ".join(
        f"{words} from a confidence of {mark.confidence:.2f} on, which {share(mark.coverage)} of the questions reach"
        for words, mark in marks
    )
    return chart.render(f"Wrong first answers among the surest questions. {said}.")


def draw_reliability(summary: Summary) -> str:
    """Return how often the first answer is right, by the confidence in it."""
    chart = Chart(_WIDTH, _HEIGHT, (0, 1), (0, 1), x_label="confidence of the first answer")
    chart.ticks(_TENTHS, shares(1))
    most = max(one.count for one in summary.reliability)
    for one in summary.reliability:
        chart.bar(one.low, one.high, 0.25 * one.count / most, "plain", f"{one.count} questions")
    chart.line([(0, 0), (1, 1)], "plain", dashes="4 4")
    for one in summary.reliability:
        title = f"confidence {one.confidence:.2f}: right {share(one.right)} of {one.count}"
        chart.dot((one.confidence, one.right), "one", title, low=one.right_low, high=one.right_high)
    return chart.render("How often the first answer is right, by the confidence in it; bars show how many questions.")
