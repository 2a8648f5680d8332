"""How much is let in: the crowd that works at once, and the rate of each client.

Counts and clocks alone; what is refused, and with which words, is for `admission` to say.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_MOST_CLIENTS = 10_000

_CROWDED = 0.25
"""Share of refusals from which on it is a crowd; whoever is let in is asked about twice, with and without a body."""


@dataclass(frozen=True)
class Limits:
    """How much is accepted. Seconds are of the clock on the wall."""

    most_requests: int = 40
    overloaded_requests: int = 2
    """Worked on at once from a refusal on, as long as many are refused. With one more, a twentieth more are answered,
    and where a crowd does not end, p99 is half as long again."""
    judged_seconds: float = 1.0
    """Every so often it is judged whether the crowd has ended."""
    header_bytes: int = 16_384
    parameters: int = 100
    """Of an address: the framework takes time for each times each, 0.3 s for 3,400."""
    body_bytes: int = 65_536
    larger_bodies: Mapping[str, int] = field(default_factory=lambda: {"/v1/search/batch": 1_000_000})
    """Bytes that are accepted at some addresses instead."""
    arriving_bytes: int = 32_000_000
    """Of all bodies that have not arrived whole: they come before anybody is counted as working."""
    body_seconds: float = 5.0
    deadline_seconds: float = 10.0
    origins: tuple[str, ...] = ()
    """Of other websites whose forms are taken: those that hold our box."""
    client_rate: int | None = None
    """Requests a second that one client may make on average, in bursts of ten times as many; None is no limit. A batch
    is let in where one question would be; the others that it asks are owed."""


class Crowd:
    """Whether more come than can be answered: from the first that is refused, until few are."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._overloaded = False
        self._judged_at = -math.inf
        self._came = self._refused = 0

    def accepts(self, working: int) -> bool:
        """Whether one more is worked on, where *working* are already; counts the answer."""
        now = self._clock()
        if now >= self._judged_at:
            # Chance alone refuses a few at a bearable rate, and must not keep the limit low.
            self._overloaded = self._overloaded and self._refused > _CROWDED * self._came
            self._judged_at, self._came, self._refused = now + self._limits.judged_seconds, 0, 0
        most = self._limits.most_requests
        accepted = working < (min(most, self._limits.overloaded_requests) if self._overloaded else most)
        self._came += 1
        if not accepted:
            self._overloaded = True
            self._refused += 1
        return accepted


class Clients:
    """A token bucket for each client, in memory only; the client not seen for longest makes room."""

    def __init__(self, rate: int, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = 10 * rate
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_seconds(self, client: str) -> float:
        """Return 0 and count the request, or how long to wait before the next is accepted."""
        now = self._clock()
        tokens, seen = self._buckets.pop(client, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - seen) * self._rate)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / self._rate
        self._buckets[client] = (tokens if wait else tokens - 1, now)
        if len(self._buckets) > _MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return wait

    def owe(self, client: str, requests: int) -> None:
        """Count so many more, without refusing any of them."""
        if requests > 0 and client in self._buckets:
            tokens, seen = self._buckets[client]
            self._buckets[client] = (tokens - requests, seen)
