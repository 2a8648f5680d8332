"""What the report says of a run: causes, verdict, metrics that say the same, the map; and what became of questions."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

from evaluation.metrics.columns import read_columns
from evaluation.metrics.resampling import Estimate
from evaluation.records import Query, Result, Returned, Scope, Target
from evaluation.report.answer_map import AnswerVectors, make_map
from evaluation.report.charts import STYLE, Chart
from evaluation.report.failures import Cause, Confusion, Wanting, find_failures
from evaluation.report.figures import draw_risk_coverage, threshold_of
from evaluation.report.moves import Move, find_moves
from evaluation.report.page import CAUSES, merged, metrics_table, render_page
from evaluation.report.similarity_map import draw_similarity_map, map_table
from evaluation.report.verdict import judge
from evaluation.runs.folder import RunInfo
from evaluation.summary import Summary, summarise
from indexer.index.folder import IndexFolder
from indexer.records import Status
from tests.fakes import FakeEncoder

SURE, DOUBT, NONE = Status.ANSWERED, Status.UNCERTAIN, Status.NO_ANSWER


def result(name: str, expected: str, hits: str, status: Status = DOUBT, confidence: float = 0.5) -> Result:
    """A result; expected: an answer, empty if none is; hits: answers, best first, blanks between."""
    ids = hits.split()
    rank = ids.index(expected) + 1 if expected in ids else None
    right = 1.0 if rank == 1 else 0.0
    return Result(
        query=Query(
            name, f"{name} ?", Scope.IN_SCOPE if expected else Scope.OFF_TOPIC, {expected: 1} if expected else {}
        ),
        facets={},
        status=status,
        confidence=confidence,
        hits=tuple(Returned(one, 1.0, confidence) for one in ids),
        metrics={"Success@1": right, "R@1": right, "Success@5": float(rank is not None), "nDCG@10": 1 / (rank or 99)}
        if expected
        else {},
        took_ms=1.0,
    )


def summary_of(results: list[Result]) -> Summary:
    """The summary of a run of these results."""
    info = RunInfo("petit", "0" * 64, len(results), Target("nowhere", "20260101-000000-000-00000000", "e", 9), 10)
    return summarise(read_columns(results), info, asked=1, asking_seconds=1.0)


RESULTS = [
    result("q1", "a", "a b", SURE, 0.9),
    result("q2", "a", "b a", SURE, 0.8),
    result("q3", "b", "a b"),
    result("q4", "b", "c a b"),
    result("q5", "c", "d a"),
    result("q6", "d", "a b", NONE, 0.1),
    result("q7", "", "a", DOUBT, 0.4),
    result("q8", "", "a", NONE, 0.1),
]


@pytest.fixture
def answers(small_index: Path) -> AnswerVectors:
    return AnswerVectors.load(small_index, IndexFolder(small_index).current_id())


def test_each_failed_question_has_one_cause() -> None:
    """Sure and wrong before all; pairs taken for one another twice, both ways counted; what an editor does follows."""
    failures = find_failures(RESULTS, None, most=10)
    assert {one.query.id: cause for cause, one in failures.kept} == {
        "q2": Cause.SURE,
        "q3": Cause.ALIKE,
        "q4": Cause.BEHIND,
        "q5": Cause.LOST,
        "q6": Cause.STRANGE,
        "q7": Cause.STRAY,
    }
    assert failures.total == 6
    assert failures.confusions[0] == Confusion("a", "b", 2, 1)
    assert [one.count for one in failures.confusions[1:]] == [1, 1, 1]
    assert set(failures.wanting) == {Wanting("c", 1, 1), Wanting("b", 1, 2)}
    assert failures.wanting[0].answer == "c"  # not found at all comes first
    assert dict(failures.magnets) == {"a": 2, "b": 1, "c": 1, "d": 1}


def test_only_the_worst_are_kept_and_all_are_counted() -> None:
    """A page of a hundred thousand failures would open nowhere; what it says of them is said of all."""
    few, every = (find_failures(RESULTS, None, most=most) for most in (2, 10))
    assert (few.total, len(few.kept)) == (6, 2)
    assert few.kept == every.kept[:2]
    assert (few.counts, few.confusions, few.wanting) == (every.counts, every.confusions, every.wanting)
    verdicts = [judge(summary_of(RESULTS), failures, None) for failures in (few, every)]
    assert verdicts[0].fails == verdicts[1].fails
    assert "1 off-topic question not refused" in verdicts[0].fails
    page = render_page(summary_of(RESULTS), few, None, [], None)
    assert "Listed are the 2 worst; 4 more are in results.csv" in page
    assert "Behind another <b class='count'>1</b>" in page
    # Where a sentence leads to is there, though nothing is listed.
    assert "href='#cause-sure'" in page
    assert 'id="cause-sure"' in page


def test_the_verdict_says_what_is_good_what_fails_and_what_to_do() -> None:
    """By the figures of the run, with names."""
    failures = find_failures(RESULTS, None, most=10)
    verdict = judge(summary_of(RESULTS), failures, None)
    assert (verdict.kind, verdict.title) == ("poor", "Not ready: the first answer is wrong more often than right")
    assert verdict.good.startswith("The right answer is first for <b>17 %</b> of 6 questions and among the first five")
    assert "<b>1 of 2</b> sure answers are wrong (50 %; accepted: 5 %)" in verdict.fails
    assert "<b>5</b> questions have a wrong first answer, 2 of them without the right one among ten" in verdict.fails
    assert verdict.advice.startswith(
        "<a href='#phrasings'>Write questions</a> for <span lang='fr'>«\u00a0c\u00a0»</span>"
    )
    assert (
        "tell apart</a> <span lang='fr'>«\u00a0a\u00a0»</span> and <span lang='fr'>«\u00a0b\u00a0»</span>"
        in verdict.advice
    )
    assert "«\u00a0q6 ?\u00a0»</span> belongs to this FAQ at all" in verdict.advice


def test_a_good_run_and_one_that_is_not_judged_have_verdicts_of_their_own() -> None:
    """Nothing is made up where nothing is known."""
    right = [result(f"q{at}", "a", "a b", SURE, 0.9) for at in range(9)] + [result("q9", "", "a", NONE, 0.1)]
    verdict = judge(summary_of(right), find_failures(right, None, most=9), None)
    assert (verdict.kind, verdict.fails, verdict.advice) == ("good", "Nothing.", "Nothing: ask harder questions.")
    unjudged = [Result(Query("q", "q ?", Scope.UNJUDGED), {}, SURE, 0.9, (), {}, 1.0)]
    verdict = judge(summary_of(unjudged), find_failures(unjudged, None, most=9), None)
    assert verdict.kind == "open"
    assert "100 % answered" in verdict.good


def test_metrics_that_say_the_same_have_one_line() -> None:
    """Rankings of equal figures only: shares of other things that happen to be equal are not the same."""
    one = Estimate(0.5, 0.4, 0.6, 9)
    metrics = {"Success@1": one, "nDCG@10": Estimate(0.6, 0.5, 0.7, 9), "R@1": one, "kept": one, "answered": one}
    assert [names for names, _ in merged(metrics)] == [["Success@1", "R@1"], ["nDCG@10"], ["kept"], ["answered"]]
    assert "Success@1 <small>= R@1</small>" in metrics_table(metrics)


def test_the_threshold_in_use_is_where_replies_begin_to_be_answered(answers: AnswerVectors) -> None:
    """Of the index where it is there; else the least confidence that was answered, and none where nothing was."""
    columns = read_columns(RESULTS)
    found = threshold_of(columns, SURE, None)
    assert found is not None
    assert (found.confidence, found.coverage, found.known) == (0.8, 2 / 8, False)
    known = threshold_of(columns, SURE, answers)
    assert known is not None
    assert known.confidence == answers.answered_from
    assert known.coverage == np.mean([one.confidence >= answers.answered_from for one in RESULTS])
    assert threshold_of(read_columns(RESULTS[2:]), SURE, None) is None
    drawn = draw_risk_coverage([("this run", [(0.5, 0.1, 0.8), (1.0, 0.3, 0.2)])], [("answered", found)], 0.05)
    assert "answered from 0.80: 25 %" in drawn
    assert "accepted: 5 %" in drawn


def test_every_answer_and_question_of_the_map_says_its_name(answers: AnswerVectors) -> None:
    """And each question has a row that shows it on the map; hostile texts are text."""
    failed = [
        (Cause.LOST, result("<script>", "sans-question", "types-de-bal")),
        (Cause.STRAY, result("q2", "", "types-de-bal")),
    ]
    places = make_map(answers, [one for _, one in failed], encoder=FakeEncoder())
    drawn = draw_similarity_map(places, failed, answers)
    root = ElementTree.fromstring(drawn)
    titles = [title.text or "" for title in root.iter("title")]
    assert len(titles) == len(answers.answers) + len(failed)
    assert "1. <script> ?\nexpected: L’export des données" in "".join(titles)
    names = {cause: title for cause, (title, _) in CAUSES.items()}
    table = map_table(failed, answers, names)
    for number in (1, 2):
        assert f"href='#spot-{number}'" in table
        assert root.find(f".//*[@id='spot-{number}']") is not None
    assert "<script>" not in drawn + table


def test_a_chart_of_its_own_is_a_whole_file() -> None:
    """Well-formed, with its colours for light, dark and paper inside."""
    chart = Chart(300, 200, (0, 1), (0, 1), x_label="a < b")
    chart.ticks([(0, "0"), (1, "1")], [0, 0.5, 1])
    chart.line([(0, 0), (1, 1)], "one")
    chart.dot((0.5, 0.5), "two", "<half>", low=0.4, high=0.6)
    root = ElementTree.fromstring(chart.render("A & B", alone=True))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("aria-label") == "A & B"
    assert "prefers-color-scheme: dark" in STYLE
    circle = root.find(".//{*}circle")
    assert circle is not None
    assert (float(circle.get("cx", 0)), float(circle.get("cy", 0))) == pytest.approx((162, 87))


def test_a_page_without_figures_or_failures_is_a_page() -> None:
    """It says less, and nothing that is not so."""
    right = [result("q1", "a", "a b", SURE, 0.9)]
    page = render_page(summary_of(right), find_failures(right, None, most=9), None, [], None)
    assert "was not found, so there is no map" in page
    assert "What to do" not in page


def test_what_became_of_each_question() -> None:
    """By what weighs most; what fares alike is not told."""
    after = [
        result("q1", "a", "b a", SURE, 0.9),  # a wrong answer is sure now: worse than that the right one is lost
        result("q2", "a", "b a", DOUBT, 0.5),
        result("q3", "b", "b a"),
        result("q4", "b", "c a b", NONE, 0.1),
        result("q5", "c", "d a"),
        result("q6", "d", "a b", DOUBT, 0.3),
        result("q7", "", "a", NONE, 0.1),
        result("q8", "", "a", SURE, 0.9),
    ]
    assert {one.a.query.id: one.move for one in find_moves(RESULTS, after)} == {
        "q1": Move.SAID,
        "q2": Move.UNSAID,
        "q3": Move.FOUND,
        "q4": Move.REFUSED,
        "q6": Move.SHOWN,
        "q7": Move.HELD,
        "q8": Move.LET_IN,
    }
    assert find_moves(RESULTS, RESULTS) == ()
