"""Publishes a corpus: checked, built aside, tried beside the index in service, and switched to if the gate holds.

The index folder's own life keeps this whole at any moment: until the switch, which is one rename, what is in service
is what it was; a process that is killed leaves a folder aside, which the next build removes.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.publication.questions import Heard, own_questions, query_folders, questions_of_sets, visitors_questions
from evaluation.publication.records import Trial, TrialQuestion
from evaluation.publication.report import FOLDER, render_trial, write_report
from evaluation.publication.trial import Encode, Side, try_index
from indexer.corpus import Corpus
from indexer.encoders import Encoder
from indexer.errors import IndexFolderError
from indexer.index.build import build_index
from indexer.index.folder import IndexFolder
from indexer.index.index import Index
from indexer.index.indexes import Indexes
from indexer.index.manifest import CorpusInfo
from indexer.records import Progress, no_progress
from server.learning.vectors import KeptVectors

if TYPE_CHECKING:
    from indexer.index.milvus_indexes import MilvusIndexes

_QUESTIONS = "questions"


@dataclass(frozen=True, slots=True)
class Publication:
    """What came of it. trial: None where nothing in service could be compared with, or nothing has changed.

    unchanged: what is in service is of this corpus already. file: of the report. not_kept: why there is none, where it
    could not be written.
    """

    index_id: str
    served: bool
    unchanged: bool
    trial: Trial | None
    report: str
    file: Path | None
    not_kept: str = ""


@dataclass(frozen=True, slots=True)
class HowToBuild:
    """What a build is told: see `build_index`."""

    risk: float = 0.05
    keep: int = 3
    memory_bytes: int | None = None


def publish(
    corpus: Corpus,
    path: Path,
    *,
    encoder: Encoder,
    served_by: Encoder | None = None,
    heard: Heard,
    how: HowToBuild,
    store: "MilvusIndexes | None" = None,
    query_sets: Sequence[Path] = (),
    dry_run: bool = False,
    force: bool = False,
    keep_days: int = 395,
    progress: Progress = no_progress,
) -> Publication:
    """Build an index of *corpus* in the folder *path*, and put it into service if nothing speaks against it.

    served_by: the encoder of the index in service, where *encoder* is to take its place. store: the Milvus that serves;
    what is in service there is what counts, and the index of the folder goes there by the same gate. query_sets: asked
    beside those that lie with the corpus. force: put it into service all the same.
    CorpusError, QuerySetError, IndexFolderError and StoreError as of what is done; what visitors ask stays then.
    """
    trials: list[Trial] = []
    in_store = store.stamp() if store else None

    def approve(after: Index) -> bool:
        before = _in_service(store if store and in_store else IndexFolder(path), served_by or encoder)
        if before is not None and before.manifest.id != after.manifest.id:
            folders = [*query_folders(corpus.path), *query_sets]
            vectors = KeptVectors(encoder, KeptVectors.file_beside(path / FOLDER / _QUESTIONS, encoder))
            new = Side(after, _encoded(vectors, progress))
            old = Side(before, _encoded(KeptVectors(served_by), progress) if served_by else new.encode)
            trials.append(try_index(old, new, _questions(folders, heard, before, after)))
            with suppress(OSError):  # the report, which goes there too, says that it cannot be written
                (path / FOLDER).mkdir(exist_ok=True)
                vectors.save()
        return not dry_run and (force or all(trial.holds for trial in trials))

    info = CorpusInfo.of(corpus.kind, corpus.path, path)
    built = build_index(
        corpus,
        path,
        encoder=encoder,
        risk=how.risk,
        keep=how.keep,
        memory_bytes=how.memory_bytes,
        corpus_info=info,
        progress=progress,
        approve=approve,
    )
    index_id = built.manifest.id
    if built.unchanged and (store is None or in_store == index_id):
        said = "Rien n'a changé depuis la dernière mise en service."
        return Publication(index_id, served=False, unchanged=True, trial=None, report=said, file=None)
    # Unchanged in the folder alone: somebody went back in the store, or it is new.
    served = approve(Index.open(path)) if built.unchanged else not built.refused
    if store and served:
        store.publish(IndexFolder(path), keep=how.keep)
    trial = trials[0] if trials else None
    report = render_trial(trial, served=served, dry_run=dry_run, index_id=index_id)
    file, not_kept = None, ""
    try:
        file = write_report(report, path, index_id, keep_days=keep_days)
    except OSError as error:  # the switch is done: what came of it must be told all the same
        not_kept = str(error)
    return Publication(index_id, served, unchanged=False, trial=trial, report=report, file=file, not_kept=not_kept)


def _in_service(indexes: Indexes, encoder: Encoder) -> Index | None:
    """Return the index in service, None where there is none that can be compared with."""
    try:
        index = Index.open(indexes)
    except IndexFolderError:  # none, or a damaged one: the build says so, and goes on
        return None
    return index if index.manifest.encoder.fingerprint == encoder.fingerprint else None


def _questions(folders: Sequence[Path], heard: Heard, before: Index, after: Index) -> Iterator[TrialQuestion]:
    yield from questions_of_sets(folders, known=(answer.id for answer in before.answers))
    yield from own_questions(before, after)
    yield from visitors_questions(heard, before, after)


def _encoded(vectors: KeptVectors, progress: Progress) -> Encode:
    return lambda texts: vectors.of(texts, progress=progress)
