"""Loads a real server: one client, then many, then for minutes twice what it can bear, of every sort of request.

    python -m benchmarks.faults.load [--minutes 5] [--clients 32]

Each question is one never asked before, but for the repeated ones of the mix, so that no cached vector helps. Clients
share the machine with the server and run in a process of their own; what they wait for a processor counts as latency.
The overload is an open loop: requests are sent when they are due, whatever became of those before. Ends with 1 if a
promise is broken: no 5xx but 503, p99 of accepted searches under ten times the idle p50, 503 within 50 ms, flat memory.
"""

import argparse
import itertools
import multiprocessing
import queue
import statistics
import sys
import tempfile
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.running import Connection, Running, running_server
from indexer.corpus.corpus import open_corpus

_WORDS = [
    "certificat",
    "messagerie",
    "annuaire",
    "dossier",
    "exigence",
    "preuve",
    "financement",
    "référencement",
    "ordonnance",
    "serveur",
]
_CONNECTIONS = 96
_BOUNDS = ("0.025", "0.05", "0.1")
_WARM_SECONDS = 60.0
"""Memory is compared from here on: caches have filled by then."""

_SHARES = {"search": 70, "again": 10, "suggest": 8, "page": 5, "feedback": 3, "facets": 2, "batch": 2}
"""Of a hundred requests; a batch has eight questions."""

_MIX = [sort for sort, share in _SHARES.items() for _ in range(share)]


@dataclass
class Load:
    """What clients saw: seconds of the accepted by sort, of the refused, and statuses."""

    accepted: dict[str, list[float]] = field(default_factory=dict)
    refused: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def note(self, sort: str, status: str, seconds: float) -> None:
        """Add one reply."""
        self.statuses[status] += 1
        if status in ("200", "201"):
            self.accepted.setdefault(sort, []).append(seconds)
        elif status == "503":
            self.refused.append(seconds)

    def add(self, other: "Load") -> None:
        """Add what other clients saw."""
        self.statuses += other.statuses
        self.refused += other.refused
        for sort, seconds in other.accepted.items():
            self.accepted.setdefault(sort, []).extend(seconds)


