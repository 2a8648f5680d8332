"""Searching an index: questions together and alone, compared with all of it and with candidates alone."""

import dataclasses
import gc
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from indexer.answers.passage_table import AnswerRows, PassageTable
from indexer.dense import comparison
from indexer.dense.comparison import TOGETHER, Comparer
from indexer.dense.faiss_index import DenseIndex
from indexer.dense.vector_table import VectorTable
from indexer.index.build import build_index
from indexer.index.index import Found, Index
from indexer.records import Answer, Passage, PassageKind, Vectors
from indexer.store import Lookup
from indexer.store.milvus import collections
from tests.corpora import ANSWERS as SMALL
from tests.corpora import MemoryCorpus
from tests.fakes import FakeEncoder
from tests.stores import Stored

WORDS = (
    "certificat",
    "durée",
    "validité",
    "code",
    "erreur",
    "boîte",
    "lettres",
    "export",
    "dossier",
    "officine",
    "carte",
)
ANSWERS = 40
"""Fewer passages than become candidates, so that candidates are all answers too."""


def make_sentences(generator: random.Random, count: int) -> str:
    return " ".join(f"{' '.join(generator.sample(WORDS, 5)).capitalize()}." for _ in range(count))


def make_answers() -> Iterator[Answer]:
    """Yield answers of one sentence and of several, with curated questions and without, some for one couloir only."""
    generator = random.Random(5)
    for number in range(ANSWERS):
        yield Answer(
            f"reponse-{number:02}",
            make_sentences(generator, 1 + number % 4),
            questions=tuple(f"{make_sentences(generator, 1)} {number} ?" for _ in range(number % 3)),
            facets={"couloir": ("Officine",)} if number % 5 == 0 else {},
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("searching") / "index"
    corpus = MemoryCorpus(list(make_answers()), off_topic=["Quel temps fait-il ?", "Où manger une pizza ?"])
    build_index(corpus, path, encoder=FakeEncoder())
    return path


@pytest.fixture(scope="module")
def index(folder: Path, stored: Stored) -> Index:
    """Compared whole."""
    return Index.open(stored(folder))


@pytest.fixture(scope="module")
def large(folder: Path, stored: Stored) -> Iterator[Index]:
    """The same, as if it were large: compared with candidates alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison, "WHOLE_UP_TO", 0)
        patch.setattr(collections, "LOOKED_UP_FROM", 0)
        yield Index.open(stored(folder))


QUESTIONS = [f"quel {a} pour {b} ?" for a in WORDS for b in WORDS if a < b][: 2 * TOGETHER + 3]
VECTORS = FakeEncoder().encode_questions(QUESTIONS)


def search_one_by_one(index: Index, *, filters: Mapping[str, Sequence[str]] | None = None) -> list[Found]:
    return [
        found
        for at, question in enumerate(QUESTIONS)
        for found in index.search([question], VECTORS[at : at + 1], limit=10, filters=filters)
    ]


def lookups(index: Index) -> list[Lookup]:
    return list(index._store.look_up(QUESTIONS, VECTORS, filters={}))


def assert_alike(one: Found, other: Found) -> None:
    """The same hits in the same order with the same reasons; numbers may be rounded otherwise."""
    assert (one.status, one.facets) == (other.status, other.facets)
    assert [hit.answer.id for hit in one.hits] == [hit.answer.id for hit in other.hits]
    for ours, theirs in zip(one.hits, other.hits, strict=True):
        numbers = {"score": ours.score, "confidence": ours.confidence, "dense": ours.dense, "lexical": ours.lexical}
        assert_allclose(ours.weighed, theirs.weighed, atol=1e-5)
        assert_allclose(ours.covered, theirs.covered, atol=1e-4)
        for name, value in numbers.items():
            assert getattr(theirs, name) == pytest.approx(value, abs=1e-4)
        assert (
            dataclasses.replace(
                ours, weighed=theirs.weighed, covered=theirs.covered, **{n: getattr(theirs, n) for n in numbers}
            )
            == theirs
        )


@pytest.mark.parametrize("filters", [None, {"couloir": ["Officine"]}])
def test_questions_are_answered_together_as_alone(index: Index, filters: Mapping[str, Sequence[str]] | None) -> None:
    """More than are gathered at once, in their order."""
    together = list(index.search(QUESTIONS, VECTORS, limit=10, filters=filters))
    assert len(together) == len(QUESTIONS)
    for one, other in zip(together, search_one_by_one(index, filters=filters), strict=True):
        assert_alike(one, other)


@pytest.mark.parametrize("filters", [None, {"couloir": ["Officine"]}])
def test_candidates_alone_are_answered_as_the_whole(
    index: Index, large: Index, filters: Mapping[str, Sequence[str]] | None
) -> None:
    """Where all answers become candidates, both ways lead to the same."""
    assert [len(lookup.questions) for lookup in lookups(large)] == [1] * len(QUESTIONS)
    assert [len(lookup.questions) for lookup in lookups(index)] == [TOGETHER, TOGETHER, 3]
    whole = list(index.search(QUESTIONS, VECTORS, limit=10, filters=filters))
    for one, other in zip(whole, large.search(QUESTIONS, VECTORS, limit=10, filters=filters), strict=True):
        assert_alike(one, other)


def test_no_question_finds_nothing(index: Index) -> None:
    """An empty batch has no reply, and does not fail."""
    assert list(index.search([], VECTORS[:0], limit=5)) == []


def unit_vectors(count: int, *, seed: int) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((count, 16), dtype=np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@pytest.mark.parametrize("whole_up_to", [0, 100])
def test_cosines_are_those_of_numpy(whole_up_to: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all rows and of some, with passages, spans and off-topic questions, whether the tables are small or not."""
    monkeypatch.setattr(comparison, "WHOLE_UP_TO", whole_up_to)
    passages, spans, off_topic = unit_vectors(6, seed=1), unit_vectors(5, seed=2), unit_vectors(3, seed=3)
    comparer = Comparer(VectorTable(passages), VectorTable(spans), off_topic, DenseIndex.build(passages)[0])
    questions = unit_vectors(TOGETHER + 2, seed=4)
    compared = list(comparer.compare(questions))
    assert [len(one) for one in compared] == ([TOGETHER, 2] if whole_up_to else [1] * len(questions))
    some = AnswerRows(
        np.array([0, 1, 4]), np.array([0, 2, 3]), np.array([0, 1]), np.array([0, 2]), is_every=False
    )  # the first answer has rows 0 and 1, the other row 4
    for found, rows, vectors in (
        ([one.with_passages(some) for one in compared], some.rows, passages),
        ([one.with_spans(some) for one in compared], some.rows, spans),
        ([one.with_off_topic() for one in compared], np.arange(3), off_topic),
    ):
        assert_allclose(np.concatenate(found, axis=1), vectors[rows] @ questions.T, atol=1e-6)


def test_groups_of_rows_are_reduced_one_by_one() -> None:
    """Against loops; the second answer has no question, the last no question either, but two bodies."""
    kinds = (PassageKind.BODY, PassageKind.BODY, PassageKind.QUESTION), (PassageKind.BODY,), (PassageKind.BODY,) * 2
    table = PassageTable.build([[Passage("a", kind, f"{kind} {at}") for at, kind in enumerate(of)] for of in kinds])
    values = np.random.default_rng(1).standard_normal((len(table), 3)).astype(np.float32)
    for answers in (np.arange(3), np.array([0, 2]), np.array([1])):
        some = table.rows_of(answers)
        picked = some.pick(values)
        assert some.is_every == (len(answers) == 3)
        expected = []
        for answer in answers.tolist():
            rows = range(table.first_rows[answer], table.first_rows[answer + 1])
            later = table.later_rows[answer]
            expected += [[row for row in rows if row < later], [row for row in rows if row >= later]]
        assert_array_equal(picked, values[[row for rows in expected for row in rows]])
        nothing = np.full(3, -np.inf)
        assert_array_equal(some.greatest(picked), [values[rows].max(axis=0) if rows else nothing for rows in expected])
        assert_allclose(some.sums(picked), [values[rows].sum(axis=0) for rows in expected], atol=1e-6)


def test_a_file_cut_short_under_a_running_index_ends_nothing(tmp_path: Path) -> None:
    """None of its files is mapped, however large: every question is answered as before."""
    build_index(MemoryCorpus(SMALL), tmp_path, encoder=FakeEncoder())
    index = Index.open(tmp_path)
    vectors = FakeEncoder().encode_questions(["certificat"])
    before = list(index.search(["certificat"], vectors, limit=3))
    folder = tmp_path / index.manifest.id
    for file in [file for file in folder.rglob("*") if file.is_file()]:
        os.truncate(file, 0)
    gc.collect()  # the build has mapped them, in this process too
    maps = Path("/proc/self/maps")
    assert not maps.exists() or str(folder) not in maps.read_text()
    assert list(index.search(["certificat"], vectors, limit=3)) == before
    assert index.vector_sums(most=10).bodies.any()
