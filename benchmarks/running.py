"""A real server, or some work, in a process of its own, whose memory the kernel tells."""

import json
import multiprocessing
import os
import re
import resource
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

Result = TypeVar("Result")

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

    def settle(self) -> None:
        """Wait until the server has done what it does once it answers: until it takes no processor time any more."""
        ticks = -1
        while ticks != (ticks := self._processor_ticks()):
            time.sleep(1.0)  # longer than the quiet that it waits for

    def _processor_ticks(self) -> int:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) // 3  # the watcher of the index takes one now and then

    def counted(self, metric: str, labels: str = "") -> float:
        """Return the sum of a counter over its labels, as /metrics shows it; only of those with *labels* in them."""
        with closing(Connection(self.port)) as connection:
            _, body = connection.ask("GET", "/metrics")
        found = re.findall(rf"^{metric}({{.*}})? (\S+)$", body.decode(), re.MULTILINE)
        return sum(float(value) for these, value in found if labels in these)


class Connection:
    """One connection that is kept open, as a browser's or a program's would be.

    Over a bare socket: the clients share the machine with the server, and a library would take as long as it does.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._read = b""

    def ask(
        self,
        method: str,
        address: str,
        body: Mapping[str, Any] | None = None,
        *,
        form: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Return status and body of the reply to *body* as JSON, or to a *form*. OSError if there is none."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=30)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        content = b"" if body is None else json.dumps(body).encode()
        media_type = "application/json"
        if form is not None:
            content, media_type = urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded"
        head = (
            f"{method} {address} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {TOKEN}\r\n"
            f"content-type: {media_type}\r\ncontent-length: {len(content)}\r\n\r\n"
        )
        try:
            self._socket.sendall(head.encode() + content)
            head_length = self._read_until(lambda: self._read.find(b"\r\n\r\n")) + 4
            reply_head = self._read[:head_length].lower()
            length = int(reply_head.split(b"\r\ncontent-length: ")[1].split(b"\r\n")[0])
            end = self._read_until(lambda: head_length + length if len(self._read) >= head_length + length else -1)
        except BaseException:
            self.close()
            raise
        reply, self._read = self._read[head_length:end], self._read[end:]
        return int(reply_head[9:12]), reply

    def _read_until(self, found: Callable[[], int]) -> int:
        assert self._socket
        while (at := found()) < 0:
            part = self._socket.recv(65_536)
            if not part:
                raise ConnectionResetError("the server closed the connection")
            self._read += part
        return at

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._socket:
            self._socket.close()
        self._socket, self._read = None, b""


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
        with closing(Connection(port)) as connection:
            return connection.ask("GET", "/readyz")[0] == 200
    except OSError:
        return False


def apart(work: Callable[..., Result], *arguments: object) -> tuple[Result, float]:
    """Return what *work* returns in a process of its own, and the most memory in MB that this process held."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_with_memory, (work, *arguments))


def _with_memory(work: Callable[..., Result], *arguments: object) -> tuple[Result, float]:
    result = work(*arguments)
    return result, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
