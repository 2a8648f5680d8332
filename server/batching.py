"""Encodes concurrent questions together, without ever waiting for company.

Whoever asks while nothing runs is encoded at once, alone. Those who come meanwhile are the next batch: it fills by
itself when the server is busy, so that no timer is needed and an idle server adds nothing to a question.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence

from indexer.records import Vectors

MOST_TOGETHER = 8
"""The batch that the bundled engine runs fastest; a larger one only makes its first question wait for the last."""


class _Job:
    """One question on its way: *woken* once its vector is there, an error, or the turn to lead a batch."""

    def __init__(self, question: str) -> None:
        self.question = question
        self.woken = threading.Event()
        self.result: Vectors | Exception | None = None


class Batcher:
    """Gives each question its vector; safe to use from several threads, each of which blocks until its own is there."""

    def __init__(
        self,
        encode: Callable[[Sequence[str]], Vectors],
        *,
        most: int = MOST_TOGETHER,
        observe: Callable[[int], None] = lambda _: None,
    ) -> None:
        """observe: called with the size of each batch."""
        self._encode = encode
        self._most = most
        self._observe = observe
        self._lock = threading.Lock()
        self._busy = False
        self._waiting: deque[_Job] = deque()

    def encode(self, question: str) -> Vectors:
        """Return the vector of one question, shape (dimension,). What the encoder raises is raised in every thread."""
        job = _Job(question)
        with self._lock:
            self._waiting.append(job)
            leads = not self._busy
            self._busy = True
        if not leads:
            job.woken.wait()
        if job.result is None:
            self._lead()
        if isinstance(job.result, Exception):
            raise job.result
        if job.result is None:
            raise RuntimeError("a batch ended without the vector of its leader")
        return job.result

    def _lead(self) -> None:
        """Encode the questions that wait, the leader's own first among them, then hand over to who came meanwhile."""
        with self._lock:
            jobs = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
        self._observe(len(jobs))
        try:
            vectors = self._encode([job.question for job in jobs])
            for job, vector in zip(jobs, vectors, strict=True):
                job.result = vector
        except Exception as error:  # noqa: BLE001  # raised again in each of the threads
            for job in jobs:
                job.result = error
        with self._lock:
            self._busy = bool(self._waiting)
            successor = self._waiting[0] if self._waiting else None
        for job in jobs:
            job.woken.set()
        if successor:
            successor.woken.set()
