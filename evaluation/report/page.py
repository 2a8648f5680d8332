"""The HTML of a report: one file, no script, nothing fetched. Every text of a user or an editor is escaped here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from evaluation.metrics.estimates import MEANINGS
from evaluation.metrics.resampling import Estimate
from evaluation.records import EXPLAINED_HITS, Result, Returned
from evaluation.report.answer_map import AnswerVectors
from evaluation.report.failures import Confusion, Failures
from evaluation.summary import GROUP_METRICS, Group, Summary

_CONFUSIONS = 15
_START_OF_TEXT = 220
_NUMBER = " class='number'"


@dataclass(frozen=True, slots=True)
class Figure:
    """An image of the page: its address, and what it shows, which is also its text for those who do not see it."""

    address: str
    caption: str


def render_page(
    summary: Summary, failures: Failures, answers: AnswerVectors | None, figures: Sequence[Figure], *, worst: int
) -> str:
    """Return the page. answers: None where the index of the run is not there any more."""
    info, target = summary.info, summary.info.target
    style = (files("evaluation.report") / "report.css").read_text(encoding="utf-8")
    counts = f"{info.queries} questions: {summary.in_scope} in scope, {summary.off_topic} off-topic"
    counts += f", {summary.unjudged} not judged" if summary.unjudged else ""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(info.query_set)} – Souffleur evaluation</title><style>{style}</style></head><body>",
        f"<header><h1>Evaluation of {escape(info.query_set)}</h1><p>{counts}.</p>{_facts(summary)}</header><main>",
        _section("Metrics", _metrics_table(summary.metrics)) if summary.metrics else "",
        _section("Figures", "".join(map(_figure, figures)), kind="figures") if figures else "",
        _section("What the replies said", _group_tables(summary)),
        _section("Answers taken for others", _confusion_table(failures.confusions, answers)),
        _section(f"The worst of {failures.total} failed questions", _worst(failures.worst[:worst], answers)),
    ]
    if answers is None:
        parts.append(
            f"<p class='note'>The index {escape(target.index_id)} of this run was not found, so there is no map of its "
            "answers. Name its folder with --index.</p>"
        )
    return "\n".join([*parts, "</main></body></html>", ""])


def _facts(summary: Summary) -> str:
    info, target, timing = summary.info, summary.info.target, summary.timing
    facts = {
        "Index": f"{target.index_id}, {target.answers} answers, at {target.where}",
        "Encoder": f"{target.encoder} {target.encoder_fingerprint[:12]}",
        "Corpus": target.corpus_hash[:12] or "not said by the server",
        "Queries": info.query_set_sha256[:12],
        "Time": f"p50 {timing.p50_ms:.1f} ms, p95 {timing.p95_ms:.1f} ms, p99 {timing.p99_ms:.1f} ms a question; "
        f"{timing.questions_per_second:.0f} questions/s",
    }
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{escape(fact)}</dd>" for name, fact in facts.items()) + "</dl>"


def _section(title: str, content: str, *, kind: str = "") -> str:
    return f'<section class="{kind}"><h2>{title}</h2>{content}</section>'


def _figure(figure: Figure) -> str:
    caption = escape(figure.caption)
    return f'<figure><img src="{figure.address}" alt="{caption}"><figcaption>{caption}</figcaption></figure>'


def _metrics_table(metrics: Mapping[str, Estimate]) -> str:
    rows = [
        (
            f"<th scope='row'>{escape(name)}</th>",
            _cell(f"{one.value:.3f}"),
            _cell(f"{one.low:.3f} to {one.high:.3f}"),
            _cell(str(one.count)),
            f"<td>{escape(MEANINGS[name].text)}{'' if MEANINGS[name].higher_is_better else ' (less is better)'}</td>",
        )
        for name, one in metrics.items()
    ]
    return _table(("Metric", "Value", "95 % interval", "Queries", "What it says"), rows)


def _group_tables(summary: Summary) -> str:
    note = (
        "<p>In brackets the 95 % intervals. Where all queries of a group fare alike, the bootstrap's interval has no "
        "width, however few they are: do not read certainty into it.</p>"
    )
    everything = Group(sum(summary.statuses.values()), summary.statuses, summary.metrics)
    tables = [_group_table("all", {"all questions": everything})]
    tables += [_group_table(dimension, groups) for dimension, groups in summary.groups.items()]
    return note + "".join(tables)


def _group_table(dimension: str, groups: Mapping[str, Group]) -> str:
    rows = [
        (
            f"<th scope='row' lang='fr'>{escape(label)}</th>",
            _cell(str(group.count)),
            *(_cell(f"{count / group.count:.0%}") for count in group.statuses.values()),
            *(_cell(_value(group.metrics.get(name))) for name in GROUP_METRICS),
        )
        for label, group in groups.items()
        if group.count
    ]
    heading = (escape(dimension.capitalize()), "Queries", "answered", "uncertain", "no answer", *GROUP_METRICS)
    return _table(heading, rows)


def _value(estimate: Estimate | None) -> str:
    if estimate is None:
        return "–"
    return f"{estimate.value:.3f} ({estimate.low:.2f}–{estimate.high:.2f})"


def _confusion_table(confusions: Sequence[Confusion], answers: AnswerVectors | None) -> str:
    if not confusions:
        return "<p>None.</p>"
    rows = [
        (
            f"<td>{_answer(confusion.expected, answers)}</td>",
            f"<td>{_answer(confusion.returned, answers)}</td>",
            _cell(str(confusion.count)),
            _cell(_likeness(confusion, answers)),
        )
        for confusion in confusions[:_CONFUSIONS]
    ]
    note = (
        f"<p>{len(confusions)} pairs in all. Likeness is the cosine of the two answers' mean vectors, and in brackets "
        "the share of all other answers that are less like the expected one: 100 % is its nearest neighbour, perhaps a "
        "near-duplicate.</p>"
    )
    return note + _table(("Expected", "Came first", "Times", "Likeness"), rows)


def _likeness(confusion: Confusion, answers: AnswerVectors | None) -> str:
    if answers is None:
        return "–"
    closer = answers.share_less_like(confusion.expected, confusion.returned)
    return f"{answers.cosine(confusion.expected, confusion.returned):.3f} ({closer:.0%})"


def _worst(results: Sequence[Result], answers: AnswerVectors | None) -> str:
    if not results:
        return "<p>None failed.</p>"
    return "".join(_failure(result, answers) for result in results)


def _failure(result: Result, answers: AnswerVectors | None) -> str:
    query = result.query
    expected = [answer for answer, relevance in query.expected.items() if relevance > 0]
    about = " · ".join(escape(part) for part in (query.id, query.style, query.language, query.kind) if part)
    named = "".join(f"<li>{_answer(answer, answers)}</li>" for answer in expected)
    rank = result.first_relevant_rank
    where = f"at rank {rank}" if rank else f"not among the {len(result.hits)} that came back"
    return (
        f"<article><h3 lang='fr'>{escape(query.text)}</h3>"
        f"<p class='about'>{about} · {result.status}, confidence {result.confidence:.2f}</p>"
        + (f"<p>Expected ({where}):</p><ul>{named}</ul>" if expected else "<p>Expected: that it is refused.</p>")
        + "<ol>"
        + "".join(_hit(hit, right=query.expected.get(hit.id, 0) > 0) for hit in result.hits[:EXPLAINED_HITS])
        + "</ol></article>"
    )


def _hit(hit: Returned, *, right: bool) -> str:
    mark = " <strong>✓ right</strong>" if right else ""
    asked = f"<br>by its question « {escape(hit.matched_question)} »" if hit.matched_question else ""
    features = ", ".join(f"{escape(name)} {value:.2f}" for name, value in hit.features.items())
    return (
        f"<li><code>{escape(hit.id)}</code>{mark}, confidence {hit.confidence:.2f}, score {hit.score:.2f}"
        f"<br><span lang='fr'>{escape(_cut(hit.passage))}{asked}</span><br><small>{features}</small></li>"
    )


def _answer(answer_id: str, answers: AnswerVectors | None) -> str:
    text = answers.texts.get(answer_id, "") if answers else ""
    return f"<code>{escape(answer_id)}</code> <span lang='fr'>{escape(_cut(text))}</span>"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _START_OF_TEXT else line[: _START_OF_TEXT - 1].rstrip() + "…"


def _table(heading: Iterable[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of finished cells; a heading stands to the right where the cells below it do."""
    kinds = [_NUMBER if cell.startswith(f"<td{_NUMBER}") else "" for cell in rows[0]]
    head = "".join(f"<th scope='col'{kind}>{name}</th>" for name, kind in zip(heading, kinds, strict=True))
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(number: str) -> str:
    return f"<td{_NUMBER}>{number}</td>"
