"""From a corpus to an index in service: built aside, checked, then switched. Only what changed is encoded again."""

import hashlib
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from indexer.answers.facets import FacetTable
from indexer.answers.passage_table import PassageTable, PassageTexts, text_key
from indexer.answers.passages import make_passages, make_spans
from indexer.answers.store import ANSWERS_FILE, AnswerStore, write_answers
from indexer.dense.faiss_index import DenseIndex, require_memory
from indexer.encoders import Encoder
from indexer.errors import IndexFolderError
from indexer.files import sha256_of
from indexer.fitting import fit
from indexer.folder import IndexFolder, file_sums
from indexer.index import Index
from indexer.lexical import LexicalIndex
from indexer.manifest import Counts, EncoderInfo, Manifest
from indexer.parts import (
    DENSE_FILE,
    EMBEDDINGS_FILE,
    LEXICAL_FOLDER,
    OFF_TOPIC_FILE,
    PASSAGES_FILE,
    QUESTION_NORMS_FILE,
    SPAN_EMBEDDINGS_FILE,
    SPANS_FILE,
    IndexParts,
    off_topic_record,
    question_norms,
)
from indexer.records import Corpus, DenseChoice, PassageKind, Progress, Vectors, no_progress
from indexer.vectors import Journal, KnownVectors, Texts, encode_all

logger = logging.getLogger(__name__)

METHOD = 4
"""Raised where the same corpus would make other passages or be taught otherwise: older indexes are then built anew."""


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """What a build did. unchanged: the index in service already was of this corpus, encoder and risk."""

    manifest: Manifest
    unchanged: bool
    took_seconds: float


def build_index(
    corpus: Corpus,
    path: Path,
    *,
    encoder: Encoder,
    risk: float = 0.05,
    keep: int = 3,
    memory_bytes: int | None = None,
    progress: Progress = no_progress,
) -> BuildSummary:
    """Build an index of *corpus* in the index folder *path* and put it into service; the newest *keep* stay.

    memory_bytes: most that the dense index may take while it serves, not bounded if None.
    CorpusError if the corpus cannot be read, IndexFolderError if the folder cannot be written or another build runs.
    The index in service is not touched before the new one is complete and has been read back.
    """
    started = time.perf_counter()
    folder = IndexFolder(path)
    with folder.lock():
        aside = folder.aside()
        write_answers(aside, corpus.answers())
        corpus_hash = _hash(corpus, aside, risk=risk, memory_bytes=memory_bytes)
        in_service = _in_service(folder)
        if in_service and _same(in_service, corpus_hash, encoder):
            folder.discard(aside)
            return BuildSummary(in_service, unchanged=True, took_seconds=time.perf_counter() - started)
        journal = Journal(path / f"vectors-{encoder.fingerprint[:16]}.partial", encoder.dimension)
        known = _known_vectors(folder, encoder, verified=in_service)
        journal.read_into(known)
        earlier = IndexParts.load(path / in_service.id) if in_service and _comparable(in_service, encoder) else None
        counts, choice = _write_parts(
            aside,
            corpus,
            earlier,
            encoder=encoder,
            known=known,
            journal=journal,
            progress=progress,
            memory_bytes=memory_bytes,
        )
        parts = IndexParts.load(aside)
        ranking, calibration = fit(parts, off_topic=corpus.off_topic, risk=risk)
        built_at = datetime.now(UTC)
        manifest = Manifest(
            id=_new_id(built_at, corpus_hash, encoder),
            built_at=built_at.isoformat(timespec="seconds"),
            method=METHOD,
            corpus_hash=corpus_hash,
            encoder=EncoderInfo(encoder.name, encoder.fingerprint, encoder.dimension),
            counts=counts,
            dense=choice,
            ranking=ranking,
            calibration=calibration,
            files=file_sums(aside),
            replaced=in_service.id if in_service else "",
        )
        _check(Index(parts, manifest))
        folder.publish(aside, manifest)
        journal.remove()
        folder.prune(keep=keep)
    return BuildSummary(manifest, unchanged=False, took_seconds=time.perf_counter() - started)


def _new_id(built_at: datetime, corpus_hash: str, encoder: Encoder) -> str:
    """Return an id that sorts by time, to the millisecond, and differs where corpus or encoder do."""
    made_of = hashlib.sha256(f"{corpus_hash}/{encoder.fingerprint}".encode()).hexdigest()
    return f"{built_at:%Y%m%d-%H%M%S}-{built_at.microsecond // 1000:03}-{made_of[:8]}"


