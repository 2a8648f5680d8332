"""Proposals in a terminal: 80 columns, nothing that commands it, and decisions one by one."""

from collections.abc import Iterator

from server.learning.records import Doubt, DoubtfulQuestion, NearAnswer, Origin, Proposal, Proposals, Verdict
from server.learning.terminal import render_proposals, review

ANSWER = NearAnswer("validite-certificat", "Combien de temps un certificat est-il valable ?")
ONE = Proposal(Origin.JUDGED, "il tient \x1b[31m combien " * 8, ANSWER, 2, 3, 0.4, 1.0, ("k",), ("autre",))
THEME = Proposal(Origin.UNANSWERED, "Un badge ?", None, 1, 1, 0.05, 0.9, ("t",), nearest=(ANSWER,))


def test_it_fits_80_columns() -> None:
    """Whatever the length of what was typed; control characters are gone."""
    doubtful = (DoubtfulQuestion("x " * 200, ANSWER, Doubt.ELSEWHERE),)
    text = render_proposals(Proposals((ONE,) * 12, (THEME,), (), doubtful, 50, 20))
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert "… et 2 de plus" in text
    assert "Jugée utile, sur 2 jours, 3 fois ; confiance 40 %." in text


def test_nothing_to_decide_is_said() -> None:
    """And how much was looked at."""
    assert render_proposals(Proposals((), (), (), (), 7, 7)).splitlines()[0] == "Rien à décider pour l'instant."


def test_proposals_are_decided_one_by_one() -> None:
    """Accepted as they are or reworded, refused, given to an answer, put off; leaving keeps what was decided."""
    typed: Iterator[str] = iter(["m", "Reformulée ?", "o", "p", "?", "n", "o", "sans-question", "q"])
    said: list[str] = []
    decisions = review([ONE, ONE, ONE, THEME, ONE], ask=lambda _: next(typed), say=said.append)
    assert [(one.verdict, one.question, one.answer_id) for one in decisions] == [
        (Verdict.ACCEPT, "Reformulée ?", "validite-certificat"),
        (Verdict.REFUSE, ONE.question, "validite-certificat"),
        (Verdict.ACCEPT, "Un badge ?", "sans-question"),
    ]
