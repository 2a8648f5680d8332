"""The commands of the server: serve over HTTP, ask in the terminal, learn; `feedback` has a module of its own.

What answers is imported by the command that needs it: help and completion are there at once.
"""

import argparse
import logging
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from indexer.errors import QuestionError, SouffleurError
from indexer.settings import (
    INDEX_OPTIONS,
    IndexerSettings,
    add_config_option,
    add_options,
    keep_off_the_hub,
    read_settings,
    refuse_unknown,
    settings_file,
)
from indexer.terminal import DONE, FAILED, Subparsers, add_command, add_commands_to
from server.feedback.commands import add_feedback_commands
from server.settings import SITE_TABLE, TABLE, ServedSettings, ServerSettings, SiteSettings

RECORDS: dict[str | None, type] = {
    None: IndexerSettings,
    TABLE: ServerSettings,
    SITE_TABLE: SiteSettings,
}
"""The settings of all programs, by their table of souffleur.toml."""
_SERVE_OPTIONS = (
    "host",
    "port",
    "limit",
    "feedback",
    "keep_questions",
    "retention_days",
    "cached_questions",
    "most_requests",
    "deadline_seconds",
    "keep_alive_seconds",
    "client_rate",
    "traces",
    "base_path",
    "trusted_proxy",
)


class _RefusedWorkers(argparse.Action):
    """Says why there is one process, to who knows `--workers` from other servers."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        parser.error(
            "there is one process, without --workers: it uses all cores to encode, and each more would take 450 MB. "
            "For more, run several servers, each with its --port and --feedback, behind a proxy"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 when done, 2 when it could not run."""
    return run(parser().parse_args(arguments))


def run(options: argparse.Namespace) -> int:
    """Run the command that was parsed by `add_commands`; the status as `main`."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("indexer").setLevel(logging.WARNING)
    logging.getLogger("faiss").setLevel(logging.WARNING)  # says which instructions it looks for
    try:
        file = settings_file(options)
        refuse_unknown(RECORDS, environment=os.environ, file=file)
        index = read_settings(IndexerSettings, options=options, environment=os.environ, file=file)
        server = read_settings(ServerSettings, options=options, environment=os.environ, file=file, table=TABLE)
        keep_off_the_hub(index.encoder)
        return int(options.run(options, index, server))
    except SouffleurError as error:
        print(error, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        if options.run is _serve:
            return DONE
        print("Interrompu avant la fin : relancez la même commande. (Interrupted.)", file=sys.stderr)
        return FAILED


def parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m server`."""
    program = argparse.ArgumentParser(prog="python -m server", description="Answers questions from an index.")
    add_commands(add_commands_to(program))
    return program


def add_commands(commands: Subparsers) -> None:
    """Add the commands of the server to those of a parser."""
    command = add_command(
        commands, "serve", sentence="answer over HTTP", example="--port 8080", run=_serve, program=run
    )
    add_options(command, IndexerSettings, INDEX_OPTIONS)
    add_options(command, ServerSettings, _SERVE_OPTIONS)
    command.add_argument("--workers", action=_RefusedWorkers, help=argparse.SUPPRESS)
    add_config_option(command)

    command = add_command(
        commands,
        "ask",
        sentence="answer one question in the terminal, or those of a file",
        example='"combien de temps dure un certificat"\n  %(prog)s --input questions.csv --output answers.csv',
        run=_ask,
        program=run,
    )
    asked = command.add_mutually_exclusive_group(required=True)
    asked.add_argument("question", nargs="?")
    asked.add_argument(
        "--input", type=Path, metavar="FILE", help="questions: .csv, .tsv, .jsonl, one a line, - for what comes in"
    )
    command.add_argument(
        "--output", type=Path, metavar="FILE", help="where their answers go: .csv or .jsonl; the terminal if not given"
    )
    command.add_argument("--force", action="store_true", help="begin --output anew, whatever is in it")
    add_options(command, IndexerSettings, INDEX_OPTIONS)
    add_options(command, ServerSettings, ("limit",))
    command.add_argument("--json", action="store_true", help="the reply as JSON, as over HTTP; of --input a line each")
    add_config_option(command)

    command = add_command(
        commands,
        "learn",
        sentence="propose to editors what visitors' questions can teach the FAQ",
        example="--out a-decider.csv",
        run=_learn,
        program=run,
    )
    ways = command.add_mutually_exclusive_group()
    ways.add_argument(
        "--out", type=Path, metavar="FILE", help="write the proposals to a .csv or .md file, to be ticked"
    )
    ways.add_argument("--accept", type=Path, metavar="FILE", help="carry out what was decided in such a file")
    ways.add_argument("--review", action="store_true", help="decide one after the other, here in the terminal")
    command.add_argument("--force", action="store_true", help="write --out anew, whatever is decided in it")
    add_options(command, IndexerSettings, ("corpus", *INDEX_OPTIONS))
    add_options(command, ServerSettings, ("feedback", "retention_days"))
    add_config_option(command)

    add_feedback_commands(commands, program=run)


def _serve(options: argparse.Namespace, _: IndexerSettings, __: ServerSettings) -> int:
    from server.serve import serve

    return serve(lambda: _read_served(options))


def _read_served(options: argparse.Namespace) -> ServedSettings:
    """Return the settings of a server as they are now. SettingsError where one cannot be used, or is none."""
    file = settings_file(options)
    refuse_unknown(RECORDS, environment=os.environ, file=file)
    # No option gives what a page says of itself, and `--feedback` is the file of the judgements.
    nothing = argparse.Namespace()
    return ServedSettings(
        index=read_settings(IndexerSettings, options=options, environment=os.environ, file=file),
        server=read_settings(ServerSettings, options=options, environment=os.environ, file=file, table=TABLE),
        site=read_settings(SiteSettings, options=nothing, environment=os.environ, file=file, table=SITE_TABLE),
    )


def _learn(options: argparse.Namespace, index: IndexerSettings, server: ServerSettings) -> int:
    from server.learning.commands import learn

    return learn(options, index, server)


def _ask(options: argparse.Namespace, index: IndexerSettings, server: ServerSettings) -> int:
    if options.input:
        from server.batch.commands import ask_file

        return ask_file(options, index, server)
    if options.output or options.force:
        print("--output et --force vont avec --input : donnez les questions dans un fichier.", file=sys.stderr)
        return FAILED
    from server.serve import open_answering
    from server.terminal import render_reply

    try:
        reply = open_answering(index, server).answer(options.question, limit=server.limit)
    except QuestionError as error:
        print(error, file=sys.stderr)
        return FAILED
    if options.json:
        from server.http.schemas import SEARCH_REPLY, SearchReply

        print(SEARCH_REPLY.dump_json(SearchReply.of(reply, explain=True), indent=2).decode())
    else:
        print(render_reply(reply, width=min(100, shutil.get_terminal_size().columns)))
    return DONE
