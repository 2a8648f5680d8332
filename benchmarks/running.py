"""A real server in a process of its own, for the measurements that need one."""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOKEN = "a-token-of-the-benchmarks"
"""The operator's token of every server started here."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that is ready."""

    process: "subprocess.Popen[bytes]"
    port: int

    def resident_megabytes(self) -> float:
        """Return what the process holds in memory now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def counted(self, metric: str) -> float:
        """Return the sum of a counter over its labels, as /metrics shows it."""
        _, body = Connection(self.port).ask("GET", "/metrics")
        return sum(map(float, re.findall(rf"^{metric}(?:{{.*}})? (\S+)$", body.decode(), re.MULTILINE)))


class Connection:
    """One connection that is kept open, as a browser's or a program's would be."""

    def __init__(self, port: int) -> None:
        self._client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(self, method: str, address: str, body: Mapping[str, Any] | None = None) -> tuple[int, bytes]:
        """Return status and body of the reply. OSError or HTTPException if there is none."""
        headers = {"authorization": f"Bearer {TOKEN}"}
        if body is None:
            self._client.request(method, address, headers=headers)
        else:
            self._client.request(method, address, json.dumps(body), headers | {"content-type": "application/json"})
        reply = self._client.getresponse()
        return reply.status, reply.read()

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        self._client.close()


@contextmanager
def running_server(index: Path, **settings: object) -> Iterator[Running]:
    """Start the server on a free port and wait until it is ready; end it after the block if it still runs.

    settings: of the server, by name. SystemExit if it ends before it is ready.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    given = {"index": index, "port": port, "admin_token": TOKEN, **settings}
    environment = os.environ | {f"SOUFFLEUR_{name.upper()}": str(value) for name, value in given.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "server", "serve"], env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        while not _is_ready(port):
            if process.poll() is not None:
                raise SystemExit(f"The server ended with {process.returncode} before it was ready. Is there an index?")
            time.sleep(0.02)
        yield Running(process, port)
    finally:
        process.terminate()
        process.wait()


def _is_ready(port: int) -> bool:
    try:
        return Connection(port).ask("GET", "/readyz")[0] == 200
    except OSError:
        return False
