"""Speaks HTTP on a connection with uvicorn's C parser, and bounds what uvicorn does not: the head of a request, and how
long a client may leave a reply unread.

Without a bound, one client could fill the memory with a header that never ends, or keep connections open for nothing,
or the places of requests that are never done with sending.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 65_536
"""What is kept of a head before it is complete; of a complete one, `admission` accepts less, with a better message."""

HEAD_SECONDS = 10.0
UNREAD_SECONDS = 10.0
"""How long a client that reads nothing is waited for, once what the system keeps for it is full."""


class BoundedHttp(HttpToolsProtocol):
    """One connection; it is closed where a head is too long or not complete in time, and where nobody reads."""

    _head_bytes = 0
    _in_head = False
    _timer: asyncio.TimerHandle | None = None
    _unread_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Expect the first request."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_timer()
        self._stop_unread_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived."""
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("The head of the request is too long.")

    def on_message_begin(self) -> None:
        """Begin to count and to wait: the first byte of a request has arrived."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        self._expect_head()

    def on_headers_complete(self) -> None:
        """Start working on the request; its body is bounded elsewhere."""
        self._in_head = False
        self._stop_timer()
        super().on_headers_complete()

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

    def _stop_unread_timer(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _expect_head(self) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
