"""The commands of `souffleur feedback`: export, save, restore, merge or erase what was kept of visitors.

What does it is imported by the command that needs it: help and completion are there at once.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.errors import SettingsError
from indexer.settings import IndexerSettings, add_config_option, add_options
from indexer.terminal import DONE, FOUND, Subparsers, add_command, add_commands_to
from server.settings import ServerSettings

if TYPE_CHECKING:
    from server.feedback.store import FeedbackStore


def add_feedback_commands(commands: Subparsers, *, program: Callable[[argparse.Namespace], int]) -> None:
    """Add `feedback` and its actions to the commands of a parser. program: see `add_command`."""
    feedback = commands.add_parser(
        "feedback",
        help="export, save, restore, merge or erase what was kept of visitors",
        description="Exports, saves, restores, merges or erases what was kept of visitors.",
    )
    actions = add_commands_to(feedback, "ACTION")
    action = add_command(
        actions,
        "export",
        sentence="print what was kept",
        example="--table questions --csv > questions.csv",
        run=_export,
        program=program,
    )
    add_options(action, ServerSettings, ("feedback", "retention_days"))
    action.add_argument("--table", choices=("feedback", "questions"), default="feedback")
    action.add_argument("--csv", action="store_true", help="for a spreadsheet, instead of JSON lines")
    add_config_option(action)
    action = add_command(
        actions,
        "erase",
        sentence="erase the question and the judgements of one query",
        example="0123456789abcdef0123456789abcdef",
        run=_erase,
        program=program,
    )
    add_options(action, ServerSettings, ("feedback",))
    action.add_argument("query_id")
    add_config_option(action)
    action = add_command(
        actions,
        "purge",
        sentence="erase what is older than the retention time",
        example="--retention-days 395 --yes",
        run=_purge,
        program=program,
    )
    add_options(action, ServerSettings, ("feedback", "retention_days"))
    action.add_argument("--yes", action="store_true", help="erase it, whatever part of all that is; else only count it")
    add_config_option(action)
    _add_copying_commands(actions, program=program)
    action = add_command(
        actions,
        "check",
        sentence="say what the file holds and whether it is sound; 1 where something is wrong",
        example="--feedback feedback.sqlite",
        run=_check,
        program=program,
    )
    add_options(action, ServerSettings, ("feedback", "retention_days"))
    add_config_option(action)


def _add_copying_commands(actions: Subparsers, *, program: Callable[[argparse.Namespace], int]) -> None:
    action = add_command(
        actions,
        "backup",
        sentence="save what was kept to another file, also while it is served",
        example="/backups/feedback-2026-01-31.sqlite",
        run=_back_up,
        program=program,
    )
    add_options(action, ServerSettings, ("feedback",))
    action.add_argument("file", type=Path)
    action.add_argument("--force", action="store_true", help="replace the file where it exists")
    add_config_option(action)
    action = add_command(
        actions,
        "restore",
        sentence="go back to a backup, also while it is served; what is there is set aside",
        example="/backups/feedback-2026-01-31.sqlite",
        run=_restore,
        program=program,
    )
    add_options(action, ServerSettings, ("feedback",))
    action.add_argument("file", type=Path)
    add_config_option(action)
    action = add_command(
        actions,
        "merge",
        sentence="add what other servers kept to one file, also while all are served",
        example="feedback.sqlite other-server.sqlite",
        run=_merge,
        program=program,
    )
    action.add_argument("target", type=Path, help="the file that gets everything; it is made if it is not there")
    action.add_argument("source", type=Path, nargs="+", help="the file of another server, or its backup")
    add_options(action, ServerSettings, ("retention_days",))
    add_config_option(action)


def _kept(server: ServerSettings) -> Path:
    """Return the path of a file that is there: a new one instead of a misspelt one would seem to hold nothing."""
    path = server.named_feedback()
    if not path.exists():
        raise SettingsError(f"There is no {path}. Correct --feedback, or SOUFFLEUR_FEEDBACK.")
    return path


def _open_kept(server: ServerSettings) -> "FeedbackStore":
    from server.serve import open_feedback

    _kept(server)
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


def _purge(options: argparse.Namespace, _: IndexerSettings, server: ServerSettings) -> int:
    with _open_kept(server) as store:
        if options.yes:
            print(f"{store.purge_expired(confirmed=True)} rows erased.")
        else:
            expiry = store.expiry()
            print(f"{expiry.expired} of {expiry.rows} rows have expired. Give --yes to erase them.")
    return DONE


def _back_up(options: argparse.Namespace, _: IndexerSettings, server: ServerSettings) -> int:
    from server.feedback.backup import back_up

    saved = back_up(_kept(server), options.file, force=options.force)
    print(f"{saved.what_it_holds()}: saved in {saved.path} ({saved.bytes} bytes, schema {saved.schema}).")
    return DONE


def _restore(options: argparse.Namespace, _: IndexerSettings, server: ServerSettings) -> int:
    from server.feedback.backup import inspect, restore

    path = server.named_feedback()
    replaced, now = restore(path, options.file)
    if replaced:
        before = inspect(replaced)
        holds = before.problems[0] if before.problems and not before.schema else before.what_it_holds()
        print(
            f"Replaced, and set aside as {replaced}: {holds}. Remove that file when you no longer need it: nobody "
            "erases what expires in it."
        )
    print(f"{now.path} holds {now.what_it_holds()}.")
    return DONE


def _merge(options: argparse.Namespace, _: IndexerSettings, server: ServerSettings) -> int:
    from server.feedback.backup import inspect
    from server.feedback.merge import merge

    for report in merge(options.target, options.source, retention_days=server.retention_days):
        print(report)
    print(f"{options.target} holds {inspect(options.target).what_it_holds()}.")
    return DONE


def _check(_: argparse.Namespace, __: IndexerSettings, server: ServerSettings) -> int:
    from server.feedback.backup import inspect

    found = inspect(_kept(server), retention_days=server.retention_days)
    print(
        f"{found.path}: {found.what_it_holds()}, schema {found.schema}, {found.bytes} bytes, {found.free_bytes} free."
    )
    for problem in found.problems:
        print(problem)
    return FOUND if found.problems else DONE
