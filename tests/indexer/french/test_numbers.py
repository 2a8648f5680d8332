import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.french.numbers import find_mentions, respell, spell_dates
from indexer.french.text import normalise


def terms(text: str) -> list[str]:
    return [mention.term for mention in find_mentions(respell(normalise(text)))]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        *((f"plafond de 10{space}000 €", "plafond de 10000 €") for space in " .\u00a0\u202f\u2009\u2007"),
        ("1 234 567 euros et 10.000,50 €", "1234567 euros et 10000,50 €"),
        ("20000€, 20%, 3mois, 24h, 25Mo", "20000 €, 20 %, 3 mois, 24 h, 25 Mo"),
        ("905 906 €, 905 000", "905906 €, 905000"),
        ("L. 1111-8, L1111-8, L.1111-8, L 1111-8", "L.1111-8, L.1111-8, L.1111-8, L.1111-8"),
        ("art. l 1111-8 et R. 4127-4", "art. l.1111-8 et R.4127-4"),
        ("le F.I.N.E.S.S. et le R. P. P. S.", "le FINESS et le RPPS"),
        ("l'I.N.S., le D.M.P", "l'INS, le DMP"),
        ("le d.m.p. du patient", "le dmp du patient"),
    ],
)
def test_one_spelling(written: str, expected: str) -> None:
    """Spaces and points in numbers, units, law articles and acronyms make no difference."""
    assert respell(normalise(written)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "les codes 905 906 et 413",
        "le 0 800 123 456 ou le 01 23 45 67 89",
        "192.168.1.1, 1.2.250.1.213.1, version 5.3.0",
        "M. A. Dupont, Mme B. Roche. A. Martin",
        "import x.y.z",
        "0.125, 3,14 et 2025 100",
        "3D, 4G, V2, F413, HL7, 8h30",
        "p. ex. esante.gouv.fr",
    ],
)
def test_what_is_several_things_stays_apart(text: str) -> None:
    """Codes side by side, telephone numbers, addresses, initials of people, versions."""
    assert respell(text) == text


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["10 000 €", "10.000 euros", "10000€", "10000 EUR", "10 k€", "dix mille euros"], "#10000 €"),
        (["2,5 millions d'euros", "2 500 000 €", "2.5 M€"], "#2500000 €"),
        (["20 %", "20%", "20,0 %", "20 pour cent", "vingt pour cent"], "#20 %"),
        (["36 mois", "3 ans", "3ans", "trois ans", "trois (3) ans", "trente-six mois", "3 années"], "#36 mois"),
        (["3 mois", "3mois", "03 mois", "trois mois", "1 trimestre"], "#3 mois"),
        (["1 an", "un an", "une année", "12 mois"], "#12 mois"),
        (["48 h", "48 heures", "2 jours", "deux jours", "2j"], "#2880 min"),
        (["25 Mo", "25Mo", "25 MB", "25 mo"], "#25 mo"),
        (["annexe IV", "annexe 4", "Annexe n° 4", "l'annexe n°4", "annexe iv", "annexe numéro 4"], "#annexe 4"),
        (["titre III", "titre 3"], "#titre 3"),
        (["article premier", "article 1er", "article I", "article 1"], "#article 1"),
        (["mars 2025", "03/2025", "3/2025", "Mars 2025"], "#2025-03"),
        (["le 1er mars", "le 1 mars", "premier mars"], "#--03-01"),
        (["la 2e fois", "la 2ème fois", "la deuxième fois", "la deuxieme fois"], "#2e"),
        (["le 1er", "la 1re", "la 1ère", "le premier", "premières"], "#1e"),
    ],
)
def test_one_meaning_is_one_term(texts: list[str], expected: str) -> None:
    """However a number and what it counts are written."""
    assert {text: terms(text)[0] for text in texts} == dict.fromkeys(texts, expected)


@pytest.mark.parametrize(
    "written",
    ["1er mars 2025", "premier mars 2025", "1 mars 2025", "1/3/2025", "01/03/25", "01.03.2025", "2025-03-01"],
)
def test_a_day_is_also_of_its_month_and_of_any_year(written: str) -> None:
    """So that « mars 2025 » and « le 1er mars » find it too."""
    (mention,) = find_mentions(respell(f"depuis le {written}"))
    assert (mention.term, mention.implied) == ("#2025-03-01", ("#--03-01", "#2025-03", "=2025"))


def test_dates_are_spelt_out() -> None:
    """As most texts have them; what is no date stays."""
    assert spell_dates("du 01/03/25 au 2025-12-31") == "du 1er mars 2025 au 31 décembre 2025"
    assert spell_dates("en 03/2025, 24/7, 45/13/2025") == "en mars 2025, 24/7, 45/13/2025"


def test_both_ends_of_a_range_have_its_unit_and_a_list_its_noun() -> None:
    """« de 3 à 5 ans » speaks of 3 years; « annexes 3, 4 et IX » of annexe 4."""
    assert terms("de 3 à 5 ans") == terms("3-5 ans") == terms("trois ou cinq ans") == ["#36 mois", "#60 mois"]
    assert terms("annexes 3, 4 et IX") == ["#annexe 3", "#annexe 4", "#annexe 9"]
    assert terms("la deuxième vague") == ["#2e", "#vague 2"]


def test_a_number_written_in_groups_may_be_one() -> None:
    """A SIREN is looked for whole, codes side by side each alone."""
    assert terms("SIREN 123 456 789") == ["=123456789"]


@pytest.mark.parametrize(
    "text",
    [
        "DI, MI, le VI, X et C",
        "annexe C, titre DI, partie L",
        "un jour peut-être, une minute",
        "en 2025 ANS",
        "31/02, 24/7, 45/13/2025, 0 mars, 32 janvier",
        "les annexes et leurs niveaux",
        "le code 905, F413, HL7, V2",
        "",
    ],
)
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    """Roman numbers only after a word that takes one; letters of lists, codes and impossible dates are none."""
    assert terms(text) == []


def test_a_mention_knows_its_place_in_a_long_text() -> None:
    """However far from the beginning and from the next one."""
    text = (
        "Le mot est ici. " * 30 + "La convention dure 36 mois. " + "Le mot est là. " * 30 + "Voir l'annexe IV du texte."
    )
    months, annexe = find_mentions(text)
    assert months.counted is not None
    assert [text[slice(*place)].strip() for place in (months.number, months.counted)] == ["36", "mois"]
    assert text[slice(*annexe.number)] == "IV"


@given(st.text(st.sampled_from("0123456789 .,-/()€%LRDivxIVX1erànoms°"), max_size=60) | st.text(max_size=60))
def test_respelling_is_settled_after_once(text: str) -> None:
    """Texts that are respelt again are the same; places of mentions lie within the text."""
    once = respell(normalise(text))
    assert respell(once) == once
    for mention in find_mentions(once):
        start, end = mention.place
        assert 0 <= start < end <= len(once)
        assert mention.term.startswith(("#", "="))
        assert "\t" not in mention.term


@pytest.mark.parametrize(
    "part", ["1 ", "1.", "123 ", "1/", "A.", "a. ", "trois ", "L. ", "annexes 1, ", "i", "1 mille "]
)
def test_the_time_grows_with_the_text(part: str) -> None:
    """Ten times the text takes about ten times as long, whatever is repeated."""

    def seconds(times: int) -> float:
        text = part * times
        started = time.perf_counter()
        list(find_mentions(respell(text)))
        return time.perf_counter() - started

    least = min(seconds(2_000) for _ in range(3))
    assert min(seconds(20_000) for _ in range(3)) < 40 * least + 0.02
