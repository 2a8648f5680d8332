"""Dask clusters of real processes on loopback."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]


class Cluster:
    """A scheduler, and the workers that a test starts and kills."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start(["scheduler", "--port", "0"], {})
        self.address = self._wait_for(self._folder / "0.log", r"Scheduler at: +(tcp://\S+)")

    def add_worker(
        self, environment: Mapping[str, str] | None = None, *, python: tuple[str, ...] = (sys.executable,)
    ) -> subprocess.Popen[bytes]:
        """Return a worker once the scheduler knows it."""
        log = self._folder / f"{len(self._processes)}.log"
        command = ["worker", self.address, "--nworkers", "1", "--nthreads", "1", "--no-nanny"]
        worker = self._start(command, environment or {}, python=python)
        self._wait_for(log, r"Registered to: +(\S+)")
        return worker

    def end(self) -> None:
        """End all processes."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()

    def _start(
        self, command: list[str], environment: Mapping[str, str], *, python: tuple[str, ...] = (sys.executable,)
    ) -> subprocess.Popen[bytes]:
        with (self._folder / f"{len(self._processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [*python, "-m", "dask", *command, "--host", "127.0.0.1", "--no-dashboard"],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            )
        self._processes.append(process)
        return process

    def _wait_for(self, log: Path, pattern: str) -> str:
        for _ in range(600):
            if found := re.search(pattern, log.read_text(encoding="utf-8")):
                return found[1]
            # Nothing else tells when a process of Dask is ready.
            try:
                self._processes[-1].wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            break
        raise AssertionError(f"not started: {log.read_text(encoding='utf-8')}")


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Give a cluster without workers until the end of the block."""
    started = Cluster(folder)
    try:
        yield started
    finally:
        started.end()
