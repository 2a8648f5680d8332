"""Swapped questions."""

import random

import pytest

from indexer.french.intent import types_of
from training.styles import restyle
from training.verifier.swaps import KnownWords, Stock, swap, swap_what_is_asked

STOCK = Stock(words=["certificat", "bulletin", "syndicat"], names=["Mozart", "Renault"])
QUESTIONS = {
    "number": "Que veut dire le message 905 ?",
    "code": "Que contient le guide v2 ?",
    "acronym": "Que contient le DMP ?",
    "date": "Que contient le bulletin de mars ?",
    "name": "Que dit Napoléon ?",
    "who": "Que dit le médecin ?",
    "word": "Que dit le consulat ?",
}


@pytest.mark.parametrize("kind", QUESTIONS)
def test_each_kind_is_swapped(kind: str) -> None:
    """A word of each kind is replaced by one of the same kind, and nothing else is touched."""
    question = QUESTIONS[kind]
    found = dict(pair for seed in range(20) for pair in swap(question, random.Random(seed), STOCK, None))
    assert kind in found
    before, after = question.split(), found[kind].split()
    assert len(before) == len(after)
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1


def test_it_is_deterministic() -> None:
    """The same seed swaps the same words."""
    question = "Combien de temps le certificat 905 du médecin est-il valable en mars ?"
    first, again = (swap(question, random.Random(7), STOCK, None) for _ in range(2))
    assert first == again
    assert len(first) == 2
    assert {swap(question, random.Random(seed), STOCK, None)[0][1] for seed in range(5)} != {first[0][1]}


def test_only_known_words_are_swapped() -> None:
    """What the right answer does not know is not what makes it right."""
    known = KnownWords.of(["Le code 905 est renvoyé."])
    for seed in range(10):
        found = swap("Le code 905 du mois de mars ?", random.Random(seed), STOCK, known)
        assert found
        assert all("mars" in text for _, text in found)


def test_a_number_becomes_another() -> None:
    """It never is the same number."""
    texts = {text for seed in range(30) for _, text in swap("message 905", random.Random(seed), STOCK, None)}
    assert len(texts) > 5
    assert "message 905" not in texts


@pytest.mark.parametrize(
    "question",
    [
        *("Comment commander une carte ?", "Quelle est la durée du contrat ?", "Qu'est-ce que la carte ?"),
        *("carte perdue", "Pourquoi ma carte est-elle refusée ?"),
    ],
)
def test_another_thing_is_asked_for(question: str) -> None:
    """The matter stays, and what is asked of it is something that was not asked and that the answer does not tell."""
    for seed in range(10):
        other = swap_what_is_asked(question, random.Random(seed), frozenset({"duration"}))
        assert other
        assert other != question
        assert ("carte" in other) == ("carte" in question)
        assert "duration" not in types_of(other) - types_of(question)


def test_what_has_no_place_for_it_stays() -> None:
    """A sentence that asks in no known form gives no swap."""
    assert swap_what_is_asked("Est-ce que la carte marche ?", random.Random(0), frozenset()) is None


def test_styles_are_several_and_deterministic() -> None:
    """One question is written in several ways, the same by the same seed."""
    question = "Comment puis-je commander une carte professionnelle pour mon collègue ?"
    styles = [restyle(question, random.Random(seed)) for seed in range(40)]
    assert styles == [restyle(question, random.Random(seed)) for seed in range(40)]
    assert len(set(styles)) > 8
    assert "COMMENT PUIS-JE COMMANDER UNE CARTE PROFESSIONNELLE POUR MON COLLEGUE ?" in styles
    assert any("ordialement" in style for style in styles)
