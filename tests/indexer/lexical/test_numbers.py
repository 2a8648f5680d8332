import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from indexer.lexical import CODES, COVERAGE, SCORE, LexicalIndex

CASES = [
    (
        ["Le plafond est de 10 000 €.", "Le plafond est de 1 000 €.", "Le plafond est de 100 000 €."],
        ["plafond 10000 €", "plafond 10.000 €", "plafond 10 000 euros", "plafond de 10\u202f000€", "plafond 10 k€"],
    ),
    (
        ["Plafond de 20000 €.", "Plafond de 2000 €.", "Plafond de 20 €."],
        ["plafond 20 000 €", "plafond de vingt mille euros"],
    ),
    (
        ["Voir l'article L. 1111-8.", "Voir l'article L. 1111-9.", "Voir l'article R. 1111-8.", "Voir l'article 1111."],
        ["article L1111-8", "article L.1111-8", "article L 1111-8", "article l.1111-8"],
    ),
    (
        [
            "Le détail est en annexe IV.",
            "Le détail est en annexe IX.",
            "Le détail est en annexe VI.",
            "Annexe : 4 détails.",
        ],
        ["annexe 4", "annexe iv", "l'annexe n° 4", "ANNEXE IV DU TEXTE"],
    ),
    (
        [
            "Depuis le 1er mars 2025.",
            "Depuis le 1er mai 2025.",
            "Depuis le 1er mars 2024.",
            "Depuis le 3 janvier 2025.",
        ],
        ["premier mars 2025", "1/3/2025", "01/03/25", "2025-03-01", "depuis le 01.03.2025 ?"],
    ),
    (
        [
            "La convention dure 36 mois.",
            "La convention dure 3 mois.",
            "La convention dure 5 ans.",
            "La convention, 3 pages.",
        ],
        ["convention de 3 ans", "convention de trois ans", "convention 36mois", "convention 3ans"],
    ),
    (
        ["Il reste 3 mois.", "Il reste 3 jours.", "Il reste 13 mois.", "Il reste 3 pages."],
        ["reste 3mois", "reste trois mois"],
    ),
    (["Le numéro FINESS.", "Le numéro RPPS.", "Le numéro DMP."], ["le F.I.N.E.S.S.", "F.I.N.E.S.S"]),
    (
        ["Le numéro RPPS.", "Le numéro FINESS.", "Le numéro DMP."],
        ["le R. P. P. S.", "le R.P.P.S. ?", "QUEL R. P. P. S. ?"],
    ),
    (["Le taux est de 20 %.", "Le taux est de 2 %.", "Le taux est de 20 €."], ["taux 20%", "taux de 20 pour cent"]),
    (["Dans la phase 2.", "Dans la phase 3.", "Dans la section 2."], ["phase II", "deuxième phase", "2e phase"]),
]


def first(question: str, answers: Sequence[str]) -> int:
    """The best row; the last of equals, so that the right one must be better than the others."""
    scores = LexicalIndex.build(answers).search(question).values[SCORE]
    return int(len(scores) - 1 - np.argmax(scores[::-1]))


@pytest.mark.parametrize(
    ("answers", "question"), [(answers, question) for answers, questions in CASES for question in questions]
)
def test_of_answers_that_differ_in_a_number_the_right_one_comes_first(answers: list[str], question: str) -> None:
    """However the number is written in the question, and in the answer: the right one is the first of *answers*."""
    assert first(question, answers) == 0


@pytest.mark.parametrize(
    ("answers", "question"), [(answers, question) for answers, questions in CASES for question in questions]
)
def test_a_number_asked_as_the_answers_write_it_finds_the_other_way(answers: list[str], question: str) -> None:
    """Index and question may change places."""
    assert first(answers[0], [question, *answers[1:]]) == 0


def test_the_unit_counts_with_the_number() -> None:
    """« 3 ans » is all there in « 36 mois »; of « 3 mois » only the number is, which is little and no code found."""
    match = LexicalIndex.build(["36 mois", "3 mois", "3 ans", "5 ans"]).search("3 ans")
    assert match.values[COVERAGE].tolist() == pytest.approx([1, 0.2, 1, 0.5], abs=0.12)
    assert match.values[CODES].tolist() == [1, 0, 1, 0]


def test_a_quantity_that_no_text_has_is_not_found_by_its_number() -> None:
    """« 5 ans » is not the answer's « 5 mois », whose number weighs little."""
    match = LexicalIndex.build(["5 mois", "3 ans", "rien"]).search("5 ans")
    assert not match.values[CODES].any()
    assert match.values[SCORE][1] > match.values[SCORE][0] > 0


def test_words_beside_a_number_are_found_as_before() -> None:
    """« combien de mois » finds « 36 mois », « mars » finds « 1er mars », the number alone finds it too."""
    for question in ("combien de mois", "mois", "36", "mars", "2025"):
        assert first(question, ["36 mois, en mars 2025", "36e page" if question == "mois" else "rien"]) == 0


def test_an_index_of_an_earlier_version_is_asked_in_its_own_words(tmp_path: Path) -> None:
    """Where texts were not read with their numbers, questions are not either, and nothing is lost."""
    index = LexicalIndex.build(["un texte"])
    index.save(tmp_path)
    about = json.loads((tmp_path / "lexical.json").read_text(encoding="utf-8"))
    assert about.pop("mentions") is True
    (tmp_path / "lexical.json").write_text(json.dumps(about), encoding="utf-8")
    # What an earlier version indexed of « 10 000 € pour 3 ans »: =10, =000, =3 and an.
    (tmp_path / "terms.txt").write_text("=000\n=10\n=3\nan\n", encoding="utf-8")
    np.save(tmp_path / "starts.npy", np.arange(5))
    np.save(tmp_path / "rows.npy", np.zeros(4, dtype=np.int32))
    np.save(tmp_path / "impacts.npy", np.ones(4, dtype=np.float32))
    match = LexicalIndex.load(tmp_path).search("10 000 € pour 3 ans")
    assert match.values[COVERAGE].tolist() == pytest.approx([1])
    assert match.values[CODES].tolist() == pytest.approx([1])
