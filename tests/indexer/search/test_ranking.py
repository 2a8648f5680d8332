"""One score from a few features."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from indexer.answers.passage_table import AnswerRows
from indexer.search.evidence import Evidence, Nearness
from indexer.search.features import FEATURES, feature_matrix
from indexer.search.ranking import SHIPPED_WEIGHTS, TAUGHT_FROM, RankingWeights, fit_weights, softmax

NO_ROWS = AnswerRows(np.arange(0), np.zeros(1, dtype=np.int64), np.arange(0), np.arange(0), is_every=False)
NOTHING = Nearness(NO_ROWS, np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.float32))


def make_evidence(body: list[float], *, question: list[float] | None = None, **changes: object) -> Evidence:
    count = len(body)
    values: dict[str, object] = {
        "answers": np.arange(count),
        "body": np.array(body, dtype=np.float32),
        "stretch": np.array(body, dtype=np.float32),
        "sentence": np.array(body, dtype=np.float32),
        "opening": np.array(body, dtype=np.float32),
        "question": np.array(question or [np.nan] * count, dtype=np.float32),
        "all_questions": np.array(question or [np.nan] * count, dtype=np.float32),
        "lexical": np.zeros(count, dtype=np.float32),
        "coverage": np.zeros(count, dtype=np.float32),
        "codes": np.zeros(count, dtype=np.float32),
        "off_topic": -1.0,
        "known_share": 1.0,
        "passages": NOTHING,
        "spans": NOTHING,
    }
    return Evidence(**(values | changes))  # type: ignore[arg-type]  # a test's shorthand


def test_score_is_the_weighted_sum_of_the_features() -> None:
    """Recomputed by hand from the shipped weights."""
    evidence = make_evidence([0.85, 0.95], question=[0.95, 0.75], coverage=np.array([0.5, 0], dtype=np.float32))
    weights = TAUGHT_FROM
    of_questions = weights.by_feature["question"] + weights.by_feature["all_questions"]
    of_body = (
        weights.by_feature["body"]
        + weights.by_feature["stretch"]
        + weights.by_feature["sentence"]
        + weights.by_feature["opening"]
    )
    by_hand = [
        of_body * 0.5 + of_questions * 1.0 + weights.by_feature["coverage"] * 0.5,
        of_body * 1.0 + of_questions * 0.0,
    ]
    assert_allclose(weights.score(feature_matrix(evidence)), by_hand, rtol=1e-5)


def test_words_count_less_in_another_language() -> None:
    """Lexical features shrink with the share of the question's words that the corpus knows; codes do not."""
    words = np.array([4.0, 2.0], dtype=np.float32)
    ones = np.ones(2, dtype=np.float32)
    columns = {name: at for at, name in enumerate(FEATURES)}
    full, foreign = (
        feature_matrix(make_evidence([0.8, 0.8], lexical=words, coverage=ones, codes=ones, known_share=share))
        for share in (1.0, 0.2)
    )
    assert_allclose(full[:, columns["lexical"]], [1.0, 0.5])
    assert_allclose(foreign[:, columns["lexical"]], [0.2, 0.1])
    assert_allclose(foreign[:, columns["coverage"]], [0.2, 0.2])
    assert_allclose(foreign[:, columns["codes"]], [1, 1])


def test_answer_without_questions_is_neither_favoured_nor_lost() -> None:
    """Its curated question is stood in for by its body; no candidates give no rows."""
    features = feature_matrix(make_evidence([0.85, 0.85], question=[0.88, np.nan]))
    assert_allclose(features[0], features[1], atol=1e-5)
    assert feature_matrix(make_evidence([])).shape == (0, len(FEATURES))


def test_fit_learns_which_feature_tells() -> None:
    """Where only the curated question points to the right answer, its weight grows and the right answer comes first."""
    generator = np.random.default_rng(3)
    examples = []
    for _ in range(60):
        body, question = generator.uniform(0.8, 0.9, 6), generator.uniform(0.8, 0.9, 6)
        right = int(np.argmax(question))
        features = feature_matrix(make_evidence(body.tolist(), question=question.tolist()))
        examples.append((features, np.arange(6) == right))
    fitted = fit_weights(examples, prior=TAUGHT_FROM)
    assert fitted.fitted
    assert fitted.examples == 60
    assert fitted.by_feature["question"] > TAUGHT_FROM.by_feature["question"]
    assert fitted.by_feature["all_questions"] > TAUGHT_FROM.by_feature["all_questions"]
    assert fitted.by_feature["body"] < TAUGHT_FROM.by_feature["body"]

    def right_first(weights: RankingWeights) -> int:
        return sum(int(right[np.argmax(weights.score(features))]) for features, right in examples)

    assert right_first(fitted) >= right_first(TAUGHT_FROM) > 30


def test_fit_is_at_the_maximum_of_its_objective() -> None:
    """No small change of any weight makes prior and examples together more probable."""
    generator = np.random.default_rng(4)
    examples = [
        feature_matrix(
            make_evidence(generator.uniform(0.8, 0.9, 5).tolist(), question=generator.uniform(0.8, 0.9, 5).tolist())
        )
        for _ in range(40)
    ]
    right = np.arange(5) == 2
    prior = TAUGHT_FROM

    def objective(weights: np.ndarray) -> float:
        start = np.array([prior.by_feature[name] for name in FEATURES])
        likelihood = sum(float(np.log(softmax(features @ weights)[2])) for features in examples)
        return likelihood - float((60.0 * (weights - start) ** 2 / np.maximum(1, start) ** 2).sum() / 2)

    fitted = fit_weights([(features, right) for features in examples], prior=prior)
    best = np.array([fitted.by_feature[name] for name in FEATURES])
    for at in range(len(FEATURES)):
        for step in (-0.01, 0.01):
            moved = best.copy()
            moved[at] = max(0.0, moved[at] + step)
            assert objective(moved) <= objective(best) + 1e-9


def test_softmax_is_a_distribution() -> None:
    """Large scores do not overflow, and none give none."""
    assert softmax(np.array([1000.0, 1000.0])).tolist() == [0.5, 0.5]
    assert softmax(np.zeros(0)).tolist() == []
    assert softmax(np.array([0.0, np.log(3)])) == pytest.approx([0.25, 0.75])


def test_a_question_asked_word_for_word_comes_first() -> None:
    """Even where the body of another answer is as near; one that is only near gets nothing for it."""
    bodies = [0.90, 0.95]
    asked, near = (make_evidence(bodies, question=[cosine, 0.93]) for cosine in (0.9995, 0.998))
    column = list(FEATURES).index("same_question")
    assert feature_matrix(asked)[:, column].tolist() == [1, 0]
    assert feature_matrix(near)[:, column].tolist() == [0, 0]
    assert np.argmax(SHIPPED_WEIGHTS.score(feature_matrix(asked))) == 0
    assert np.argmax(SHIPPED_WEIGHTS.score(feature_matrix(near))) == 1
