"""How far the texts of some answers have each word."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.search.word_places import AnswerTexts, weigh_words


@dataclass(frozen=True, slots=True)
class _Word:
    variants: tuple[tuple[str, float], ...]
    groups: tuple[int, ...] = ()


@pytest.mark.parametrize("seed", range(20))
def test_as_looking_into_each_text_by_itself(seed: int) -> None:
    """With answers of any number of texts, some without questions, and synonyms where no variant is found."""
    chance = np.random.default_rng(seed)
    bounds = np.concatenate(([0], np.cumsum(chance.integers(1, 5, 12)))).tolist()
    answers = chance.permutation(12)[:5].tolist()
    rows = [(bounds[at], int(chance.integers(bounds[at] + 1, bounds[at + 1] + 1)), bounds[at + 1]) for at in answers]
    lists = {term: np.flatnonzero(chance.random(bounds[-1]) < 0.3).astype(np.int32) for term in "abcdef"}
    words = [_Word((("a", 0.5), ("b", 1.0)), (0,)), _Word((("c", 0.6),), (0, 1)), _Word(()), _Word((("f", 0.9),))]
    synonyms = {0: ("d", "e"), 1: ("f",)}
    texts = AnswerTexts.of(rows)

    weights = weigh_words(words, texts, rows_of=lists.__getitem__, terms_of_group=synonyms.__getitem__)

    for at, (first, _, end) in enumerate(rows):
        for number, word in enumerate(words):
            said = {
                row: max((weight for term, weight in word.variants if row in lists[term]), default=0.0)
                for row in range(first, end)
            }
            if max(said.values()) < 0.8:
                others = [term for group in word.groups for term in synonyms[group]]
                said = {row: max(has, 0.8 * any(row in lists[term] for term in others)) for row, has in said.items()}
            assert [weights[number, texts.column(at, row)] for row in said] == list(said.values())
    for at, (first, first_question, end) in enumerate(rows):
        for group, span in enumerate((range(first, first_question), range(first_question, end))):
            best = [max((weights[word, texts.column(at, row)] for row in span), default=0.0) for word in range(4)]
            assert texts.greatest(weights)[:, at, group].tolist() == best


@pytest.mark.parametrize("rows", [[], [(0, 1, 3)]])
def test_nothing_asked_and_nothing_found(rows: list[tuple[int, int, int]]) -> None:
    """A question of stop words alone has no word; an index without answers has no text."""
    texts = AnswerTexts.of(rows)
    nothing: dict[str, NDArray[np.int32]] = {}
    for words in ([], [_Word((), (0,))]):
        weights = weigh_words(words, texts, rows_of=nothing.__getitem__, terms_of_group={0: ()}.__getitem__)
        assert weights.shape == (len(words), texts.width)
        assert texts.greatest(weights).shape == (len(words), len(rows), 2)
