"""The command `souffleur tune`: its options, and how it hands over to the program that teaches."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from indexer.settings import IndexerSettings, add_config_option, add_options
from indexer.terminal import Subparsers, add_command
from server.settings import ServerSettings

_INDEX_OPTIONS = ("corpus", "index", "threads", "cache", "risk", "memory", "keep")


def add_tune(commands: Subparsers, *, program: Callable[..., Any]) -> None:
    """Add the command to those of a parser. program: see `add_command`."""
    command = add_command(
        commands,
        "tune",
        sentence="teach the bundled encoder this FAQ's own questions, if answers get better by it",
        example="--dry-run",
        run=program,
        program=program,
    )
    add_options(command, IndexerSettings, _INDEX_OPTIONS)
    add_options(command, ServerSettings, ("feedback", "retention_days"))
    command.add_argument(
        "--queries", type=Path, action="append", default=[], metavar="FOLDER", help="a query set to ask as well"
    )
    command.add_argument("--dry-run", action="store_true", help="say what would be gained, and change nothing")
    add_config_option(command)


def hand_over(arguments: Sequence[str]) -> NoReturn:
    """Become `python -m training`, with these arguments of the command line, `tune` first."""
    # Not with the current folder first among the places to import from: it may have a folder of that name.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "training", *arguments])
