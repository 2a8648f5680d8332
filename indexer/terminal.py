"""What the command lines do alike: their form, the commands they name, how they show progress, and how they end.

Owns the exit statuses, and the only import of tqdm. A command is declared by `add_command`, so that each has a
sentence, an example, and the sources of its settings in its help.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from indexer.records import Progress

DONE, FOUND, FAILED = 0, 1, 2
"""The exit statuses: done; done, and the check or the gate found something; could not run."""

SOURCES = "settings: options beat SOUFFLEUR_* variables, which beat souffleur.toml."

Subparsers = Any
"""What `ArgumentParser.add_subparsers` returns; argparse has no public name for it."""

_MAKEFILE = "# Souffleur"
_TARGETS = {"build": "index", "serve": "serve", "check": "check-corpus"}
_ITS_COMMAND = ".venv/bin/souffleur"


def run_command(main: Callable[[], int]) -> NoReturn:
    """Run *main* and end the process with its status, or without a word where the reader of its output has gone."""
    if sys.argv[1:2] == ["serve"]:
        # It would end the process until the server listens to it. Whoever asks so early that settings are read again
        # loses nothing: they are not read yet.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # At the end Python would write what is left, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 128 + signal.SIGPIPE
    sys.exit(status)


def add_command(
    commands: Subparsers,
    name: str,
    *,
    sentence: str,
    example: str,
    run: Callable[..., int],
    program: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    """Return the parser of a new command, to which its options are added.

    sentence: what it does, without a full stop, for the menu and the help. example: what may be typed after its name.
    program: what is called with the options once they are parsed; it reads the settings and calls *run*.
    """
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=sentence,
        description=f"{sentence[0].upper()}{sentence[1:]}.",
        epilog=f"example:\n  %(prog)s {example}\n\n{SOURCES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run, program=program)
    return command


def add_commands_to(parser: argparse.ArgumentParser, metavar: str = "COMMAND") -> Subparsers:
    """Return where the commands of *parser* are added; one of them must be given."""
    return parser.add_subparsers(title="commands", required=True, metavar=metavar)


def command_of(name: str) -> str:
    """Return what the user types for a command: `make index` in a checkout, which has a menu, else `souffleur build`.

    name: with its arguments, such as `rollback`.
    """
    if not _in_checkout():
        return f"souffleur {name}"
    return f"make {_TARGETS[name]}" if name in _TARGETS else f"{_ITS_COMMAND} {name}"


def _in_checkout() -> bool:
    try:
        with Path("Makefile").open(encoding="utf-8") as makefile:
            return makefile.readline().startswith(_MAKEFILE)
    except (OSError, UnicodeDecodeError):
        return False


@contextmanager
def show_progress(what: str, *, unit: str = "text") -> "Iterator[Progress]":
    """Yield a function to call with the number done and the total; it draws on stderr where that is a terminal."""
    from tqdm import tqdm  # not where nothing is shown

    with tqdm(desc=what, unit=unit, file=sys.stderr, disable=not sys.stderr.isatty(), leave=False) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress
