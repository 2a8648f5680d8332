"""Speaks HTTP on a connection with uvicorn's C parser, and bounds what uvicorn does not: what comes beside a body, how
long a message may take to arrive, how many connections there are, and how long a client may leave a reply unread.

Without a bound, one client could fill the memory with a header or a trailer that never ends, or keep connections open
for nothing, or the places of requests that are never done with sending. A trailer is dropped: it comes too late to
decide anything, and must not pass for a header that a proxy has looked at.
"""

import asyncio
import functools
import logging
import resource
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

logger = logging.getLogger(__name__)

HEAD_BYTES = 65_536
"""What is kept of a head before it is complete; of a complete one, `admission` accepts less, with a better message.
As much may come of a body's chunks without any body in them: their sizes, extensions and trailers."""

MESSAGE_SECONDS = 10.0
"""How long a request may take to arrive, head and body, from its first byte on, and the first on a connection."""
UNREAD_SECONDS = 10.0
"""How long a client that reads nothing is waited for, once what the system keeps for it is full."""
LINGER_SECONDS, LINGER_BYTES = 2.0, 2_000_000
"""What is still read, and thrown away, of a request that was answered before it had arrived: closed at once, the system
would take back what the client has not read of the reply."""

_MOST_PIPELINED = 16
"""Requests sent on one connection without waiting for the reply to the first."""
_RESERVED_DESCRIPTORS = 96
"""Open files that the server itself may need: a second index, the feedback, its journal."""
_SECONDS_BETWEEN_LINES = 10.0

_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 21\r\n"
    b"retry-after: 1\r\nconnection: close\r\n\r\nToo many connections."
)


def bounded_http(*, most_connections: int | None = None) -> Callable[..., "BoundedHttp"]:
    """Return what makes a connection for uvicorn, of which there are at most so many; as many as the system lets us
    have open files, less some for ourselves, if not given.
    """
    if most_connections is None:
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        most_connections = max(16, soft - _RESERVED_DESCRIPTORS) if soft != resource.RLIM_INFINITY else 100_000
    return functools.partial(BoundedHttp, _Places(most_connections))


class _Places:
    """How many connections there may be at once. Says it in the log, not too often, where one more comes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._told_at = -_SECONDS_BETWEEN_LINES

    def make_room(self, connections: "set[BoundedHttp]", *, newest: "BoundedHttp", now: float) -> bool:
        """Close the connection that has been idle for longest where there are too many; whether there is room now."""
        if len(connections) <= self._most:
            return True
        others = (one for one in connections if one is not newest and one.is_idle and not one.transport.is_closing())
        idle = min(others, key=lambda one: one.idle_since, default=None)
        if now >= self._told_at + _SECONDS_BETWEEN_LINES:
            self._told_at = now
            what = "the one idle for longest was closed" if idle else "the new one was refused"
            logger.warning("There are more than %d connections, the most of this server: %s.", self._most, what)
        if idle:
            idle.transport.abort()
        return idle is not None


class BoundedHttp(HttpToolsProtocol):
    """One connection; it is closed where a request is too long or not complete in time, and where nobody reads."""

    _head_bytes = 0
    _in_head = _in_message = _lingers = False
    _body_bytes = _beside_body = _lingered_bytes = 0
    _timer: asyncio.TimerHandle | None = None
    _unread_timer: asyncio.TimerHandle | None = None

    def __init__(self, places: _Places | None = None, **options: object) -> None:
        """places: no bound on connections if not given. options: those of uvicorn."""
        super().__init__(**options)  # type: ignore[arg-type]  # passed on as they came
        self._places = places
        self.idle_since = 0.0
        """When the last reply was complete, or the connection made; the time of the event loop."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing of a request has come, and every reply is complete."""
        return not self._in_message and (self.cycle is None or self.cycle.response_complete)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Expect the first request, if there is room."""
        super().connection_made(transport)
        self.idle_since = self.loop.time()
        self._expect_message()
        ours: set[BoundedHttp] = self.connections  # type: ignore[assignment]  # uvicorn makes them of this class
        if self._places and not self._places.make_room(ours, newest=self, now=self.idle_since):
            transport.write(_FULL)
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_timer()
        self._stop_unread_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived."""
        if self._lingers:
            self._lingered_bytes += len(data)
            if self._lingered_bytes > LINGER_BYTES:
                self.transport.abort()
            return
        self._body_bytes = 0
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._refuse("The head of the request is too long.")
        elif self._in_message:
            self._beside_body += len(data) - self._body_bytes
            if self._beside_body > HEAD_BYTES:
                self._refuse("There is too much beside the body of the request.")
        elif self.is_idle and self._timer is None and self.timeout_keep_alive_task is None:
            # Blank lines before a request end the wait of uvicorn, and begin nothing.
            self._expect_message()

    def on_message_begin(self) -> None:
        """Begin to count and to wait: the first byte of a request has arrived."""
        super().on_message_begin()
        self._in_head = self._in_message = True
        self._head_bytes = self._beside_body = 0
        self._expect_message()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, and drop a trailer."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start working on the request; the length of its body is bounded elsewhere."""
        self._in_head = False
        super().on_headers_complete()
        if len(self.pipeline) > _MOST_PIPELINED:
            self.transport.abort()

    def on_body(self, body: bytes) -> None:
        """Hand over a part of the body."""
        self._body_bytes += len(body)
        self._beside_body = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop waiting for the client."""
        self._in_message = False
        self._stop_timer()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self.idle_since = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Stop sending, and wait for the client to read."""
        super().pause_writing()
        self._stop_unread_timer()
        # Not close: that would wait until all is sent.
        self._unread_timer = self.loop.call_later(UNREAD_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on sending: the client reads."""
        self._stop_unread_timer()
        super().resume_writing()

    def linger(self) -> None:
        """Close once the client has, or soon: the reply is said, and the request has not arrived whole."""
        self._lingers = True
        self._stop_timer()
        self._timer = self.loop.call_later(LINGER_SECONDS, self.transport.abort)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGIApp) -> None:  # type: ignore[override]  # other names
        async def closing_after_an_early_reply(scope: Scope, receive: Receive, send: Send) -> None:
            async def send_and_note(message: Message) -> None:
                if cycle.more_body and not cycle.response_started:
                    # What is left of the request would keep the connection, and be taken for the next.
                    cycle.keep_alive = False
                    cycle.transport = _LingeringTransport(self)  # type: ignore[assignment]  # has what a cycle uses
                await send(message)

            await app(scope, receive, send_and_note)

        super()._start_asgi_task(cycle, closing_after_an_early_reply)  # type: ignore[arg-type]  # uvicorn's own names

    def _unsupported_upgrade_warning(self) -> None:
        # The request is answered as any other; what follows is no HTTP that the parser would read.
        self.cycle.keep_alive = False

    def _refuse(self, message: str) -> None:
        """Say 400 and close; only close where a reply is under way, with which it would be mixed."""
        waiting = self.cycle is not None and not self.cycle.response_complete
        if waiting and (self._in_head or self.cycle.response_started):
            self.transport.close()
        else:
            self.send_400_response(message)

    def _stop_unread_timer(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _expect_message(self) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(MESSAGE_SECONDS, self.transport.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _LingeringTransport:
    """What a cycle writes to where the reply is complete before the request is."""

    def __init__(self, connection: BoundedHttp) -> None:
        self._connection = connection

    def write(self, data: bytes) -> None:
        self._connection.transport.write(data)

    def is_closing(self) -> bool:
        return self._connection.transport.is_closing()

    def close(self) -> None:
        if not self.is_closing():
            self._connection.linger()
