"""The commands of the evaluation: run, compare, gate, report. Prints; everything else returns.

What measures is imported by the command that needs it: help and completion are there at once.
"""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from evaluation.records import DEPTH, QuerySetError
from indexer.errors import SouffleurError
from indexer.setting_values import parse_count
from indexer.settings import (
    ENCODER_OPTIONS,
    INDEX_OPTIONS,
    IndexerSettings,
    add_config_option,
    add_options,
    keep_off_the_hub,
    read_settings,
    refuse_unknown,
    settings_file,
)
from indexer.terminal import FAILED, Subparsers, add_command, add_commands_to
from server.cli import RECORDS
from server.settings import MAX_LIMIT, TABLE, ServerSettings

BASELINE = Path("corpus/queries/baseline.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 when done, 1 when the gate found something, 2 when it could not run."""
    return run(parser().parse_args(arguments))


def run(options: argparse.Namespace) -> int:
    """Run the command that was parsed by `add_commands`; the status as `main`."""
    advice = "Correct that, and give the command again: a run goes on where it stopped."
    return _run_with(options, lambda index, _: options.run(options, index), advice=advice)


def _run_with(options: argparse.Namespace, command: Callable[[IndexerSettings, Path], int], *, advice: str) -> int:
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        file = settings_file(options)
        refuse_unknown(RECORDS, environment=os.environ, file=file)
        settings = read_settings(IndexerSettings, options=options, environment=os.environ, file=file)
        keep_off_the_hub(settings.encoder)
        return int(command(settings, file))
    except QuerySetError as error:
        print(error, file=sys.stderr)
        print(f"\nNothing was measured: {len(error.problems)} to correct.", file=sys.stderr)
        return FAILED
    except SouffleurError as error:
        print(error, file=sys.stderr)
        return FAILED
    except ModuleNotFoundError as error:
        print(f"{error.name} is not installed. Run: pip install 'souffleur-faq[evaluation]'", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        raise
    except OSError as error:
        # Those with a place of their own are EvaluationErrors; this is the full disk, the file that may not be read.
        print(f"{error}. {advice}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Interrupted. The same command goes on where it stopped.", file=sys.stderr)
        return FAILED


def parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m evaluation`."""
    program = argparse.ArgumentParser(
        prog="python -m evaluation", description="Measures, compares and gates query sets."
    )
    add_commands(add_commands_to(program))
    return program


def add_commands(commands: Subparsers) -> None:
    """Add the commands of the evaluation to those of a parser."""
    command = add_command(
        commands,
        "run",
        sentence="ask a query set, and measure what comes back",
        example="corpus/queries/dev --out build/dev",
        run=_run,
        program=run,
    )
    command.add_argument("queries", type=Path, help="a BEIR folder, .jsonl, a table (.csv, .tsv), or a question a line")
    command.add_argument("--qrels", type=Path, metavar="FILE", help="judgments, of TREC or BEIR")
    command.add_argument(
        "--out", type=Path, metavar="FOLDER", help="folder of the run (default: one in build/evaluation/runs)"
    )
    command.add_argument("--json", action="store_true", help="print the summary as JSON")
    _add_target(command)

    command = add_command(
        commands,
        "compare",
        sentence="compare two runs of the same queries",
        example="build/before build/after",
        run=_compare,
        program=run,
    )
    command.add_argument("run_a", type=Path, metavar="RUN_A", help="folder of a run")
    command.add_argument("run_b", type=Path, metavar="RUN_B", help="folder of another")
    command.add_argument(
        "--changes", type=_parse_count, default=10, help="how many changed questions to show (default: 10)"
    )
    command.add_argument("--json", action="store_true", help="print the comparison as JSON")
    command.add_argument("--out", type=Path, metavar="FILE", help="also write it as one HTML page")
    add_options(command, IndexerSettings, ("index",))
    add_config_option(command)

    command = add_command(
        commands,
        "gate",
        sentence="fail if a query set is answered worse than accepted",
        example="corpus/queries/test",
        run=_gate,
        program=run,
    )
    command.add_argument("queries", type=Path, nargs="*", help="query sets (default: all of the baseline)")
    command.add_argument("--baseline", type=Path, default=BASELINE, metavar="FILE", help=f"default: {BASELINE}")
    command.add_argument("--accept", action="store_true", help="write what is measured as the new baseline")
    _add_target(command)

    command = add_command(
        commands,
        "report",
        sentence="write one HTML page about a run",
        example="build/dev --out dev.html",
        run=_report,
        program=run,
    )
    command.add_argument("run_folder", type=Path, metavar="RUN", help="folder of a run")
    command.add_argument("--out", type=Path, metavar="FILE", help="the page (default: RUN/report.html)")
    command.add_argument("--picture", type=Path, metavar="FILE", help="also write its figures as one picture")
    add_options(command, IndexerSettings, INDEX_OPTIONS)
    add_config_option(command)
    _add_learning_curve(commands)


def _add_learning_curve(commands: Subparsers) -> None:
    command = add_command(
        commands,
        "learning-curve",
        sentence="measure what more curated questions an answer bring",
        example="--corpus corpus --queries corpus/queries/dev",
        run=_learning_curve,
        program=run,
    )
    add_options(command, IndexerSettings, ("corpus", *ENCODER_OPTIONS, "risk"))
    command.add_argument(
        "--queries", type=Path, metavar="SET", help="ask this query set (default: curated questions, left out in turn)"
    )
    command.add_argument(
        "--kept",
        type=_parse_rungs,
        default=(0, 1, 3, None),
        metavar="LIST",
        help="questions an answer may keep (default: 0,1,3,all)",
    )
    command.add_argument(
        "--folds", type=_parse_folds, default=5, metavar="N", help="in how many turns they are left out (default: 5)"
    )
    command.add_argument(
        "--out", type=Path, metavar="FOLDER", help="folder of the files (default: build/evaluation/learning-curve)"
    )
    command.add_argument("--json", action="store_true", help="print the curve as JSON")
    add_config_option(command)


def add_editors_commands(commands: Subparsers) -> None:
    """Add the commands for who looks after an FAQ, which measure before they act."""
    command = add_command(
        commands,
        "publish",
        sentence="put the corpus into service, unless questions would be answered worse",
        example="--dry-run",
        run=_publish,
        program=run_for_editors,
    )
    add_options(
        command,
        IndexerSettings,
        ("corpus", *INDEX_OPTIONS, "risk", "memory", "keep"),
    )
    add_trial_options(command)
    command.add_argument("--dry-run", action="store_true", help="say what would come of it, and change nothing")
    command.add_argument("--watch", action="store_true", help="publish at every change of the corpus, until Ctrl-C")
    command.add_argument("--force", action="store_true", help="put it into service whatever gets worse")
    command.add_argument("--replace", action="store_true", help="replace an index that was built from another corpus")
    add_config_option(command)
    _add_digest(commands)


def add_trial_options(command: argparse.ArgumentParser) -> None:
    """Give a command that publishes the options of what a new index is asked before it serves."""
    add_options(command, ServerSettings, ("feedback", "retention_days"))
    command.add_argument(
        "--queries", type=Path, action="append", default=[], metavar="FOLDER", help="a query set to ask as well"
    )


def _add_digest(commands: Subparsers) -> None:
    command = add_command(
        commands,
        "digest",
        sentence="write what was asked, answered and learnt in the last week, for editors",
        example="--weeks 4 --out build/digest",
        run=_digest,
        program=run_for_editors,
    )
    add_options(command, IndexerSettings, ("corpus", *INDEX_OPTIONS))
    add_options(command, ServerSettings, ("feedback", "retention_days"))
    command.add_argument("--weeks", type=_parse_count, default=1, metavar="N", help="weeks that are over (default: 1)")
    command.add_argument("--until", type=_parse_day, metavar="DAY", help="as if it were that day, such as 2026-01-31")
    command.add_argument("--out", type=Path, metavar="FOLDER", help="folder of the two files (default: build/digest)")
    add_config_option(command)


def run_for_editors(options: argparse.Namespace) -> int:
    """Run a command of `add_editors_commands`; the status as `main`."""

    def with_server(index: IndexerSettings, file: Path) -> int:
        server = read_settings(ServerSettings, options=options, environment=os.environ, file=file, table=TABLE)
        return int(options.run(options, index, server))

    return _run_with(options, with_server, advice="Corrigez cela, puis donnez la commande de nouveau.")


def _add_target(command: argparse.ArgumentParser) -> None:
    add_options(command, IndexerSettings, INDEX_OPTIONS)
    command.add_argument("--url", help="ask a running server instead of an index")
    command.add_argument(
        "--concurrency", type=_parse_count, default=8, help="batches asked of a server at once (default: 8)"
    )
    command.add_argument(
        "--limit",
        type=_parse_limit,
        default=DEPTH,
        metavar="N",
        help=f"hits wanted, {DEPTH} to {MAX_LIMIT} (default: {DEPTH})",
    )
    add_config_option(command)


def _parse_count(text: str) -> int:
    try:
        return parse_count(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up") from None


def _parse_rungs(text: str) -> tuple[int | None, ...]:
    parts = [part.strip() for part in text.split(",")]
    try:
        kept = [None if part == "all" else int(part) for part in parts]
    except ValueError:
        kept = []
    numbers = [one for one in kept if one is not None]
    if not kept or numbers != sorted(set(numbers)) or min(numbers, default=0) < 0 or None in kept[:-1]:
        raise argparse.ArgumentTypeError(f"{text!r} is not a rising list of numbers such as 0,1,3,all")
    return tuple(kept)


def _parse_folds(text: str) -> int:
    if (number := _parse_count(text)) < 2:
        raise argparse.ArgumentTypeError("in one turn all questions would be left out: 2 is the least")
    return number


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-01-31") from None


def _parse_limit(text: str) -> int:
    try:
        limit = int(text)
    except ValueError:
        limit = 0
    if not DEPTH <= limit <= MAX_LIMIT:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a whole number from {DEPTH} to {MAX_LIMIT}: the metrics look at {DEPTH} hits"
        )
    return limit


def _run(options: argparse.Namespace, settings: IndexerSettings) -> int:
    from evaluation.commands import run_queries

    return run_queries(options, settings)


def _compare(options: argparse.Namespace, settings: IndexerSettings) -> int:
    from evaluation.commands import compare

    return compare(options, settings)


def _gate(options: argparse.Namespace, settings: IndexerSettings) -> int:
    from evaluation.commands import gate

    return gate(options, settings)


def _report(options: argparse.Namespace, settings: IndexerSettings) -> int:
    from evaluation.commands import report

    return report(options, settings)


def _learning_curve(options: argparse.Namespace, settings: IndexerSettings) -> int:
    from evaluation.curve.commands import learning_curve

    return learning_curve(options, settings)


def _publish(options: argparse.Namespace, index: IndexerSettings, server: ServerSettings) -> int:
    from evaluation.publication.commands import publish_corpus

    return publish_corpus(options, index, server)


def _digest(options: argparse.Namespace, index: IndexerSettings, server: ServerSettings) -> int:
    from evaluation.digest.commands import write_digest

    return write_digest(options, index, server)
