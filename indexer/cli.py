"""The command line of the indexer: import, check, build, describe, rollback, prune. Prints; everything else returns."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from indexer.errors import CorpusError, SouffleurError
from indexer.settings import IndexerSettings, add_options, read_settings

DONE, FOUND, FAILED = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 when done, 1 when the check found something, 2 when it could not run."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        settings = read_settings(IndexerSettings, options=options, environment=os.environ)
        return int(options.run(options, settings))
    except CorpusError as error:
        print(error, file=sys.stderr)
        done = "importé" if options.run is _import else "construit"
        print(f"\n{_count(len(error.problems), 'problème')} : rien n'a été {done}.", file=sys.stderr)
        return FOUND
    except SouffleurError as error:
        print(error, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Interrupted. The index in service was not touched; run the same command to go on.", file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m indexer", description="From a French FAQ to an index folder.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    command = commands.add_parser("import", help="turn a saved page of the FAQ into Markdown files")
    command.add_argument("page", type=Path, help="the page, as text")
    command.add_argument("folder", type=Path, help="the folder of answers, such as corpus/answers")
    command.set_defaults(run=_import)

    command = commands.add_parser("check", help="report every problem of a corpus, in French")
    add_options(command, IndexerSettings, ["corpus"])
    command.set_defaults(run=_check)

    command = commands.add_parser("build", help="build the index and put it into service")
    add_options(
        command,
        IndexerSettings,
        ["corpus", "index", "encoder", "device", "batch_size", "threads", "cache", "risk", "memory", "keep"],
    )
    command.add_argument("--json", action="store_true", help="print the manifest as JSON")
    command.set_defaults(run=_build)

    command = commands.add_parser("describe", help="say what the index in service is made of")
    add_options(command, IndexerSettings, ["index"])
    command.add_argument("--json", action="store_true", help="print the manifest as JSON")
    command.set_defaults(run=_describe)

    command = commands.add_parser("rollback", help="put an earlier index back into service")
    add_options(command, IndexerSettings, ["index"])
    command.add_argument("--to", metavar="ID", help="an index id; the one before, if not given")
    command.set_defaults(run=_rollback)

    command = commands.add_parser("prune", help="remove old indexes")
    add_options(command, IndexerSettings, ["index", "keep"])
    command.set_defaults(run=_prune)
    return parser


def _import(options: argparse.Namespace, _: IndexerSettings) -> int:
    from indexer.corpus.page_import import import_page

    print(import_page(options.page, options.folder))
    return DONE


def _check(_: argparse.Namespace, settings: IndexerSettings) -> int:
    from indexer.corpus.check import check_corpus
    from indexer.records import Severity

    problems = check_corpus(settings.corpus)
    for problem in problems:
        print(problem)
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    warnings = len(problems) - errors
    if errors:
        print(f"\n{_count(errors, 'problème')} à corriger, {_count(warnings, 'avertissement')}.")
        return FOUND
    print(f"Aucun problème dans {settings.corpus}" + (f", {_count(warnings, 'avertissement')}." if warnings else "."))
    return DONE


def _build(options: argparse.Namespace, settings: IndexerSettings) -> int:
    from indexer.corpus.corpus import open_corpus
    from indexer.encoders.loading import load_configured_encoder
    from indexer.index.build import build_index
    from indexer.terminal import show_progress

    corpus = open_corpus(settings.corpus)
    encoder = load_configured_encoder(settings)
    with show_progress("Encoding") as progress:
        summary = build_index(
            corpus,
            settings.index,
            encoder=encoder,
            risk=settings.risk,
            keep=settings.keep,
            memory_bytes=settings.memory * 1_000_000 if settings.memory else None,
            progress=progress,
        )
    if options.json:
        print(summary.manifest.to_json(), end="")
    elif summary.unchanged:
        print(f"Nothing has changed; index {summary.manifest.id} stays in service.")
    else:
        counts = summary.manifest.counts
        print(
            f"Index {summary.manifest.id} is in service: {counts.answers} answers, {counts.passages} passages and "
            f"{counts.spans} spans; {counts.embedded} texts encoded, {counts.reused} reused; "
            f"{counts.cut_answers} answers longer than the encoder's window; {summary.took_seconds:.1f} s."
        )
    return DONE


def _describe(options: argparse.Namespace, settings: IndexerSettings) -> int:
    from indexer.index.folder import IndexFolder

    folder = IndexFolder(settings.index)
    manifest = folder.verify(folder.current_id())
    if options.json:
        print(manifest.to_json(), end="")
        return DONE
    counts = manifest.counts
    print(f"Index        {manifest.id}, built {manifest.built_at}, every file verified")
    print(f"Encoder      {manifest.encoder.name}, {manifest.encoder.dimension} dimensions, ", end="")
    print(f"fingerprint {manifest.encoder.fingerprint[:12]}")
    print(f"Answers      {counts.answers} with {counts.questions} curated questions")
    print(f"Passages     {counts.passages} and {counts.spans} finer spans; {counts.cut_answers} answers were cut")
    print(f"Encoded      {counts.embedded} texts for this index, {counts.reused} reused")
    print(f"Search       {manifest.dense.method}, recall@10 {manifest.dense.recall_at_10:.3f}")
    print(f"Confidence   {manifest.calibration}")
    print(f"Kept         {', '.join(folder.ids())}")
    return DONE


def _rollback(options: argparse.Namespace, settings: IndexerSettings) -> int:
    from indexer.index.folder import IndexFolder

    folder = IndexFolder(settings.index)
    folder.current_id()  # before a lock is made where no index is
    with folder.lock():
        target = options.to or folder.previous_id()
        folder.require(target)
        folder.verify(target)
        folder.switch(target)
    print(f"Index {target} is in service.")
    return DONE


def _prune(_: argparse.Namespace, settings: IndexerSettings) -> int:
    from indexer.index.folder import IndexFolder

    folder = IndexFolder(settings.index)
    folder.current_id()  # before a lock is made where no index is
    with folder.lock():
        removed = folder.prune(keep=settings.keep)
    print(f"Removed {', '.join(removed)}." if removed else "Nothing to remove.")
    return DONE


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number > 1 else ''}"
