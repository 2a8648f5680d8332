"""The command `souffleur`: the commands of the three programs, the settings in force, and shell completion."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

import indexer.cli
import server.cli
from indexer.errors import SettingsError, SouffleurError
from indexer.settings import add_config_option, refuse_unknown, settings_file, source_settings
from indexer.terminal import DONE, FAILED, add_command, add_commands_to, run_command
from souffleur.adapters.mcp_command import add_mcp_command

_EPILOG = """settings:
  Options beat SOUFFLEUR_* variables, which beat souffleur.toml (or --config
  FILE), which beats the defaults. `souffleur config` shows what is in force.

example:
  souffleur build --corpus faq.csv && souffleur serve"""
_SHELLS = ("bash", "zsh", "tcsh")
_FILES = ("CORPUS", "INDEX", "CACHE", "FEEDBACK", "FILE", "FOLDER")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 when done, 1 when a check or gate found something, 2 when it could not run."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parser().parse_args(arguments, argparse.Namespace(arguments=arguments))
    try:
        refuse_unknown(server.cli.RECORDS, environment=os.environ, file=settings_file(options))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return FAILED
    return int(options.program(options))


def entry() -> None:
    """Run the command and end the process: what the installed `souffleur` calls."""
    run_command(main)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    # A third of a second of libraries: `run_command` comes first.
    import evaluation.cli
    from souffleur.tune import add_tune, hand_over

    program = _Parser(
        prog="souffleur",
        description="Finds the answer to a question in a French FAQ, and says honestly when it\nhas found none.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    program.add_argument("--version", action="version", version=f"souffleur {version('souffleur-faq')}")
    commands = add_commands_to(program)
    indexer.cli.add_commands(commands)
    server.cli.add_commands(commands)
    add_mcp_command(commands)
    evaluation.cli.add_editors_commands(commands)
    add_tune(commands, program=hand_over)
    measuring = commands.add_parser(
        "evaluate",
        help="measure, compare and gate query sets",
        description="Measures, compares and gates query sets.",
        epilog="example:\n  souffleur evaluate run corpus/queries/dev",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    evaluation.cli.add_commands(add_commands_to(measuring))

    command = add_command(
        commands,
        "config",
        sentence="show each setting, its value, and where it comes from",
        example="--config /etc/souffleur.toml",
        run=_config,
        program=_config,
    )
    add_config_option(command)

    command = add_command(
        commands,
        "completion",
        sentence="print what completes commands and options in a shell",
        example="bash > souffleur.bash",
        run=_completion,
        program=_completion,
    )
    command.add_argument("shell", choices=_SHELLS)
    return program


class _Parser(argparse.ArgumentParser):
    """A parser of the command or of one in its menu: editors type them, so that it says in French what to do, too."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(
            FAILED,
            f"{self.prog}: error: {message}\n"
            "La commande ne se lit pas ainsi. Ce qui a plusieurs mots, un nom de fichier ou une question, se met entre "
            f"guillemets ; « {self.prog} --help » en montre un exemple.\n",
        )


def _config(options: argparse.Namespace) -> int:
    file = settings_file(options)
    found = []
    try:
        for table, record in server.cli.RECORDS.items():
            settings = source_settings(record, options=options, environment=os.environ, file=file, table=table)
            record(**{one.name: one.value for one in settings})  # refuses what does not go together
            found.append((table, settings))
    except SouffleurError as error:
        print(error, file=sys.stderr)
        return FAILED
    print(f"{file}: {'read' if file.exists() else 'not there, so not read'}")
    for table, settings in found:
        print(f"\n[{table}]" if table else "")
        for one in settings:
            value = "" if one.value is None else "(secret)" if one.secret else one.value
            print(f"{one.name:<17} {value!s:<22} {one.source}".rstrip())
    return DONE


def _completion(options: argparse.Namespace) -> int:
    import shtab  # not for the other commands

    program = parser()
    _complete_files(program)
    print(shtab.complete(program, options.shell))
    return DONE


def _complete_files(program: argparse.ArgumentParser) -> None:
    """Mark what names a file, so that the shell offers files there."""
    import shtab

    for action in program._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                _complete_files(inner)
        elif action.type is Path or action.metavar in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]  # how shtab is told
