"""What visitors asked and said, and what is proposed to editors of it."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.corpus.phrasings.memory import AcceptedQuestion, DecidedQuestions, RefusedQuestion, key_of
from server.answering.answering import Answering
from server.learning.phrasings import MOST_OF_ONE_DAY, value_of
from server.learning.records import Doubt, Origin
from server.learning.vectors import KeptVectors
from tests.fakes import FakeEncoder
from tests.server.learning.said import Visitors

NEW = "le certificat, il tient combien d'années"
OTHER_NEW = "durée de vie de mon certif svp"


@pytest.fixture
def visitors(answering: Answering, tmp_path: Path) -> Visitors:
    """Visitors of the small index, who have not said anything yet."""
    return Visitors(answering, tmp_path / "feedback.sqlite")


def test_a_question_judged_useful_is_proposed_to_its_answer(visitors: Visitors) -> None:
    """With how often and on how many days it was asked; one that the answer has is not."""
    visitors.say(NEW, "validite-certificat", day=1)
    visitors.say(NEW.upper(), "validite-certificat", day=3)
    visitors.say("Combien de temps un certificat est-il valable ?", "validite-certificat")
    (one,) = visitors.proposals().phrasings
    assert (one.question, one.origin, one.days, one.times) == (NEW.upper(), Origin.JUDGED, 2, 2)
    assert one.answer is not None
    assert one.answer.id == "validite-certificat"
    assert one.keys == (key_of(NEW),)
    assert visitors.proposals().doubtful == ()


def test_a_day_counts_once(visitors: Visitors) -> None:
    """A visitor who votes a hundred times on one day is worth less than two who come on two days."""
    for _ in range(100):
        visitors.say(NEW, "validite-certificat", day=5)
    visitors.say(OTHER_NEW, "validite-certificat", day=1)
    visitors.say(OTHER_NEW, "validite-certificat", day=2)
    days = {one.question: one.days for one in visitors.proposals().phrasings}
    assert days == {NEW: 1, OTHER_NEW: 2}


def test_one_day_does_not_fill_an_answer(visitors: Visitors) -> None:
    """Of many different questions for one answer on one day, few are proposed."""
    for number, word in enumerate(("alpha", "bravo", "kilo", "zoulou", "tango", "yankee", "whisky")):
        visitors.say(f"{word * 3} certificat {number}", "validite-certificat", day=9)
    found = visitors.proposals()
    assert len(found.phrasings) <= MOST_OF_ONE_DAY


def test_contradictory_votes_are_told_and_not_proposed(visitors: Visitors) -> None:
    """As many days against as for, or two answers as useful as each other, prove nothing."""
    visitors.say(NEW, "validite-certificat", day=1)
    visitors.say(NEW, "validite-certificat", useful=False, day=2)
    visitors.say(OTHER_NEW, "validite-certificat", day=1)
    visitors.say(OTHER_NEW, "sans-question", day=1)
    found = visitors.proposals()
    assert found.phrasings == ()
    assert {one.doubt for one in found.doubtful} == {Doubt.CONTRADICTORY}


def test_personal_data_is_never_proposed(visitors: Visitors) -> None:
    """What was redacted when it was kept has to be reworded by a person."""
    visitors.say(f"{NEW} pour Mme Durand", "validite-certificat")
    found = visitors.proposals()
    assert found.phrasings == ()
    assert [one.doubt for one in found.doubtful] == [Doubt.PERSONAL]
    assert "Durand" not in repr(found)


def test_a_question_of_another_answer_is_not_proposed(visitors: Visitors) -> None:
    """One that is nearer to what another answer is asked was judged by mistake, or with bad intent."""
    visitors.say("Quel code d'erreur faut-il renvoyer ?", "validite-certificat")
    found = visitors.proposals()
    assert found.phrasings == ()
    assert [one.doubt for one in found.doubtful] == [Doubt.ELSEWHERE]


def test_what_was_refused_is_not_proposed_again(visitors: Visitors) -> None:
    """Nor what means the same, nor for any index; another question is."""
    for question in (NEW, NEW + " ?!", OTHER_NEW):
        visitors.say(question, "validite-certificat")
    refused = RefusedQuestion(key_of(NEW), "validite-certificat", "2026-11-29")
    found = visitors.proposals(DecidedQuestions(refused=(refused,)))
    assert [one.question for one in found.phrasings] == [OTHER_NEW]


def test_what_was_accepted_is_not_proposed_again(visitors: Visitors) -> None:
    """Even before the index has it."""
    visitors.say(NEW, "validite-certificat")
    accepted = AcceptedQuestion(key_of("reformulée"), "validite-certificat", "", "2026-11-29", (key_of(NEW),))
    assert visitors.proposals(DecidedQuestions(accepted=(accepted,))).phrasings == ()


def test_unanswered_questions_are_grouped(visitors: Visitors) -> None:
    """By meaning, with a real question as title and the nearest answers; the most asked first."""
    for day, question in enumerate(("où garer ma voiture", "où garer ma voiture svp", "recette gâteau chocolat")):
        visitors.say(question, day=day)
    themes = visitors.proposals().themes
    assert [one.question for one in themes] == ["où garer ma voiture", "recette gâteau chocolat"]
    assert (themes[0].days, themes[0].answer, themes[0].others) == (2, None, ("où garer ma voiture svp",))
    assert len(themes[0].nearest) == 3
    refused = DecidedQuestions(refused=(RefusedQuestion(key_of("recette gâteau chocolat"), "", "2026-11-29"),))
    assert [one.question for one in visitors.proposals(refused).themes] == ["où garer ma voiture"]


def test_a_question_is_proposed_once(visitors: Visitors) -> None:
    """What stands without an answer is not suggested to a poor one as well."""
    question = "export des données sous un format standard"
    visitors.say(question)
    proposals = visitors.proposals()
    assert [one.question for one in proposals.all].count(question) == 1


def test_the_vectors_are_kept_beside_the_feedback(visitors: Visitors) -> None:
    """A question is encoded once; one that is gone from the feedback goes from there too."""
    visitors.say(NEW, "validite-certificat")
    first = visitors.proposals(keep=True)
    encoder = FakeEncoder()
    file = KeptVectors.file_beside(visitors.path, encoder)
    assert file.stat().st_mode & 0o777 == 0o600
    kept = KeptVectors(encoder, file)
    kept.of([NEW])
    assert encoder.encoded == []
    assert visitors.proposals(keep=True) == first
    kept = KeptVectors(encoder, file)
    kept.save()
    KeptVectors(encoder, file).of([NEW])
    assert encoder.encoded == [NEW]


def test_erasing_a_query_erases_the_vectors(visitors: Visitors) -> None:
    """A vector tells what the question was about."""
    visitors.say(NEW, "validite-certificat")
    visitors.proposals(keep=True)
    file = KeptVectors.file_beside(visitors.path, FakeEncoder())
    assert file.exists()
    with visitors.store() as store:
        assert store.erase(f"{1:032x}") == 2
    assert not file.exists()


@pytest.mark.parametrize(("days", "confidence", "change"), [(4, 0.5, 0.5), (2, 0.0, 0.5), (1, 0.0, 1.0)])
def test_value(days: int, confidence: float, change: float) -> None:
    """Often times unsure times what it would change."""
    assert value_of(days=days, confidence=confidence, change=change) == 1.0


SAID = st.lists(
    st.tuples(
        st.sampled_from([NEW, OTHER_NEW, "code 905 ?", "export de données", "mes boîtes aux lettres", "voiture"]),
        st.sampled_from(["validite-certificat", "code-erreur-905", "types-de-bal", "sans-question"]),
        st.booleans(),
        st.integers(0, 5),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(said=SAID)
def test_the_same_feedback_gives_the_same_proposals(
    answering: Answering, said: list[tuple[str, str, bool, int]]
) -> None:
    """Proposing twice proposes the same, with the vectors of the first time or without, in whatever order it was said
    on one day."""
    with tempfile.TemporaryDirectory() as folder:
        visitors = Visitors(answering, Path(folder, "one.sqlite"))
        visitors.say_all(said)
        first = visitors.proposals(keep=True)
        assert visitors.proposals(keep=True) == first
        assert visitors.proposals() == first
