"""The HTML of a report: what decides on the first screen, then what to do, the figures, and all that failed, folded.

One file, no script, nothing fetched. Every text of a user or an editor is escaped here or in the modules it calls.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from evaluation.metrics.estimates import MEANINGS
from evaluation.metrics.ranking import RANKING_METRICS
from evaluation.metrics.resampling import Estimate
from evaluation.records import EXPLAINED_HITS, Result, Returned
from evaluation.report.answer_map import AnswerVectors
from evaluation.report.failures import REPEATED, Cause, Confusion, Failures
from evaluation.report.html import (
    contents,
    counted,
    folded,
    french,
    number,
    page,
    quoted,
    scrolled,
    section,
    table,
    tiles,
)
from evaluation.report.similarity_map import legend
from evaluation.report.terminal_tables import tell_timing
from evaluation.report.verdict import judge, tile_figures
from evaluation.summary import GROUP_METRICS, Group, Summary

CAUSES: Mapping[Cause, tuple[str, str]] = {
    Cause.SURE: ("Sure, and wrong", "A wrong first answer was given as answered: visitors believe it. Read both."),
    Cause.ALIKE: (
        "Taken for one like it",
        "What came first is one of the nearest answers, or is confused with it more than once: say in each what it is "
        "not about, or merge them.",
    ),
    Cause.BEHIND: ("Behind another", "The right one came, but not first: give it this question as one of its own."),
    Cause.LOST: ("Not found", "The right one is not among ten: it is told in other words. Give it such questions."),
    Cause.STRANGE: (
        "Off-topic in truth?",
        "Refused, and the answer that is expected is not among ten. Does it answer this? If not, correct the judgment.",
    ),
    Cause.STRAY: (
        "Off-topic, not refused",
        "No answer is expected. Is one right in truth? Else add it to the off-topic ones.",
    ),
}
"""What each cause is called, and what to do about it."""

_ACTIONS = 40
_PASSAGE = 220


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart as SVG, and what it shows, as HTML."""

    drawn: str
    caption: str


@dataclass(frozen=True, slots=True)
class MapParts:
    """The map as SVG, and its table as HTML."""

    drawn: str
    table: str


def render_page(
    summary: Summary,
    failures: Failures,
    answers: AnswerVectors | None,
    figures: Sequence[Figure],
    map_parts: MapParts | None,
) -> str:
    """Return the page. answers, map_parts: None where the index of the run is not there any more."""
    info = summary.info
    parts = [("verdict", "Verdict")]
    body = []
    if summary.metrics:
        parts += [("to-do", "What to do")] if failures.total else []
        body.append(section("to-do", "What to do", _to_do(failures, answers)) if failures.total else "")
    if figures:
        parts.append(("trust", "How far to trust it"))
        body.append(
            section("trust", "How far to trust it", f"<div class='pair'>{''.join(map(_figure, figures))}</div>")
        )
    if map_parts:
        parts.append(("map", "Map"))
        body.append(section("map", "Map of the answers, with the failed questions", _map(map_parts, failures)))
    if failures.total:
        parts.append(("failed", "Failed questions"))
        body.append(
            section("failed", f"{counted(failures.total, 'failed question')}, by cause", _failed(failures, answers))
        )
    parts.append(("figures", "All figures"))
    body.append(section("figures", "All figures", _all_figures(summary)))
    note = (
        f"<p class='note'>The index {escape(info.target.index_id)} of this run was not found, so there is no map of "
        "its answers, and they have no titles. Name its folder with --index.</p>"
        if answers is None
        else ""
    )
    top = f"<header><h1>Evaluation of {escape(info.query_set)}</h1><p>{_what(summary)}</p></header>"
    verdict = judge(summary, failures, answers)
    return page(
        info.query_set,
        f"{top}<main>"
        f'<section id="verdict" class="verdict {verdict.kind}"><h2>{verdict.title}</h2>'
        f"<dl class='said'><dt>Good</dt><dd>{verdict.good}</dd><dt>Fails</dt><dd>{verdict.fails}</dd>"
        f"<dt>To do</dt><dd>{verdict.advice}</dd></dl></section>\n"
        f"{tiles(tile_figures(summary))}{contents(parts)}{note}{''.join(body)}</main>",
    )


def _what(summary: Summary) -> str:
    info, target = summary.info, summary.info.target
    counts = [f"{summary.in_scope} in scope"] if summary.in_scope else []
    counts += [f"{summary.off_topic} off-topic"] if summary.off_topic else []
    counts += [f"{summary.unjudged} not judged"] if summary.unjudged else []
    return (
        f"{counted(info.queries, 'question')} ({', '.join(counts)}) asked of {counted(target.answers, 'answer')}, "
        f"index {escape(target.index_id)}."
    )


