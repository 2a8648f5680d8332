"""Nearest vectors, against NumPy."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from indexer.dense import DenseIndex
from indexer.errors import IndexFolderError
from indexer.records import Vectors


def unit_vectors(count: int, *, seed: int = 7) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((count, 16), dtype=np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def test_finds_what_numpy_finds(tmp_path: Path) -> None:
    """Rows and cosines are those of a full matrix product, also after saving and loading."""
    vectors, questions = unit_vectors(300), unit_vectors(20, seed=8)
    DenseIndex.build(vectors).save(tmp_path / "dense.faiss")
    index = DenseIndex.load(tmp_path / "dense.faiss")
    for question in questions:
        cosines = vectors @ question
        found = index.search(question, limit=10)
        assert_array_equal(found.rows, np.argsort(-cosines)[:10])
        assert_allclose(found.scores, np.sort(cosines)[::-1][:10], atol=1e-6)


def test_search_among_few_rows_is_exact() -> None:
    """Only the allowed rows are found, all of them, however few."""
    vectors = unit_vectors(300)
    found = DenseIndex.build(vectors).search(vectors[0], limit=10, among=np.array([5, 299, 17]))
    assert_array_equal(found.rows, np.array([5, 17, 299])[np.argsort(-(vectors[[5, 17, 299]] @ vectors[0]))])


def test_equal_vectors_come_by_row() -> None:
    """Ties go to the lower row."""
    vectors = np.repeat(unit_vectors(1), 5, axis=0)
    assert DenseIndex.build(vectors).search(vectors[0], limit=5).rows.tolist() == [0, 1, 2, 3, 4]


def test_wrong_dimension_is_refused() -> None:
    """A vector of another length is a caller's mistake."""
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        DenseIndex.build(unit_vectors(3)).search(np.ones(3, dtype=np.float32), limit=1)


def test_damaged_file_is_refused(tmp_path: Path) -> None:
    """A file that is no FAISS index is named with the next step."""
    (tmp_path / "dense.faiss").write_bytes(b"not an index")
    with pytest.raises(IndexFolderError, match="make index"):
        DenseIndex.load(tmp_path / "dense.faiss")
