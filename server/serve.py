"""Runs the server: listens, loads, serves until a signal, and ends in order.

Opens what the settings name, and gives it to the parts that take objects; knows no command line.
"""

import contextlib
import ctypes
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from indexer.dense.blas import keep_products_on_one_thread
from indexer.errors import SettingsError, StoreUnavailableError
from indexer.index.encoder import load_configured_encoder, load_encoder_of
from indexer.index.folder import IndexFolder
from indexer.index.index import Index
from indexer.index.indexes import Indexes
from indexer.index.place import configured_indexes
from indexer.settings import BUNDLED, IndexerSettings
from indexer.terminal import DONE
from server.answering.answering import Answering, NoTracing
from server.answering.fall_back import fall_back
from server.answering.prepared import UNFIT, open_soon
from server.feedback.store import FeedbackStore
from server.http.request_log import JsonFormatter
from server.http.terminal_log import TerminalFormatter
from server.settings import ServedSettings, ServerSettings
from server.settings_reload import SettingsReload

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from server.answering.index_switch import IndexSwitch
    from server.http.startup import Loaded
    from server.tracing import Tracing

_M_ARENA_MAX = -8
"""Source: malloc.h of glibc."""


def serve(read: Callable[[], ServedSettings]) -> int:
    """Serve over HTTP until a signal; return the exit status. SettingsError or IndexFolderError where it cannot.

    read: the settings, now and again at each SIGHUP.
    """
    _share_one_heap()
    settings = read()
    reload = SettingsReload(read, settings)
    reload.on_signal()
    index, server = settings.index, settings.server
    # What `ask` and `feedback` do without is imported here: they start sooner.
    from server.http.connection import bounded_http
    from server.http.startup import LoadingServer

    for handler in logging.getLogger().handlers:
        handler.setFormatter(TerminalFormatter() if sys.stderr.isatty() else JsonFormatter())
    if index.store is None and not (folder := IndexFolder(index.index)).ids():
        # Before anybody is let in: nothing could be loaded.
        folder.manifest(folder.current_id())
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(_listen(server.host, server.port))
        feedback = stack.enter_context(open_feedback(server)) if server.feedback else None
        if feedback:
            stack.enter_context(feedback.purging())
        tracing = stack.enter_context(_open_tracing(server.traces)) if server.traces else None
        http_server = LoadingServer(
            lambda: _load_site(settings, feedback, tracing, reload, stack),
            listener,
            host=server.host,
            port=server.port,
            # No access log: the address of a GET request holds the question.
            access_log=False,
            log_config=None,
            server_header=False,
            http=bounded_http(),
            timeout_keep_alive=server.keep_alive_seconds,
            # Ours counts the headers of the proxies that the settings name, and of no other.
            proxy_headers=False,
            # Longer than the deadline of a request: those in progress finish before the end.
            timeout_graceful_shutdown=server.deadline_seconds + 5,
        )
        # uvicorn stops gracefully on a signal and then raises it again; by default SIGTERM would make that an error.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            http_server.run()
    if http_server.failure:
        raise http_server.failure
    if http_server.is_loading:
        # A thread inside a C++ library cannot be stopped, and an interpreter that ends under it may abort.
        logging.shutdown()
        os._exit(DONE)
    return DONE


