"""From a query set to its summary: opens what is to be asked, runs, and sums up. What `run` and `gate` share."""

from pathlib import Path

from evaluation.metrics.columns import read_columns
from evaluation.queries.query_sets import QuerySet
from evaluation.runs.answerers import Answerer, IndexAnswerer
from evaluation.runs.folder import export_results
from evaluation.runs.own_corpus import corpus_ids, index_corpus
from evaluation.runs.run import Run
from evaluation.summary import Summary, summarise, write_summary
from indexer.encoders import Encoder
from indexer.index.folder import indexes_in
from indexer.index.indexes import Indexes
from indexer.records import Progress, no_progress
from server.answering.answering import Answering


def measure(
    queries: QuerySet, answerer: Answerer, folder: Path, *, limit: int, progress: Progress = no_progress
) -> Summary:
    """Run *queries*, leave every file of the run in *folder*, and return the summary."""
    run = Run(queries, answerer, folder, limit=limit, progress=progress)
    columns = read_columns(export_results(run.results(), folder))
    summary = summarise(columns, run.info, asked=run.asked, asking_seconds=run.took_seconds)
    write_summary(summary, folder)
    return summary


def open_index(where: Path | Indexes, *, encoder: Encoder) -> IndexAnswerer:
    """Return the answerer of the index in service in *where*."""
    indexes = indexes_in(where)
    return IndexAnswerer(Answering.open(indexes, encoder=encoder), where=indexes.where)


def open_own_corpus(
    queries: QuerySet, corpus: Path, *, encoder: Encoder, progress: Progress = no_progress
) -> IndexAnswerer:
    """Return the answerer of the *corpus* that came with *queries*, indexed where that is still to do.

    QuerySetError before anything is indexed, if a judgment names an answer that is not in the corpus.
    """
    queries.require_sound(corpus_ids(corpus))
    return open_index(index_corpus(corpus, encoder=encoder, progress=progress), encoder=encoder)
