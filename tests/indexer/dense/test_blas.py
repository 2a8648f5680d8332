"""A search stays on the thread that asks, as others would take the encoder's cores; and FAISS knows the processor."""

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # has no types

import evaluation.cli
import indexer.cli
import server.cli
from indexer.dense.blas import keep_products_on_one_thread
from indexer.dense.faiss_index import DenseIndex
from indexer.dense.vector_table import VectorTable
from indexer.index.index import Index
from indexer.records import Vectors
from indexer.terminal import FAILED

VECTORS: Vectors = np.eye(4, dtype=np.float32)


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Every library has two threads, as on a machine with two cores."""
    with ThreadpoolController().limit(limits=2):
        yield


def blas_threads() -> dict[str, int]:
    """Return the threads of each library of matrix products, by the beginning of its name."""
    return {one.prefix: one.num_threads for one in ThreadpoolController().select(user_api="blas").lib_controllers}


@pytest.mark.usefixtures("two_threads")
def test_a_program_keeps_products_on_one_thread(small_index: Path) -> None:
    """Those of numpy, once it says so, and not before: an index that is opened changes nothing of the process."""
    Index.open(small_index)
    assert blas_threads() == {"libscipy_openblas": 2, "libopenblas": 2}
    keep_products_on_one_thread()
    assert blas_threads() == {"libscipy_openblas": 1, "libopenblas": 2}


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(
    ("main", "arguments"),
    [
        (indexer.cli.main, ["build", "--corpus", "corpus"]),
        (server.cli.main, ["ask", "une question"]),
        (evaluation.cli.main, ["run", "corpus/queries/dev"]),
    ],
    ids=["indexer", "server", "evaluation"],
)
def test_commands_keep_products_on_one_thread(
    main: Callable[[list[str]], int], arguments: list[str], tmp_path: Path
) -> None:
    """Each that compares vectors does, before it loads anything."""
    nothing = str(tmp_path / "nothing")
    assert main([*arguments, "--index", nothing, "--encoder", nothing]) == FAILED
    assert blas_threads()["libscipy_openblas"] == 1


class Watched(faiss.IndexFlatIP):
    """Remembers how many threads it was last searched with."""

    threads = 0

    def search(self, *arguments: Any, **options: Any) -> Any:
        self.threads = faiss.omp_get_max_threads()
        return super().search(*arguments, **options)


@pytest.mark.usefixtures("two_threads")
def test_faiss_has_one_thread() -> None:
    """The limit ends with the search: whoever else uses FAISS in this thread has what it had before."""
    watched = Watched(VECTORS.shape[1])
    watched.add(VECTORS)
    DenseIndex(watched, VectorTable(VECTORS)).search(VECTORS[0], limit=1)
    assert watched.threads == 1
    assert faiss.omp_get_max_threads() == 2


@pytest.mark.skipif(platform.machine() != "x86_64", reason="other names are not known to both libraries")
def test_faiss_knows_the_processor_that_numpy_knows() -> None:
    """In a process where FAISS was not loaded before; and what runs beneath it inherits nothing."""
    code = (
        "import os, indexer.dense.faiss_index, threadpoolctl; "
        "print(*{one.get('architecture') for one in threadpoolctl.threadpool_info() if one['user_api'] == 'blas'}, "
        "os.environ.get('OPENBLAS_CORETYPE'))"
    )
    outside = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    said = subprocess.run([sys.executable, "-c", code], env=outside, check=True, capture_output=True, text=True).stdout
    processors = said.split()[:-1]
    assert len(processors) == 1
    assert said.split()[-1] == "None"
