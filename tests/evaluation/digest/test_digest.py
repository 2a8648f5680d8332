"""A digest says what happened in the weeks that are over, and what visitors typed stays text."""

from datetime import date, timedelta

from evaluation.digest.digest import Week, day_of, make_digest
from evaluation.digest.page import render_html, render_markdown
from indexer.corpus.phrasings.memory import AcceptedQuestion, DecidedQuestions, key_of
from server.feedback.asked import AskedOnDay, VotesOnDay
from server.learning.records import NearAnswer, Origin, Proposal

TODAY = date(2026, 11, 26)  # a Thursday
MONDAY = date(2026, 11, 16)
ANSWERS = {name: NearAnswer(name, f"Titre {name} ?") for name in ("un", "deux", "trois")}


def number(day: date) -> int:
    """Return the days since 1970."""
    return (day - date(1970, 1, 1)).days


def asked(question: str, day: date, *, times: int = 1, answered: int = 0, no_answer: int = 0) -> AskedOnDay:
    """Return a question put on a day, for the answer « un »."""
    return AskedOnDay(question.lower(), question, number(day), times, answered, no_answer, "un")


def theme(question: str) -> Proposal:
    """Return a group of unanswered questions."""
    return Proposal(Origin.UNANSWERED, question, None, 1, 2, 0.1, 1.0, (key_of(question),))


ASKED = (
    asked("Ancienne", MONDAY - timedelta(days=20), times=4, no_answer=4),
    asked("Acceptée", MONDAY - timedelta(days=3), times=4, answered=1),
    asked("Acceptée", MONDAY + timedelta(days=2), times=2, answered=2),
    asked("<b>*Neuve*</b>", MONDAY + timedelta(days=6), times=3, no_answer=3),
    asked("Ancienne", MONDAY + timedelta(days=1), no_answer=1),
    asked("Trop tard", MONDAY + timedelta(days=7), times=100),
)
DIGEST = make_digest(
    today=TODAY,
    weeks=1,
    asked=ASKED,
    votes=[
        VotesOnDay("deux", number(MONDAY), 1, 3),
        VotesOnDay("un", number(MONDAY), 3, 0),
        VotesOnDay("gone", number(MONDAY), 0, 9),
    ],
    themes=[theme("Ancienne"), theme("<b>*Neuve*</b>")],
    answers=ANSWERS,
    decided=DecidedQuestions((AcceptedQuestion(key_of("Acceptée"), "un", "", str(MONDAY - timedelta(days=1))),)),
)


def test_the_last_whole_week_is_told() -> None:
    """From Monday to Sunday; what came before or after is not counted."""
    assert (DIGEST.begin, DIGEST.last_day) == (MONDAY, MONDAY + timedelta(days=6))
    assert (DIGEST.asked, DIGEST.answered, DIGEST.no_answer) == (6, 2, 4)
    assert DIGEST.most_asked == (("<b>*Neuve*</b>", 3), ("Acceptée", 2), ("Ancienne", 1))
    assert DIGEST.weeks[-1] == Week(MONDAY, 2, 0, 4)
    assert DIGEST.weeks[-2] == Week(MONDAY - timedelta(weeks=1), 1, 3, 0)
    assert day_of(number(TODAY)) == TODAY


def test_a_theme_is_new_where_nobody_asked_it_before() -> None:
    """One of three weeks ago is not."""
    assert [one.question for one in DIGEST.new_themes] == ["<b>*Neuve*</b>"]


def test_answers_that_serve_badly_are_told() -> None:
    """Judged useless, the worst first, those that are gone left out; never the first, where enough was asked."""
    assert [(one.answer.id, one.useful, one.useless) for one in DIGEST.useless] == [("deux", 1, 3)]
    assert [one.id for one in DIGEST.unused or ()] == ["deux", "trois"]
    little = make_digest(
        today=TODAY, weeks=1, asked=ASKED[:2], votes=[], themes=[], answers=ANSWERS, decided=DecidedQuestions()
    )
    assert little.unused is None


def test_what_accepting_changed() -> None:
    """How often a question got a sure answer before it was accepted, and since."""
    learnt = DIGEST.learnt
    assert (learnt.sure_before, learnt.asked_before, learnt.sure_after, learnt.asked_after) == (1, 4, 2, 2)
    assert "une réponse sûre 25 % du temps avant d'être acceptées, et 100 % depuis" in render_markdown(DIGEST)


def test_what_visitors_typed_stays_text() -> None:
    """In Markdown and in HTML."""
    assert "- \\<b\\>\\*Neuve\\*\\</b\\> : 3 fois" in render_markdown(DIGEST)
    page = render_html(DIGEST, [("data:image/svg+xml;base64,AA", "Une figure")])
    assert "&lt;b&gt;*Neuve*&lt;/b&gt;" in page
    assert "<b>" not in page
    assert "<h1>La FAQ du 16/11/2026 au 22/11/2026</h1>" in page
    assert "<script" not in page
    assert 'alt="Une figure"' in page


def test_a_quiet_week_is_said() -> None:
    """Nothing asked, nothing to list."""
    quiet = make_digest(today=TODAY, weeks=2, asked=[], votes=[], themes=[], answers={}, decided=DecidedQuestions())
    assert "Aucune question n'a été posée" in render_markdown(quiet)
