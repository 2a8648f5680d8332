"""The processes of a run: workers that speak JSON lines, and servers. None outlives the block that started it."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.environment import WORK, python_of
from benchmarks.peers.lineup import ENTRANTS
from benchmarks.peers.model import FORMS

READY_SECONDS = 300
"""Exporting a graph and warming a server up take a minute on a machine that has nothing else to do."""


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


def export_model(model: Path, data: Path, *, without: Container[str]) -> list[str]:
    """Make the forms of the model that peers load, where they are not there; return what could not be made.

    data: a BEIR folder, whose answers settle the scales of bytes. without: environments that there are not.
    """
    problems = []
    WORK.mkdir(parents=True, exist_ok=True)
    for form, environment in FORMS.items():
        if environment in without:
            continue
        log = WORK / f"export-{form}.log"
        command = [str(python_of(environment)), "-m", "benchmarks.peers.model", form, str(model), str(WORK), str(data)]
        with log.open("w", encoding="utf-8") as stream:
            variables = {**os.environ, **variables_of_peers()}
            if subprocess.run(command, stdout=stream, stderr=stream, env=variables, check=False).returncode:
                problems.append(f"The model could not be exported to {form}; see {log}.")
    return problems


@contextlib.contextmanager
def working(module: str, *arguments: str, interpreter: str, log: Path) -> Iterator[Worker]:
    """Within the block, a worker run by that interpreter."""
    with _started([interpreter, "-m", module, *arguments], log=log) as process:
        yield Worker(process)


def interpreter_of(name: str) -> str:
    """Return the interpreter of an engine: that of its environment, or this one for Souffleur."""
    environment = ENTRANTS[name].environment
    return str(python_of(environment)) if environment else sys.executable


def variables_of_peers() -> dict[str, str]:
    """Return what a program of a peer is started with: it looks nothing up on a hub, and tells nobody of its use."""
    return {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str((WORK / "hub").resolve()),
        "TOKENIZERS_PARALLELISM": "true",
        "DO_NOT_TRACK": "1",
    }


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
            env={**os.environ, **variables_of_peers(), **(variables or {})},
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
