"""Cosines of some rows of a saved table."""

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from indexer.dense import vector_table
from indexer.dense.vector_table import VectorTable
from indexer.errors import IndexFolderError
from indexer.files import force_to_disk
from tests.indexer.dense.test_faiss_index import unit_vectors

ROWS = [[], [0], [99], [3, 4, 5, 41, 97, 98, 99], list(range(100))]


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("copied_up_to", [0, 1_000_000])
def test_cosines_of_rows_copied_or_read_are_those_of_the_array(
    rows: list[int], copied_up_to: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By float64, row by row."""
    monkeypatch.setattr(vector_table, "COPIED_UP_TO", copied_up_to)
    vectors = unit_vectors(101)
    np.save(tmp_path / "table.npy", vectors[:100])
    table = VectorTable.load(tmp_path / "table.npy")
    found = table.cosines(np.array(rows, dtype=np.int64), vectors[100])
    assert_allclose(found, [float(vectors[row].astype(np.float64) @ vectors[100]) for row in rows], atol=1e-6)
    assert len(table) == 100


def test_rows_that_the_system_has_forgotten_are_read_from_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them, or those after the first few; and the same again from the system's memory."""
    monkeypatch.setattr(vector_table, "COPIED_UP_TO", 0)
    vectors = unit_vectors(9_000)
    file = tmp_path / "table.npy"
    np.save(file, vectors)
    force_to_disk(file)
    table = VectorTable.load(file)
    for remembered in ([], [0, 1, 2]):
        with file.open("rb") as stream:
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        table.pick(np.array(remembered, dtype=np.int64))
        for _ in range(2):
            rows = np.array([0, 1, 2, 70, 71, 4_000, 6_000, 8_999])
            assert_array_equal(table.pick(rows), vectors[rows], strict=True)


def test_large_file_cut_short_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not the end of the process, as a look at a mapped page that is gone would be."""
    monkeypatch.setattr(vector_table, "COPIED_UP_TO", 0)
    file = tmp_path / "table.npy"
    np.save(file, unit_vectors(10))
    table = VectorTable.load(file)
    with file.open("r+b") as stream:
        stream.truncate(500)
    with pytest.raises(IndexFolderError, match=r"table\.npy has been cut short"):
        table.cosines(np.array([9]), unit_vectors(1)[0])
