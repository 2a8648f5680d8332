"""Listening at once, and answering once loaded: until then /livez says that the process runs, and all else is a 503.

Loading runs in a thread of its own, begun only when the port is ours. The event loop stays free, so that a supervisor
sees a process that lives, and a signal stops it also while it loads.
"""

import contextlib
import logging
import math
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from server.headers import API_HEADERS
from server.http.problem_kinds import LOADING
from server.http.problems import ProblemReply
from server.page.failures import FailurePages

logger = logging.getLogger(__name__)

RETRY_SECONDS = 2
"""What `Retry-After` says: about what loading takes where the model is unpacked already."""
_LEAST_PRIORITY = 19
_QUIET_SECONDS = 0.5
_PATIENCE_SECONDS = 30.0


class LoadingApp:
    """An application that answers 503 until it is given the real one."""

    def __init__(self) -> None:
        self._app: ASGIApp | None = None
        self._asked_at = -math.inf

    def seconds_since_asked(self) -> float:
        """Return for how long no request has come, or been answered."""
        return time.monotonic() - self._asked_at

    def hand_over(self, app: ASGIApp) -> None:
        """Pass every request from now on to *app*."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; there are no others: lifespan and WebSocket are switched off in the server."""
        self._asked_at = time.monotonic()
        if self._app:
            await self._app(scope, receive, send)
            self._asked_at = time.monotonic()
            return
        reply: Response
        if scope["path"] == "/livez":
            reply = JSONResponse({"status": "ok"})
        else:
            reply = ProblemReply(LOADING, headers={"retry-after": str(RETRY_SECONDS)})
        reply.headers.update(API_HEADERS)
        await reply(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The application, and what is done in the same thread once it serves.

    replacing: given what puts another application in the place of this one; requests in progress end with theirs.
    """

    app: ASGIApp
    afterwards: Callable[[], None]
    replacing: Callable[[Callable[[ASGIApp], None]], None]


class LoadingServer(uvicorn.Server):
    """Loads the application that it serves while it answers already; stops where that fails."""

    def __init__(self, load: Callable[[], Loaded], listener: socket.socket, **options: object) -> None:
        """load: called once, in a thread. listener: the socket to serve on. options: those of uvicorn.Config."""
        self._loading_app = LoadingApp()
        super().__init__(uvicorn.Config(FailurePages(self._loading_app), lifespan="off", ws="none", **options))  # type: ignore[arg-type]  # those of Config
        self._load = load
        self._listener = listener
        # A daemon: a stop does not wait for it.
        self._thread = threading.Thread(target=self._load_and_hand_over, name="loading", daemon=True)
        self.failure: Exception | None = None
        """Why the application could not be loaded."""

    @property
    def is_loading(self) -> bool:
        """Whether the thread that loads is still at it, or at what is done afterwards."""
        return self._thread.is_alive()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer, and begin to load."""
        await super().startup([*(sockets or ()), self._listener])
        logger.info("Listening on port %d, and loading the index.", self._listener.getsockname()[1])
        self._thread.start()

    def _load_and_hand_over(self) -> None:
        try:
            loaded = self._load()
            self._loading_app.hand_over(loaded.app)
        except Exception as error:  # noqa: BLE001  # raised again in the main thread, by who runs the server
            self.failure = error
            self.should_exit = True
        else:
            # People and scripts take uvicorn's line for this: that questions are answered.
            self._log_started_message([self._listener])
            loaded.replacing(self._loading_app.hand_over)
            self._wait_for_quiet()
            _step_back()
            loaded.afterwards()

    def _wait_for_quiet(self) -> None:
        """Let those who wait for the start be answered first: what is done afterwards takes half of the processor."""
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < give_up_at and self._loading_app.seconds_since_asked() < _QUIET_SECONDS:
            time.sleep(0.1)


def _step_back() -> None:
    """Leave the processor to whoever asks: this thread, and those it begins, take what is left from now on.

    Without it a question takes twice as long for the seconds in which the encoder is sped up.
    """
    with contextlib.suppress(OSError):  # Linux has a priority for each thread
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LEAST_PRIORITY)
