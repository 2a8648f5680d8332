"""The command line of the server: serve over HTTP, or ask one question in the terminal."""

import argparse
import contextlib
import json
import logging
import os
import shutil
import sys
import textwrap
from collections.abc import Sequence

from indexer.encoders.loading import load_encoder
from indexer.errors import QuestionError, SouffleurError
from indexer.records import Reply, Status
from indexer.settings import IndexerSettings, add_options, read_settings
from server.answering import Answering
from server.feedback import FeedbackStore
from server.schemas import SearchReply
from server.settings import TABLE, ServerSettings

DONE, FAILED = 0, 2
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
        ("host", "port", "limit", "feedback", "keep_questions", "retention_days", "cached_questions"),
    )
    command.set_defaults(run=_serve)

    command = commands.add_parser("ask", help="answer one question in the terminal")
    command.add_argument("question")
    add_options(command, IndexerSettings, _INDEX_OPTIONS)
    add_options(command, ServerSettings, ("limit",))
    command.add_argument("--json", action="store_true", help="print the reply as JSON, as over HTTP")
    command.set_defaults(run=_ask)
    return parser


def _open(index: IndexerSettings, server: ServerSettings) -> Answering:
    encoder = load_encoder(
        index.encoder,
        device=index.device,
        batch_size=index.batch_size,
        threads=index.threads,
        cache_folder=index.cache,
    )
    return Answering.open(index.index, encoder=encoder, cached_questions=server.cached_questions)


def _serve(_: argparse.Namespace, index: IndexerSettings, server: ServerSettings) -> int:
    import uvicorn

    from server.app import create_app

    with contextlib.ExitStack() as stack:
        feedback = None
        if server.feedback:
            store = FeedbackStore.open(
                server.feedback, keep_questions=server.keep_questions, retention_days=server.retention_days
            )
            feedback = stack.enter_context(store)
        app = create_app(_open(index, server), default_limit=server.limit, feedback=feedback)
        # No access log: the address of a GET request holds the question.
        uvicorn.run(app, host=server.host, port=server.port, access_log=False, log_config=None)
    return DONE


def _ask(options: argparse.Namespace, index: IndexerSettings, server: ServerSettings) -> int:
    try:
        reply = _open(index, server).answer(options.question, limit=server.limit)
    except QuestionError as error:
        print(error, file=sys.stderr)
        return FAILED
    if options.json:
        print(json.dumps(SearchReply.of(reply, explain=True).model_dump(mode="json"), ensure_ascii=False, indent=2))
    else:
        print(_page(reply, width=min(100, shutil.get_terminal_size().columns)))
    return DONE


def _page(reply: Reply, *, width: int) -> str:
    """Return the reply as text for a person: the best answer whole, the others by their matching sentence."""
    lines = [f"{_STATUS_WORDS[reply.status]} (confiance {reply.confidence:.0%})"]
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
    sys.exit(main())
