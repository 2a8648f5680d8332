"""What a run comes to: one verdict, and three sentences on what is good, what fails, and what to do. As HTML."""

from dataclasses import dataclass

from evaluation.metrics.confidence import wilson_interval
from evaluation.metrics.resampling import Estimate
from evaluation.report.answer_map import AnswerVectors
from evaluation.report.failures import REPEATED, Cause, Failures
from evaluation.report.html import counted, quoted, share, spread
from evaluation.summary import Summary

RISK = 0.05
"""The share of wrong answers among those given as answered that is accepted where the index does not say another."""

TO_BE_JUDGED = "Say which answers are expected (qrels, or a column <code>expected</code>)"
"""What is to be done where nothing is judged."""

_NAMED = 2
_TITLE = 50


@dataclass(frozen=True, slots=True)
class Verdict:
    """kind: `good`, `gaps`, `poor` or `open`, where nothing is judged. Texts are HTML."""

    kind: str
    title: str
    good: str
    fails: str
    advice: str


def judge(summary: Summary, failures: Failures, answers: AnswerVectors | None) -> Verdict:
    """Return the verdict on a run."""
    if not summary.metrics:
        total = max(1, sum(summary.statuses.values()))
        said = ", ".join(f"{share(count / total)} {status}" for status, count in summary.statuses.items())
        return Verdict(
            "open",
            "Nothing is judged",
            f"All {total} questions were asked: {said}.",
            "Whether the answers are right, this run cannot tell.",
            f"{TO_BE_JUDGED}, and run it again.",
        )
    kind, title = _rate(summary, answers.risk if answers else RISK)
    return Verdict(kind, title, _good(summary), _fails(summary, failures, answers), advise(failures, answers))


# The bounds are what a reader would call a gap, fitted to no set.
def _rate(summary: Summary, risk: float) -> tuple[str, str]:
    found = {name: one.value for name, one in summary.metrics.items()}
    wrong = summary.metrics.get("false_answers")
    if wrong and wrong.low > risk:
        return "poor", "Not to be trusted yet: too many sure answers are wrong"
    if found.get("Success@1", 1) < 0.5:
        return "poor", "Not ready: the first answer is wrong more often than right"
    lacks = [
        words
        for words, lacking in (
            ("often the right answer is not first", found.get("Success@1", 1) < 0.85),
            ("few answers are sure", found.get("answered", 1) < 0.5),
            ("questions it could answer are refused", found.get("kept", 1) < 0.9),
            ("foreign questions are not refused", found.get("refused", 1) < 0.8),
            ("some sure answers are wrong", bool(wrong and wrong.value > risk and wrong.value * wrong.count > 1)),
        )
        if lacking
    ]
    if not lacks:
        return "good", "Good: it finds the right answer, and knows when it has none" if summary.off_topic else "Good"
    return "gaps", f"Useful, with gaps: {' and '.join(lacks[:2])}"


def _good(summary: Summary) -> str:
    found = summary.metrics
    parts = []
    if "Success@1" in found:
        parts.append(
            f"the right answer is first for <b>{share(found['Success@1'].value)}</b> of "
            f"{counted(summary.in_scope, 'question')} and among the first five for {share(found['Success@5'].value)}"
        )
    if (wrong := found.get("false_answers")) and wrong.value <= RISK:
        parts.append(f"of those given as answered {_of(1 - wrong.value, wrong)} are right")
    if (refused := found.get("refused")) and refused.value >= 0.8:
        parts.append(f"{share(refused.value)} of {counted(summary.off_topic, 'off-topic question')} are refused")
    return _sentence(parts) or "Nothing stands out."


def _of(value: float, among: Estimate) -> str:
    return f"{round(value * among.count)} of {among.count}"