def _to_do(failures: Failures, answers: AnswerVectors | None) -> str:
    confused = [pair for pair in failures.confusions if pair.count >= REPEATED]
    strange = [*failures.of(Cause.STRANGE), *failures.of(Cause.STRAY)]
    strange_in_all = sum(failures.counts.get(cause, 0) for cause in (Cause.STRANGE, Cause.STRAY))
    wanting = failures.wanting
    columns = [
        (
            "phrasings",
            f"Answers that want questions <b class='count'>{len(wanting)}</b>",
            "Not found, or found behind another. In brackets: failed of asked; how many questions it has.",
            [
                f"{_answer(one.answer, answers)} "
                f"<small>({one.failed} of {one.asked}{_has(one.answer, answers)})</small>"
                for one in wanting[:_ACTIONS]
            ],
        ),
        (
            "pairs",
            f"Pairs that are confused <b class='count'>{len(confused)}</b>",
            f"Taken for one another {REPEATED} times or more, and how alike they are: 1 is the same.",
            [_pair(pair, answers) for pair in confused[:_ACTIONS]] or _magnets(failures, answers),
        ),
        (
            "off-topic",
            f"Off-topic in truth, or not? <b class='count'>{strange_in_all}</b>",
            "Refused though an answer is expected, which is not among ten; or not refused though none is.",
            [f"{french(one.query.text)} <small>({_wanted(one, answers)})</small>" for one in strange[:_ACTIONS]],
        ),
    ]
    return "<div class='three'>" + "".join(_column(*column) for column in columns) + "</div>"


def _column(name: str, title: str, note: str, items: Sequence[str]) -> str:
    listed = f"<ol>{''.join(f'<li>{item}</li>' for item in items)}</ol>" if items else "<p>None.</p>"
    plain = title.split(" <")[0]
    return f'<div id="{name}"><h3>{title}</h3><p class="hint">{note}</p>{scrolled(plain, listed)}</div>'


def _has(answer: str, answers: AnswerVectors | None) -> str:
    found = answers.answers.get(answer) if answers else None
    return f"; has {len(found.questions)}" if found else ""


def _wanted(result: Result, answers: AnswerVectors | None) -> str:
    expected = _expected(result)
    if not expected:
        return f"{result.status}, by {_answer(result.hits[0].id, answers)}" if result.hits else str(result.status)
    return f"expected: {_answer(expected[0], answers)}"


def _pair(pair: Confusion, answers: AnswerVectors | None) -> str:
    there = pair.count - pair.back
    ways = ("once" if there == 1 else f"{there} times") + (f", and {pair.back} the other way" if pair.back else "")
    alike = f"; alike {answers.cosine(pair.expected, pair.returned):.2f}" if answers else ""
    return (
        f"{_answer(pair.expected, answers)}<br>lost to {_answer(pair.returned, answers)} <small>({ways}{alike})</small>"
    )


def _magnets(failures: Failures, answers: AnswerVectors | None) -> list[str]:
    """Return the answers that came first for several questions of others: what there is to say without pairs."""
    several = [(answer, count) for answer, count in failures.magnets if count > REPEATED]
    return [
        f"{_answer(answer, answers)} <small>(came first {count} times for others)</small>"
        for answer, count in several[:8]
    ]


def _figure(figure: Figure) -> str:
    return f"<figure>{figure.drawn}<figcaption>{figure.caption}</figcaption></figure>"


def _map(parts: MapParts, failures: Failures) -> str:
    present = [cause for cause in CAUSES if failures.of(cause)]
    names = {cause: CAUSES[cause][0] for cause in present}
    said = "What lies near is alike; grey dots are answers. Point at a question for its name."
    keys = f"<figcaption>{legend(present, names)}<br>{said}</figcaption>"
    return f"<div class='map'><figure>{parts.drawn}{keys}</figure>{parts.table}</div>"


def _failed(failures: Failures, answers: AnswerVectors | None) -> str:
    groups = []
    for cause, (title, note) in CAUSES.items():
        if count := failures.counts.get(cause):
            listed = "".join(_failure(result, answers) for result in failures.of(cause))
            groups.append(folded(title, listed, name=f"cause-{cause}", note=note, count=count))
    left = failures.total - len(failures.kept)
    more = f"<p>Listed are the {len(failures.kept)} worst; {left} more are in results.csv.</p>" if left else ""
    return f"{more}<div class='two'>{''.join(groups)}</div>"


def _failure(result: Result, answers: AnswerVectors | None) -> str:
    query = result.query
    rank = result.first_relevant_rank
    where = f"right at rank {rank}" if rank else "right one not among ten" if query.expected else "none is expected"
    about = " · ".join(escape(part) for part in (query.id, query.style, query.language, query.kind) if part)
    named = "".join(f"<li>{_answer(answer, answers)}</li>" for answer in _expected(result))
    return (
        f"<details class='one'><summary>{french(query.text, characters=300)} <small>{where}</small></summary>"
        f"<p class='about'>{about} · {result.status}, confidence {result.confidence:.2f}</p>"
        + (f"<p>Expected:</p><ul>{named}</ul>" if named else "<p>Expected: that it is refused.</p>")
        + "<p>Came:</p><ol>"
        + "".join(_hit(hit, answers, right=query.expected.get(hit.id, 0) > 0) for hit in result.hits[:EXPLAINED_HITS])
        + "</ol></details>"
    )


