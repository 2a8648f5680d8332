"""Questions a second over HTTP: Souffleur's server beside txtai's, the same model, the same answers, 32 clients.

Both servers run as their documentation starts them, one process each, and take turns. Souffleur logs each request, as
it always does; txtai's log of requests is off. Souffleur encodes together what arrives together; txtai's /search has no
such thing, and runs its requests in a pool of threads.
"""

import contextlib
import json
import socket
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.peers.encoding import NAMES, Engines, short_questions
from benchmarks.peers.environment import PYTHON, WORK
from benchmarks.peers.processes import OURS, PeerError, serving, working
from benchmarks.peers.results import Figure, Row, Spread

CLIENTS = 32
SECONDS_A_ROUND = 5
RATE_BAR, P99_BAR = 4.0, 1.0
_PATHS = {OURS: "/v1/search?q=", "txtai": "/search?query="}


@dataclass
class _Seen:
    """What the clients saw of one server, round by round."""

    rates: list[float] = field(default_factory=list)
    p99s: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)


def measure_http(engines: Engines, folder: Path, *, rounds: int) -> list[Figure]:
    """Return the replies a second and their 99th percentile; where txtai cannot serve, its row says why."""
    texts = short_questions(folder)
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(working("benchmarks.peers.client", peer=False, log=WORK / "client.log"))
        ports: dict[str, int] = {}
        failed = {"txtai": engines.missing["txtai"]} if "txtai" in engines.missing else {}
        for name in (name for name in _PATHS if name not in failed):
            ports[name] = _free_port()
            try:
                stack.enter_context(_server(name, str(engines.index(name, folder)), ports[name]))
            except PeerError as error:
                failed[name] = str(error)
                del ports[name]
        seen = {name: _Seen() for name in ports}
        names, start = list(ports), 0
        # Round 0 warms both and is not counted.
        for number in range(rounds + 1):
            for name in names if number % 2 else reversed(names):
                reply = client.ask(
                    host="127.0.0.1",
                    port=ports[name],
                    path=_PATHS[name],
                    texts=texts,
                    start=start,
                    clients=CLIENTS,
                    seconds=SECONDS_A_ROUND if number else 1,
                )
                start += reply["asked"]
                seen[name].statuses.update(reply["statuses"])
                if not reply["seconds"]:
                    raise PeerError(f"{NAMES[name]} accepted nothing: {reply['statuses']}")
                if number:
                    seen[name].rates.append(len(reply["seconds"]) / reply["took"])
                    seen[name].p99s.append(1000 * float(np.percentile(reply["seconds"], 99)))
    return _figures(seen, failed, rounds=rounds)


def _figures(seen: dict[str, _Seen], failed: dict[str, str], *, rounds: int) -> list[Figure]:
    rates, p99s = [], []
    ours = seen[OURS]
    for name, one in seen.items():
        note = "statuses " + ", ".join(f"{status}: {count}" for status, count in sorted(one.statuses.items()))
        peer = name != OURS
        more = Spread.of(np.divide(ours.rates, one.rates).tolist()) if peer else None
        sooner = Spread.of(np.divide(one.p99s, ours.p99s).tolist()) if peer else None
        rates.append(Row(NAMES[name], Spread.of(one.rates), more, RATE_BAR if peer else None, note))
        p99s.append(Row(NAMES[name], Spread.of(one.p99s), sooner, P99_BAR if peer else None, note))
    absent = [Row(NAMES[name], None, note=why) for name, why in failed.items()]
    return [
        Figure("http_rate", f"HTTP, {CLIENTS} clients, replies", "questions/s", rounds, [*rates, *absent]),
        Figure("http_p99", f"HTTP, {CLIENTS} clients, p99", "ms", rounds, [*p99s, *absent]),
    ]


def _server(name: str, index: str, port: int) -> contextlib.AbstractContextManager[None]:
    address = f"http://127.0.0.1:{port}"
    if name == OURS:
        command = [sys.executable, "-m", "server", "serve", "--port", str(port), "--index", index]
        return serving(command, ready=f"{address}/readyz", log=WORK / "serve.log", variables={})
    # JSON is YAML too. There is a /search only where "embeddings" is named; the saved index says all about them.
    settings = WORK / "txtai.yml"
    settings.write_text(json.dumps({"path": index, "writable": False, "embeddings": {}}), encoding="utf-8")
    options = ["--no-access-log", "--host", "127.0.0.1", "--port", str(port)]
    command = [str(PYTHON), "-m", "uvicorn", "txtai.api:app", *options]
    return serving(command, ready=f"{address}/count", log=WORK / "txtai-api.log", variables={"CONFIG": str(settings)})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
