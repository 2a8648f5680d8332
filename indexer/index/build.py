"""From a corpus to an index in service: built aside, checked, then switched. Only what changed is encoded again."""

import dataclasses
import hashlib
import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.answers.store import ANSWERS_FILE, write_answers
from indexer.encoders import Encoder
from indexer.errors import IndexFolderError
from indexer.files import sha256_of
from indexer.index.encode import Journal, KnownVectors
from indexer.index.encoder import warn_of_lessons_left
from indexer.index.folder import IndexFolder, file_sizes, file_sums
from indexer.index.index import Index
from indexer.index.manifest import RECIPE, CorpusInfo, EncoderInfo, Manifest
from indexer.index.write import write_contents
from indexer.records import AnswerSource, Progress, Vectors, no_progress
from indexer.search.contents import READ_TEXTS_FILE, IndexContents
from indexer.search.cosines import fit_cosine_scale
from indexer.search.fitting import fit
from indexer.store.embedded import EmbeddedStore
from indexer.terminal import command_of
from indexer.workforce import OneProcess, Workforce

logger = logging.getLogger(__name__)


KnownElsewhere = Callable[[str], Iterable[tuple[NDArray[np.bytes_], Vectors]]]
"""Gives vectors by the keys of their texts, of the encoder of a fingerprint."""


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """What a build did. unchanged: the index in service already was of this corpus, encoder and risk.

    refused: the new index was not approved, and is gone; *manifest* is its own all the same.
    """

    manifest: Manifest
    unchanged: bool
    took_seconds: float
    refused: bool = False


def build_index(
    corpus: AnswerSource,
    path: Path,
    *,
    encoder: Encoder,
    workforce: Workforce | None = None,
    risk: float = 0.05,
    keep: int = 3,
    memory_bytes: int | None = None,
    corpus_info: CorpusInfo | None = None,
    progress: Progress = no_progress,
    approve: Callable[[Index], bool] = lambda _: True,
    known_elsewhere: KnownElsewhere | None = None,
) -> BuildSummary:
    """Build an index of *corpus* in the index folder *path* and put it into service; the newest *keep* stay.

    workforce: who encodes, with the same encoder; this process if not given. ClusterError as there.
    memory_bytes: most that the dense index may take while it serves, not bounded if None.
    corpus_info: where the corpus is, to be said in the manifest, of an index that stays too.
    approve: is shown the new index, whole and aside, and says whether it may serve; nobody else builds meanwhile.
    known_elsewhere: gives the vectors of an index that is kept elsewhere, for a folder that has none.
    CorpusError if the corpus cannot be read, IndexFolderError if the folder cannot be written or another build runs.
    ValueError, before anything is done, for a risk that is no share, and fewer than one index or byte.
    The index in service is not touched before the new one is complete and has been read back.
    """
    _require_bounds(risk=risk, keep=keep, memory_bytes=memory_bytes)
    started = time.perf_counter()
    folder = IndexFolder(path)
    with folder.lock():
        aside = folder.aside()
        # Sums are worked out without the interpreter's lock, and writing answers is all the interpreter's work.
        with ThreadPoolExecutor(1, "verify") as beside:
            verifying = beside.submit(_in_service, folder)
            write_answers(aside, corpus.answers())
            in_service = verifying.result()
        corpus_hash = _hash(corpus, aside, risk=risk, memory_bytes=memory_bytes)
        if in_service and _same(in_service, corpus_hash, encoder):
            folder.discard(aside)
            if corpus_info and corpus_info != in_service.corpus:
                in_service = dataclasses.replace(in_service, corpus=corpus_info)
                folder.amend(in_service)
            return BuildSummary(in_service, unchanged=True, took_seconds=time.perf_counter() - started)
        warn_of_lessons_left(path, encoder=encoder)
        journal = Journal(path / f"vectors-{encoder.fingerprint[:16]}.partial", encoder.dimension)
        known = _known_vectors(folder, encoder, verified=in_service)
        if known_elsewhere and known.is_empty and journal.is_empty:
            for keys, vectors in known_elsewhere(encoder.fingerprint):
                journal.append(keys, vectors)
        journal.read_into(known)
        earlier = (
            IndexContents.load(path / in_service.id, copied=False)
            if in_service and _comparable(in_service, encoder)
            else None
        )
        counts, choice = write_contents(
            aside,
            corpus,
            earlier,
            read_earlier=_read_texts(path, in_service) if in_service and earlier else None,
            encoder=encoder,
            workforce=workforce or OneProcess(encoder),
            known=known,
            journal=journal,
            progress=progress,
            memory_bytes=memory_bytes,
        )
        contents = IndexContents.load(aside, copied=False)
        cosine_scale = encoder.cosine_scale or fit_cosine_scale(contents)
        contents = dataclasses.replace(contents, cosine_scale=cosine_scale)
        ranking, calibration = fit(contents, off_topic=corpus.off_topic, risk=risk, encoder=encoder.name)
        built_at = datetime.now(UTC)
        manifest = Manifest(
            id=_new_id(built_at, corpus_hash, encoder),
            built_at=built_at.isoformat(timespec="seconds"),
            method=RECIPE,
            corpus_hash=corpus_hash,
            encoder=EncoderInfo(encoder.name, encoder.fingerprint, encoder.dimension, encoder.arithmetic),
            counts=counts,
            dense=choice,
            ranking=ranking,
            calibration=calibration,
            cosine_scale=cosine_scale,
            files=file_sums(aside),
            sizes=file_sizes(aside),
            replaced=in_service.id if in_service else "",
            corpus=corpus_info,
        )
        _check(contents)
        if not approve(Index(EmbeddedStore(contents), manifest)):
            # Its vectors stay in the journal: the next build of nearly the same corpus takes them from there.
            folder.discard(aside)
            return BuildSummary(manifest, unchanged=False, took_seconds=time.perf_counter() - started, refused=True)
        folder.publish(aside, manifest)
        _tidy(folder, journal, keep=keep)
    return BuildSummary(manifest, unchanged=False, took_seconds=time.perf_counter() - started)


