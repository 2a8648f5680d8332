"""What is pruned beside what is not: the best rows of a question, and what the rows have of it."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from indexer.lexical import match
from indexer.lexical.index import LexicalIndex
from indexer.lexical.match import LexicalMatch
from indexer.records import Acronym

ACRONYMS = [Acronym("BAL", "boîte aux lettres")]
WORDS = ["certificat", "formulaire", "logiciel", "patient", "identité", "annexe", "document", "IHE_XDM", "905", "BAL"]
WORDS += ["tiers", "carte", "agence"]
PHRASES = ["boîte aux lettres", "3 ans", "trois années", "le la", "certificats identifiés", "format XDM"]
ASKED = [*WORDS, *PHRASES, "certifcat", "formulare", "identite", "docu", "xyzzyx", "XDM", "référence"]


@pytest.fixture(params=[0, 32, 10**9], ids=["looked up soon", "as it pays", "all added"], autouse=True)
def _looked_up(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match, "_LOOKED_UP", request.param)


def corpus(seed: int, *, rows: int) -> LexicalIndex:
    """An index of texts whose words are rare and frequent, many of them alike."""
    generator = random.Random(seed)
    vocabulary = [*WORDS, *PHRASES]
    generator.shuffle(vocabulary)
    weights = [1 / (1 + place) ** generator.choice((0.5, 2)) for place in range(len(vocabulary))]
    texts = [" ".join(generator.choices(vocabulary, weights, k=generator.randint(0, 9))) for _ in range(rows)]
    return LexicalIndex.build(texts, acronyms=ACRONYMS)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("limit", [1, 3, 50])
def test_the_best_rows_are_those_of_the_sum_over_all(seed: int, limit: int) -> None:
    """Rows, ties, scores, coverage and codes, to the last bit, of every question and whatever rows are asked for."""
    index = corpus(seed, rows=60 * (1 + seed % 4) ** 2)
    generator = random.Random(seed)
    for _ in range(30):
        question = " ".join(generator.choices(ASKED, k=generator.randint(0, 7)))
        every, pruned = index.search(question), index.look_up(question)
        assert pruned.best_rows(limit).tolist() == every.best_rows(limit).tolist()
        some = np.array(sorted(generator.sample(range(len(index)), k=17)), dtype=np.int64)
        assert_array_equal(pruned.of(some), every.of(some), strict=True)
        assert_array_equal(pruned.values, every.values, strict=True)
        assert pruned.known_share == every.known_share


def test_a_row_with_one_frequent_word_alone_is_found_where_it_is_the_best() -> None:
    """The word that comes last can make a row the best, where it is there often and the text is short."""
    texts = ["agence " + "patient carte document annexe tiers " * 30] * 3 + ["carte"] * 400 + ["logiciel"] * 900
    index = LexicalIndex.build(texts)
    for question in ("carte agence", "agence carte", "carte", "carte logiciel patient agence"):
        assert index.look_up(question).best_rows(5).tolist() == index.search(question).best_rows(5).tolist()


@pytest.mark.parametrize("texts", [[], [""], ["un certificat"], ["le"]])
def test_tiny_indexes_are_looked_into(texts: list[str]) -> None:
    """None, one, or empty texts, and a question without a known word."""
    index = LexicalIndex.build(texts)
    for question in ("certificat", "", "xyzzyx"):
        assert index.look_up(question).best_rows(5).tolist() == index.search(question).best_rows(5).tolist()


@given(st.lists(st.integers(0, 5), max_size=40), st.integers(1, 50))
def test_the_best_rows_are_those_of_a_full_sort(scores: list[int], limit: int) -> None:
    """By falling score, then rising row; a row without a word is never among them."""
    every = LexicalMatch(np.array([scores, scores, scores], dtype=np.float32), known_share=1.0)
    by_hand = sorted((row for row, score in enumerate(scores) if score), key=lambda row: (-scores[row], row))
    assert every.best_rows(limit).tolist() == by_hand[:limit]
