"""Encodes concurrent questions together, without ever waiting for company.

Whoever asks while nothing runs is encoded at once, alone. Those who come meanwhile are the next batch: it fills by
itself when the server is busy, so that no timer is needed and an idle server adds nothing to a question. Who has waited
longest leads it, with those whose questions are most nearly as long: in a batch all take as long as the longest.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from indexer.records import Vectors

MOST_TOGETHER = 8
"""The batch that the bundled engine runs fastest; a larger one only makes its first question wait for the last."""
MOST_CHARACTERS = 2_000
"""Of a batch with several questions, each counted as the longest: about a sixth of a second, whatever their number.
Long ones gain nothing from company, and the others would wait for them."""


def divide(questions: Sequence[str]) -> Iterator[list[str]]:
    """Yield *questions* in parts that run well together: those of like lengths, the shortest first.

    Whoever has many asks for them part by part, so that what others ask meanwhile comes in between.
    """
    part: list[str] = []
    for question in sorted(questions, key=len):
        if part and not _fits([*part, question]):
            yield part
            part = []
        part.append(question)
    if part:
        yield part


def _fits(batch: Sequence[str]) -> bool:
    """Whether these are few and short enough to be encoded in one go."""
    return len(batch) * max(map(len, batch)) <= MOST_CHARACTERS


class _Job:
    """Questions on their way: *woken* once their vectors are there, an error, or the turn to lead a batch."""

    def __init__(self, questions: Sequence[str]) -> None:
        self.questions = questions
        self.longest = max(map(len, questions))
        self.woken = threading.Event()
        self.result: Vectors | Exception | None = None


class Batcher:
    """Gives questions their vectors; safe to use from several threads, each of which blocks until its own are there."""

    def __init__(
        self,
        encode: Callable[[Sequence[str]], Vectors],
        *,
        most: int = MOST_TOGETHER,
        observe: Callable[[int], None] = lambda _: None,
    ) -> None:
        """observe: called with the number of questions of each batch."""
        self._encode = encode
        self._most = most
        self._observe = observe
        self._lock = threading.Lock()
        self._leader: _Job | None = None
        self._waiting: deque[_Job] = deque()

    def encode(self, questions: Sequence[str]) -> Vectors:
        """Return the vectors, shape (len(questions), dimension). What the encoder raises is raised in every thread.

        All of *questions* are in one batch, so they should be one part of `divide`. A KeyboardInterrupt ends this call
        alone, but for the microseconds in which it hands over; RuntimeError in those that were in its batch.
        """
        job = _Job(questions)
        try:
            with self._lock:
                self._waiting.append(job)
                if self._leader is None:
                    self._appoint(job)
            job.woken.wait()
            if job.result is None:
                self._lead(job)
        finally:
            self._leave(job)
        if isinstance(job.result, Exception):
            raise job.result
        if job.result is None:
            raise RuntimeError("a batch ended without the vectors of its leader")
        return job.result

    def _appoint(self, job: _Job | None) -> None:
        """Make *job* the leader, under the lock: whoever it wakes is seen to lead, so that its end is one too."""
        self._leader = job
        if job:
            job.woken.set()

    def _leave(self, job: _Job) -> None:
        """Let nobody wait for *job*, whatever ended it: its turn to lead goes to who has waited longest."""
        with self._lock:
            if job in self._waiting:
                self._waiting.remove(job)
            if self._leader is job:
                self._appoint(self._waiting[0] if self._waiting else None)

    def _lead(self, leader: _Job) -> None:
        """Encode the leader's own questions with some of those that wait, and wake these."""
        jobs = [leader]
        try:
            with self._lock:
                jobs = self._together_with(leader)
                self._waiting = deque(job for job in self._waiting if job not in jobs)
            batch = [question for job in jobs for question in job.questions]
            self._observe(len(batch))
            vectors = self._encode(batch)
            first = 0
            for job in jobs:
                job.result = vectors[first : first + len(job.questions)]
                first += len(job.questions)
        except Exception as error:  # noqa: BLE001  # raised again in each of the threads
            for job in jobs:
                job.result = error
        finally:
            for job in jobs:
                if job.result is None:
                    job.result = RuntimeError("The thread that encoded this question was interrupted. Ask again.")
                job.woken.set()

    def _together_with(self, leader: _Job) -> list[_Job]:
        """Return *leader* and those that wait with questions of most nearly its length, as many as fit."""
        jobs = [leader]
        batch = list(leader.questions)
        others = (job for job in self._waiting if job is not leader)
        for job in sorted(others, key=lambda job: abs(job.longest - leader.longest)):
            together = [*batch, *job.questions]
            if len(together) > self._most or not _fits(together):
                break
            jobs.append(job)
            batch = together
        return jobs
