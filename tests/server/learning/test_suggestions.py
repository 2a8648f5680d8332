"""Questions for answers that have few: from the log, else from their own words."""

from pathlib import Path

from indexer.records import Acronym, Answer, Status
from server.answering.answering import Answering
from server.learning.records import Origin
from server.learning.suggestions import questions_in
from tests.server.learning.said import Visitors


def test_a_text_is_asked_for_what_it_says() -> None:
    """Definitions, duties, durations, headings and acronyms become questions; nothing else is invented."""
    text = (
        "## Renouveler un certificat\n\nLe DMP est le dossier médical partagé. L'éditeur doit déposer une preuve. "
        "Le certificat a une durée de trois ans. Il pleut."
    )
    assert [*questions_in(Answer("a", text), [Acronym("DMP", "dossier médical partagé"), Acronym("BAL", "boîte")])] == [
        "Comment renouveler un certificat ?",
        "Qu'est-ce que le DMP ?",
        "Que doit faire l'éditeur ?",
        "Combien de temps dure la validité du certificat ?",
        "Que veut dire DMP ?",
    ]


def test_a_negation_is_not_turned_round() -> None:
    """What must not be done is no answer to what must be done."""
    assert [*questions_in(Answer("a", "L'éditeur ne doit pas déposer. Le patient doit pas venir."))] == []


def test_the_log_comes_before_the_text(answering: Answering, tmp_path: Path) -> None:
    """A question that visitors put and nobody judged is suggested, to the answer that the index puts first."""
    visitors = Visitors(answering, tmp_path / "f.sqlite")
    with visitors.store() as store:
        store.record_question(
            "q1",
            "export des données sous un format standard",
            status=Status.ANSWERED,
            confidence=0.9,
            answer_id="sans-question",
            index_id="i",
        )
    of_answer = {one.answer.id: one for one in visitors.proposals().suggestions if one.answer}
    assert of_answer["sans-question"].origin is Origin.ASKED
    assert of_answer["sans-question"].question == "export des données sous un format standard"
    assert of_answer["validite-certificat"].origin is Origin.WORDED
    assert of_answer["validite-certificat"].question == "Combien de temps dure la validité d'un certificat ?"