def main() -> None:
    """Print what one client, many clients and an overload see."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument(
        "--seconds", type=float, default=15.0, help="of each of the two measurements before the overload"
    )
    parser.add_argument(
        "--rate", type=float, help="requests a second of the overload (default: twice what clients reached)"
    )
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as scratch,
        running_server(Path("build/index"), feedback=Path(scratch) / "feedback.sqlite") as server,
    ):
        closed_loop(server.port, clients=1, seconds=3)
        idle = closed_loop(server.port, clients=1, seconds=options.seconds)
        busy = closed_loop(server.port, clients=options.clients, seconds=options.seconds)
        alone, together = (len(load.accepted["search"]) / options.seconds for load in (idle, busy))
        idle_p50, _ = _cuts(idle.accepted["search"])
        print(f"{'1 client':12} {alone:6.0f}/s, p50 {idle_p50:.1f} ms")
        p50, p99 = _cuts(busy.accepted["search"])
        print(
            f"{f'{options.clients} clients':12} {together:6.0f}/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms; "
            f"{together / alone:.2f} x one client"
        )
        before = _within(server)
        kept = overload(server, rate=options.rate or 2 * together, seconds=60 * options.minutes)
        after = _within(server)
        total = after["+Inf"] - before["+Inf"]
        shares = (f"{(after[bound] - before[bound]) / total:.1%} within {bound} s" for bound in _BOUNDS)
        print(f"  searches as the server itself saw them: {', '.join(shares)}")
    sys.exit(0 if judge(*kept, idle_p50=idle_p50) else 1)


def _within(server: Running) -> dict[str, float]:
    """Return how many accepted searches took at most so long within the server, by bound in seconds."""
    metric = "souffleur_request_seconds_bucket"
    return {bound: server.counted(metric, f'{{le="{bound}",route="/v1/search"}}') for bound in (*_BOUNDS, "+Inf")}


def closed_loop(port: int, *, clients: int, seconds: float) -> Load:
    """Return what *clients* saw, each asking its next question once it has the reply to the one before."""
    # A process apart: its clients and what measures them would hinder each other.
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_closed_loop, (port, clients, seconds))


def _closed_loop(port: int, clients: int, seconds: float) -> Load:
    end = time.perf_counter() + seconds
    numbers = itertools.count(time.time_ns() % 1_000_000_000)
    load = Load()

    def ask() -> None:
        with closing(Connection(port)) as connection:
            while time.perf_counter() < end:
                _send(connection, "search", next(numbers), load)

    _together(ask, clients)
    return load


def overload(server: Running, *, rate: float, seconds: float) -> tuple[Load, float, float]:
    """Send the mix at *rate* a second; return what clients saw, and the server's MB once warm and at the end."""
    resident: list[float] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(5):
            resident.append(server.resident_megabytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        load = pool.apply(_open_loop, (server.port, rate, seconds))
    ended.set()
    watcher.join()
    print(
        f"overload     {rate:6.0f}/s wanted, {load.statuses.total() / seconds:.0f}/s sent for {seconds / 60:g} minutes"
    )
    resident.append(server.resident_megabytes())
    warm = resident[min(len(resident) // 2, int(_WARM_SECONDS / 5))]
    return load, warm, resident[-1]


def _open_loop(port: int, rate: float, seconds: float) -> Load:
    due: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    load = Load()
    answer_id = next(iter(open_corpus(Path("corpus")).answers())).id

    def work() -> None:
        with closing(Connection(port)) as connection:
            while (number := due.get()) is not None:
                # 37 and 100 have no common factor: each hundred has the whole mix.
                _send(connection, _MIX[number * 37 % 100], number, load, answer_id)

    def schedule() -> None:
        began = time.perf_counter()
        offset = time.time_ns() % 1_000_000_000 // 100 * 100
        sent = 0
        while (elapsed := time.perf_counter() - began) < seconds:
            for _ in range(int(elapsed * rate) - sent):
                sent += 1
                if due.qsize() < _CONNECTIONS:  # else all connections wait: a client that waits sends nothing
                    due.put(offset + sent)
            time.sleep(0.005)
        for _ in range(_CONNECTIONS):
            due.put(None)

    scheduler = threading.Thread(target=schedule)
    scheduler.start()
    _together(work, _CONNECTIONS)
    scheduler.join()
    return load


def judge(load: Load, warm: float, last: float, *, idle_p50: float) -> bool:
    """Print what an overload did, and return whether every promise was kept."""
    for sort, seconds in sorted(load.accepted.items()):
        p50, p99 = _cuts(seconds)
        print(f"  {sort:10} {len(seconds):7} accepted, p50 {p50:6.1f} ms, p99 {p99:6.1f} ms")
    p50, p99 = _cuts(load.refused)
    print(f"  {'refused':10} {len(load.refused):7} with 503, p50 {p50:6.1f} ms, p99 {p99:6.1f} ms")
    errors = {status: count for status, count in load.statuses.items() if status not in ("200", "201", "503")}
    _, p99_search = _cuts(load.accepted["search"])
    promises = {
        f"no other status, no broken connection: {errors or 'none'}": not errors,
        f"p99 of searches {p99_search / idle_p50:.1f} x the idle p50, under 10": p99_search < 10 * idle_p50,
        f"refused within 50 ms: p99 {p99:.1f} ms": p99 < 50,
        f"memory {warm:.0f} MB, {last:.0f} MB at the end, within 5 %": abs(last / warm - 1) < 0.05,
    }
    for promise, holds in promises.items():
        print(f"  {'kept   ' if holds else 'BROKEN '} {promise}")
    return all(promises.values())


def _send(connection: Connection, sort: str, number: int, load: Load, answer_id: str = "") -> None:
    question = f"{_WORDS[number % 10]} {_WORDS[number // 10 % 10]} {number}"
    requests: dict[str, Callable[[], tuple[int, bytes]]] = {
        "search": lambda: connection.ask("POST", "/v1/search", {"query": question, "limit": 3}),
        "again": lambda: connection.ask("POST", "/v1/search", {"query": _WORDS[number % 10], "limit": 3}),
        "suggest": lambda: connection.ask("GET", "/v1/suggest?q=" + urllib.parse.quote(_WORDS[number % 10][:4])),
        "page": lambda: connection.ask("POST", "/", form={"q": question}),
        "facets": lambda: connection.ask("GET", "/v1/facets"),
        "feedback": lambda: connection.ask(
            "POST", "/v1/feedback", {"query_id": f"{number:032x}", "answer_id": answer_id, "useful": True}
        ),
        "batch": lambda: connection.ask("POST", "/v1/search/batch", {"queries": [f"{question} {n}" for n in range(8)]}),
    }
    began = time.perf_counter()
    try:
        status = str(requests[sort]()[0])
    except OSError as error:
        status = type(error).__name__
    load.note(sort, status, time.perf_counter() - began)


def _together(work: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _cuts(seconds: Sequence[float]) -> tuple[float, float]:
    """Return median and 99th percentile in milliseconds, 0 where there is nothing."""
    if len(seconds) < 2:
        return 0.0, 0.0
    cuts = statistics.quantiles(seconds, n=100)
    return 1000 * cuts[49], 1000 * cuts[98]


if __name__ == "__main__":
    main()
