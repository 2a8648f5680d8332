"""The report of a run: reads it, looks at the index behind it where that is still there, and writes one HTML page."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from evaluation.metrics.columns import read_columns
from evaluation.metrics.ranking import RANKING_METRICS
from evaluation.records import EvaluationError
from evaluation.report.answer_map import AnswerVectors, make_map
from evaluation.report.failures import Failures, find_failures
from evaluation.report.page import Figure, render_page
from evaluation.report.plots import (
    PICTURE_ENDINGS,
    Draw,
    draw_groups,
    draw_map,
    draw_metrics,
    draw_reliability,
    draw_risk_coverage,
    save_picture,
    to_data_address,
)
from evaluation.runs.folder import RESULTS_FILE, read_results, read_run_info, writing
from evaluation.summary import Summary, read_timing, summarise
from indexer.encoders import Encoder

WORST = 20
_ON_MAP = 300  # failed questions: each is encoded, and more would hide the map


def write_report(
    folder: Path,
    page: Path,
    *,
    indexes: Sequence[Path],
    load_encoder: Callable[[], Encoder],
    picture: Path | None = None,
) -> Path:
    """Write the report of the run in *folder* to *page*, and its figures to *picture* if given; return *page*.

    indexes: index folders that may hold the index of the run; without it there is no map and no text of answers.
    EvaluationError where the run cannot be read, or *page* or *picture* not be written.
    """
    if picture:
        _check_ending(picture)
    timing = read_timing(folder)
    info = read_run_info(folder)
    columns = read_columns(read_results(folder))
    summary = summarise(columns, info, asked=timing.asked, asking_seconds=timing.seconds)
    failures = find_failures(read_results(folder), worst=_ON_MAP)
    answers = _load_answers(indexes, info.target.index_id)
    if answers:
        _require_known(failures, answers, folder)
    drawings = _drawings(summary, failures, answers, load_encoder)
    figures = [
        Figure(to_data_address(draw, width=size[0], height=size[1]), title) for title, (draw, size) in drawings.items()
    ]
    html = render_page(summary, failures, answers, figures, worst=WORST)
    with writing(page, advice="Choose another --out."):
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(html, encoding="utf-8")
    if picture:
        title = f"{info.query_set}: {info.queries} questions, {info.target.answers} answers, {info.target.encoder}"
        with writing(picture, advice="Choose another --picture."):
            save_picture([draw for draw, _ in drawings.values()], picture, title=title)
    return page


def _check_ending(picture: Path) -> None:
    if picture.suffix.lower() not in PICTURE_ENDINGS:
        raise EvaluationError(
            f"--picture cannot be {picture}: its ending must be one of {', '.join(PICTURE_ENDINGS)}, for the format."
        )


def _load_answers(indexes: Sequence[Path], index_id: str) -> AnswerVectors | None:
    """Return the answers of the index of a run, from the first of *indexes* that has it."""
    for path in indexes:
        if (path / index_id).is_dir():
            return AnswerVectors.load(path, index_id)
    return None


def _require_known(failures: Failures, answers: AnswerVectors, folder: Path) -> None:
    named = {answer for result in failures.worst for answer in result.query.expected}
    named |= {answer for confusion in failures.confusions for answer in (confusion.expected, confusion.returned)}
    if unknown := sorted(named - answers.rows.keys()):
        raise EvaluationError(
            f"{folder / RESULTS_FILE} names the answer {unknown[0]!r}, which the index {answers.index_id} of this run "
            "does not have. Run it again."
        )


def _drawings(
    summary: Summary, failures: Failures, answers: AnswerVectors | None, load_encoder: Callable[[], Encoder]
) -> Mapping[str, tuple[Draw, tuple[float, float]]]:
    """Return the figures that this run has data for, by what they show, with their sizes in inches."""
    found: dict[str, tuple[Draw, tuple[float, float]]] = {}
    if summary.risk_coverage:
        found["Reliability: how often the first answer is right, by the confidence in it"] = (
            partial(draw_reliability, summary=summary),
            (5.0, 3.8),
        )
        found["Risk and coverage: wrong first answers among the surest questions"] = (
            partial(draw_risk_coverage, summary=summary),
            (5.0, 3.8),
        )
    styles = summary.groups.get("style", {})
    if any("nDCG@10" in group.metrics for group in styles.values()):
        found["nDCG@10 by style of question"] = (
            partial(draw_groups, groups=styles, title="nDCG@10 by style"),
            (5.0, max(2.0, 0.9 + 0.32 * len(styles))),
        )
    elif summary.in_scope:
        ranking = {name: summary.metrics[name] for name in RANKING_METRICS if name in summary.metrics}
        found["Ranking metrics"] = (partial(draw_metrics, metrics=ranking), (5.0, 3.8))
    if answers:
        places = make_map(answers, failures.worst, encoder=load_encoder())
        found["Similarity map of the answers, failed questions on it"] = (
            partial(draw_map, places=places),
            (6.5, 6.0),
        )
    return found
