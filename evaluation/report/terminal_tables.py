"""Metrics and comparisons as text for a terminal."""

from collections.abc import Sequence

from evaluation.comparison import RunComparison
from evaluation.metrics.estimates import MEANINGS
from evaluation.metrics.resampling import Estimate
from evaluation.records import Result
from evaluation.summary import Summary, Timing

SIGNIFICANT = 0.05


def render_summary(summary: Summary) -> str:
    """Return the table of metrics, the groups, and the timings."""
    info = summary.info
    target = info.target
    lines = [
        f"{info.query_set}: {info.queries} questions, {summary.in_scope} in scope, {summary.off_topic} off-topic"
        + (f", {summary.unjudged} not judged" if summary.unjudged else ""),
        f"index {target.index_id}: {target.answers} answers, {target.encoder}, at {target.where}",
        "",
    ]
    lines += align(
        [
            ("metric", "value", "95 % interval", "queries", "meaning"),
            *(
                (name, f"{one.value:.3f}", interval(one), str(one.count), _meaning(name))
                for name, one in summary.metrics.items()
            ),
        ]
    )
    for dimension, groups in summary.groups.items():
        if len(groups) < 2:
            continue
        lines += ["", *_group_table(summary, dimension)]
    counts = ", ".join(f"{count} {status}" for status, count in summary.statuses.items())
    lines += ["", f"statuses: {counts}", f"took {tell_timing(summary.timing)}"]
    return "\n".join(lines)


def tell_timing(timing: Timing) -> str:
    """Return how long questions took: those of a batch are asked together, which is not how long one alone takes."""
    return (
        f"p50 {timing.p50_ms:.1f} ms, p95 {timing.p95_ms:.1f} ms, p99 {timing.p99_ms:.1f} ms a question, as its share "
        f"of a batch; {timing.questions_per_second:.0f} questions/s"
    )


def _group_table(summary: Summary, dimension: str) -> list[str]:
    groups = summary.groups[dimension]
    columns = ("Success@1", "nDCG@10", "false_answers")
    rows: list[tuple[str, ...]] = [(dimension, "queries", "answered", "uncertain", "no_answer", *columns)]
    for label, group in groups.items():
        values = (f"{group.metrics[name].value:.3f}" if name in group.metrics else "–" for name in columns)
        shares = (f"{count / group.count:.0%}" for count in group.statuses.values())
        rows.append((label, str(group.count), *shares, *values))
    return align(rows)


def render_comparison(comparison: RunComparison) -> str:
    """Return the table of differences, and the questions that changed most, side by side."""
    a, b = comparison.a, comparison.b
    lines = [
        f"{a.query_set}: {a.queries} questions",
        f"A: {a.target.index_id} at {a.target.where}, {a.target.encoder}",
        f"B: {b.target.index_id} at {b.target.where}, {b.target.encoder}",
        "",
    ]
    heading = ("metric", "A", "B", "B - A", "95 % interval", "p", "p (Holm)", "better", "worse", "same")
    rows = [
        (
            one.metric,
            f"{one.a:.3f}",
            f"{one.b:.3f}",
            f"{one.difference:+.3f}",
            f"{one.low:+.3f} to {one.high:+.3f}",
            f"{one.p:.4f}",
            f"{one.p_holm:.4f}" + (" *" if one.p_holm < SIGNIFICANT else "  "),
            str(one.wins),
            str(one.losses),
            str(one.ties),
        )
        for one in comparison.differences
    ]
    lines += align([heading, *rows])
    lines += ["", f"* after correction for {len(rows)} metrics less than {SIGNIFICANT:.0%} likely by chance alone"]
    if comparison.changes:
        lines += ["", "Changed most (nDCG@10 in scope; confidence, which should be low, off-topic):"]
    for change in comparison.changes:
        query = change.a.query
        expected = ", ".join(answer for answer, relevance in query.expected.items() if relevance > 0) or "no answer"
        lines += ["", f"{change.difference:+.3f}  {query.id}  {query.text}", f"        expected: {expected}"]
        lines += [f"        {name}: {_returned(result)}" for name, result in (("A", change.a), ("B", change.b))]
    return "\n".join(lines)


def _returned(result: Result) -> str:
    hits = ", ".join(hit.id for hit in result.hits[:3]) or "nothing"
    rank = result.first_relevant_rank
    where = (
        "" if not result.metrics else f"; the right one at rank {rank}" if rank else "; the right one not among them"
    )
    return f"{result.status} {result.confidence:.2f}: {hits}{where}"


def interval(estimate: Estimate) -> str:
    """Return the interval as text."""
    return f"{estimate.low:.3f} to {estimate.high:.3f}"


def align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return *rows*, the first of them a heading, as lines with columns under each other; numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if _is_number(rows[-1][at]) else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _is_number(cell: str) -> bool:
    return bool(cell) and (cell[0].isdigit() or cell[0] in "–+−-.")


def _meaning(name: str) -> str:
    meaning = MEANINGS[name]
    return meaning.text if meaning.higher_is_better else f"{meaning.text} (less is better)"
