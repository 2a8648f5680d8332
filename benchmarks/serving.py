"""How long the server takes to be ready, how much memory it keeps, and what HTTP costs beside the encoder.

    python -m benchmarks.serving

Questions over HTTP and to the encoder alone take turns, so that a busy machine slows both.
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
ROUNDS = 40
QUESTIONS_A_ROUND = 10


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
    with running_server(index) as server:
        server.settle()
        encoder = load_encoder("bundled")
        encoder.speed_up()  # as the server has done
        _compare(server, encoder)


def _compare(server: Running, encoder: Encoder) -> None:
    over_http: list[float] = []
    alone: list[float] = []
    with closing(Connection(server.port)) as connection:
        for number in range(ROUNDS):
            questions = [f"comment renouveler le certificat {number}-{at} ?" for at in range(QUESTIONS_A_ROUND)]
            for question in questions:
                began = time.perf_counter()
                connection.ask("GET", f"/v1/search?{urllib.parse.urlencode({'q': question})}")
                over_http.append(time.perf_counter() - began)
            for question in questions:
                began = time.perf_counter()
                encoder.encode_questions([question])
                alone.append(time.perf_counter() - began)
    for name, times in (("over HTTP", over_http), ("encoder alone", alone)):
        twentieths = statistics.quantiles(times, n=20)
        print(f"{name:15} p50 {statistics.median(times) * 1000:.1f} ms, p95 {twentieths[-1] * 1000:.1f} ms")


if __name__ == "__main__":
    main()
