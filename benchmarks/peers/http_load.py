"""Questions a second over HTTP: Souffleur's server beside those of its peers, the same model and answers, 32 clients.

All run as their documentation starts them, one process each, and take turns. Souffleur logs each request, as it always
does; the others' logs of requests are off. Souffleur and Infinity encode together what arrives together; txtai's
/search has no such thing, and runs its requests in a pool of threads. Infinity does less than the others: it returns
the vector of a question, and searches nothing.
"""

import contextlib
import json
import socket
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.peers.encoding import Engines, short_questions
from benchmarks.peers.engines import BATCH
from benchmarks.peers.environment import WORK
from benchmarks.peers.lineup import ENTRANTS, OURS, SERVERS
from benchmarks.peers.model import infinity_folder
from benchmarks.peers.processes import PeerError, interpreter_of, serving, working
from benchmarks.peers.results import Figure, Row, Spread

CLIENTS = 32
SECONDS_A_ROUND = 5
MOST_ROUNDS = 12
RATE_BARS, P99_BARS = {"txtai": 4.0}, {"txtai": 1.0}
_SERVED = "e5"
_INFINITY: Mapping[str, object] = {
    "path": "/embeddings",
    # In base64, as OpenAI's own client asks for them: that is less to write than numbers.
    "embed": {"model": _SERVED, "encoding_format": "base64"},
}
_REQUESTS: Mapping[str, Mapping[str, object]] = {
    OURS: {"path": "/v1/search?q="},
    "txtai": {"path": "/search?query="},
    "infinity": _INFINITY,
    "infinity-bf16": _INFINITY,
}


@dataclass
class _Seen:
    """What the clients saw of one server, round by round."""

    rates: list[float] = field(default_factory=list)
    p99s: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)


def measure_http(engines: Engines, folder: Path, *, model: Path, rounds: int) -> list[Figure]:
    """Return the replies a second and their 99th percentile; where a peer cannot serve, its row says why.

    rounds: at most, as a dozen of seconds say enough.
    """
    rounds = min(rounds, MOST_ROUNDS)
    texts = short_questions(folder)
    with contextlib.ExitStack() as stack:
        log = WORK / "client.log"
        client = stack.enter_context(working("benchmarks.peers.client", interpreter=sys.executable, log=log))
        ports: dict[str, int] = {}
        failed = {name: why for name, why in engines.missing.items() if name in SERVERS}
        for name in (name for name in SERVERS if name not in failed):
            ports[name] = _free_port()
            try:
                stack.enter_context(_server(name, engines, folder, model=model, port=ports[name]))
            except PeerError as error:
                failed[name] = str(error)
                del ports[name]
        seen = {name: _Seen() for name in ports}
        names, start = list(ports), 0
        # Round 0 warms all and is not counted.
        for number in range(rounds + 1):
            turn = number % len(names)
            for name in (*names[turn:], *names[:turn]):
                reply = client.ask(
                    **_REQUESTS[name],
                    host="127.0.0.1",
                    port=ports[name],
                    texts=texts,
                    start=start,
                    clients=CLIENTS,
                    seconds=SECONDS_A_ROUND if number else 1,
                )
                start += reply["asked"]
                seen[name].statuses.update(reply["statuses"])
                if not reply["seconds"]:
                    raise PeerError(f"{ENTRANTS[name].title} accepted nothing: {reply['statuses']}")
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
        title = ENTRANTS[name].title
        rates.append(Row(title, Spread.of(one.rates), more, RATE_BARS.get(name), note))
        p99s.append(Row(title, Spread.of(one.p99s), sooner, P99_BARS.get(name), note))
    absent = [Row(ENTRANTS[name].title, None, note=why) for name, why in failed.items()]
    return [
        Figure("http_rate", f"HTTP, {CLIENTS} clients, replies", "questions/s", rounds, [*rates, *absent]),
        Figure("http_p99", f"HTTP, {CLIENTS} clients, p99", "ms", rounds, [*p99s, *absent]),
    ]


def _server(
    name: str, engines: Engines, folder: Path, *, model: Path, port: int
) -> contextlib.AbstractContextManager[None]:
    python, address = interpreter_of(name), f"http://127.0.0.1:{port}"
    log, variables = WORK / f"{name}-server.log", dict[str, str]()
    if name == OURS:
        ready = "/readyz"
        command = [python, "-m", "server", "serve", "--port", str(port), "--index", str(engines.index(name, folder))]
    elif name == "txtai":
        ready = "/count"
        # JSON is YAML too. There is a /search only where "embeddings" is named; the saved index says all about them.
        settings, index = WORK / "txtai.yml", str(engines.index(name, folder))
        settings.write_text(json.dumps({"path": index, "writable": False, "embeddings": {}}), encoding="utf-8")
        variables = {"CONFIG": str(settings)}
        options = ["--no-access-log", "--host", "127.0.0.1", "--port", str(port)]
        command = [python, "-m", "uvicorn", "txtai.api:app", *options]
    else:
        ready = "/health"
        of_engine = {
            "infinity": ["--model-id", str(infinity_folder(model, WORK).resolve()), "--engine", "optimum"],
            "infinity-bf16": ["--model-id", str(model), "--engine", "torch", "--dtype", "bfloat16"],
        }
        options = ["--device", "cpu", "--batch-size", str(BATCH), "--pooling-method", "mean", "--no-model-warmup"]
        where = ["--served-model-name", _SERVED, "--host", "127.0.0.1", "--port", str(port), "--log-level", "error"]
        command = [str(Path(python).with_name("infinity_emb")), "v2", *of_engine[name], *options, *where]
    return serving(command, ready=address + ready, log=log, variables=variables)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
