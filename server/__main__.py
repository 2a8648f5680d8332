"""The command line of the server: serve over HTTP, or ask one question in the terminal."""

import argparse
import contextlib
import logging
import os
import shutil
import signal
import socket
import sys
import textwrap
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from indexer.encoders.loading import load_configured_encoder
from indexer.errors import QuestionError, SettingsError, SouffleurError
from indexer.records import Reply, Status
from indexer.settings import IndexerSettings, add_options, read_settings, refuse_unknown
from indexer.terminal import DONE, FAILED, run_command
from server.answering import Answering, Untraced, open_soon
from server.feedback import FeedbackStore
from server.logs import JsonFormatter
from server.schemas import SEARCH_REPLY, SearchReply
from server.settings import TABLE, ServerSettings

if TYPE_CHECKING:
    from server.starting import Loaded
    from server.tracing import Tracing
_INDEX_OPTIONS = ("index", "encoder", "device", "batch_size", "threads", "cache")

_STATUS_WORDS = {
    Status.ANSWERED: "Réponse très probable",
    Status.UNCERTAIN: "À vérifier",
    Status.NO_ANSWER: "Je n'ai pas trouvé de réponse sûre ; voici ce qui s'en approche le plus",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 when done, 2 when it could not run."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("indexer").setLevel(logging.WARNING)
    try:
        for warning in refuse_unknown({None: IndexerSettings, TABLE: ServerSettings}, environment=os.environ):
            print(warning, file=sys.stderr)
        index = read_settings(IndexerSettings, options=options, environment=os.environ)
        server = read_settings(ServerSettings, options=options, environment=os.environ, table=TABLE)
        return int(options.run(options, index, server))
    except SouffleurError as error:
        print(error, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m server", description="Answers questions from an index.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    command = commands.add_parser("serve", help="answer over HTTP")
    add_options(command, IndexerSettings, _INDEX_OPTIONS)
    add_options(
        command,
        ServerSettings,
        (
            "host",
            "port",
            "limit",
            "feedback",
            "keep_questions",
            "retention_days",
            "cached_questions",
            "most_requests",
            "deadline_seconds",
            "client_rate",
            "traces",
        ),
    )
    command.set_defaults(run=_serve)

    command = commands.add_parser("ask", help="answer one question in the terminal")
    command.add_argument("question")
    add_options(command, IndexerSettings, _INDEX_OPTIONS)
    add_options(command, ServerSettings, ("limit",))
    command.add_argument("--json", action="store_true", help="print the reply as JSON, as over HTTP")
    command.set_defaults(run=_ask)

    command = commands.add_parser("feedback", help="export or erase what was kept of visitors")
    actions = command.add_subparsers(required=True, metavar="ACTION")
    action = actions.add_parser("export", help="print what was kept")
    add_options(action, ServerSettings, ("feedback", "retention_days"))
    action.add_argument("--table", choices=("feedback", "questions"), default="feedback")
    action.add_argument("--csv", action="store_true", help="for a spreadsheet, instead of JSON lines")
    action.set_defaults(run=_export)
    action = actions.add_parser("erase", help="erase the question and the judgements of one query")
    add_options(action, ServerSettings, ("feedback",))
    action.add_argument("query_id")
    action.set_defaults(run=_erase)
    return parser


def _open(index: IndexerSettings, server: ServerSettings, tracing: Untraced | None = None) -> Answering:
    # Most of loading the encoder is done outside of the interpreter, which reads the index meanwhile. Not the other way
    # round: a stop waits for the threads of a pool, and an encoder may take minutes.
    with ThreadPoolExecutor(1, "index") as beside:
        opened = beside.submit(open_soon, index.index)
        encoder = load_configured_encoder(index)
    return Answering(opened.result(), encoder, cached_questions=server.cached_questions, tracing=tracing)


def _serve(_: argparse.Namespace, index: IndexerSettings, server: ServerSettings) -> int:
    from server.protocol import BoundedHttp
    from server.starting import StartingServer

    for handler in logging.getLogger().handlers:
        handler.setFormatter(JsonFormatter())
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(_listen(server.host, server.port))
        feedback = stack.enter_context(_open_feedback(server)) if server.feedback else None
        if feedback:
            stack.enter_context(feedback.purging())
        tracing = stack.enter_context(_open_tracing(server.traces)) if server.traces else None
        running = StartingServer(
            lambda: _load_site(index, server, feedback, tracing, stack),
            listening,
            host=server.host,
            port=server.port,
            # No access log: the address of a GET request holds the question.
            access_log=False,
            log_config=None,
            server_header=False,
            http=BoundedHttp,
            # Longer than the deadline of a request: those in progress finish before the end.
            timeout_graceful_shutdown=server.deadline_seconds + 5,
        )
        # uvicorn stops gracefully on a signal and then raises it again; by default SIGTERM would make that an error.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            running.run()
    if running.failure:
        raise running.failure
    if running.loading:
        # A thread inside a C++ library cannot be stopped, and an interpreter that ends under it may abort.
        logging.shutdown()
        os._exit(DONE)
    return DONE


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens. SettingsError where the port is taken, or the address not ours."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(
            f"Cannot listen on {host}, port {port}: {error.strerror}. Stop what uses it, or choose another --port "
            "or --host."
        ) from error


def _load_site(
    index: IndexerSettings,
    server: ServerSettings,
    feedback: FeedbackStore | None,
    tracing: "Tracing | None",
    stack: contextlib.ExitStack,
) -> "Loaded":
    """Return what is served, with the index watched until *stack* is closed."""
    from server.admission import Limits
    from server.app import create_site
    from server.serving import Serving, stamp
    from server.starting import Loaded

    before = stamp(index.index)
    answering = _open(index, server, tracing)
    serving = Serving(index.index, answering, loaded_since=before)
    site = create_site(
        answering,
        default_limit=server.limit,
        feedback=feedback,
        serving=serving,
        admin_token=server.admin_token,
        limits=Limits(
            most_requests=server.most_requests,
            deadline_seconds=server.deadline_seconds,
            client_rate=server.client_rate,
        ),
    )
    stack.enter_context(serving.watch())
    return Loaded(tracing.watch(site, answering) if tracing else site, answering.speed_up)


def _open_tracing(endpoint: str) -> "contextlib.AbstractContextManager[Tracing]":
    from server.tracing import Tracing  # not where it is switched off: it brings a library

    return Tracing.to(endpoint)


def _open_feedback(server: ServerSettings) -> FeedbackStore:
    if server.feedback is None:
        raise SettingsError("The file of the judgements is not known. Give --feedback, or set SOUFFLEUR_FEEDBACK.")
    return FeedbackStore.open(
        server.feedback, keep_questions=server.keep_questions, retention_days=server.retention_days
    )


def _open_kept(server: ServerSettings) -> FeedbackStore:
    """Return the store of a file that is there: a new one instead of a misspelt one would seem to hold nothing."""
    if server.feedback and not server.feedback.exists():
        raise SettingsError(f"There is no {server.feedback}. Correct --feedback, or SOUFFLEUR_FEEDBACK.")
    return _open_feedback(server)


def _export(options: argparse.Namespace, _: IndexerSettings, server: ServerSettings) -> int:
    with _open_kept(server) as store:
        for line in (store.export_csv if options.csv else store.export_jsonl)(options.table):
            print(line, end="")
    return DONE


def _erase(options: argparse.Namespace, _: IndexerSettings, server: ServerSettings) -> int:
    with _open_kept(server) as store:
        print(f"{store.erase(options.query_id)} rows erased.")
    return DONE


def _ask(options: argparse.Namespace, index: IndexerSettings, server: ServerSettings) -> int:
    try:
        reply = _open(index, server).answer(options.question, limit=server.limit)
    except QuestionError as error:
        print(error, file=sys.stderr)
        return FAILED
    if options.json:
        print(SEARCH_REPLY.dump_json(SearchReply.of(reply, explain=True), indent=2).decode())
    else:
        print(_page(reply, width=min(100, shutil.get_terminal_size().columns)))
    return DONE


def _page(reply: Reply, *, width: int) -> str:
    """Return the reply as text for a person: the best answer whole, the others by their matching sentence."""
    lines = [textwrap.fill(f"{_STATUS_WORDS[reply.status]} (confiance {reply.confidence:.0%})", width)]
    for hit in reply.hits:
        lines += ["", f"{hit.rank}. {hit.answer.id}  ·  confiance {hit.confidence:.0%}"]
        if hit.matched_question:
            lines.append(_indent(f"Question proche : {hit.matched_question}", width))
        text = hit.answer.text if hit.rank == 1 else hit.passage.text
        lines += [_indent(line, width) for line in text.splitlines()]
    return "\n".join(lines)


def _indent(line: str, width: int) -> str:
    return textwrap.fill(
        line, width, initial_indent="   ", subsequent_indent="   ", break_long_words=False, break_on_hyphens=False
    )


if __name__ == "__main__":
    run_command(main)
