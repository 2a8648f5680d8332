"""Two runs of the same queries on one page: which is better and how surely, what got better, what got worse."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from evaluation.comparison import Difference, RunComparison
from evaluation.metrics.columns import read_columns
from evaluation.metrics.ranking import RANKING_METRICS
from evaluation.metrics.resampling import holm, permutation_p_value
from evaluation.records import Result, Scope
from evaluation.report.answer_map import AnswerVectors
from evaluation.report.figures import draw_risk_coverage
from evaluation.report.html import contents, counted, folded, french, number, page, quoted, section, table, tiles
from evaluation.report.moves import BETTER, WORSE, Move, Moved, find_moves
from evaluation.report.report import load_answers, marks_of
from evaluation.report.terminal_tables import SIGNIFICANT
from evaluation.report.verdict import RISK, TO_BE_JUDGED
from evaluation.runs.folder import read_results, writing
from evaluation.summary import summarise
from indexer.records import Status

_LISTED = 200
_TILES = {
    "Success@1": "right answer first",
    "Success@5": "among the first five",
    "answered": "given as answered",
    "kept": "not refused",
    "refused": "off-topic, refused",
    "near_domain_held": "near the domain, held",
}
_DECIDING = ("Success@1", "kept", "refused", "near_domain_held")
_SURE = {True: "right answers given as sure", False: "wrong answers not given as sure"}

Name = Callable[[str], str]


def write_comparison(
    comparison: RunComparison, folder_a: Path, folder_b: Path, file: Path, *, indexes: Sequence[Path]
) -> Path:
    """Write the page of a comparison to *file*, and return that.

    indexes: index folders that may hold the indexes of the runs; without them answers have no titles.
    EvaluationError where a run cannot be read, or the page not be written.
    """
    moved = find_moves(read_results(folder_a), read_results(folder_b))
    columns = [read_columns(read_results(folder)) for folder in (folder_a, folder_b)]
    infos = (comparison.a, comparison.b)
    opened = [load_answers(indexes, info.target.index_id) for info in infos]
    curves = [
        (name, summarise(one, info, asked=0, asking_seconds=0).risk_coverage)
        for name, one, info in zip("AB", columns, infos, strict=True)
    ]
    figure = ""
    if all(curve for _, curve in curves):
        marks = [(f"B {words}", mark) for words, mark in marks_of(columns[1], opened[1])]
        risk = opened[1].risk if opened[1] else RISK
        figure = (
            f"<figure>{draw_risk_coverage(curves, marks, risk)}<figcaption><b>Risk and coverage.</b> Wrong first "
            "answers among the surest questions: the lower line is the better run. B is dashed.</figcaption></figure>"
        )
    html = render_comparison_page(comparison, moved, figure, _namer([one for one in reversed(opened) if one]))
    with writing(file, advice="Choose another --out."):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(html, encoding="utf-8")
    return file


def render_comparison_page(comparison: RunComparison, moved: Sequence[Moved], figure: str, name: Name) -> str:
    """Return the page. figure: finished HTML. name: gives an answer as HTML."""
    a, b = comparison.a, comparison.b
    kind, title = _rate(comparison, moved)
    better, worse = [one for one in moved if one.move in BETTER], [one for one in moved if one.move in WORSE]
    parts = [("verdict", "Verdict"), ("moved", "What got better and worse"), ("figures", "All differences")]
    sides = (
        f"<div><h3>Better <b class='count'>{len(better)}</b></h3>{_groups(better, BETTER, name)}</div>"
        f"<div><h3>Worse <b class='count'>{len(worse)}</b></h3>{_groups(worse, WORSE, name)}</div>"
    )
    differences = [one for one in comparison.differences if one.metric in _TILES]
    return page(
        f"{a.query_set}: two runs",
        f"<header><h1>Two runs of {escape(a.query_set)}</h1><p>{counted(a.queries, 'question')}. "
        f"A: index {escape(a.target.index_id)}, {escape(a.target.encoder)}. "
        f"B: index {escape(b.target.index_id)}, {escape(b.target.encoder)}.</p></header><main>"
        f'<section id="verdict" class="verdict {kind}"><h2>{title}</h2><dl class="said">'
        f"<dt>Better</dt><dd>{_told(better, BETTER)}</dd><dt>Worse</dt><dd>{_told(worse, WORSE)}</dd>"
        f"<dt>To do</dt><dd>{_advice(comparison, worse, name)}</dd></dl></section>\n"
        f"{tiles(map(_tile, differences))}{contents(parts)}"
        + section("moved", "What got better and worse", f"<div class='two'>{sides}</div>")
        + section(
            "figures",
            "All differences",
            f"<div class='pair'>{figure}<div>{_differences(comparison.differences)}</div></div>",
        )
        + "</main>",
    )


@dataclass(frozen=True, slots=True)
class _Deciding:
    """What the verdict looks at: its name, by how many questions B does better in it, and p of that by chance."""

    words: str
    gain: float
    p: float


def _deciding(comparison: RunComparison, moved: Sequence[Moved]) -> list[_Deciding]:
    found = [
        _Deciding(_TILES[one.metric], one.wins - one.losses, one.p)
        for one in comparison.differences
        if one.metric in _DECIDING
    ]
    # More that is given as answered is a gain where it is right, and a loss where it is wrong.
    inside = [one for one in moved if one.a.query.scope is Scope.IN_SCOPE]
    for right, words in _SURE.items():
        more = np.array([_is_sure(one.b, right=right) - _is_sure(one.a, right=right) for one in inside], np.float64)
        gains = more if right else -more
        found.append(_Deciding(words, float(gains.sum()), permutation_p_value(gains)))
    return found


def _is_sure(result: Result, *, right: bool) -> bool:
    return result.status is Status.ANSWERED and result.right is right


def _rate(comparison: RunComparison, moved: Sequence[Moved]) -> tuple[str, str]:
    deciding = _deciding(comparison, moved)
    # Corrected for these few: for all the metrics of the table, no loss of ten questions would be one.
    corrected = holm([one.p for one in deciding])
    sure = [one for one, p in zip(deciding, corrected, strict=True) if p < SIGNIFICANT]
    better = [one.words for one in sure if one.gain > 0]
    worse = [one.words for one in sure if one.gain < 0]
    if not comparison.differences:
        return "open", "Nothing is judged, so that nothing can be compared"
    if better and worse:
        return "gaps", f"B is better by {' and '.join(better)}, and worse by {' and '.join(worse)}"
    if better:
        return "good", f"B is better: {' and '.join(better)} rose by more than chance"
    if worse:
        return "poor", f"B is worse: {' and '.join(worse)} fell by more than chance"
    if not moved:
        return "open", "No question fares otherwise"
    return "open", "No sure difference: what moved may be chance"


def _told(moved: Sequence[Moved], names: Mapping[Move, str]) -> str:
    counts = Counter(one.move for one in moved)
    said = [f"{words} (<b>{counts[move]}</b>)" for move, words in names.items() if counts[move]]
    return f"{'. '.join(said)}." if said else "Nothing."


def _advice(comparison: RunComparison, worse: Sequence[Moved], name: Name) -> str:
    if not comparison.differences:
        return f"{TO_BE_JUDGED}, and run both again."
    if not worse:
        return "Nothing got worse: B may serve."
    gravest = min(worse, key=lambda one: list(WORSE).index(one.move))
    expected = [answer for answer, relevance in gravest.b.query.expected.items() if relevance > 0]
    lost: Counter[str] = Counter()
    for one in worse:
        if one.move in (Move.LOST, Move.SAID):
            lost.update(answer for answer, relevance in one.b.query.expected.items() if relevance > 0)
    often = f" Most were lost by {name(lost.most_common(1)[0][0])}." if lost and lost.most_common(1)[0][1] > 1 else ""
    wanted = f", which {name(expected[0])} should answer" if expected else ", which nothing should answer"
    return (
        f"Read <a href='#move-{gravest.move}'>{counted(len(worse), 'question')}</a> that got worse before B serves: "
        f"first {quoted(gravest.b.query.text)}{wanted}.{often}"
    )


def _tile(one: Difference) -> tuple[str, str, str]:
    moved = f"{_points(one.difference)} points ({_points(one.low)} to {_points(one.high)})"
    if not one.wins + one.losses:
        moved = "no question differs"
    return _TILES[one.metric], f"{100 * one.a:.0f} → {100 * one.b:.0f} %", moved


def _points(difference: float) -> str:
    number = round(100 * difference)
    return f"{number:+d}".replace("-", "−") if number else "0"


def _groups(moved: Sequence[Moved], names: Mapping[Move, str], name: Name) -> str:
    groups = []
    for move, title in names.items():
        if some := [one for one in moved if one.move is move]:
            listed = "".join(f"<li>{_question(one, name)}</li>" for one in some[:_LISTED])
            groups.append(folded(title, f"<ol>{listed}</ol>", name=f"move-{move}", count=len(some)))
    return "".join(groups) or "<p>None.</p>"


def _question(one: Moved, name: Name) -> str:
    expected = [name(answer) for answer, relevance in one.a.query.expected.items() if relevance > 0]
    wanted = f"expected: {', '.join(expected)}<br>" if expected else ""
    return (
        f"{french(one.a.query.text, characters=300)}<br><small>{wanted}A: {_came(one.a, name)}<br>"
        f"B: {_came(one.b, name)}</small>"
    )


def _came(result: Result, name: Name) -> str:
    first = name(result.hits[0].id) if result.hits else "nothing"
    mark = " ✓" if result.right else ""
    return f"{first}{mark}, {result.status} {result.confidence:.2f}"


def _differences(differences: Sequence[Difference]) -> str:
    if not differences:
        return "<p>Nothing is judged.</p>"
    found: dict[object, list[Difference]] = {}
    for one in differences:
        # Those of a ranking say the same where all their figures are equal.
        figures = (one.a, one.b, one.difference, one.low, one.high, one.wins, one.losses, one.ties)
        found.setdefault(figures if one.metric in RANKING_METRICS else one.metric, []).append(one)
    rows = []
    for some in found.values():
        one = some[0]
        same = f" <small>= {', '.join(other.metric for other in some[1:])}</small>" if some[1:] else ""
        sure = one.p_holm < SIGNIFICANT
        kind = " class='better'" if sure and one.wins > one.losses else " class='worse'" if sure else ""
        rows.append(
            (
                f"<th scope='row'>{one.metric}{same}</th>",
                number(f"{one.a:.3f}"),
                number(f"{one.b:.3f}"),
                number(f"<b{kind}>{one.difference:+.3f}</b>"),
                number(f"{one.low:+.3f} to {one.high:+.3f}"),
                number(f"{one.p_holm:.4f}{' *' if sure else ''}"),
                number(f"{one.wins}/{one.losses}/{one.ties}"),
            )
        )
    note = (
        f"<p class='hint'>+/−/=: questions that B answers better, worse, alike. "
        f"* after correction for {len(differences)} metrics less than "
        f"{SIGNIFICANT:.0%} likely by chance alone.</p>"
    )
    heading = ("Metric", "A", "B", "B − A", "95 % interval", "p (Holm)", "+/−/=")
    return note + f"<div class='wide' role='region' aria-label='Differences' tabindex='0'>{table(heading, rows)}</div>"


def _namer(opened: Sequence[AnswerVectors]) -> Name:
    def name(answer_id: str) -> str:
        for answers in opened:
            if answer_id in answers.answers:
                return f"<span title='{escape(answer_id)}'>{quoted(answers.title(answer_id))}</span>"
        return f"<code>{escape(answer_id)}</code>"

    return name
