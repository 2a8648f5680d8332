import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.french.text import fold, normalise, unshouted, visible_words_of, words_of

ANY_TEXT = st.text(st.characters(), max_size=60)  # lone surrogates and controls included


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("l’identité", "l'identité"),
        ("l\u02bcidentite\u0301", "l'identité"),
        ("  valable ?\n\tOui\r\n ", "valable ? Oui"),
        ("10\u202f000\u00a0€\u3000HT", "10 000 € HT"),
        ("cer\u00adti\u200bficat\ufeff", "certificat"),
        ("e\u200d\u0301", "é"),
        ("avant\x00après\x07", "avantaprès"),
        ("\ud83d seul", "\ufffd seul"),
        ("pro\u2011santé", "pro-santé"),
        ("\u200b \x00", ""),
        ("", ""),
        ("👩‍⚕️ ça va", "👩⚕️ ça va"),
    ],
)
def test_what_people_paste_gets_one_form(typed: str, expected: str) -> None:
    """Apostrophes, spaces, composed accents and invisible characters are made alike."""
    assert normalise(typed) == expected


@given(ANY_TEXT)
def test_normalising_is_settled_after_once(text: str) -> None:
    """The normal form is its own normal form, in NFC, on one line, and can be encoded."""
    once = normalise(text)
    assert normalise(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert once == " ".join(once.split())
    once.encode("utf-8")


@given(ANY_TEXT)
def test_composed_and_decomposed_accents_are_the_same_question(text: str) -> None:
    """How a keyboard writes an accent does not matter."""
    assert normalise(unicodedata.normalize("NFD", text)) == normalise(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Œuvre", "oeuvre"),
        ("ÉTÉ", "ete"),
        ("naïve", "naive"),
        ("Ça", "ca"),
        ("ﬁn", "fin"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("ex æquo", "ex aequo"),
        ("RPPS", "rpps"),
    ],
)
def test_folding_forgets_case_accents_and_ligatures(word: str, expected: str) -> None:
    """Two spellings of a word that differ only in these fold to the same."""
    assert fold(word) == expected


@given(ANY_TEXT)
def test_folding_twice_changes_nothing_for_words(text: str) -> None:
    """Folding is settled after once, so a folded vocabulary can be folded again."""
    assert fold(fold(text)) == fold(text)


def test_folding_leaves_no_mark() -> None:
    """Of no character of Unicode, on a letter or by itself, beside one that is not French or not."""
    marks = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.combining(c)]
    assert len(marks) > 800
    assert [c for c in marks if any(map(unicodedata.combining, fold(f"é{c}")))] == []
    assert [c for c in marks if any(map(unicodedata.combining, fold(f"я{c}")))] == []
    assert fold("Œuvre déjà « l’ÉTÉ »") == "oeuvre deja « l’ete »"
    assert fold("e\u034f") == "e\u034f"


def test_folding_adds_no_space() -> None:
    """No character becomes a space and a mark, as the compatibility forms of many do."""
    characters = (chr(code) for code in range(sys.maxunicode + 1))
    unspaced = (c for c in characters if not c.isspace() and any(map(str.isspace, unicodedata.normalize("NFKD", c))))
    assert [c for c in unspaced if any(map(str.isspace, fold(f"a{c}b")))] == []
    assert fold("cer\ufe70tificat") == "certificat"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("COMBIEN DE TEMPS UN CERTIFICAT EST-IL VALABLE ?", "combien de temps un certificat est-il valable ?"),
        ("CERTIFICAT", "certificat"),
        ("DURÉE : 36 MOIS", "durée : 36 mois"),
        *((same, same) for same in ("DMP", "FINESS ?", "SUN-ES", "SESAM-VITALE", "F.I.N.E.S.S.", "R. P. P. S.")),
        *((same, same) for same in ("L. 1111-8", "F413", "10 000 €", "À", "Le DMP", "LE CERTIFICAt", "", "905 ?")),
    ],
)
def test_capitals_throughout_say_nothing(typed: str, expected: str) -> None:
    """A question typed in capitals is put in small letters; acronyms and codes alone are not."""
    assert unshouted(typed) == expected


def test_what_takes_no_place_parts_no_word() -> None:
    """A soft hyphen or a control character inside a word, as they come with what is pasted."""
    pasted = "Ann\u00aduaire_santé\x00s, l’œuvre\u200bs !"
    assert visible_words_of(pasted) == "annuaire santes l oeuvres"
    assert words_of("l'annuaire  SANTÉ") == visible_words_of("l'annuaire  SANTÉ") == "l annuaire sante"
