"""JSON logs: one line an event, with the id of the request. Never a question, never the address of a visitor.

What is logged of a request is counted as well, and the headers of the API are set on the way out.
"""

import asyncio
import json
import logging
import re
import time
import uuid
from contextvars import ContextVar
from datetime import UTC, datetime

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.headers import API_HEADERS
from server.http.problem_kinds import SERVER_ERROR
from server.http.problems import ProblemReply
from server.metrics import Metrics

logger = logging.getLogger(__name__)

_request_id: ContextVar[str | None] = ContextVar("_request_id", default=None)
_ID = re.compile(r"[0-9a-f-]{16,36}")
_CLIENT_LEFT = 499
"""What is noted where there was nobody to answer, as nginx does: no mistake of the server's."""
_C1 = re.compile("[\x7f-\x9f]")


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line. A traceback keeps its places and the type, not the message: that may hold a question."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := _request_id.get():
            line["request_id"] = request_id
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["at"] = places_of(record.exc_info[1])
        # JSON leaves these as they are, and a terminal obeys them.
        return _C1.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(line, ensure_ascii=False))


class RequestLog:
    """Logs and counts each request by its route, names it in `X-Request-ID`, and sets the headers of the API.

    What nobody foresaw is answered here too: further out, the reply would have neither the name nor the headers.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        # A proxy's own id is kept where it is one: any other text could hold anything, and ends in the log.
        request_id = given if _ID.fullmatch(given) else uuid.uuid4().hex
        token = _request_id.set(request_id)
        started = time.perf_counter()
        status, begun = _CLIENT_LEFT, False
        seconds: float | None = None

        async def send_with_headers(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                begun = True
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                for name, value in API_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
            seconds = time.perf_counter() - started
            # The loop sends what it was given when its turn ends: the log need not keep the reply waiting.
            await asyncio.sleep(0)
        except Exception as error:
            logger.exception("%s %s failed", scope["method"], route_of(scope), exc_info=error)
            if begun:
                raise
            await ProblemReply(SERVER_ERROR)(scope, receive, send_with_headers)
        finally:
            seconds = seconds if seconds is not None else time.perf_counter() - started
            route = route_of(scope)
            self._metrics.requests.labels(route, str(status)).inc()
            self._metrics.request_seconds.labels(route).observe(seconds)
            fields = {"method": scope["method"], "route": route, "status": status, "took_ms": round(1000 * seconds, 2)}
            logger.info("request", extra={"fields": fields})
            _request_id.reset(token)


def route_of(scope: Scope) -> str:
    """Return the template of the route, not the address: that may hold a question, or what else was typed."""
    return getattr(scope.get("route"), "path", "other")


def places_of(error: BaseException | None) -> list[str]:
    """Return file, line and function of each step of a traceback, the innermost last."""
    places = []
    step = error.__traceback__ if error else None
    while step:
        code = step.tb_frame.f_code
        places.append(f"{code.co_filename}:{step.tb_lineno} {code.co_name}")
        step = step.tb_next
    return places
