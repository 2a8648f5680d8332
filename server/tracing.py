"""Traces for OpenTelemetry: a span of each request, and in it those of encoding and searching.

The one module that imports the library, and only imported where SOUFFLEUR_TRACES is set. No span holds a question, an
address asked for, an exception's message or who asked; a visitor's own `traceparent` is not taken over.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from indexer.errors import SettingsError
from server.answering.answering import Answering, NoTracing
from server.http.request_log import route_of

try:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import Span, SpanKind, Status, StatusCode, get_current_span
except ImportError as error:
    raise SettingsError(
        f"SOUFFLEUR_TRACES is set, but OpenTelemetry is not installed ({error}). "
        "Run \"pip install 'souffleur-faq[tracing]'\", or unset it."
    ) from error

_MOST_SECONDS = 2
"""How long one export may take, its repetitions included: a stop waits for the last."""


class Tracing(NoTracing):
    """Makes spans, and hands them to one processor."""

    def __init__(self, processor: SpanProcessor) -> None:
        self._provider = TracerProvider(resource=Resource.create({"service.name": "souffleur"}), shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("souffleur")

    @classmethod
    @contextmanager
    def to(cls, endpoint: str) -> Iterator["Tracing"]:
        """Yield what sends its spans to an OTLP *endpoint*, a few seconds late, the last ones at the end of the block.

        A collector that is not there costs spans and lines in the log, never a reply.
        """
        tracing = cls(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=_MOST_SECONDS)))
        try:
            yield tracing
        finally:
            tracing.close()

    def close(self) -> None:
        """Hand over the last spans."""
        self._provider.shutdown()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Make a span of the block, within the one around it."""
        with self._span(name, SpanKind.INTERNAL):
            yield

    def note(self, name: str, value: str | int) -> None:
        """Say something of the span that this thread is in."""
        get_current_span().set_attribute(f"souffleur.{name}", value)

    def watch(self, app: ASGIApp, answering: Answering) -> ASGIApp:
        """Return *app* with a span of each request."""

        async def traced(scope: Scope, receive: Receive, send: Send) -> None:
            status = 500

            async def send_and_see(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            with self._span("request", SpanKind.SERVER) as span:
                span.set_attribute("http.request.method", scope["method"])
                span.set_attribute("souffleur.index", answering.index_info.id)
                try:
                    await app(scope, receive, send_and_see)
                finally:
                    span.set_attribute("http.route", route_of(scope))
                    span.set_attribute("http.response.status_code", status)
                    if status >= 500:
                        span.set_status(Status(StatusCode.ERROR))

        return traced

    @contextmanager
    def _span(self, name: str, kind: SpanKind) -> Iterator[Span]:
        # The message of an exception may hold the question.
        with self._tracer.start_as_current_span(
            name, kind=kind, record_exception=False, set_status_on_exception=False
        ) as span:
            yield span
