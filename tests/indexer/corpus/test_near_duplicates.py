"""Answers that say nearly the same."""

import itertools
import random

from indexer.corpus.near_duplicates import ALIKE, NearDuplicates, overlap_of

VOCABULARY = [f"mot{number}" for number in range(500)]


def overlap(first: str, second: str) -> float:
    """Return the Jaccard overlap of the pairs of neighbouring words, from its definition."""
    sets = [set(itertools.pairwise(words)) for words in (first.split(), second.split())]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def test_those_found_are_those_of_all_pairs() -> None:
    """Among texts and changed copies of them, what is found is what comparing each with each finds."""
    draw = random.Random(7)
    texts: list[str] = []
    for _ in range(150):
        words = draw.choices(VOCABULARY, k=draw.randint(15, 120))
        texts.append(" ".join(words))
        for _ in range(draw.randint(1, 6)):
            words[draw.randrange(len(words))] = draw.choice(VOCABULARY)
        texts.append(" ".join(words))
    found = NearDuplicates()
    for text in texts:
        found.add(text)
    by_second = {one.second: one for one in found.found()}
    best = {}
    for second in range(len(texts)):
        some = [(overlap(texts[first], texts[second]), -first) for first in range(second)]
        if some and max(some)[0] >= ALIKE:
            best[second] = -max(some)[1]
    assert {second: one.first for second, one in by_second.items()} == best
    assert 50 < len(best) < 150
    for one in by_second.values():
        assert abs(one.overlap - overlap(texts[one.first], texts[one.second])) < 1e-12


def test_overlap_of_long_texts_is_estimated() -> None:
    """Of texts longer than the sketch, the overlap is near the exact one."""
    draw = random.Random(11)
    words = draw.choices(VOCABULARY, k=3_000)
    changed = [word if draw.random() > 0.05 else "autre" for word in words]
    exact = overlap(" ".join(words), " ".join(changed))
    assert abs(overlap_of(" ".join(words), " ".join(changed)) - exact) < 0.08


def test_a_thousand_copies_are_told_once_each() -> None:
    """Each copy is told with one text before it, and comparing them is not quadratic."""
    found = NearDuplicates()
    for _ in range(1_000):
        found.add("Le même texte, encore.")
    assert [one.second for one in found.found()] == list(range(1, 1_000))
    assert all(one.overlap == 1 for one in found.found())


def test_texts_without_words_are_no_danger() -> None:
    """Signs alone, one word, nothing: alike exactly where equal in words."""
    assert overlap_of("", "…") == 1
    assert overlap_of("mot", "Mot !") == 1
    assert overlap_of("mot", "") == 0
    assert NearDuplicates().found() == []
