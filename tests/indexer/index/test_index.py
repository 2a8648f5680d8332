"""The one door to an index, beside searching: answers, counts, and vectors in the order of the answers."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from indexer.dense import comparison
from indexer.index.index import Index
from tests.corpora import ANSWERS
from tests.fakes import FakeEncoder
from tests.stores import Stored

SORTED = sorted(ANSWERS, key=lambda answer: answer.id)


@pytest.fixture(scope="module", params=["whole", "large"])
def index(request: pytest.FixtureRequest, small_index: Path, stored: Stored) -> Iterator[Index]:
    """The small index, opened as it is and as if it were large, wherever it is kept."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "large":
            patch.setattr(comparison, "WHOLE_UP_TO", 0)
        yield Index.open(stored(small_index))


def test_answers_are_a_sequence_by_rising_id(index: Index) -> None:
    """All of them, one of them, some of them, some of those; an answer beyond the last is an error."""
    assert list(index.answers) == SORTED
    assert index.answers[1] == SORTED[1]
    assert list(index.answers[::2]) == SORTED[::2]
    assert list(index.answers[1:][::2]) == SORTED[1:][::2]
    assert len(index.answers[1:]) == len(SORTED) - 1
    with pytest.raises(IndexError):
        index.answers[len(SORTED)]


@pytest.mark.parametrize("filters", [{}, {"couloir": ["Hôpital"]}, {"couloir": []}, {"couloir": ["Officine"]}])
def test_filters_leave_answers_that_apply(index: Index, filters: dict[str, list[str]]) -> None:
    """An answer without a value for a facet applies to every value of it; what is left is what is counted."""
    left = [
        answer
        for answer in SORTED
        if all(
            not values or not answer.facets.get(key) or {*values} & {*answer.facets[key]}
            for key, values in filters.items()
        )
    ]
    assert list(index.answers_left(filters)) == left
    for facet in index.facets:
        for value in facet.values:
            expected = sum(value in (answer.facets.get(facet.key) or (value,)) for answer in left)
            assert index.count_facets(filters).get(facet.key, {}).get(value, 0) == expected


def test_an_unknown_filter_is_named(index: Index) -> None:
    """None where all are known; what is known is said where one is not."""
    assert index.unknown_filter({"couloir": ["Hôpital"]}) is None
    assert "Officine" in str(index.unknown_filter({"couloir": ["Lune"]}))
    assert "couloir" in str(index.unknown_filter({"lune": ["Hôpital"]}))


def test_vectors_are_those_of_the_encoder(index: Index) -> None:
    """Sums and means by answer, and the curated questions with their answers, are what the encoder gives again."""
    assert list(index.answers_with_questions()) == [answer for answer in SORTED if answer.questions]
    encoder = FakeEncoder()
    questions = index.question_vectors(most=100)
    asked = [(row, text) for row, answer in enumerate(SORTED) for text in answer.questions]
    assert questions.answers.tolist() == [row for row, _ in asked]
    assert np.allclose(questions.vectors, encoder.encode_questions([text for _, text in asked]), atol=1e-6)
    sums = index.vector_sums(most=100)
    assert list(sums.answers) == SORTED
    assert sums.question_counts.tolist() == [len(answer.questions) for answer in SORTED]
    for row, answer in enumerate(SORTED):
        texts = answer.questions
        expected = encoder.encode_questions(texts).sum(axis=0) if texts else np.zeros(encoder.dimension)
        assert np.allclose(sums.questions[row], expected, atol=1e-6)
    whole = sums.bodies + sums.questions
    assert np.allclose(index.answer_vectors(), whole / np.linalg.norm(whole, axis=1, keepdims=True), atol=1e-6)


def test_of_many_answers_some_are_taken_evenly(index: Index) -> None:
    """At most as many as asked for, and the first among them."""
    sums = index.vector_sums(most=2)
    assert list(sums.answers) == SORTED[:: -(-len(SORTED) // 2)]
    assert len(sums.bodies) == len(sums.answers) <= 2
