"""HEAD wherever GET is, as RFC 9110 asks: the same status and headers, and no body."""

from starlette.types import ASGIApp, Receive, Scope, Send

from server.http.copied_scope import pass_on


class HeadRequests:
    """Lets a HEAD request be answered as a GET; the HTTP server leaves out the body of its reply."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        # A copy: the HTTP server reads from its own what it was asked.
        await pass_on(self._app, {**scope, "method": "GET"}, receive, send, of=scope)
