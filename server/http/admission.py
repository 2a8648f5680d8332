"""Who is let in: bodies are read whole and small before anything works, and only so many requests work at once.

Refusing takes the event loop a moment and no worker, so that it stays quick when all workers are busy. How many are
too many is worked out in `load_shedding`.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.answering.answering import Answering
from server.answering.request_budget import RequestBudget, charged_to
from server.http.load_shedding import Clients, Crowd, Limits
from server.http.problems import problem

_UNLIMITED = ("/livez", "/readyz", "/metrics", "/v1/admin/", "/page/")


class Admission:
    """Refuses what is too much with a problem document; gives each admitted request one index from beginning to end."""

    def __init__(
        self, app: ASGIApp, *, answering: Answering, limits: Limits, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._answering = answering
        self._limits = limits
        self._metrics = answering.metrics
        self._working = 0
        self._crowd = Crowd(limits, clock)
        self._clients = Clients(limits.client_rate, clock) if limits.client_rate else None
        self._left: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it."""
        if refusal := self._refuse_headers(scope):
            await refusal(scope, receive, send)
            return
        if scope["type"] != "http" or scope["path"].startswith(_UNLIMITED):
            with self._answering.one_index():
                await self._app(scope, receive, send)
            return
        refusal = self._refuse_client(scope) or self._refuse_when_full()
        if refusal:
            await refusal(scope, receive, send)
            return
        body = await self._read_body(receive)
        # Others may have come in while this one was sending its body.
        refusal = body if isinstance(body, Response) else self._refuse_when_full()
        if refusal:
            await refusal(scope, receive, send)
        elif isinstance(body, bytes):
            await self._work(scope, body, receive, send)

    def _refuse_headers(self, scope: Scope) -> Response | None:
        size = sum(len(name) + len(value) for name, value in scope.get("headers", ()))
        if size + len(scope.get("query_string", b"")) <= self._limits.header_bytes:
            return None
        detail = f"An address and headers of at most {self._limits.header_bytes} bytes are accepted."
        return self._refusal("headers", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, detail)

    def _refuse_client(self, scope: Scope) -> Response | None:
        client = scope.get("client")
        if self._clients is None or client is None:
            return None
        wait_seconds = self._clients.wait_seconds(client[0])
        if not wait_seconds:
            return None
        return self._refusal(
            "rate", HTTPStatus.TOO_MANY_REQUESTS, "Too many requests from one place.", math.ceil(wait_seconds)
        )

    def _refuse_when_full(self) -> Response | None:
        if self._crowd.accepts(self._working):
            return None
        return self._refusal(
            "full", HTTPStatus.SERVICE_UNAVAILABLE, "Too many questions at once. Ask again shortly.", 1
        )

    def _refusal(self, reason: str, status: HTTPStatus, detail: str, retry_seconds: int | None = None) -> Response:
        self._metrics.refused.labels(reason).inc()
        response = problem(status, detail)
        if retry_seconds is not None:
            response.headers["retry-after"] = str(retry_seconds)
        return response

    async def _read_body(self, receive: Receive) -> bytes | Response | None:
        """Return the whole body, a refusal, or None where the client has gone."""
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    part = message.get("body", b"")
                    size += len(part)
                    if size > self._limits.body_bytes:
                        detail = f"A body of at most {self._limits.body_bytes} bytes is accepted."
                        return self._refusal("large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
                    parts.append(part)
                    if not message.get("more_body", False):
                        return b"".join(parts)
        except TimeoutError:
            detail = f"The body did not arrive within {self._limits.body_seconds:g} s."
            return self._refusal("slow", HTTPStatus.REQUEST_TIMEOUT, detail)

    async def _work(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """Run the request until its deadline. A late one keeps its place until its worker stops."""
        started = given = False
        budget = RequestBudget()

        async def receive_body() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send_in_time(message: Message) -> None:
            nonlocal started
            if not budget.given_up:
                started = True
                await send(message)

        self._working += 1  # before anything else can run: the place is taken
        task = asyncio.create_task(self._run(self._app(scope, receive_body, send_in_time), budget))
        self._left.add(task)
        task.add_done_callback(self._left.discard)
        await asyncio.wait({task}, timeout=self._limits.deadline_seconds)
        if not task.done() and not started:
            budget.given_up = True
            task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            detail = f"There was no reply within {self._limits.deadline_seconds:g} s. Ask again shortly."
            await self._refusal("late", HTTPStatus.SERVICE_UNAVAILABLE, detail, 1)(scope, receive, send)
        else:
            await task
        if self._clients and (client := scope.get("client")):
            self._clients.owe(client[0], budget.questions - 1)

    async def _run(self, working: Awaitable[None], budget: RequestBudget) -> None:
        self._metrics.in_progress.inc()
        try:
            with self._answering.one_index(), charged_to(budget):
                await working
        finally:
            self._working -= 1
            self._metrics.in_progress.dec()
