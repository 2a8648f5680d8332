import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.lexical.spelling import Speller

WORDS = st.text(st.sampled_from("abcdeflmnorst"), min_size=1, max_size=13)


def edits(first: str, second: str) -> int:
    """Optimal string alignment distance, by its recurrence (Boytsov, 2011), the slow and plain way."""
    table = [[i + j if i * j == 0 else 0 for j in range(len(second) + 1)] for i in range(len(first) + 1)]
    for i in range(1, len(first) + 1):
        for j in range(1, len(second) + 1):
            differ = first[i - 1] != second[j - 1]
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + differ)
            if i > 1 and j > 1 and first[i - 1] == second[j - 2] and first[i - 2] == second[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


def nearest(word: str, vocabulary: list[str]) -> list[tuple[str, int]]:
    return [(correction.word, correction.distance) for correction in Speller.build(vocabulary).nearest(word)]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("certifcat", "certificat"),
        ("certificatt", "certificat"),
        ("cretificat", "certificat"),
        ("vertificat", "certificat"),
        ("certfiact", "certificat"),
        ("formulare", "formulaire"),
        ("valde", "valide"),
    ],
)
def test_a_slip_of_the_finger_is_understood(typed: str, meant: str) -> None:
    """A letter left out, added, replaced or swapped, the first one too; two of them in a long word."""
    assert nearest(typed, ["certificat", "formulaire", "valide", "validation"])[0][0] == meant


@pytest.mark.parametrize("typed", ["bale", "ctificat", "cerxxxicat", "xxxxxxxxxxxxxxxxxxxxxxxxxx", "", "vali"])
def test_what_is_too_far_or_too_short_is_left_alone(typed: str) -> None:
    """Four letters are never corrected, up to eight once, and no word more than twice."""
    assert nearest(typed, ["bal", "balle", "certificat", "valid"]) == []


def test_the_nearest_come_first_and_are_three_at_most() -> None:
    """Only the least distance counts; the same first letter is likelier than another."""
    vocabulary = ["fiche", "miche", "niche", "riche", "fichu", "fichier"]
    assert nearest("fiche", vocabulary) == [("fiche", 0)]
    assert nearest("fichi", vocabulary) == [("fiche", 1), ("fichu", 1)]
    assert nearest("siche", vocabulary) == [("fiche", 1), ("miche", 1), ("niche", 1)]


@given(WORDS, st.lists(WORDS, max_size=30))
def test_no_word_within_the_distance_is_missed(word: str, vocabulary: list[str]) -> None:
    """Ruling words out by their letters finds what comparing with every word finds."""
    most = 0 if len(word) < 5 else 1 if len(word) <= 8 else 2
    distances = {other: edits(word, other) for other in vocabulary}
    least = min(distances.values(), default=99)
    expected = {other for other, distance in distances.items() if distance == least <= most} if most else set()
    found = nearest(word, vocabulary)
    assert len(found) == min(3, len(expected))
    assert {other for other, _ in found} <= expected
    assert all(distance == least for _, distance in found)


def test_a_speller_is_the_same_after_saving(tmp_path: Path) -> None:
    """What was loaded corrects as what was saved, and the bytes depend on the words alone."""
    words = ["".join(random.Random(seed).choices("abcdeo", k=7)) for seed in range(200)]
    for folder, vocabulary in ((tmp_path / "a", words), (tmp_path / "b", words[::-1])):
        folder.mkdir()
        Speller.build(vocabulary).save(folder)
    assert all((tmp_path / "b" / file.name).read_bytes() == file.read_bytes() for file in (tmp_path / "a").iterdir())
    typed = [word[:3] + "x" + word[4:] for word in words]
    loaded = Speller.load(tmp_path / "a")
    assert [loaded.nearest(word) for word in typed] == [Speller.build(words).nearest(word) for word in typed]
    assert any(loaded.nearest(word) for word in typed)


@pytest.mark.parametrize("typed", ["renouvle", "renouvler", "renouvlez", "renouvlees", "renouvelez", "renouvele"])
def test_endings_that_sound_alike_are_one(typed: str) -> None:
    """« renouvlé », as it is heard, with one slip beside: the verb is found whatever its ending."""
    speller = Speller.build(["renouveler", "renover", "nouvelle"])
    assert [one.word for one in speller.nearest(typed) or speller.nearest_by_ear(typed)] == ["renouveler"]


@pytest.mark.parametrize("typed", ["renoul", "rever", "mange", "e", ""])
def test_another_ending_does_not_excuse_two_slips(typed: str) -> None:
    """One edit beside the ending, no more; a short word has none."""
    assert Speller.build(["renouveler", "manifester", "er"]).nearest_by_ear(typed) == ()


def test_a_word_cut_short_is_completed() -> None:
    """Shortest first, every word that begins so; the word itself is none."""
    speller = Speller.build(["certif", "certificat", "certification", "certain", "specificat"])
    assert speller.completions("certif") == ["certificat", "certification"]


@pytest.mark.parametrize("typed", ["cert", "mandat", "porte", "", "certifx"])
def test_a_whole_word_is_not_completed(typed: str) -> None:
    """« mandat » is not « mandataire »; four letters begin too many words."""
    speller = Speller.build(["certificat", "mandataire", "portefeuille"])
    assert speller.completions(typed) == []
