"""What a question asks for, and what its words say in other words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.french.intent import (
    KINDS,
    TYPES,
    is_foreign,
    negations,
    shipped_concepts,
    split_questions,
    types_of,
    types_told,
    without_courtesies,
)
from indexer.french.words import stems_of


@pytest.mark.parametrize(
    ("question", "types"),
    [
        ("Combien coûte un certificat ?", {"price"}),
        ("prix du label", {"price"}),
        ("Combien de temps est-il valable ?", {"duration"}),
        ("Quel délai pour répondre ?", {"duration"}),
        ("Combien de pièces faut-il ?", {"count"}),
        ("Depuis quand est-ce obligatoire ?", {"when"}),
        ("Où trouver le formulaire ?", {"where"}),
        ("Qui doit signer ?", {"who"}),
        ("Comment faire ?", {"how"}),
        ("Pourquoi ce refus ?", {"why"}),
        ("Quel numéro de téléphone pour le support ?", {"contact"}),
        ("validité d'un certificat", set()),
        ("une carte ou un certificat", set()),
    ],
)
def test_types_of_questions(question: str, types: set[str]) -> None:
    """A price, a delay, a place: what is asked for plainly, and none where only a subject is named."""
    assert types_of(question) == types
    assert types <= {*TYPES}


@pytest.mark.parametrize(
    ("text", "type_name"),
    [
        ("Il coûte 30 €.", "price"),
        ("Sous 3 mois.", "duration"),
        ("Le 4 mars 2025.", "when"),
        ("Sur https://exemple.fr.", "where"),
        ("Appelez le 01 23 45 67 89.", "contact"),
    ],
)
def test_signs_in_a_text(text: str, type_name: str) -> None:
    """An amount, a delay, a date, an address."""
    assert type_name in types_told(text)
    assert types_told("Oui, c'est possible.") == frozenset()


@pytest.mark.parametrize(
    ("question", "foreign"),
    [
        ("How do I renew my certificate?", True),
        ("Wie kann ich mein Zertifikat erneuern?", True),
        ("Comment renouveler mon certificat ?", False),
        ("certificat", False),
        ("Peut-on utiliser the label ?", False),
    ],
)
def test_foreign_questions(question: str, foreign: bool) -> None:
    """Told by the small words."""
    assert is_foreign(question) is foreign


def test_courtesies_are_not_what_is_asked() -> None:
    """A greeting before, thanks and a signature after."""
    mail = (
        "Bonjour,\nmon certificat est expiré, que faire ?\nMerci d'avance,\nCordialement, Jean Petit\nÉditions du Lac"
    )
    assert without_courtesies(mail).strip() == "mon certificat est expiré, que faire ?"
    assert without_courtesies("Bonjour") == "Bonjour"
    assert without_courtesies("Merci de me dire où signer") == "Merci de me dire où signer"


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    """Whatever is typed."""
    assert types_of(text) <= {*TYPES}
    assert isinstance(is_foreign(text), bool)
    assert negations(text) >= 0
    assert without_courtesies(text) in text


def test_words_of_a_line_stand_for_each_other() -> None:
    """And those of two lines of a kind do not."""
    concepts = shipped_concepts()
    assert set(concepts.kinds) == {*KINDS}
    delete, erase, create = (set(concepts.of(stems_of(word))) for word in ("supprimer", "effacement", "créer"))
    assert delete & erase
    assert not delete & create
    assert concepts.of(stems_of("zygomatique")) == ()


@pytest.mark.parametrize(
    ("message", "questions"),
    [
        ("Comment renouveler un certificat ?", ()),
        (
            "Bonjour, comment renouveler un certificat logiciel ? Quel code renvoyer en cas d'erreur INS ? Merci",
            ("comment renouveler un certificat logiciel ?", "Quel code renvoyer en cas d'erreur INS ?"),
        ),
        ("Mon certificat a expiré ? Que faire ?", ()),
        ("Mon certificat a expiré ? Combien ça coûte ?", ()),
        ("certificat expiré", ()),
    ],
)
def test_questions_of_one_message(message: str, questions: tuple[str, ...]) -> None:
    """Those that ask by themselves; one that names nothing belongs to the one before."""
    assert split_questions(message) == questions
