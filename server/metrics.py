"""What the server counts, for Prometheus. No question, no address of a visitor and no id of theirs is ever a label."""

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

MEDIA_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counters of one server; a registry of their own, so that two servers in a process do not add up."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self.stage_seconds = Histogram(
            "souffleur_stage_seconds",
            "Seconds of a question in a stage",
            ["stage"],
            buckets=_SECONDS,
            registry=registry,
        )
        # Bound once: both are counted with each question.
        self.encode_seconds = self.stage_seconds.labels("encode")
        self.search_seconds = self.stage_seconds.labels("search")
        self.request_seconds = Histogram(
            "souffleur_request_seconds", "Seconds of a request", ["route"], buckets=_SECONDS, registry=registry
        )
        self.requests = Counter(
            "souffleur_requests", "Requests by route and HTTP status", ["route", "status"], registry=registry
        )
        self.replies = Counter("souffleur_replies", "Questions by status of the reply", ["status"], registry=registry)
        self.cached_questions = Counter(
            "souffleur_cached_questions", "Questions whose vector was known, or not", ["found"], registry=registry
        )
        self.batch_size = Histogram(
            "souffleur_batch_size",
            "Questions encoded together",
            buckets=(1, 2, 3, 4, 6, 8),
            registry=registry,
        )
        self.in_progress = Gauge("souffleur_in_progress", "Requests admitted and not yet answered", registry=registry)
        self.refused = Counter("souffleur_refused", "Requests not admitted, by reason", ["reason"], registry=registry)
        self.reloads = Counter("souffleur_reloads", "Switches to another index", registry=registry)
        self.refused_reloads = Counter(
            "souffleur_refused_reloads", "Indexes that were not fit to serve", registry=registry
        )
        self.damaged_files = Counter(
            "souffleur_damaged_files",
            "Files of the index in service that are not as they were built",
            registry=registry,
        )
        self.degraded = Gauge(
            "souffleur_degraded", "1 where /readyz says that something is not as it should be", registry=registry
        )
        self.lost_questions = Counter(
            "souffleur_lost_questions", "Questions answered that could not be kept", registry=registry
        )
        self._index = Gauge("souffleur_index_built_seconds", "When the index was built", ["index"], registry=registry)

    def show_index(self, index_id: str, built_at: str) -> None:
        """Name the index in service; its age is the time since the gauge's value, Unix seconds."""
        self._index.clear()
        self._index.labels(index_id).set(datetime.fromisoformat(built_at).timestamp())

    def text(self) -> bytes:
        """Return all of it as Prometheus reads it."""
        return generate_latest(self._registry)
