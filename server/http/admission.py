"""Who is let in: bodies are read whole and small before anything works, and only so many requests work at once.

Refusing takes the event loop a moment and no worker, so that it stays quick when all workers are busy. How many are
too many is worked out in `load_shedding`.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Collection

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from indexer.errors import Wording
from server.answering.answering import Answering
from server.answering.request_budget import RequestBudget, charged_to
from server.http import problem_kinds as kinds
from server.http.load_shedding import Clients, Crowd, Limits
from server.http.problem_kinds import Kind
from server.http.problems import ProblemReply

_UNLIMITED = ("/livez", "/readyz")

_IN_TURN = {"/page/": 4, "/metrics": 1, "/v1/admin/": 2}
"""How many are worked on at once at addresses that no crowd must close to visitors' browsers and to operators; they are
quick, or few, and the others wait. Beside eight clients of /metrics a search takes 21 ms so, and 49 without a turn."""
_NOT_IN_TURN = "/v1/admin/atelier"
"""It takes as long as several questions, and is given up as they are."""
_MOST_WAITING = 64


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
        self._arriving_bytes = 0
        self._turns = {beginning: _Turns(most) for beginning, most in _IN_TURN.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it."""
        if refusal := self._refuse_headers(scope) or _refuse_foreign_form(scope, self._limits.origins):
            await refusal(scope, receive, send)
            return
        if scope["type"] != "http" or scope["path"].startswith(_UNLIMITED):
            with self._answering.one_index():
                await self._app(scope, receive, send)
            return
        if turns := self._turns_of(scope["path"]):
            await self._wait_for_turn(turns, scope, receive, send)
            return
        refusal = self._refuse_client(scope) or self._refuse_when_full()
        if refusal:
            await refusal(scope, receive, send)
            return
        body = await self._read_body(receive, self._limits.larger_bodies.get(scope["path"], self._limits.body_bytes))
        # Others may have come in while this one was sending its body.
        refusal = body if isinstance(body, Response) else self._refuse_when_full()
        if refusal:
            await refusal(scope, receive, send)
        elif isinstance(body, bytes):
            await self._work(scope, body, receive, send)

    def _refuse_headers(self, scope: Scope) -> Response | None:
        query = scope.get("query_string", b"")
        size = sum(len(name) + len(value) for name, value in scope.get("headers", ()))
        if size + len(query) > self._limits.header_bytes:
            most = self._limits.header_bytes
            detail = Wording(
                f"Une adresse et des en-têtes de {most} octets au plus sont acceptés.",
                f"An address and headers of at most {most} bytes are accepted.",
            )
        elif query.count(b"&") >= self._limits.parameters:
            most = self._limits.parameters
            detail = Wording(
                f"Une adresse de {most} paramètres au plus est acceptée.",
                f"An address with at most {most} parameters is accepted.",
            )
        else:
            return None
        return self._refusal("headers", kinds.HEADERS_TOO_LARGE, detail)

    def _refuse_client(self, scope: Scope) -> Response | None:
        client = scope.get("client")
        if self._clients is None or client is None:
            return None
        wait_seconds = self._clients.wait_seconds(client[0])
        if not wait_seconds:
            return None
        return self._refusal("rate", kinds.TOO_MANY_REQUESTS, retry_seconds=math.ceil(wait_seconds))

    def _refuse_when_full(self) -> Response | None:
        if self._crowd.accepts(self._working):
            return None
        return self._refusal("full", kinds.OVERLOADED, retry_seconds=1)

    def _refusal(
        self, reason: str, kind: Kind, detail: Wording | None = None, *, retry_seconds: int | None = None
    ) -> Response:
        self._metrics.refused.labels(reason).inc()
        headers = {} if retry_seconds is None else {"retry-after": str(retry_seconds)}
        return ProblemReply(kind, detail, headers=headers)

    def _turns_of(self, path: str) -> "_Turns | None":
        if path.startswith(_NOT_IN_TURN):
            return None
        return next((turns for beginning, turns in self._turns.items() if path.startswith(beginning)), None)

    async def _wait_for_turn(self, turns: "_Turns", scope: Scope, receive: Receive, send: Send) -> None:
        refusal = None if scope["path"].startswith("/page/") else self._refuse_client(scope)
        if refusal is None and turns.waiting >= _MOST_WAITING:
            detail = Wording("Trop de monde le demande. Recommencez.", "Too many ask for this. Ask again.")
            refusal = self._refusal("full", kinds.OVERLOADED, detail, retry_seconds=1)
        if refusal:
            await refusal(scope, receive, send)
            return
        async with turns:
            with self._answering.one_index():
                await self._app(scope, receive, send)

    async def _read_body(self, receive: Receive, most_bytes: int) -> bytes | Response | None:
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
                    self._arriving_bytes += len(part)
                    if size > most_bytes:
                        detail = Wording(
                            f"Un corps de {most_bytes} octets au plus est accepté.",
                            f"A body of at most {most_bytes} bytes is accepted.",
                        )
                        return self._refusal("large", kinds.BODY_TOO_LARGE, detail)
                    if self._arriving_bytes > self._limits.arriving_bytes:
                        detail = Wording(
                            "Trop de requêtes arrivent à la fois. Recommencez dans un instant.",
                            "Too many requests arrive at once. Ask again shortly.",
                        )
                        return self._refusal("full", kinds.OVERLOADED, detail, retry_seconds=1)
                    parts.append(part)
                    if not message.get("more_body", False):
                        return b"".join(parts)
        except TimeoutError:
            detail = Wording(
                f"Le corps n'est pas arrivé en {self._limits.body_seconds:g} s.",
                f"The body did not arrive within {self._limits.body_seconds:g} s.",
            )
            return self._refusal("slow", kinds.BODY_TOO_SLOW, detail)
        finally:
            self._arriving_bytes -= size

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
            detail = Wording(
                f"Il n'y a pas eu de réponse en {self._limits.deadline_seconds:g} s. Recommencez dans un instant.",
                f"There was no reply within {self._limits.deadline_seconds:g} s. Ask again shortly.",
            )
            await self._refusal("late", kinds.OUT_OF_TIME, detail, retry_seconds=1)(scope, receive, send)
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


class _Turns:
    """Lets so many in at once; the others wait, first come, first served."""

    def __init__(self, most: int) -> None:
        self._places = asyncio.Semaphore(most)
        self.waiting = 0

    async def __aenter__(self) -> None:
        self.waiting += 1
        try:
            await self._places.acquire()
        finally:
            self.waiting -= 1

    async def __aexit__(self, *_: object) -> None:
        self._places.release()


def _refuse_foreign_form(scope: Scope, origins: Collection[str]) -> Response | None:
    """Refuse what another site made a visitor's browser send to a page; the API takes JSON, which no form can send.

    origins: of the websites that hold our box, whose browsers name them truly; nothing of theirs enters the atelier.
    Browsers say so where the address is https or this machine. `Origin` would not do: it is null for our own forms,
    since their pages tell nobody where they were, and behind a proxy its name may not be the one we know.
    """
    if scope["type"] != "http" or scope["method"] in ("GET", "HEAD") or scope["path"].startswith("/v1/"):
        return None
    site = next((value for name, value in scope["headers"] if name == b"sec-fetch-site"), b"none")
    if site in (b"same-origin", b"none"):
        return None
    origin = next((value for name, value in scope["headers"] if name == b"origin"), b"")
    if origin.decode("latin-1").lower() in origins and not scope["path"].startswith("/atelier"):
        return None
    return ProblemReply(kinds.FOREIGN_FORM)
