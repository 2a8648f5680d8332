"""`souffleur mcp`: serves the FAQ to assistants on this machine, over its own pipes or over HTTP on the loopback."""

import argparse
import contextlib
import logging
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

from indexer.errors import SettingsError, SouffleurError
from indexer.settings import (
    INDEX_OPTIONS,
    IndexerSettings,
    add_config_option,
    add_options,
    keep_off_the_hub,
    read_settings,
    settings_file,
)
from indexer.terminal import DONE, FAILED, Subparsers, add_command
from server.settings import TABLE, ServerSettings

if TYPE_CHECKING:
    from souffleur.adapters.faq import Faq

_HOST = "127.0.0.1"


def add_mcp_command(commands: Subparsers) -> None:
    """Add `mcp` to the commands of a parser."""
    command = add_command(
        commands,
        "mcp",
        sentence="serve the FAQ to assistants, as tools of the Model Context Protocol",
        example="--index build/index",
        run=_serve,
        program=_run,
    )
    command.add_argument("--url", help="ask the server at this address, instead of opening an index")
    command.add_argument(
        "--http", type=int, metavar="PORT", help=f"answer at http://{_HOST}:PORT/mcp, instead of over the pipes"
    )
    add_options(command, IndexerSettings, INDEX_OPTIONS)
    add_config_option(command)


def _run(options: argparse.Namespace) -> int:
    # What is printed would be taken for a message of the protocol: the log goes to the other pipe.
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        file = settings_file(options)
        index = read_settings(IndexerSettings, options=options, environment=os.environ, file=file)
        # Options of this command are none of the server's.
        server = read_settings(
            ServerSettings, options=argparse.Namespace(), environment=os.environ, file=file, table=TABLE
        )
        keep_off_the_hub(index.encoder)
        return int(options.run(options, index, server))
    except SouffleurError as error:
        print(error, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return DONE


def _serve(options: argparse.Namespace, index: IndexerSettings, server: ServerSettings) -> int:
    from souffleur.adapters import mcp_server  # not for the other commands; first, so that a missing extra is told

    with contextlib.ExitStack() as stack:
        listener = None if options.http is None else stack.enter_context(_listen(options.http))
        faq = _open_faq(options.url, index, server, stack)
        if listener is None:
            mcp_server.serve_on_pipes(faq)
            return DONE
        import uvicorn

        print(f"Listening at http://{_HOST}:{listener.getsockname()[1]}/mcp", file=sys.stderr, flush=True)
        config = uvicorn.Config(mcp_server.http_application(faq), log_config=None, access_log=False, ws="none")
        # uvicorn stops gracefully on a signal and then raises it again; by default SIGTERM would make that an error.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        uvicorn.Server(config).run(sockets=[listener])
    return DONE


def _open_faq(url: str | None, index: IndexerSettings, server: ServerSettings, stack: contextlib.ExitStack) -> "Faq":
    from souffleur.adapters.faq import LocalFaq
    from souffleur.adapters.served_faq import ServedFaq

    if url is not None:
        try:
            return ServedFaq(url)
        except ValueError as error:
            raise SettingsError(f"--url: {error}.") from error
    from indexer.index.place import configured_indexes
    from server.answering.index_switch import IndexSwitch
    from server.serve import open_answering

    indexes = configured_indexes(index)
    before = indexes.stamp()
    answering = open_answering(index, server, indexes)
    # An assistant's program runs for days: a new index is taken up as a server does.
    stack.enter_context(IndexSwitch(indexes, answering, loaded_since=before).watch())
    return LocalFaq(answering)


def _listen(port: int) -> socket.socket:
    """Return a socket that listens on this machine alone. SettingsError where the port is taken."""
    try:
        return socket.create_server((_HOST, port))
    except (OSError, OverflowError) as error:
        raise SettingsError(
            f"Cannot listen on {_HOST}, port {port}: {error}. Choose another port for --http."
        ) from error
