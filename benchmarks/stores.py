"""What it costs to keep an index in a Milvus: latency and memory beside files with FAISS, of the same generated corpus.

    make build/milvus/.made && python -m benchmarks.stores [--sizes 20000] [--searches 300] [--out benchmarks/results]

The corpus and the stand-in for the encoder are those of `benchmarks.generated`; questions are searched one after the
other on one thread, without encoding, then by eight threads. Each place is searched by a process of its own, whose
memory is read from the kernel, less what it had before it opened the index. The server is that of the tests, on this
machine.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.generated import Generated, StandIn
from benchmarks.running import apart
from indexer.dense.blas import keep_products_on_one_thread
from indexer.index.build import build_index
from indexer.index.folder import IndexFolder
from indexer.index.index import Index
from indexer.index.indexes import Indexes
from indexer.index.milvus_indexes import MilvusIndexes
from indexer.store.milvus.client import Milvus
from indexer.store_address import StoreAddress
from tests.milvus_server import MilvusServer, remove

_ASKING = 8


@dataclass(frozen=True, slots=True)
class Found:
    """What the process that searches measured; megabytes: beyond what it held before, once all was asked."""

    open_seconds: float
    search_p50_ms: float
    search_p99_ms: float
    questions_a_second: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What one place costs for one size. server_megabytes: of the Milvus itself."""

    answers: int
    place: str
    passages: int
    publish_seconds: float
    server_megabytes: float
    found: Found


def main() -> None:
    """Measure each place, print a table, and write `stores.json`."""
    keep_products_on_one_thread()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000])
    parser.add_argument("--searches", type=int, default=300)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    costs = []
    print("  answers  place    publish    open     p50 ms   p99 ms  /s with 8     MB  server MB")
    for size in options.sizes:
        with tempfile.TemporaryDirectory(dir="build") as scratch, _server(Path(scratch) / "milvus") as server:
            folder = Path(scratch) / "index"
            built = build_index(Generated(size, edited=False), folder, encoder=StandIn(), keep=1).manifest
            for place, address in (
                ("files", ""),
                ("lite", f"milvus+lite://{Path(scratch).absolute() / 'faq.db'}"),
                ("server", server.address),
            ):
                before = _server_megabytes(server)
                began = time.perf_counter()
                apart(_publish, folder, address)
                published = time.perf_counter() - began if address else 0.0
                found, _ = apart(_search, folder, address, options.searches)
                grown = _server_megabytes(server) - before if place == "server" else 0.0
                cost = Cost(size, place, built.counts.passages, published, grown, found)
                print(
                    f"{size:9,}  {place:7} {published:7.1f}s {found.open_seconds:6.2f}s {found.search_p50_ms:9.2f} "
                    f"{found.search_p99_ms:8.2f} {found.questions_a_second:10.0f} {found.megabytes:6.0f} {grown:10.0f}",
                    flush=True,
                )
                costs.append(cost)
    options.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps([asdict(cost) for cost in costs], indent=1) + "\n"
    (options.out / "stores.json").write_text(text, encoding="utf-8")


@contextmanager
def _server(folder: Path) -> Iterator[MilvusServer]:
    server = MilvusServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
        remove(folder)


def _indexes(folder: Path, address: str) -> Indexes:
    return MilvusIndexes(Milvus(StoreAddress.parse(address), seconds=30)) if address else IndexFolder(folder)


def _publish(folder: Path, address: str) -> None:
    indexes = _indexes(folder, address)
    if isinstance(indexes, MilvusIndexes):
        indexes.publish(IndexFolder(folder), keep=2)
        indexes.close()


def _search(folder: Path, address: str, searches: int) -> Found:
    keep_products_on_one_thread()
    questions = Generated(0, edited=False).questions(searches)
    vectors = StandIn().encode_questions(questions)
    indexes = _indexes(folder, address)
    if address:
        indexes.current_id()  # loads the client, which is not the index
    before = _resident_megabytes("self")
    began = time.perf_counter()
    index = Index.open(indexes)
    opened = time.perf_counter() - began

    def search(at: int) -> float:
        began = time.perf_counter()
        list(index.search([questions[at]], vectors[at][np.newaxis], limit=5))
        return 1000 * (time.perf_counter() - began)

    search(0)
    took = [search(at) for at in range(searches)]
    began = time.perf_counter()
    with ThreadPoolExecutor(_ASKING) as asking:
        list(asking.map(search, range(searches)))
    rate = searches / (time.perf_counter() - began)
    after = _resident_megabytes("self")
    return Found(opened, float(np.median(took)), float(np.quantile(took, 0.99)), rate, after - before)


def _server_megabytes(server: MilvusServer) -> float:
    """Return what the processes of the server hold together."""
    group = server.group
    return sum(
        _resident_megabytes(process.name)
        for process in Path("/proc").iterdir()
        if process.name.isdigit() and _group_of(process) == group
    )


def _group_of(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[2])
    except (OSError, ValueError):
        return -1


def _resident_megabytes(process: str) -> float:
    for line in (Path("/proc") / process / "status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1000
    return 0.0


if __name__ == "__main__":
    main()
