"""What `souffleur publish` does, once it is parsed: publish once or at every change, and print it in French."""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.publication.publish import HowToBuild, Publication, publish
from evaluation.publication.questions import Heard
from evaluation.publication.watch import LOOK_EVERY_SECONDS, changes, look_at
from indexer.cli import refuse_another_corpus
from indexer.corpus import check_corpus, open_corpus
from indexer.corpus.phrasings.memory import read_decided
from indexer.dense.blas import keep_products_on_one_thread
from indexer.encoders import Encoder
from indexer.errors import CorpusError, SouffleurError
from indexer.index.encoder import load_configured_encoder
from indexer.index.manifest import CorpusInfo
from indexer.index.place import configured_store
from indexer.records import Severity
from indexer.settings import IndexerSettings
from indexer.terminal import DONE, FOUND, show_progress
from server.serve import open_feedback
from server.settings import ServerSettings

if TYPE_CHECKING:
    from indexer.index.milvus_indexes import MilvusIndexes


def publish_corpus(options: argparse.Namespace, index: IndexerSettings, server: ServerSettings) -> int:
    """Publish the corpus, once or whenever it changes; FOUND where it was refused or has errors."""
    keep_products_on_one_thread()
    encoder = load_configured_encoder(index)
    if not options.watch:
        return _publish(options, index, server, encoder)
    print(f"{index.corpus} est suivi ; chaque changement est publié. Ctrl-C pour arrêter.", flush=True)
    try:
        for _ in changes(lambda: look_at(index.corpus), lambda: time.sleep(LOOK_EVERY_SECONDS)):
            print(f"\n{datetime.now().astimezone():%d/%m/%Y %H:%M:%S}", flush=True)
            try:
                _publish(options, index, server, encoder)
            except SouffleurError as error:
                print(error, file=sys.stderr, flush=True)
            except BrokenPipeError:
                raise
            except OSError as error:
                said = f"Ce changement n'a pas pu être publié : {error}. Corrigez cela, puis enregistrez de nouveau."
                print(said, file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print("\nArrêté. Ce qui est en service le reste.")
    return DONE


def _publish(options: argparse.Namespace, index: IndexerSettings, server: ServerSettings, encoder: Encoder) -> int:
    problems = [problem for problem in check_corpus(index.corpus) if problem.severity is Severity.ERROR]
    if problems:
        for problem in problems:
            print(problem, file=sys.stderr)
        print(f"\n{len(problems)} à corriger : rien n'a été publié, ce qui était en service le reste.", file=sys.stderr)
        return FOUND
    try:
        corpus = open_corpus(index.corpus)
        if not options.replace:
            refuse_another_corpus(CorpusInfo.of(corpus.kind, index.corpus, index.index), index)
        with _store(index) as store, show_progress("Publication") as progress:
            done = publish(
                corpus,
                index.index,
                encoder=encoder,
                heard=heard_from(server, index.corpus),
                how=how_to_build(index),
                store=store,
                query_sets=options.queries,
                dry_run=options.dry_run,
                force=options.force,
                keep_days=server.retention_days,
                progress=progress,
            )
    except CorpusError as error:  # changed since it was checked
        print(error, file=sys.stderr)
        return FOUND
    print(done.report, flush=True)
    if done.file:
        print(f"\nCe rapport est gardé dans {done.file}.", flush=True)
    if done.not_kept:
        said = f"\nCe rapport n'a pas pu être gardé ({done.not_kept}) ; ce qu'il dit est fait."
        print(said, file=sys.stderr, flush=True)
    return _status(done)


@contextmanager
def _store(index: IndexerSettings) -> "Iterator[MilvusIndexes | None]":
    """Open the Milvus of these settings, if any, for the block: each change that is watched for opens its own."""
    store = configured_store(index)
    try:
        yield store
    finally:
        if store:
            store.close()


def _status(done: Publication) -> int:
    return DONE if done.unchanged or done.served or (done.trial is None or done.trial.holds) else FOUND


def how_to_build(index: IndexerSettings) -> HowToBuild:
    """Return what a build is told by these settings."""
    return HowToBuild(index.risk, index.keep, index.memory * 1_000_000 if index.memory else None)


def heard_from(server: ServerSettings, corpus: Path) -> Heard:
    """Return what visitors asked and said, as far as it is kept, and what editors of *corpus* decided of it."""
    decided = read_decided(corpus)
    if server.feedback is None or not server.feedback.exists():
        return Heard(decided=decided)
    with open_feedback(server) as store:
        return Heard(store.asked(), store.judged(), decided)
