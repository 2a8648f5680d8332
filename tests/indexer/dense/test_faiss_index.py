"""Nearest vectors, against NumPy."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from indexer.dense import faiss_index
from indexer.dense.faiss_index import DenseIndex
from indexer.dense.vector_table import VectorTable
from indexer.errors import IndexFolderError
from indexer.records import Vectors


def unit_vectors(count: int, *, seed: int = 7) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((count, 16), dtype=np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def build(vectors: Vectors, *, memory_bytes: int | None = None) -> DenseIndex:
    return DenseIndex.build(vectors, memory_bytes=memory_bytes)[0]


def test_finds_what_numpy_finds(tmp_path: Path) -> None:
    """Rows and cosines are those of a full matrix product, also after saving and loading."""
    vectors, questions = unit_vectors(300), unit_vectors(20, seed=8)
    build(vectors).save(tmp_path / "dense.faiss")
    index = DenseIndex.load(tmp_path / "dense.faiss", VectorTable(vectors))
    for question in questions:
        cosines = vectors @ question
        found = index.search(question, limit=10)
        assert_array_equal(found.rows, np.argsort(-cosines)[:10])
        assert_allclose(found.scores, np.sort(cosines)[::-1][:10], atol=1e-6)


def test_size_and_memory_choose_the_method(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exact where that is fast, bytes for more, lists for many; less memory wants smaller numbers, or says how much."""
    monkeypatch.setattr(faiss_index, "EXACT_UP_TO", 100)
    monkeypatch.setattr(faiss_index, "SCAN_UP_TO", 1000)

    def chosen(count: int, *, memory_bytes: int | None = None) -> str:
        return DenseIndex.build(unit_vectors(count), memory_bytes=memory_bytes)[1].method

    assert chosen(100) == faiss_index.EXACT
    assert chosen(101) == faiss_index.BYTES
    assert chosen(1001) == faiss_index.LISTS
    assert chosen(100, memory_bytes=100 * 16) == faiss_index.BYTES
    assert chosen(100, memory_bytes=100 * 8) == faiss_index.HALF_BYTES
    with pytest.raises(IndexFolderError, match="--memory"):
        chosen(100, memory_bytes=100)


@pytest.mark.parametrize("method", [faiss_index.BYTES, faiss_index.HALF_BYTES, faiss_index.LISTS])
def test_what_is_not_exact_is_nearly_so(method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At least 99 of 100 of the ten nearest are found, as measured; cosines are those of the vectors themselves."""
    monkeypatch.setattr(faiss_index, "EXACT_UP_TO", 1)
    monkeypatch.setattr(faiss_index, "SCAN_UP_TO", 1 if method == faiss_index.LISTS else 10_000)
    vectors, questions = unit_vectors(3000), unit_vectors(200, seed=8)
    memory = 3000 * 8 if method == faiss_index.HALF_BYTES else None
    index, choice = DenseIndex.build(vectors, questions=questions, memory_bytes=memory)
    assert choice.method == method
    assert choice.recall_at_10 >= 0.99
    index.save(tmp_path / "dense.faiss")
    index = DenseIndex.load(tmp_path / "dense.faiss", VectorTable(vectors))
    hits = 0
    for question in questions:
        found = index.search(question, limit=100)
        cosines = vectors @ question
        hits += len(np.intersect1d(found.rows[:10], np.argsort(-cosines)[:10]))
        assert_allclose(found.scores, cosines[found.rows], atol=1e-6)
        assert (np.diff(found.scores) <= 0).all()
    assert hits / 2000 == pytest.approx(choice.recall_at_10, abs=1e-4)


def test_the_next_safer_choice_is_taken_where_too_little_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists that must be looked into nearly all are no gain; what finds every neighbour is taken instead."""
    monkeypatch.setattr(faiss_index, "EXACT_UP_TO", 1)
    monkeypatch.setattr(faiss_index, "SCAN_UP_TO", 1)
    monkeypatch.setattr(faiss_index, "_PROBES", (1,))
    assert DenseIndex.build(unit_vectors(3000), questions=unit_vectors(100, seed=8))[1].method == faiss_index.BYTES


@pytest.mark.parametrize("scan_up_to", [0, 10_000, 100_000], ids=["lists", "bytes", "exact"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.9])
def test_search_among_some_rows_misses_none(scan_up_to: int, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the allowed rows are found, and all of the nearest of them, however few they are and wherever they lie."""
    monkeypatch.setattr(faiss_index, "EXACT_UP_TO", scan_up_to - 10_000)
    monkeypatch.setattr(faiss_index, "SCAN_UP_TO", scan_up_to)
    monkeypatch.setattr(faiss_index, "_FEW", 50)
    vectors = unit_vectors(3000)
    index = build(vectors)
    among = np.random.default_rng(3).random(3000) < share
    for question in unit_vectors(20, seed=8):
        rows = np.flatnonzero(among)
        by_hand = rows[np.argsort(-(vectors[rows] @ question))][:10]
        assert_array_equal(index.search(question, limit=10, among=among).rows, by_hand)


def test_equal_vectors_come_by_row() -> None:
    """Ties go to the lower row."""
    vectors = np.repeat(unit_vectors(1), 5, axis=0)
    assert build(vectors).search(vectors[0], limit=5).rows.tolist() == [0, 1, 2, 3, 4]


def test_wrong_dimension_is_refused() -> None:
    """A vector of another length is a caller's mistake."""
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        build(unit_vectors(3)).search(np.ones(3, dtype=np.float32), limit=1)


def test_damaged_file_is_refused(tmp_path: Path) -> None:
    """A file that is no FAISS index is named with the next step."""
    (tmp_path / "dense.faiss").write_bytes(b"not an index")
    with pytest.raises(IndexFolderError, match="make index"):
        DenseIndex.load(tmp_path / "dense.faiss", VectorTable(unit_vectors(1)))