def _share_one_heap() -> None:
    """Have all threads allocate from one heap, before there are any: the C library would give each of them its own.

    What one of them has freed no other takes then: 17 MB more of 412 after 32 clients, which are answered no faster.
    """
    with contextlib.suppress(AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def open_answering(index: IndexerSettings, server: ServerSettings, indexes: Indexes | None = None) -> Answering:
    """Return what answers from the index of these settings, with the encoder that they name.

    indexes: those of the settings, where somebody has opened them. IndexFolderError, StoreError, EncoderError where
    index or encoder cannot be loaded.
    """
    return _open_answering(index, server, indexes or configured_indexes(index), tracing=None, falls_back=False)


def _open_answering(
    index: IndexerSettings,
    server: ServerSettings,
    indexes: Indexes,
    *,
    tracing: NoTracing | None,
    falls_back: bool,
) -> Answering:
    """falls_back: where the index in service is damaged, another serves, see there."""
    keep_products_on_one_thread()
    # Most of loading the encoder is done outside of the interpreter, which reads the index meanwhile. Not the other way
    # round: a stop waits for the threads of a pool, and an encoder may take minutes.
    with ThreadPoolExecutor(1, "index") as beside:
        opened = beside.submit(open_soon, indexes)
        encoder = load_configured_encoder(index)

    def make(opened: Index) -> Answering:
        return Answering(opened, encoder, cached_questions=server.cached_questions, tracing=tracing)

    def make_of_another(opened: Index) -> Answering:
        nonlocal encoder
        # One from before "souffleur tune" was made with another encoder, which "bundled" means too.
        if index.encoder == BUNDLED and opened.manifest.encoder.fingerprint != encoder.fingerprint:
            encoder = load_encoder_of(opened.manifest, index)
        return make(opened)

    found: Index | None = None
    try:
        found = opened.result()
        return make(found)
    except StoreUnavailableError:
        raise  # no other index is there either
    except UNFIT as error:
        # Another encoder than that of a whole index is a mistake in the settings.
        if not falls_back or (found and found.manifest.encoder.fingerprint != encoder.fingerprint):
            raise
        return fall_back(indexes, make_of_another, unfit=error)


def open_feedback(server: ServerSettings) -> FeedbackStore:
    """Return the store of judgements and questions. SettingsError without a file, FeedbackError for an unfit one."""
    return FeedbackStore.open(
        server.named_feedback(), keep_questions=server.keep_questions, retention_days=server.retention_days
    )


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens. SettingsError where the port is taken, or the address not ours."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=2048)
        # Nothing here forks. A library that did would leave a child that keeps the port when we have ended.
        os.register_at_fork(after_in_child=listener.close)
        return listener
    except OSError as error:
        raise SettingsError(
            f"Cannot listen on {host}, port {port}: {error.strerror}. Stop what uses it, or choose another --port "
            "or --host."
        ) from error


def _load_site(
    settings: ServedSettings,
    feedback: FeedbackStore | None,
    tracing: "Tracing | None",
    reload: SettingsReload,
    stack: contextlib.ExitStack,
) -> "Loaded":
    """Return what is served, with the index and the settings watched until *stack* is closed."""
    from server.answering.index_switch import IndexSwitch
    from server.http.startup import Loaded

    indexes = configured_indexes(settings.index)
    before = indexes.stamp()
    answering = _open_answering(settings.index, settings.server, indexes, tracing=tracing, falls_back=True)
    index_switch = IndexSwitch(indexes, answering, loaded_since=before)

    def make_site(settings: ServedSettings) -> "ASGIApp":
        app = _make_site(settings, answering, index_switch, feedback)
        return tracing.watch(app, answering) if tracing else app

    stack.enter_context(index_switch.watch())
    return Loaded(
        make_site(settings),
        answering.speed_up,
        lambda hand_over: stack.enter_context(reload.applying(lambda changed: hand_over(make_site(changed)))),
    )


def _make_site(
    settings: ServedSettings, answering: Answering, index_switch: "IndexSwitch", feedback: FeedbackStore | None
) -> "FastAPI":
    from server.app import create_site
    from server.http.load_shedding import Limits
    from server.learning.desk import corpus_of
    from server.page.identity import Identity

    server = settings.server
    return create_site(
        answering,
        default_limit=server.limit,
        feedback=feedback,
        index_switch=index_switch,
        admin_token=server.admin_token,
        editor_token=server.editor_token,
        corpus=corpus_of(settings.index.index, answering),
        disks=({} if settings.index.store else {"index": settings.index.index})
        | ({"feedback": server.feedback.parent} if server.feedback else {}),
        limits=Limits(
            most_requests=server.most_requests,
            deadline_seconds=server.deadline_seconds,
            client_rate=server.client_rate,
        ),
        identity=Identity.of(settings.site),
        base_path=server.base_path or "",
        trusted_proxies=server.trusted_proxy or (),
    )


def _open_tracing(endpoint: str) -> "contextlib.AbstractContextManager[Tracing]":
    from server.tracing import Tracing  # not where it is switched off: it brings a library

    return Tracing.to(endpoint)