def _hit(hit: Returned, answers: AnswerVectors | None, *, right: bool) -> str:
    mark = " <strong>✓ right</strong>" if right else ""
    asked = f"<br>by its question {quoted(hit.matched_question)}" if hit.matched_question else ""
    features = ", ".join(f"{escape(name)} {value:.2f}" for name, value in hit.features.items())
    return (
        f"<li>{_answer(hit.id, answers)}{mark}, confidence {hit.confidence:.2f}, score {hit.score:.2f}"
        f"<br>{french(hit.passage, characters=_PASSAGE)}{asked}<br><small>{features}</small></li>"
    )


def _all_figures(summary: Summary) -> str:
    parts = []
    if summary.metrics:
        said = "In brackets, and as intervals, what 95 % of drawings of as many questions give."
        parts.append(folded("Metrics", metrics_table(summary.metrics), name="metrics", note=said))
    everything = Group(sum(summary.statuses.values()), summary.statuses, summary.metrics)
    tables = [_group_table("all", {"all questions": everything})]
    tables += [_group_table(dimension, groups) for dimension, groups in summary.groups.items()]
    note = (
        "Where all queries of a group fare alike, the interval has no width, however few they are: do not read "
        "certainty into it."
    )
    parts.append(folded("What the replies said, by group", "".join(tables), name="groups", note=note))
    parts.append(folded("The run", _facts(summary), name="run"))
    return f"<div class='two'>{''.join(parts)}</div>"


def metrics_table(metrics: Mapping[str, Estimate]) -> str:
    """Return a line for each metric; those that say the same on this set have one together."""
    rows = []
    for names, one in merged(metrics):
        first = MEANINGS[names[0]]
        same = f" <small>= {escape(', '.join(names[1:]))}</small>" if len(names) > 1 else ""
        rows.append(
            (
                f"<th scope='row'>{escape(names[0])}{same}</th>",
                number(f"{one.value:.3f}"),
                number(f"{one.low:.3f} to {one.high:.3f}"),
                number(str(one.count)),
                f"<td>{escape(first.text)}{'' if first.higher_is_better else ' (less is better)'}</td>",
            )
        )
    return table(("Metric", "Value", "95 % interval", "Queries", "What it says"), rows)


def merged(metrics: Mapping[str, Estimate]) -> list[tuple[list[str], Estimate]]:
    """Return the metrics, in their order, with the names of all that say the same: of a ranking, and equal."""
    found: list[tuple[list[str], Estimate]] = []
    for name, one in metrics.items():
        same = (
            names
            for names, other in found
            if {name, names[0]} <= set(RANKING_METRICS) and other.count == one.count and _are_equal(one, other)
        )
        if (names := next(same, None)) is not None:
            names.append(name)
        else:
            found.append(([name], one))
    return found


def _are_equal(one: Estimate, other: Estimate) -> bool:
    return all(abs(a - b) < 1e-9 for a, b in ((one.value, other.value), (one.low, other.low), (one.high, other.high)))


def _group_table(dimension: str, groups: Mapping[str, Group]) -> str:
    rows = [
        (
            f"<th scope='row' lang='fr'>{escape(label)}</th>",
            number(str(group.count)),
            *(number(f"{count / group.count:.0%}") for count in group.statuses.values()),
            *(number(_value(group.metrics.get(name))) for name in GROUP_METRICS),
        )
        for label, group in groups.items()
        if group.count
    ]
    heading = (escape(dimension.capitalize()), "Queries", "answered", "uncertain", "no answer", *GROUP_METRICS)
    return table(heading, rows)


def _value(estimate: Estimate | None) -> str:
    if estimate is None:
        return "–"
    return f"{estimate.value:.2f} ({estimate.low:.2f}–{estimate.high:.2f})"


def _facts(summary: Summary) -> str:
    info, target = summary.info, summary.info.target
    facts = {
        "Index": f"{target.index_id}, {target.answers} answers, at {target.where}",
        "Encoder": f"{target.encoder} {target.encoder_fingerprint[:12]}",
        "Corpus": target.corpus_hash[:12] or "not said by the server",
        "Queries": info.query_set_sha256[:12],
        "Time": tell_timing(summary.timing),
    }
    rows = "".join(f"<dt>{name}</dt><dd>{escape(fact)}</dd>" for name, fact in facts.items())
    return f"<dl class='facts'>{rows}</dl>"


def _expected(result: Result) -> list[str]:
    return [answer for answer, relevance in result.query.expected.items() if relevance > 0]


def _answer(answer_id: str, answers: AnswerVectors | None) -> str:
    """Return an answer by its title, with its id where one points at it, or by its id alone."""
    if answers is None or answer_id not in answers.answers:
        return f"<code>{escape(answer_id)}</code>"
    return f"<span title='{escape(answer_id)}'>{quoted(answers.title(answer_id))}</span>"
