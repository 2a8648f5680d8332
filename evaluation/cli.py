"""The command line of the evaluation: run, compare, gate, report. Prints; everything else returns."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from evaluation.comparison import compare_runs
from evaluation.gate import accept, find_breaches, read_baseline, write_baseline
from evaluation.measure import measure, open_index, open_own_corpus
from evaluation.metrics.ranking import DEPTH
from evaluation.queries.query_sets import QuerySet, open_query_set
from evaluation.records import EvaluationError, QuerySetError
from evaluation.report.terminal_tables import render_comparison, render_summary
from evaluation.runs.answerers import Answerer
from evaluation.runs.folder import read_run_info
from evaluation.runs.http_answerer import HttpAnswerer
from evaluation.summary import Summary
from indexer.encoders.loading import load_configured_encoder
from indexer.errors import SouffleurError
from indexer.settings import IndexerSettings, add_options, parse_count, read_settings
from indexer.terminal import show_progress
from server.http.schemas import MAX_LIMIT

DONE, FOUND, FAILED = 0, 1, 2
RUNS = Path("build/evaluation/runs")
BASELINE = Path("corpus/queries/baseline.json")
_INDEX_OPTIONS = ("index", "encoder", "device", "batch_size", "threads", "cache")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 when done, 1 when the gate found something, 2 when it could not run."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        settings = read_settings(IndexerSettings, options=options, environment=os.environ)
        return int(options.run(options, settings))
    except QuerySetError as error:
        print(error, file=sys.stderr)
        print(f"\nNothing was measured: {len(error.problems)} to correct.", file=sys.stderr)
        return FAILED
    except SouffleurError as error:
        print(error, file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        raise
    except OSError as error:
        # Those with a place of their own are EvaluationErrors; this is the full disk, the file that may not be read.
        print(f"{error}. Correct that, and give the command again: a run goes on where it stopped.", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Interrupted. The same command goes on where it stopped.", file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m evaluation", description="Measures, compares and gates query sets."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    command = commands.add_parser("run", help="ask a query set, and measure what comes back")
    command.add_argument("queries", type=Path, help="a BEIR folder, TREC topics (.tsv), or a question a line")
    command.add_argument("--qrels", type=Path, metavar="FILE", help="judgments, of TREC or BEIR")
    command.add_argument("--out", type=Path, metavar="FOLDER", help=f"folder of the run (default: {RUNS}/NAME)")
    command.add_argument("--json", action="store_true", help="print the summary as JSON")
    _add_target(command)
    command.set_defaults(run=_run)

    command = commands.add_parser("compare", help="compare two runs of the same queries")
    command.add_argument("run_a", type=Path, metavar="RUN_A", help="folder of a run")
    command.add_argument("run_b", type=Path, metavar="RUN_B", help="folder of another")
    command.add_argument(
        "--changes", type=_parse_count, default=10, help="how many changed questions to show (default: 10)"
    )
    command.add_argument("--json", action="store_true", help="print the comparison as JSON")
    command.set_defaults(run=_compare)

    command = commands.add_parser("gate", help="fail if a query set is answered worse than accepted")
    command.add_argument("queries", type=Path, nargs="*", help="query sets (default: all of the baseline)")
    command.add_argument("--baseline", type=Path, default=BASELINE, metavar="FILE", help=f"default: {BASELINE}")
    command.add_argument("--accept", action="store_true", help="write what is measured as the new baseline")
    _add_target(command)
    command.set_defaults(run=_gate)

    command = commands.add_parser("report", help="write one HTML page about a run")
    command.add_argument("run_folder", type=Path, metavar="RUN", help="folder of a run")
    command.add_argument("--out", type=Path, metavar="FILE", help="the page (default: RUN/report.html)")
    command.add_argument("--picture", type=Path, metavar="FILE", help="also write its figures as one picture")
    add_options(command, IndexerSettings, _INDEX_OPTIONS)
    command.set_defaults(run=_report)
    return parser


def _add_target(command: argparse.ArgumentParser) -> None:
    add_options(command, IndexerSettings, _INDEX_OPTIONS)
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


def _parse_count(text: str) -> int:
    try:
        return parse_count(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up") from None


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
    queries = open_query_set(options.queries, qrels=options.qrels)
    summary = _measure(queries, options.out or RUNS / queries.name, options, settings)
    print(summary.to_json() if options.json else render_summary(summary), end="" if options.json else "\n")
    return DONE


def _measure(queries: QuerySet, folder: Path, options: argparse.Namespace, settings: IndexerSettings) -> Summary:
    with ExitStack() as stack:
        answerer = _open_answerer(queries, options, settings, stack)
        progress = stack.enter_context(show_progress(queries.name))
        return measure(queries, answerer, folder, limit=options.limit, progress=progress)


def _open_answerer(
    queries: QuerySet, options: argparse.Namespace, settings: IndexerSettings, stack: ExitStack
) -> Answerer:
    """Return who is asked: the server of --url; the index of --index; the corpus beside the queries; the index."""
    if options.url:
        return stack.enter_context(HttpAnswerer(options.url, concurrency=options.concurrency))
    encoder = load_configured_encoder(settings)
    if queries.corpus and "index" not in options:
        with show_progress(f"indexing {queries.corpus}") as progress:
            return open_own_corpus(queries, queries.corpus, encoder=encoder, progress=progress)
    return open_index(settings.index, encoder=encoder)


def _compare(options: argparse.Namespace, _: IndexerSettings) -> int:
    comparison = compare_runs(options.run_a, options.run_b, changes=options.changes)
    print(comparison.to_json() if options.json else render_comparison(comparison), end="" if options.json else "\n")
    return DONE


def _gate(options: argparse.Namespace, settings: IndexerSettings) -> int:
    baseline = {} if options.accept and not options.baseline.exists() else read_baseline(options.baseline)
    paths = [path.as_posix() for path in options.queries] or list(baseline)
    if not paths:
        raise EvaluationError(f"{options.baseline} has no query set yet. Name those to accept, with --accept.")
    breaches = []
    said = []
    for path in paths:
        if path not in baseline and not options.accept:
            raise EvaluationError(f"{options.baseline} accepts nothing for {path}. Accept it with --accept.")
        queries = open_query_set(Path(path))
        summary = _measure(queries, RUNS / f"gate-{queries.name}", options, settings)
        if options.accept:
            baseline[path] = accept(summary)
            said.append(f"{path}: accepted {len(summary.metrics)} metrics")
            continue
        accepted = baseline[path]
        found = find_breaches(path, summary, accepted)
        breaches += found
        if summary.info.target.corpus_hash not in ("", accepted.info.target.corpus_hash):
            print(f"{path}: the corpus has changed since the baseline was accepted", file=sys.stderr)
        print(f"{path}: {len(accepted.metrics) - len(found)} of {len(accepted.metrics)} metrics within their bounds")
    for breach in breaches:
        print(breach)
    if options.accept:
        write_baseline(options.baseline, baseline)
        print("\n".join(said))
    return FOUND if breaches else DONE


def _report(options: argparse.Namespace, settings: IndexerSettings) -> int:
    # Plotting takes a second to import, and only this command plots.
    from evaluation.report.report import write_report

    where = Path(read_run_info(options.run_folder).target.where)
    page = write_report(
        options.run_folder,
        options.out or options.run_folder / "report.html",
        indexes=[settings.index, where],
        load_encoder=lambda: load_configured_encoder(settings),
        picture=options.picture,
    )
    print(page)
    return DONE