def _hash(corpus: Corpus, aside: Path, *, risk: float, memory_bytes: int | None) -> str:
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
    return manifest.method == METHOD and manifest.encoder.fingerprint == encoder.fingerprint


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
            parts = IndexParts.load(folder.path / index_id)
        except IndexFolderError as error:
            logger.warning("The vectors of %s are not reused: %s", index_id, error)
            continue
        known.add(parts.table.rows["key"], parts.embeddings.every)
        known.add(parts.spans.rows["key"], parts.span_embeddings.every)
        known.add(parts.off_topic_keys, parts.off_topic_vectors)
    return known


def _write_parts(
    aside: Path,
    corpus: Corpus,
    earlier: IndexParts | None,
    *,
    encoder: Encoder,
    known: KnownVectors,
    journal: Journal,
    progress: Progress,
    memory_bytes: int | None,
) -> tuple[Counts, DenseChoice]:
    """Write all files of the index but the answers, which are there, and the manifest into *aside*."""
    answers = AnswerStore(aside)
    table, span_table = _tables(answers, earlier, encoder)
    require_memory(len(table), encoder.dimension, memory_bytes)
    off_topic = np.zeros(len(corpus.off_topic), dtype=off_topic_record(encoder.dimension))
    off_topic["key"] = [text_key(question, as_question=True) for question in corpus.off_topic]
    passage_texts = PassageTexts(answers, table)
    are_questions = table.are(PassageKind.QUESTION)
    embeddings = _new_array(aside / EMBEDDINGS_FILE, len(table), encoder.dimension)
    span_embeddings = _new_array(aside / SPAN_EMBEDDINGS_FILE, len(span_table), encoder.dimension)
    no_span_asks = np.zeros(len(span_table), dtype=np.bool_)
    all_ask = np.ones(len(off_topic), dtype=np.bool_)
    encoded = encode_all(
        [
            Texts(table.rows["key"], are_questions, passage_texts.read, embeddings),
            Texts(span_table.rows["key"], no_span_asks, PassageTexts(answers, span_table).read, span_embeddings),
            Texts(off_topic["key"], all_ask, lambda rows: [corpus.off_topic[row] for row in rows], off_topic["vector"]),
        ],
        encoder=encoder,
        known=known,
        journal=journal,
        progress=progress,
    )
    FacetTable.build(corpus.facets, answers).save(aside)
    table.save(aside / PASSAGES_FILE)
    # FAISS works without the interpreter's lock, and reading words is all the interpreter's work.
    with ThreadPoolExecutor(1, "dense") as beside:
        building = beside.submit(DenseIndex.build, embeddings, questions=span_embeddings, memory_bytes=memory_bytes)
        LexicalIndex.build(passage_texts, acronyms=corpus.acronyms).save(aside / LEXICAL_FOLDER)
        dense, choice = building.result()
    dense.save(aside / DENSE_FILE)
    span_table.save(aside / SPANS_FILE)
    np.save(aside / OFF_TOPIC_FILE, off_topic)
    np.save(aside / QUESTION_NORMS_FILE, question_norms(table, embeddings))
    counts = Counts(
        answers=len(answers),
        questions=int(are_questions.sum()),
        passages=len(table),
        spans=len(span_table),
        cut_answers=int((np.bincount(table.answers[table.are(PassageKind.BODY)]) > 1).sum()),
        off_topic=len(off_topic),
        reused=encoded.reused,
        embedded=encoded.fresh,
    )
    return counts, choice


def _tables(answers: AnswerStore, earlier: IndexParts | None, encoder: Encoder) -> tuple[PassageTable, PassageTable]:
    """Return the passages and the spans of all answers; those of an answer that has not changed are not made again."""
    same = answers.same_rows(earlier.answers) if earlier else np.full(len(answers), -1)
    fresh = np.flatnonzero(same < 0).tolist()
    table = PassageTable.build(
        make_passages(answers[row], count_tokens=encoder.count_tokens, max_tokens=encoder.max_tokens) for row in fresh
    )
    span_table = PassageTable.build(make_spans(answers[row]) for row in fresh)
    if earlier is None:
        return table, span_table
    return PassageTable.continued(earlier.table, same, table), PassageTable.continued(earlier.spans, same, span_table)


def _new_array(file: Path, rows: int, dimension: int) -> Vectors:
    """Return an array of zeros in *file*, mapped into memory: it may be larger than that."""
    return np.asarray(np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=(rows, dimension)))


def _check(index: Index) -> None:
    """Ask the new index for its own passages: the nearest to a passage must be the passage itself, or one like it."""
    embeddings = index.parts.embeddings.every
    for row in np.linspace(0, len(embeddings) - 1, num=min(len(embeddings), 10), dtype=np.int64):
        found = index.parts.dense.search(np.array(embeddings[row]), limit=1)
        if len(found.rows) == 0 or found.scores[0] < 0.999:
            raise IndexFolderError(
                f"The new index does not find passage {row} of its own. It was not put into service; "
                'run "make index" again, and report this if it stays.'
            )
