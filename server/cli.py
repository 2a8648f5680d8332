"""The command line of the server: serve, ask, feedback. Prints; everything else returns."""

import argparse
import logging
import os
import shutil
import sys
from collections.abc import Sequence

from indexer.errors import QuestionError, SettingsError, SouffleurError
from indexer.settings import IndexerSettings, add_options, read_settings, refuse_unknown
from indexer.terminal import DONE, FAILED
from server.feedback.store import FeedbackStore
from server.http.schemas import SEARCH_REPLY, SearchReply
from server.serve import open_answering, open_feedback, serve
from server.settings import TABLE, ServerSettings
from server.terminal import render_reply

_INDEX_OPTIONS = ("index", "encoder", "device", "batch_size", "threads", "cache")


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
    command.set_defaults(run=lambda _, index, server: serve(index, server))

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


def _open_kept(server: ServerSettings) -> FeedbackStore:
    """Return the store of a file that is there: a new one instead of a misspelt one would seem to hold nothing."""
    if server.feedback and not server.feedback.exists():
        raise SettingsError(f"There is no {server.feedback}. Correct --feedback, or SOUFFLEUR_FEEDBACK.")
    return open_feedback(server)


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
        reply = open_answering(index, server).answer(options.question, limit=server.limit)
    except QuestionError as error:
        print(error, file=sys.stderr)
        return FAILED
    if options.json:
        print(SEARCH_REPLY.dump_json(SearchReply.of(reply, explain=True), indent=2).decode())
    else:
        print(render_reply(reply, width=min(100, shutil.get_terminal_size().columns)))
    return DONE
