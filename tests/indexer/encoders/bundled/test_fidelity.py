"""How near the bundled engine is to float32 and to the wheel's own engine, on a public FAQ in French."""

import unicodedata
from collections.abc import Callable

import numpy as np
import pytest

from indexer.encoders.bundled.encoder import BundledEncoder
from indexer.encoders.sentence_transformers_encoder import SentenceTransformersEncoder
from indexer.records import Vectors
from tests.indexer.encoders.conftest import Texts

pytestmark = pytest.mark.slow


def cosines(one: Vectors, other: Vectors) -> Vectors:
    """Return the cosine of each row with the same row of the other."""
    products: Vectors = (one * other).sum(axis=1)
    return products


def test_vectors_and_first_answers_are_those_of_float32(
    bundled: BundledEncoder, float32: SentenceTransformersEncoder, cnil: Texts
) -> None:
    """Mean cosine at least 0.9995, minimum 0.999, and the same first answer for at least 97 % of the questions."""
    questions, answers = bundled.encode_questions(cnil.questions), bundled.encode_passages(cnil.answers)
    exact_questions, exact_answers = float32.encode_questions(cnil.questions), float32.encode_passages(cnil.answers)
    for near in (cosines(questions, exact_questions), cosines(answers, exact_answers)):
        assert near.mean() > 0.9998
        assert near.min() > 0.9995
    first, exact_first = (questions @ answers.T).argmax(axis=1), (exact_questions @ exact_answers.T).argmax(axis=1)
    assert np.mean(first == exact_first) >= 0.97


def test_vectors_are_those_of_the_wheels_engine(
    bundled: BundledEncoder, cnil: Texts, encode_with_c_engine: Callable[[str, list[str]], Vectors]
) -> None:
    """Mean cosine at least 0.999, on texts that engine may be given: in NFKC, stripped, at most 512 tokens."""
    questions, answers = (
        [unicodedata.normalize("NFKC", text).strip() for text in texts[::stride]]
        for texts, stride in ((cnil.questions, 10), (cnil.answers, 25))
    )
    answers = [text for text, count in zip(answers, bundled.count_tokens(answers), strict=True) if count <= 512]
    assert cosines(bundled.encode_questions(questions), encode_with_c_engine("query", questions)).mean() > 0.9995
    assert cosines(bundled.encode_passages(answers), encode_with_c_engine("passage", answers)).mean() > 0.9995


def test_a_batch_changes_no_vector(bundled: BundledEncoder, cnil: Texts) -> None:
    """Alone or with others: the cosine of the two vectors of an answer is 1 to 1e-4."""
    answers = cnil.answers[::20]
    alone = np.concatenate([bundled.encode_passages([answer]) for answer in answers])
    assert cosines(bundled.encode_passages(answers), alone).min() > 1 - 1e-4
