"""The processes of a run: workers that speak JSON lines, and servers. None outlives the block that started it."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.environment import PYTHON, WORK

OURS = "souffleur"
READY_SECONDS = 120


class PeerError(Exception):
    """A peer could not do what was asked; the message is its own."""


class Worker:
    """A program that answers one JSON line with another."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, **order: object) -> dict[str, Any]:
        """Return the reply to an order; PeerError with what the worker says went wrong."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise PeerError("It has ended.") from error
        return self.hear()

    def hear(self) -> dict[str, Any]:
        """Return the next reply."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise PeerError(f"It ended with {self._process.wait()}.")
        reply: dict[str, Any] = json.loads(line)
        if "error" in reply:
            raise PeerError(reply["error"])
        return reply


@contextlib.contextmanager
def working(module: str, *arguments: str, peer: bool, log: Path) -> Iterator[Worker]:
    """Within the block, a worker: by the interpreter of the peers, or by this one."""
    with _started([str(PYTHON) if peer else sys.executable, "-m", module, *arguments], log=log) as process:
        yield Worker(process)


@contextlib.contextmanager
def serving(command: Sequence[str], *, ready: str, log: Path, variables: Mapping[str, str]) -> Iterator[None]:
    """Within the block, a server that answered at the address *ready*; PeerError if it does not come so far."""
    with _started(command, log=log, variables=variables) as process:
        until = time.monotonic() + READY_SECONDS
        while not _answers(ready):
            if process.poll() is not None or time.monotonic() > until:
                raise PeerError(f"{command[0]} does not serve; see {log}.")
            time.sleep(0.1)
        yield


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except OSError:
        return False


@contextlib.contextmanager
def _started(
    command: Sequence[str], *, log: Path, variables: Mapping[str, str] | None = None
) -> "Iterator[subprocess.Popen[str]]":
    WORK.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if variables is None else stream,
            stderr=stream,
            text=True,
            # The model is a folder; nothing is to be looked up on a hub.
            env={**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true", **(variables or {})},
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
