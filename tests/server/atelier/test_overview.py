"""What editors see: groups of questions, the map, the state of the index."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from indexer.index.build import build_index
from indexer.records import Answer, Facet, PassageKind, Status, Vectors
from indexer.search.contents import IndexContents
from server.answering.answering import Answering
from server.answering.request_budget import GivenUpError, RequestBudget, charged_to
from server.atelier.beginning_vectors import BEGINNING_CHARACTERS, BeginningVectors
from server.atelier.overview import describe_atelier
from server.feedback.store import FeedbackStore
from server.learning.meaning import group_by_meaning, nearness_of
from tests.corpora import ANSWERS, MemoryCorpus
from tests.fakes import FakeEncoder


def test_questions_join_the_nearest_group() -> None:
    """A question joins the group whose first question is nearest, if it is near enough; order is kept."""
    angles = np.radians([0, 90, 10, 80, 45, 2])
    vectors = np.column_stack([np.cos(angles), np.sin(angles)])
    assert group_by_meaning(vectors, nearness=np.cos(np.radians(15))) == [[0, 2, 5], [1, 3], [4]]
    assert group_by_meaning(np.zeros((0, 2)), nearness=0.9) == []


def test_nearness_is_beyond_most_pairs_of_unrelated_questions(answering: Answering) -> None:
    """It is the 99th percentile of the cosines of curated questions that have different answers."""
    asked = [(answer.id, question) for answer in ANSWERS for question in answer.questions]
    vectors = FakeEncoder().encode_questions([question for _, question in asked])
    cosines = [
        float(vectors[a] @ vectors[b])
        for a in range(len(asked))
        for b in range(len(asked))
        if asked[a][0] != asked[b][0]
    ]
    assert nearness_of(answering.index) == pytest.approx(np.percentile(cosines, 99), abs=1e-6)


def test_the_map_is_the_widest_view_of_the_answers(answering: Answering, small_index: Path) -> None:
    """Places are the first two principal components, as a singular value decomposition gives them, within [0, 1]."""
    points = describe_atelier(answering, vectors=BeginningVectors(FakeEncoder().encode_questions), feedback=None).points
    assert [point.id for point in points] == sorted(answer.id for answer in ANSWERS)
    parts = IndexContents.load(small_index / answering.manifest.id)
    asked = parts.table.are(PassageKind.QUESTION)
    centred = np.array(parts.embeddings.every)
    for rows in (asked, ~asked):
        centred[rows] -= centred[rows].mean(axis=0)
    means = np.array([centred[parts.table.answers == row].mean(axis=0) for row in range(len(ANSWERS))])
    expected = means @ np.linalg.svd(means)[2][:2].T
    for axis, found in enumerate([[point.x for point in points], [point.y for point in points]]):
        low = min(expected[:, axis].min(), 0)
        scaled = (expected[:, axis] - low) / (expected[:, axis].max() - low)
        mirrored = -expected[:, axis]
        low = min(mirrored.min(), 0)
        other = (mirrored - low) / (mirrored.max() - low)
        assert np.allclose(found, scaled, atol=1e-3) or np.allclose(found, other, atol=1e-3)


def test_unanswered_questions_come_most_frequent_first(answering: Answering, tmp_path: Path) -> None:
    """Kept questions without a sure answer are grouped, counted, and placed on the map beside the nearest answer."""
    encoder = FakeEncoder()
    with FeedbackStore.open(tmp_path / "f.sqlite", keep_questions="redacted", retention_days=9) as store:
        questions = ["une recette de gâteau", "la pluie et le beau temps", "la pluie et le beau temps ?"]
        for number, question in enumerate([*questions, *questions[1:]]):
            store.record_question(
                f"q{number}",
                question,
                status=Status.NO_ANSWER,
                confidence=0.1,
                answer_id="types-de-bal",
                index_id="i",
            )
        found = describe_atelier(answering, vectors=BeginningVectors(encoder.encode_questions), feedback=store)
    assert found.keeps_questions
    assert [(group.times, group.nearest_id) for group in found.groups] == [(4, "types-de-bal"), (1, "types-de-bal")]
    assert found.groups[0].nearest_title == "Quels types de boîte aux lettres y a-t-il ?"
    assert [one.no_answer for one in found.groups[0].questions] == [4]
    assert all(0 <= place <= 1 for group in found.groups for place in (group.x, group.y))


def test_the_state_of_the_index_is_that_of_its_manifest(answering: Answering) -> None:
    """Age is counted from the time of building."""
    manifest = answering.manifest
    now = datetime.fromisoformat(manifest.built_at) + timedelta(days=3, hours=12)
    found = describe_atelier(
        answering, vectors=BeginningVectors(FakeEncoder().encode_questions), feedback=None, now=now
    )
    assert found.index.age_days == 3.5
    assert (found.index.id, found.index.answers) == (manifest.id, len(ANSWERS))
    assert [one.model_dump() for one in found.index.reliability] == [
        {"confidence": one.confidence, "right": one.right, "weight": one.weight}
        for one in manifest.calibration.reliability
    ]
    assert not found.keeps_questions
    assert found.groups == []
    assert found.themes == ["Certificats", "Interopérabilité", "Autres réponses"]


@pytest.mark.parametrize("entries", [ANSWERS[3:], ANSWERS[:1]])
def test_the_smallest_corpora_have_a_map(entries: tuple[Answer, ...], tmp_path: Path) -> None:
    """One answer, with questions or without: the atelier opens all the same."""
    corpus = MemoryCorpus(entries, facets=(Facet("thematique", "?", ("Certificats",)),))
    build_index(corpus, tmp_path / "index", encoder=FakeEncoder())
    answering = Answering.open(tmp_path / "index", encoder=FakeEncoder())
    found = describe_atelier(answering, vectors=BeginningVectors(FakeEncoder().encode_questions), feedback=None)
    assert len(found.points) == len(entries)


def test_a_question_is_encoded_once_and_by_its_beginning() -> None:
    """From one page to the next; those that are asked for no more are forgotten."""
    encoder = FakeEncoder()
    vectors = BeginningVectors(encoder.encode_questions)
    long = "combien de temps " * 100
    (first,) = vectors.of([long])
    assert encoder.encoded == [long[:BEGINNING_CHARACTERS]]
    again, other = vectors.of([long, "autre question"])
    assert again is not None
    assert other is not None
    assert (again == first).all()
    assert len(encoder.encoded) == 2
    vectors.of(["autre question"])
    vectors.of([long])
    assert len(encoder.encoded) == 3


def test_the_page_does_not_wait_for_every_question(answering: Answering, tmp_path: Path) -> None:
    """After its time, the questions that are left are shown by themselves; later pages have them all in groups."""
    encoder = FakeEncoder()
    now = [0.0]

    def encode(texts: Sequence[str]) -> Vectors:
        now[0] += 1.0
        return encoder.encode_questions(texts)

    vectors = BeginningVectors(encode, seconds=2.5, clock=lambda: now[0])
    with FeedbackStore.open(tmp_path / "f.sqlite", keep_questions="redacted", retention_days=9) as store:
        for number in range(100):
            asked = f"question {number} sans réponse " + "et encore des mots " * 100
            store.record_question(
                f"q{number}", asked, status=Status.NO_ANSWER, confidence=0.1, answer_id="types-de-bal", index_id="i"
            )
        pages = [describe_atelier(answering, vectors=vectors, feedback=store) for _ in range(6)]
    counts = [sum(len(group.questions) for group in page.groups) for page in pages]
    assert counts == [100] * 6
    assert len(encoder.encoded) == 100 == len(set(encoder.encoded))
    places = {point.id: (point.x, point.y) for point in pages[0].points}
    left = [group for group in pages[0].groups if (group.x, group.y) == places["types-de-bal"]]
    assert len(left) >= 60


def test_who_left_costs_nothing_more() -> None:
    """Work that nobody waits for ends before the next part."""
    encoder = FakeEncoder()
    budget = RequestBudget()
    budget.given_up = True
    with charged_to(budget), pytest.raises(GivenUpError):
        BeginningVectors(encoder.encode_questions).of(["une question"])
    assert encoder.encoded == []
