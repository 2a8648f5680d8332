"""How cost grows with the corpus: building, starting and searching, from a hundred answers to a million.

    python -m benchmarks.growth [--sizes 100 1000 …] [--out benchmarks/results]

Answers and their vectors are generated (`benchmarks.generated`): encoding grows with the texts by definition, and is
measured by `benchmarks.peers`. Everything else is what runs in production.
Each size is built and searched in processes of its own, whose memory is read from the kernel. Cold are searches before
each of which the files of the index, and no others, were dropped from the system's memory. A million takes about ten
minutes and 8 GB of disk.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.generated import Generated, StandIn
from benchmarks.running import apart
from indexer.dense.blas import keep_products_on_one_thread
from indexer.index.build import build_index
from server.answering.prepared import open_soon

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
SEARCHES = 400
COLD_SEARCHES = 50


@dataclass(frozen=True, slots=True)
class Cost:
    """What one size costs. Memory is resident, at its peak; searching is on one thread, without encoding."""

    answers: int
    dense: str
    recall_at_10: float
    build_seconds: float
    rebuild_seconds: float
    build_megabytes: float
    open_seconds: float
    search_megabytes: float
    dense_p50_ms: float
    search_p50_ms: float
    search_p99_ms: float
    cold_p99_ms: float


def main() -> None:
    """Measure each size, print a table, write `growth.json`, and draw `growth.png`."""
    keep_products_on_one_thread()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    costs = []
    print("  answers   build  rebuild     MB   open     MB  dense  search   p99 ms  cold p99  recall")
    for size in options.sizes:
        with tempfile.TemporaryDirectory(dir="build") as folder:
            build, memory = apart(_build, Path(folder), size, False)
            rebuild, _ = apart(_build, Path(folder), size, True)
            found, searching = apart(_search, Path(folder))
        cost = Cost(
            answers=size, build_seconds=build, rebuild_seconds=rebuild, build_megabytes=memory,
            search_megabytes=searching, **found,
        )  # fmt: skip
        print(
            f"{size:9,} {build:6.1f}s {rebuild:7.1f}s {memory:6.0f} {cost.open_seconds:5.2f}s {searching:6.0f} "
            f"{cost.dense_p50_ms:6.2f} {cost.search_p50_ms:7.2f} {cost.search_p99_ms:8.2f} {cost.cold_p99_ms:9.2f}  "
            f"{cost.recall_at_10:.4f}",
            flush=True,
        )
        costs.append(cost)
    options.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps([asdict(cost) for cost in costs], indent=1) + "\n"
    (options.out / "growth.json").write_text(text, encoding="utf-8")
    _draw(costs, options.out / "growth.png")


def _build(folder: Path, size: int, edited: bool) -> float:
    corpus, encoder = Generated(size, edited=edited), StandIn()
    began = time.perf_counter()
    build_index(corpus, folder / "index", encoder=encoder, keep=1)
    return time.perf_counter() - began


def _search(folder: Path) -> dict[str, Any]:
    began = time.perf_counter()
    index = open_soon(folder / "index")
    opened = time.perf_counter() - began
    questions = Generated(0, edited=False).questions(SEARCHES)
    took, dense, cold = [], [], []
    vectors = StandIn().encode_questions(questions)
    for question, vector in zip(questions, vectors, strict=True):
        began = time.perf_counter()
        list(index.search([question], vector[np.newaxis], limit=5))
        took.append(1000 * (time.perf_counter() - began))
        began = time.perf_counter()
        # Behind the door: loaded a second time, it would count twice in the memory.
        index._store._contents.dense.search(vector, limit=100)
        dense.append(1000 * (time.perf_counter() - began))
    for question, vector in zip(questions[:COLD_SEARCHES], vectors, strict=False):
        _drop_from_memory(folder / "index")
        began = time.perf_counter()
        list(index.search([question], vector[np.newaxis], limit=5))
        cold.append(1000 * (time.perf_counter() - began))
    return {
        "dense": index.manifest.dense.method,
        "recall_at_10": index.manifest.dense.recall_at_10,
        "open_seconds": opened,
        "dense_p50_ms": float(np.median(dense)),
        "search_p50_ms": float(np.median(took)),
        "search_p99_ms": float(np.quantile(took, 0.99)),
        "cold_p99_ms": float(np.quantile(cold, 0.99)),
    }


def _drop_from_memory(folder: Path) -> None:
    """Have the system forget the content of the files in *folder*, which are on the disk."""
    for file in folder.rglob("*"):
        if file.is_file():
            descriptor = os.open(file, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def _draw(costs: Sequence[Cost], file: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.6), layout="constrained")
    sizes = [cost.answers for cost in costs]
    panels = (
        ("build, s", (("from nothing", "build_seconds"), ("after one edit", "rebuild_seconds"))),
        ("memory, MB", (("building", "build_megabytes"), ("searching", "search_megabytes"))),
        (
            "search, ms",
            (
                ("p50", "search_p50_ms"),
                ("p99", "search_p99_ms"),
                ("cold p99", "cold_p99_ms"),
                ("dense p50", "dense_p50_ms"),
            ),
        ),
    )
    for axes, (title, lines) in zip(figure.subplots(1, 3), panels, strict=True):
        for (label, name), marker in zip(lines, "os^v", strict=False):
            axes.loglog(sizes, [getattr(cost, name) for cost in costs], marker=marker, label=label)
        first = getattr(costs[-1], lines[0][1])
        axes.loglog(sizes, [first * size / sizes[-1] for size in sizes], ":", color="grey", label="linear")
        axes.set(title=title, xlabel="answers")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    figure.savefig(file, dpi=120)


if __name__ == "__main__":
    main()
