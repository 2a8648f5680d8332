"""What the commands of the evaluation do, once they are parsed: measure, and print."""

import argparse
import hashlib
import os
import sys
from contextlib import ExitStack
from pathlib import Path

from platformdirs import user_cache_path

from evaluation.comparison import compare_runs
from evaluation.gate import accept, find_breaches, read_baseline, require_comparable, write_baseline
from evaluation.measure import measure, open_index, open_own_corpus
from evaluation.queries.query_sets import QuerySet, open_query_set
from evaluation.records import EvaluationError
from evaluation.report.terminal_tables import render_comparison, render_summary
from evaluation.runs.answerers import Answerer
from evaluation.runs.folder import PAGE_FILE, read_run_info
from evaluation.runs.http_answerer import HttpAnswerer
from evaluation.summary import Summary
from indexer.dense.blas import keep_products_on_one_thread
from indexer.index.encoder import load_configured_encoder
from indexer.index.place import configured_indexes
from indexer.settings import IndexerSettings
from indexer.terminal import DONE, FOUND, show_progress

RUNS = Path("build/evaluation/runs")


def run_queries(options: argparse.Namespace, settings: IndexerSettings) -> int:
    """Ask a query set, keep the run, and print its metrics."""
    queries = open_query_set(options.queries, qrels=options.qrels)
    folder: Path = options.out or RUNS / _telling_name(queries)
    summary = _measure(queries, folder, options, settings)
    print(summary.to_json() if options.json else render_summary(summary), end="" if options.json else "\n")
    if not options.out:
        print(f"\n{folder}", file=sys.stderr if options.json else sys.stdout)
    return DONE


def compare(options: argparse.Namespace, settings: IndexerSettings) -> int:
    """Print what two runs of the same queries differ in, and leave it as a page if one is wanted."""
    comparison = compare_runs(options.run_a, options.run_b, changes=options.changes)
    if options.out:
        _keep_matplotlib_quiet(settings)
        from evaluation.report.comparison_page import write_comparison

        write_comparison(
            comparison,
            options.run_a,
            options.run_b,
            options.out,
            indexes=[settings.index, Path(comparison.a.target.where), Path(comparison.b.target.where)],
        )
    print(comparison.to_json() if options.json else render_comparison(comparison), end="" if options.json else "\n")
    if options.out:
        print(f"\n{options.out}", file=sys.stderr if options.json else sys.stdout)
    return DONE


def gate(options: argparse.Namespace, settings: IndexerSettings) -> int:
    """Measure the accepted query sets again, and print what got worse; FOUND where anything did."""
    baseline = {} if options.accept and not options.baseline.exists() else read_baseline(options.baseline)
    paths = [path.as_posix() for path in options.queries] or list(baseline)
    if not paths:
        raise EvaluationError(f"{options.baseline} has no query set yet. Name those to accept, with --accept.")
    if unknown := [path for path in paths if path not in baseline and not options.accept]:
        raise EvaluationError(f"{options.baseline} accepts nothing for {unknown[0]}. Accept it with --accept.")
    sets = {path: open_query_set(Path(path)) for path in paths}
    if not options.accept:
        # Before any is asked: of the last of them it would be told after an hour.
        for path, queries in sets.items():
            require_comparable(path, baseline[path], query_set_sha256=queries.sha256, limit=options.limit)
    breaches = []
    said = []
    for path, queries in sets.items():
        summary = _measure(queries, RUNS / f"gate-{_telling_name(queries)}", options, settings)
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


def report(options: argparse.Namespace, settings: IndexerSettings) -> int:
    """Write one page about a run, and print where it is."""
    _keep_matplotlib_quiet(settings)
    from evaluation.report.report import write_report  # plotting takes a second to import

    where = Path(read_run_info(options.run_folder).target.where)
    page = write_report(
        options.run_folder,
        options.out or options.run_folder / PAGE_FILE,
        indexes=[settings.index, where],
        load_encoder=lambda: load_configured_encoder(settings),
        picture=options.picture,
    )
    print(page)
    return DONE


def _keep_matplotlib_quiet(settings: IndexerSettings) -> None:
    """Have it keep its list of fonts in our cache, not in a folder of its own in the user's home."""
    os.environ.setdefault("MPLCONFIGDIR", str((settings.cache or user_cache_path("souffleur")) / "matplotlib"))


def _telling_name(queries: QuerySet) -> str:
    """Return a name of a folder that no other query set has, whatever its file is called."""
    where = hashlib.sha256(str(queries.path.resolve()).encode()).hexdigest()[:8]
    return f"{queries.name}-{where}"


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
    keep_products_on_one_thread()
    encoder = load_configured_encoder(settings)
    if queries.corpus and "index" not in options and "store" not in options:
        with show_progress(f"indexing {queries.corpus}") as progress:
            return open_own_corpus(queries, queries.corpus, encoder=encoder, progress=progress)
    return open_index(configured_indexes(settings), encoder=encoder)
