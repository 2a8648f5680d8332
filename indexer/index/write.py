"""Writes the files of an index, row by row, so that a corpus may be larger than memory.

Passages and vectors of answers that an earlier index has already are taken over, not made again.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.answers.facets import FacetTable
from indexer.answers.passage_table import PassageTable, PassageTexts, text_key
from indexer.answers.passages import make_passages, make_spans
from indexer.answers.store import AnswerStore
from indexer.dense.faiss_index import DenseIndex, require_memory
from indexer.encoders import Encoder
from indexer.index.encode import Journal, KnownVectors, QuestionsToEncode, encode_all
from indexer.index.manifest import Counts
from indexer.index.one_pass import BodiesToEncode
from indexer.lexical import LexicalIndex, ReadTexts
from indexer.records import AnswerSource, DenseChoice, PassageKind, Progress, Vectors
from indexer.search.contents import (
    DENSE_FILE,
    EMBEDDINGS_FILE,
    LEXICAL_FOLDER,
    OFF_TOPIC_FILE,
    PASSAGES_FILE,
    QUESTION_NORMS_FILE,
    READ_TEXTS_FILE,
    SPAN_EMBEDDINGS_FILE,
    SPANS_FILE,
    IndexContents,
    off_topic_record,
    question_norms,
)
from indexer.workforce import Workforce


def write_contents(
    aside: Path,
    corpus: AnswerSource,
    earlier: IndexContents | None,
    *,
    read_earlier: Path | None,
    encoder: Encoder,
    workforce: Workforce,
    known: KnownVectors,
    journal: Journal,
    progress: Progress,
    memory_bytes: int | None,
) -> tuple[Counts, DenseChoice]:
    """Write all files of the index but the answers, which are there, and the manifest into *aside*.

    read_earlier: what was read of the texts of *earlier*; None where that was not kept.
    """
    answers = AnswerStore(aside)
    same = answers.same_rows(earlier.answers) if earlier else np.full(len(answers), -1)
    table, span_table = _tables(answers, earlier, same, encoder)
    require_memory(len(table), encoder.dimension, memory_bytes)
    off_topic = np.zeros(len(corpus.off_topic), dtype=off_topic_record(encoder.dimension))
    off_topic["key"] = [text_key(question, as_question=True) for question in corpus.off_topic]
    passage_texts = PassageTexts(answers, table)
    are_questions = table.are(PassageKind.QUESTION)
    embeddings = _new_array(aside / EMBEDDINGS_FILE, len(table), encoder.dimension)
    span_embeddings = _new_array(aside / SPAN_EMBEDDINGS_FILE, len(span_table), encoder.dimension)
    encoded = encode_all(
        [
            BodiesToEncode(answers, table, embeddings, span_table, span_embeddings),
            QuestionsToEncode(table.rows["key"], np.flatnonzero(are_questions), passage_texts.read, embeddings),
            QuestionsToEncode(
                off_topic["key"],
                np.arange(len(off_topic)),
                lambda rows: [corpus.off_topic[row] for row in rows],
                off_topic["vector"],
            ),
        ],
        encoder=encoder,
        workforce=workforce,
        known=known,
        journal=journal,
        progress=progress,
    )
    FacetTable.build(corpus.facets, answers.facets()).save(aside)
    table.save(aside / PASSAGES_FILE)
    # FAISS works without the interpreter's lock, and reading words is all the interpreter's work.
    with ThreadPoolExecutor(1, "dense") as beside:
        building = beside.submit(DenseIndex.build, embeddings, questions=span_embeddings, memory_bytes=memory_bytes)
        if earlier and read_earlier:
            rows = table.rows_in(earlier.table, same)
            fresh = ReadTexts.of(passage_texts.each(np.flatnonzero(rows < 0).tolist()))
            read = ReadTexts.load(read_earlier).continued(rows, fresh)
        else:
            read = ReadTexts.of(passage_texts)
        read.save(aside / READ_TEXTS_FILE)
        LexicalIndex.of_read(read, acronyms=corpus.acronyms).save(aside / LEXICAL_FOLDER)
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


def _tables(
    answers: AnswerStore, earlier: IndexContents | None, same: NDArray[np.int64], encoder: Encoder
) -> tuple[PassageTable, PassageTable]:
    """Return the passages and the spans of all answers; those of an answer that has not changed are not made again.

    same: as in `PassageTable.continued`.
    """
    fresh = np.flatnonzero(same < 0).tolist()
    table = PassageTable.build(
        make_passages(answers[row], count_tokens=encoder.count_tokens, max_tokens=encoder.max_tokens) for row in fresh
    )
    texts = (answers[row].text for row in fresh) if encoder.reads_parts_in_whole else None
    span_table = PassageTable.build((make_spans(answers[row]) for row in fresh), parts_of=texts)
    if earlier is None:
        return table, span_table
    return PassageTable.continued(earlier.table, same, table), PassageTable.continued(earlier.spans, same, span_table)


def _new_array(file: Path, rows: int, dimension: int) -> Vectors:
    """Return an array of zeros in *file*, mapped into memory: it may be larger than that."""
    return np.asarray(np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=(rows, dimension)))
