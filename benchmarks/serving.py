"""How long the server takes to be ready, its memory, its first questions, and what HTTP costs beside the encoder.

    python -m benchmarks.serving

A question over HTTP and one to the encoder alone take turns, so that a busy machine slows both, and neither finds the
caches of the processor full of its own: in a loop without a pause the encoder is up to a tenth faster than any visitor
finds it.
"""

import statistics
import time
import urllib.parse
from contextlib import closing
from pathlib import Path

from benchmarks.running import Connection, Running, running_server
from indexer.encoders import Encoder
from indexer.encoders.loading import load_encoder

STARTS = 5
QUESTIONS = 400
FIRST = 200


def main() -> None:
    """Print the figures."""
    index = Path("build/index")
    seconds, megabytes = [], []
    for _ in range(STARTS):
        began = time.perf_counter()
        with running_server(index) as server:
            seconds.append(time.perf_counter() - began)
            server.settle()
            megabytes.append(server.resident_megabytes())
    print(f"start to ready  {statistics.median(seconds):.2f} s (median of {STARTS})")
    print(f"resident        {statistics.median(megabytes):.0f} MB")
    first, later = [], []
    for _ in range(STARTS):
        with running_server(index) as server:
            first.append(_p50(server, "validité"))
            server.settle()
            later.append(_p50(server, "durée"))
    print(f"first {FIRST}       p50 {statistics.median(first):.1f} ms, later {statistics.median(later):.1f} ms")
    with running_server(index) as server:
        server.settle()
        encoder = load_encoder("bundled")
        encoder.speed_up()  # as the server has done
        _compare(server, encoder)


def _p50(server: Running, word: str) -> float:
    """Return the median of some questions, in ms, one after the other; word: so that none was asked before."""
    took = []
    with closing(Connection(server.port)) as connection:
        for number in range(FIRST):
            question = urllib.parse.urlencode({"q": f"quelle est la {word} du certificat {number} ?"})
            began = time.perf_counter()
            connection.ask("GET", f"/v1/search?{question}")
            took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


def _compare(server: Running, encoder: Encoder) -> None:
    over_http: list[float] = []
    alone: list[float] = []
    with closing(Connection(server.port)) as connection:
        for number in range(QUESTIONS):
            began = time.perf_counter()
            question = urllib.parse.urlencode({"q": f"comment renouveler le certificat {number} ?"})
            connection.ask("GET", f"/v1/search?{question}")
            over_http.append(time.perf_counter() - began)
            began = time.perf_counter()
            encoder.encode_questions([f"comment renouveler le certificat {number} ?"])
            alone.append(time.perf_counter() - began)
    for name, times in (("over HTTP", over_http), ("encoder alone", alone)):
        twentieths = statistics.quantiles(times, n=20)
        print(f"{name:15} p50 {statistics.median(times) * 1000:.1f} ms, p95 {twentieths[-1] * 1000:.1f} ms")


if __name__ == "__main__":
    main()