def _fails(summary: Summary, failures: Failures, answers: AnswerVectors | None) -> str:
    found = summary.metrics
    parts = []
    risk = answers.risk if answers else RISK
    if (wrong := found.get("false_answers")) and wrong.value > 0:
        parts.append(
            f"<b>{_of(wrong.value, wrong)}</b> sure answers are wrong ({share(wrong.value)}; accepted: {share(risk)})"
        )
    if summary.in_scope and "Success@1" in found:
        missed = summary.in_scope - round(found["Success@1"].value * summary.in_scope)
        lost = failures.counts.get(Cause.LOST, 0) + failures.counts.get(Cause.STRANGE, 0)
        if missed:
            parts.append(
                f"<b>{missed}</b> questions have a wrong first answer"
                + (f", {lost} of them without the right one among ten" if lost else "")
            )
    if (answered := found.get("answered")) and answered.value < 0.5:
        parts.append(f"only {share(answered.value)} are given as answered")
    if (kept := found.get("kept")) and kept.value < 0.97:
        parts.append(f"{share(1 - kept.value)} are refused though an answer is there")
    if strays := failures.counts.get(Cause.STRAY):
        parts.append(f"{counted(strays, 'off-topic question')} not refused")
    untested = "" if summary.off_topic else " No off-topic question was asked: whether they are refused, nothing tells."
    return (_sentence(parts) or "Nothing.") + untested


def advise(failures: Failures, answers: AnswerVectors | None) -> str:
    """Return what is to be done first, by name."""
    parts = []
    if failures.wanting:
        named = [_title(one.answer, answers) for one in failures.wanting[:_NAMED]]
        parts.append(f"<a href='#phrasings'>write questions</a> for {_listed(named, len(failures.wanting))}")
    if confused := [pair for pair in failures.confusions if pair.count >= REPEATED]:
        first = confused[0]
        parts.append(
            f"<a href='#pairs'>tell apart</a> {_title(first.expected, answers)} and {_title(first.returned, answers)}"
            + (f" ({counted(len(confused) - 1, 'other pair')})" if len(confused) > 1 else "")
        )
    if strange := failures.of(Cause.STRANGE):
        others = failures.counts[Cause.STRANGE] - 1
        parts.append(
            f"<a href='#off-topic'>decide whether</a> {quoted(strange[0].query.text, characters=_TITLE)} "
            + (f"and {counted(others, 'other')} belong" if others else "belongs")
            + " to this FAQ at all"
        )
    if strays := failures.counts.get(Cause.STRAY):
        parts.append(f"look at <a href='#off-topic'>{counted(strays, 'off-topic question')}</a> not refused")
    if sure := failures.counts.get(Cause.SURE):
        parts.append(f"read the <a href='#cause-sure'>{counted(sure, 'sure answer')}</a> that are wrong")
    return _sentence(parts) or "Nothing: ask harder questions."


def _title(answer: str, answers: AnswerVectors | None) -> str:
    return quoted(answers.title(answer) if answers else answer, characters=_TITLE)


def _listed(named: list[str], total: int) -> str:
    more = total - len(named)
    return ", ".join(named) + (f" and {counted(more, 'other answer')}" if more else "")


def _sentence(parts: list[str]) -> str:
    text = "; ".join(parts)
    if not text:
        return ""
    # What begins with a tag has its first letter behind it.
    at = text.index(">") + 1 if text.startswith("<") else 0
    return f"{text[:at]}{text[at : at + 1].upper()}{text[at + 1 :]}."


def _with_width(one: Estimate) -> Estimate:
    """Return the same with Wilson's interval where drawings had none: all of thirty is not all of a million."""
    if one.low < one.high:
        return one
    low, high = wilson_interval(round(one.value * one.count), one.count)
    return Estimate(one.value, low, high, one.count)


def tile_figures(summary: Summary) -> list[tuple[str, str, str]]:
    """Return the figures that decide, each with its interval or its count."""
    names = {
        "Success@1": "right answer first",
        "Success@5": "among the first five",
        "answered": "given as answered",
        "false_answers": "wrong among those",
        "kept": "not refused",
        "refused": "off-topic, refused",
        "near_domain_held": "near the domain, held",
    }
    return [
        (words, share(one.value), f"{spread(_with_width(one))} · n = {one.count}")
        for name, words in names.items()
        if (one := summary.metrics.get(name))
    ]
