"""Asks a running server from several clients at once: throughput, latency of what was accepted, and what was refused.

python benchmarks/load.py --url http://127.0.0.1:8000 --clients 1 32 --seconds 15
Each question is one never asked before, so that no cached vector helps. The clients share the machine with the server.
"""

import argparse
import http.client
import itertools
import json
import statistics
import threading
import time
import urllib.parse
from collections import Counter
from dataclasses import dataclass, field

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


@dataclass
class Load:
    """What the clients saw, together."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)


def main() -> None:
    """Print one line for each number of clients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--seconds", type=float, default=15)
    options = parser.parse_args()
    numbers = itertools.count(time.time_ns() % 1_000_000)
    for clients in options.clients:
        load = run(options.url, clients=clients, seconds=options.seconds, numbers=numbers)
        cuts = statistics.quantiles(load.seconds, n=100)
        print(
            f"{clients:3} clients: {len(load.seconds) / options.seconds:6.1f} accepted/s, "
            f"p50 {1000 * cuts[49]:.1f} ms, p99 {1000 * cuts[98]:.1f} ms, statuses {dict(load.statuses)}"
        )


def run(url: str, *, clients: int, seconds: float, numbers: "itertools.count[int]") -> Load:
    """Return what *clients* saw, each asking its next question once it has the reply to the one before."""
    load = Load()
    end = time.perf_counter() + seconds
    address = urllib.parse.urlsplit(url)

    def ask() -> None:
        connection = http.client.HTTPConnection(address.hostname or "", address.port)
        while time.perf_counter() < end:
            number = next(numbers)
            words = f"{_WORDS[number % 10]} {_WORDS[number // 10 % 10]} {number}"
            started = time.perf_counter()
            body = json.dumps({"query": words, "limit": 3})
            connection.request("POST", "/v1/search", body, {"content-type": "application/json"})
            reply = connection.getresponse()
            reply.read()
            load.statuses[reply.status] += 1
            if reply.status == 200:
                load.seconds.append(time.perf_counter() - started)

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return load


if __name__ == "__main__":
    main()
