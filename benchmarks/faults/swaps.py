"""Switches the index of a server again and again while clients ask it, once to a corrupt one.

    python -m benchmarks.faults.swaps [--swaps 50] [--clients 4]

Two indexes differ in the text of one answer. Every reply must be whole, and tell of that answer what the index that it
names says. Ends with 1 if a request failed, a reply did not fit its index, or the corrupt index was not refused.
"""

import argparse
import itertools
import json
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.running import Connection, Running, running_server
from indexer.corpus.corpus import open_corpus
from indexer.dense.blas import keep_products_on_one_thread
from indexer.encoders.loading import load_encoder
from indexer.index.build import build_index
from indexer.index.folder import CURRENT, IndexFolder

EDITED = "validite-certificat"
QUESTION = "combien de temps un certificat est-il valable"
MARK = "Cette réponse a été modifiée."
_PATIENCE_SECONDS = 30


@dataclass
class Seen:
    """What the clients saw; each list holds descriptions of what was wrong."""

    noticed: int = 0
    by_index: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    inconsistent: list[str] = field(default_factory=list)


def main() -> None:
    """Print what was switched, refused and seen."""
    keep_products_on_one_thread()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--swaps", type=int, default=50)
    parser.add_argument("--clients", type=int, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder, ids = prepare(Path(scratch))
        with running_server(folder) as server:
            seen, refused = swap_under_load(server, folder, ids, swaps=options.swaps, clients=options.clients)
            counted = server.counted("souffleur_refused_reloads_total")
    cuts = sorted(seen.seconds)
    replies = seen.by_index.total()
    both = all(seen.by_index[index_id] for index_id in ids[:2])
    print(f"{seen.noticed} of {options.swaps} switches noticed under {options.clients} clients, {replies} replies")
    if cuts:
        print(f"p50 {1000 * cuts[len(cuts) // 2]:.1f} ms, p99 {1000 * cuts[len(cuts) * 99 // 100]:.1f} ms")
    print(f"failed requests       {len(seen.failed)}")
    print(f"inconsistent replies  {len(seen.inconsistent)}")
    print(f"corrupt index         {'refused' if refused else 'NOT REFUSED'}, counted {counted:.0f} times")
    for line in [*seen.failed, *seen.inconsistent][:10]:
        print("  ", line)
    kept = both and refused and counted and not seen.failed and not seen.inconsistent
    sys.exit(0 if kept else 1)


def prepare(scratch: Path) -> tuple[Path, Sequence[str]]:
    """Return an index folder, and the ids of two good indexes and of a corrupt one in it."""
    corpus, folder = scratch / "corpus", scratch / "index"
    shutil.copytree("corpus", corpus, ignore=shutil.ignore_patterns("queries", "sources"))
    encoder = load_encoder("bundled")
    first = build_index(open_corpus(corpus), folder, encoder=encoder).manifest.id
    file = next(corpus.rglob(f"{EDITED}.md"))
    file.write_text(file.read_text(encoding="utf-8").rstrip() + f"\n\n{MARK}\n", encoding="utf-8")
    second = build_index(open_corpus(corpus), folder, encoder=encoder).manifest.id
    corrupt = f"{second[:-8]}{'0' * 8}"
    shutil.copytree(folder / second, folder / corrupt)
    vectors = folder / corrupt / "embeddings.npy"
    content = bytearray(vectors.read_bytes())
    content[-1] ^= 1
    vectors.write_bytes(content)
    return folder, (first, second, corrupt)


def swap_under_load(
    server: Running, folder: Path, ids: Sequence[str], *, swaps: int, clients: int
) -> tuple[Seen, bool]:
    """Switch between the good indexes, half-way to the corrupt one; return what was seen, and if that was refused."""
    first, second, corrupt = ids
    seen, ended = Seen(), threading.Event()
    threads = [threading.Thread(target=_ask, args=(server.port, second, seen, ended)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    refused = False
    operator = Connection(server.port)
    try:
        for number, index_id in zip(range(swaps), itertools.cycle((first, second)), strict=False):
            if number == swaps // 2:
                in_service = _named(operator)
                _switch(folder, corrupt)
                status, _ = operator.ask("POST", "/v1/admin/reload")
                refused = status == 409 and _named(operator) == in_service
            _switch(folder, index_id)
            if number % 2:
                operator.ask("POST", "/v1/admin/reload")  # the others are noticed by the server itself
            until = time.monotonic() + _PATIENCE_SECONDS
            while _named(operator) != index_id:
                if time.monotonic() > until:
                    seen.failed.append(f"switch {number} to {index_id} was not noticed")
                    break
                time.sleep(0.01)
            else:
                seen.noticed += 1
    finally:
        ended.set()
        operator.close()
        for thread in threads:
            thread.join()
    return seen, refused


def _switch(folder: Path, index_id: str) -> None:
    if (folder / CURRENT).read_text(encoding="ascii").strip() != index_id:
        IndexFolder(folder).switch(index_id)


def _named(operator: Connection) -> str:
    return str(json.loads(operator.ask("GET", "/readyz")[1])["index"])


def _ask(port: int, marked: str, seen: Seen, ended: threading.Event) -> None:
    """Ask until the end. marked: the id of the index whose answer is edited."""
    numbers = itertools.count()
    with closing(Connection(port)) as connection:
        while not ended.is_set():
            began = time.perf_counter()
            body = {"query": f"{QUESTION} {next(numbers) % 50}", "limit": 5}
            try:
                status, content = connection.ask("POST", "/v1/search", body)
                reply = json.loads(content)
            except (OSError, ValueError) as error:
                seen.failed.append(repr(error))
                continue
            if status != 200:
                seen.failed.append(f"{status} {reply.get('detail')}")
                continue
            seen.seconds.append(time.perf_counter() - began)
            index_id = reply["index"]["id"]
            seen.by_index[index_id] += 1
            texts = [hit["answer"] for hit in reply["hits"] if hit["id"] == EDITED]
            if len(texts) != 1 or (MARK in texts[0]) != (index_id == marked):
                seen.inconsistent.append(f"{index_id} tells of {EDITED}: {texts}")


if __name__ == "__main__":
    main()
