"""The report of a run: reads it, looks at the index behind it where that is still there, and writes one HTML page."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from evaluation.metrics.columns import Columns, read_columns
from evaluation.metrics.ranking import RANKING_METRICS
from evaluation.records import EvaluationError
from evaluation.report.answer_map import AnswerMap, AnswerVectors, make_map
from evaluation.report.failures import Failures, find_failures
from evaluation.report.figures import Threshold, draw_reliability, draw_risk_coverage, threshold_of
from evaluation.report.html import share
from evaluation.report.page import CAUSES, Figure, MapParts, render_page
from evaluation.report.plots import PICTURE_ENDINGS, Draw, draw_groups, draw_map, draw_metrics, save_picture
from evaluation.report.plots import draw_reliability as draw_reliability_plot
from evaluation.report.plots import draw_risk_coverage as draw_risk_plot
from evaluation.report.similarity_map import draw_similarity_map, map_table
from evaluation.report.verdict import RISK
from evaluation.runs.folder import RESULTS_FILE, read_results, read_run_info, writing
from evaluation.summary import Summary, read_timing, summarise
from indexer.encoders import Encoder
from indexer.records import Status

_KEPT = 300
"""Failed questions that a page shows: each is encoded for the map, and more would hide it."""


def write_report(
    folder: Path,
    page: Path,
    *,
    indexes: Sequence[Path],
    load_encoder: Callable[[], Encoder],
    picture: Path | None = None,
) -> Path:
    """Write the report of the run in *folder* to *page*, and its figures to *picture* if given; return *page*.

    indexes: index folders that may hold the index of the run; without it there is no map and no title of an answer.
    EvaluationError where the run cannot be read, or *page* or *picture* not be written.
    """
    if picture:
        _check_ending(picture)
    timing = read_timing(folder)
    info = read_run_info(folder)
    columns = read_columns(read_results(folder))
    summary = summarise(columns, info, asked=timing.asked, asking_seconds=timing.seconds)
    answers = load_answers(indexes, info.target.index_id)
    failures = find_failures(read_results(folder), answers, most=_KEPT)
    places = None
    if answers:
        _require_known(failures, answers, folder)
        places = make_map(answers, [result for _, result in failures.kept], encoder=load_encoder())
    map_parts = (
        MapParts(
            draw_similarity_map(places, failures.kept, answers),
            map_table(failures.kept, answers, {cause: title for cause, (title, _) in CAUSES.items()}),
        )
        if answers and places and failures.kept
        else None
    )
    html = render_page(summary, failures, answers, _figures(summary, columns, answers), map_parts)
    with writing(page, advice="Choose another --out."):
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(html, encoding="utf-8")
    if picture:
        title = f"{info.query_set}: {info.queries} questions, {info.target.answers} answers, {info.target.encoder}"
        with writing(picture, advice="Choose another --picture."):
            save_picture(_drawings(summary, places), picture, title=title)
    return page


def _check_ending(picture: Path) -> None:
    if picture.suffix.lower() not in PICTURE_ENDINGS:
        raise EvaluationError(
            f"--picture cannot be {picture}: its ending must be one of {', '.join(PICTURE_ENDINGS)}, for the format."
        )


def load_answers(indexes: Sequence[Path], index_id: str) -> AnswerVectors | None:
    """Return the answers of the index of a run, from the first of *indexes* that has it."""
    for path in indexes:
        if (path / index_id).is_dir():
            return AnswerVectors.load(path, index_id)
    return None


def _require_known(failures: Failures, answers: AnswerVectors, folder: Path) -> None:
    named = {answer for _, result in failures.kept for answer in result.query.expected}
    named |= {answer for confusion in failures.confusions for answer in (confusion.expected, confusion.returned)}
    if unknown := sorted(named - answers.rows.keys()):
        raise EvaluationError(
            f"{folder / RESULTS_FILE} names the answer {unknown[0]!r}, which the index {answers.index_id} of this run "
            "does not have. Run it again."
        )


def _figures(summary: Summary, columns: Columns, answers: AnswerVectors | None) -> list[Figure]:
    if not summary.risk_coverage:
        return []
    risk = answers.risk if answers else RISK
    marks = marks_of(columns, answers)
    drawn = draw_risk_coverage([("this run", summary.risk_coverage)], marks, risk)
    sure = summary.statuses[Status.ANSWERED.value] / max(1, sum(summary.statuses.values()))
    held = (
        f" {share(sure)} were given as answered: beside the threshold, a reply must not lack a number or a name."
        if answers
        else ""
    )
    return [
        Figure(drawn, f"<b>Risk and coverage.</b> Wrong first answers among the surest questions.{held}"),
        Figure(
            draw_reliability(summary),
            "<b>Reliability.</b> How often the first answer is right, by the confidence in it; on the diagonal it says "
            "the truth. Bars: how many questions.",
        ),
    ]


def marks_of(columns: Columns, answers: AnswerVectors | None) -> list[tuple[str, Threshold]]:
    """Return the thresholds in use, with what is said from there on."""
    named = (("answered", Status.ANSWERED), ("not refused", Status.UNCERTAIN))
    found = ((words, threshold_of(columns, status, answers)) for words, status in named)
    return [(words, mark) for words, mark in found if mark]


def _drawings(summary: Summary, places: AnswerMap | None) -> list[Draw]:
    """Return the figures that this run has data for, as a picture has them."""
    found: list[Draw] = []
    if summary.risk_coverage:
        found += [partial(draw_reliability_plot, summary=summary), partial(draw_risk_plot, summary=summary)]
    styles = summary.groups.get("style", {})
    if any("nDCG@10" in group.metrics for group in styles.values()):
        found.append(partial(draw_groups, groups=styles, title="nDCG@10 by style"))
    elif summary.in_scope:
        ranking = {name: summary.metrics[name] for name in RANKING_METRICS if name in summary.metrics}
        found.append(partial(draw_metrics, metrics=ranking))
    if places:
        found.append(partial(draw_map, places=places))
    return found
