"""The command `souffleur tune`: its options, and how it hands over to the program that teaches."""

import argparse
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from evaluation.cli import add_trial_options
from indexer.settings import IndexerSettings, add_config_option, add_options
from indexer.terminal import Subparsers, add_command

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
    add_trial_options(command)
    command.add_argument("--dry-run", action="store_true", help="say what would be gained, and change nothing")
    add_config_option(command)


def hand_over(options: argparse.Namespace) -> NoReturn:
    """Become `python -m training`, with the arguments of the command line, `tune` first.

    Teaching is a program of its own, which nothing here imports.
    """
    # Not with the current folder first among the places to import from: it may have a folder of that name.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "training", *options.arguments])
