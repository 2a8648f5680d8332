"""How long the server takes to be ready, how much memory it keeps, and what HTTP costs beside the encoder.

    python -m benchmarks.serving

Rounds of questions over HTTP and of the encoder alone are interleaved, so that a busy machine slows both.
"""

import http.client
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

from indexer.encoders import Encoder
from indexer.encoders.loading import load_encoder

PORT = 8137
STARTS = 3
ROUNDS = 20
QUESTIONS_A_ROUND = 20


def main() -> None:
    """Print the figures."""
    seconds = []
    for start in range(STARTS):
        began = time.perf_counter()
        command = [sys.executable, "-m", "server", "serve", "--port", str(PORT)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            _wait_until_ready(process)
            seconds.append(time.perf_counter() - began)
            if start == STARTS - 1:
                status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
                resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
                print(f"start to ready  {statistics.median(seconds):.2f} s (median of {STARTS})")
                print(f"resident        {int(resident.split()[1]) // 1024} MB")
                _compare(load_encoder("bundled"))
        finally:
            process.terminate()
            process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/readyz")
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise SystemExit(f"The server ended with {process.returncode} before it was ready. Is there an index?")


def _compare(encoder: Encoder) -> None:
    client = http.client.HTTPConnection("127.0.0.1", PORT)
    over_http: list[float] = []
    alone: list[float] = []
    for number in range(ROUNDS):
        questions = [f"comment renouveler le certificat {number}-{at} ?" for at in range(QUESTIONS_A_ROUND)]
        for question in questions:
            began = time.perf_counter()
            client.request("GET", f"/v1/search?{urllib.parse.urlencode({'q': question})}")
            client.getresponse().read()
            over_http.append(time.perf_counter() - began)
        for question in questions:
            began = time.perf_counter()
            encoder.encode_questions([question])
            alone.append(time.perf_counter() - began)
    for name, times in (("over HTTP", over_http), ("encoder alone", alone)):
        tenths = statistics.quantiles([1000 * value for value in times], n=20)
        print(f"{name:15} p50 {statistics.median(times) * 1000:.1f} ms, p95 {tenths[-1]:.1f} ms")


if __name__ == "__main__":
    main()
