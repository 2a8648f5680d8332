"""Proposals in a terminal: 80 columns, nothing that commands it, and decisions one by one."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.corpus import open_corpus
from server.learning.decisions import Standing, why_not
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
    decisions = review([ONE, ONE, ONE, THEME, ONE], ask=lambda _: next(typed), say=said.append, why_not=lambda *_: None)
    assert [(one.verdict, one.question, one.answer_id) for one in decisions] == [
        (Verdict.ACCEPT, "Reformulée ?", "validite-certificat"),
        (Verdict.REFUSE, ONE.question, "validite-certificat"),
        (Verdict.ACCEPT, "Un badge ?", "sans-question"),
    ]


@pytest.mark.parametrize("leave", [EOFError, KeyboardInterrupt])
def test_what_was_decided_is_kept_however_the_editor_leaves(leave: type[BaseException]) -> None:
    """Ctrl-C at a prompt loses nothing, as Ctrl-D does not."""
    typed = iter(["o", "n"])

    def ask(_: str) -> str:
        for line in typed:
            return line
        raise leave

    decisions = review([ONE, ONE, ONE], ask=ask, say=lambda _: None, why_not=lambda *_: None)
    assert [one.verdict for one in decisions] == [Verdict.ACCEPT, Verdict.REFUSE]


def test_what_cannot_be_carried_out_is_asked_again(tmp_path: Path) -> None:
    """A mistyped answer and something personal are told at the prompt, before the next proposal."""
    (tmp_path / "validite-certificat.md").write_text("Le texte.\n", encoding="utf-8")
    standing = Standing(open_corpus(tmp_path))
    typed = iter(["o", "validite-certifcat", "m", "Mon badge, au 06 12 34 56 78 ?", "o", "validite-certificat"])
    typed = itertools.chain(typed, ["h", "m", "Un badge perdu ?", "o", "validite-certificat"])
    said: list[str] = []
    decisions = review(
        [THEME],
        ask=lambda _: next(typed),
        say=said.append,
        why_not=lambda one, before: why_not(one, before, standing),
    )
    assert [(one.question, one.answer_id) for one in decisions] == [("Un badge perdu ?", "validite-certificat")]
    assert [line.split(" ")[2:6] for line in said if line.startswith("Impossible")] == [
        ["il", "n'y", "a", "pas"],
        ["une", "donnée", "personnelle", "est"],
        ["une", "donnée", "personnelle", "est"],
    ]


def test_a_contradiction_is_told_at_the_prompt(tmp_path: Path) -> None:
    """What is off topic cannot have an answer too, nor what is refused be accepted."""
    (tmp_path / "validite-certificat.md").write_text("Le texte.\n", encoding="utf-8")
    standing = Standing(open_corpus(tmp_path))
    typed = iter(["h", "o", "validite-certificat", "n"])
    said: list[str] = []
    decisions = review(
        [THEME, THEME],
        ask=lambda _: next(typed),
        say=said.append,
        why_not=lambda one, before: why_not(one, before, standing),
    )
    assert [one.verdict for one in decisions] == [Verdict.OFF_TOPIC, Verdict.REFUSE]
    assert "hors sujet ailleurs" in next(line for line in said if line.startswith("Impossible"))