def _require_bounds(*, risk: float, keep: int, memory_bytes: int | None) -> None:
    if not 0 <= risk <= 1:
        raise ValueError(f"risk is {risk}; a share from 0 to 1 is needed, such as 0.05")
    if keep < 1:
        raise ValueError(f"keep is {keep}, at least 1 is needed")
    if memory_bytes is not None and memory_bytes < 1:
        raise ValueError(f"the memory for the vectors is {memory_bytes} bytes; None is without a bound")


def _tidy(folder: IndexFolder, journal: Journal, *, keep: int) -> None:
    """Remove what is not needed beside the new index; what cannot be removed is told, for that index is in service."""
    for remove in (journal.remove, lambda: folder.prune(keep=keep)):
        try:
            remove()
        except (OSError, IndexFolderError) as error:
            logger.warning("The new index is in service, but something older could not be removed. %s", error)


def _new_id(built_at: datetime, corpus_hash: str, encoder: Encoder) -> str:
    """Return an id that sorts by time, to the millisecond, and differs where corpus or encoder do."""
    made_of = hashlib.sha256(f"{corpus_hash}/{encoder.fingerprint}".encode()).hexdigest()
    return f"{built_at:%Y%m%d-%H%M%S}-{built_at.microsecond // 1000:03}-{made_of[:8]}"


def _hash(corpus: AnswerSource, aside: Path, *, risk: float, memory_bytes: int | None) -> str:
    """Return the sha256 of all that an index is made of, but for the encoder."""
    beside = (tuple(corpus.facets), tuple(corpus.acronyms), tuple(corpus.off_topic), risk, memory_bytes)
    return hashlib.sha256(f"{sha256_of(aside / ANSWERS_FILE)} {beside!r}".encode()).hexdigest()


def _in_service(folder: IndexFolder) -> Manifest | None:
    """Return the manifest of the index in service, None where there is none, or none that this program can read."""
    try:
        return folder.verify(folder.current_id())
    except IndexFolderError as error:
        logger.info("Building from nothing: %s", error)
        return None


def _same(manifest: Manifest, corpus_hash: str, encoder: Encoder) -> bool:
    return manifest.corpus_hash == corpus_hash and _comparable(manifest, encoder)


def _comparable(manifest: Manifest, encoder: Encoder) -> bool:
    """Whether the same answer has the same passages there, and they the same vectors."""
    return manifest.method == RECIPE and manifest.encoder.fingerprint == encoder.fingerprint


def _read_texts(path: Path, manifest: Manifest) -> Path | None:
    """Return the file of what was read of the texts of an index; None of one by a version that did not keep it."""
    return path / manifest.id / READ_TEXTS_FILE if READ_TEXTS_FILE in manifest.files else None


def _known_vectors(folder: IndexFolder, encoder: Encoder, *, verified: Manifest | None) -> KnownVectors:
    """Return the vectors of every index in *folder* that was made by *encoder* and is not damaged, newest first.

    verified: one of them that is known not to be damaged.
    """
    known = KnownVectors(encoder.dimension)
    for index_id in reversed(folder.ids()):
        try:
            manifest = folder.manifest(index_id)
            if manifest.encoder.fingerprint != encoder.fingerprint:
                continue
            if verified is None or index_id != verified.id:
                folder.verify(index_id)
            contents = IndexContents.load(folder.path / index_id, copied=False)
        except IndexFolderError as error:
            logger.warning("The vectors of %s are not reused: %s", index_id, error)
            continue
        known.add(contents.table.rows["key"], contents.embeddings.every)
        known.add(contents.spans.rows["key"], contents.span_embeddings.every)
        known.add(contents.off_topic_keys, contents.off_topic_vectors)
    return known


def _check(contents: IndexContents) -> None:
    """Ask the new index for its own passages: the nearest to a passage must be the passage itself, or one like it."""
    embeddings = contents.embeddings.every
    for row in np.linspace(0, len(embeddings) - 1, num=min(len(embeddings), 10), dtype=np.int64):
        found = contents.dense.search(np.array(embeddings[row]), limit=1)
        if len(found.rows) == 0 or found.scores[0] < 0.999:
            raise IndexFolderError(
                f"The new index does not find passage {row} of its own. It was not put into service; "
                f'run "{command_of("build")}" again, and report this if it stays.'
            )
