"""An index in memory: questions and their vectors in, hits with their confidence out.

The one door to what is in an index. Beyond it there are answers, hits, counts, and vectors in the order of the answers:
which file has what in which row stays in here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.dense.comparison import TOGETHER
from indexer.errors import IndexFolderError, Wording
from indexer.index.folder import indexes_in
from indexer.index.indexes import Indexes
from indexer.index.manifest import Manifest
from indexer.records import Advice, Answer, Excerpt, Facet, Hit, ReadWord, Status, Vectors
from indexer.search.contents import SearchContents
from indexer.search.coverage import Coverage
from indexer.search.evidence import Evidence, gather_evidence
from indexer.search.features import feature_matrix, question_decides
from indexer.search.ranking import best_first
from indexer.search.verifier import shipped_verifier, surely_right
from indexer.store import IndexStore, Lookup, QuestionVectors, VectorSums
from indexer.terminal import command_of

_FILES = frozenset(
    (
        "answers.jsonl",
        "answers.offsets.npy",
        "dense.faiss",
        "embeddings.npy",
        "facets.json",
        "facets.npy",
        "lexical/impacts.npy",
        "lexical/lexical.json",
        "lexical/rows.npy",
        "lexical/signatures.npy",
        "lexical/starts.npy",
        "lexical/terms.txt",
        "lexical/words.txt",
        "off_topic.npy",
        "passages.npy",
        "question_norms.npy",
        "span_embeddings.npy",
        "spans.npy",
    )
)
"""What is opened of an index, and so must have been verified."""

SEARCHED_TOGETHER = TOGETHER
"""Questions that are searched in one go; whoever has more may look up from them after each so many."""


@dataclass(frozen=True, slots=True)
class Found:
    """The hits for a question, best first, how far they may be trusted, and how many are worth showing by facet.

    shown: how many are worth showing in all. missing: what the first hit does not know of the question, see `Hit`.
    advice: None where there is none. read: the words of the question.
    """

    hits: tuple[Hit, ...]
    status: Status
    facets: Mapping[str, Mapping[str, int]]
    missing: tuple[str, ...]
    advice: Advice | None
    shown: int
    read: tuple[ReadWord, ...]


class Index:
    """A verified index; safe to use from several threads."""

    def __init__(self, store: IndexStore, manifest: Manifest) -> None:
        self.manifest = manifest
        self._store = store

    @classmethod
    def open(cls, where: Path | Indexes, *, index_id: str | None = None, largest_bytes: int | None = None) -> "Index":
        """Return the index in service in the index folder *where*, or in another place of indexes, once verified.

        index_id: of another index there. largest_bytes: files larger than this are not verified, None to verify all.
        IndexFolderError says what is wrong and what to do, where there is none or a file is damaged; StoreError.
        """
        indexes = indexes_in(where)
        opened = index_id or indexes.current_id()
        manifest = indexes.verify(opened, largest_bytes=largest_bytes)
        if unverified := sorted(_FILES - manifest.files.keys()):
            raise IndexFolderError(
                f"The manifest of {opened} in {indexes.where} has no sum of {', '.join(unverified)}, so that nothing "
                f'says whether it is damaged. Run "{command_of("build")}" to build anew.'
            )
        return cls(indexes.open_store(manifest), manifest)

    @property
    def unavailable(self) -> str | None:
        """Why no question can be answered just now, None while they can: where a store of its own is gone."""
        return self._store.unavailable

    def check(self) -> None:
        """Find out whether questions can be answered again. StoreError where they cannot."""
        self._store.check()

    def __len__(self) -> int:
        """The number of answers."""
        return len(self._store.answers)

    @property
    def facets(self) -> tuple[Facet, ...]:
        """The questions of the guided search."""
        return self._store.facets

    @property
    def answers(self) -> Sequence[Answer]:
        """All answers, by rising id; each is read from where it is kept when it is asked for."""
        return self._store.answers

    def get_answer(self, answer_id: str) -> Answer | None:
        """Return an answer by id, None where there is none."""
        row = self._store.answers.row_of(answer_id)
        return None if row is None else self._store.answers[row]

    def current_id(self, former_id: str) -> str | None:
        """Return the id of the answer that once had this one, None where none had; an answer that has it hides it."""
        if self._store.answers.row_of(former_id) is not None:
            return None
        return self._store.answers.renamed.get(former_id)

    def answers_left(self, filters: Mapping[str, Sequence[str]]) -> Sequence[Answer]:
        """Return the answers that *filters* leave, see `search`."""
        rows = self._store.rows_left(filters)
        return self.answers if rows is None else self._store.answers.pick(rows)

    def answers_with_questions(self) -> Sequence[Answer]:
        """Return the answers that have curated questions; the others are not read for that."""
        return self._store.answers_with_questions()

    def count_facets(self, filters: Mapping[str, Sequence[str]] | None = None) -> Mapping[str, Mapping[str, int]]:
        """Return how many of the answers that *filters* leave apply to each value of each facet, if any does."""
        return self._store.count_facets(filters or {})

    def known_filters(self, filters: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Return what of *filters* there is, as it is defined, whatever the form of its accents; the rest is left."""
        return self._store.known_filters(filters)

    def unknown_filter(self, filters: Mapping[str, Sequence[str]]) -> Wording | None:
        """Return the first unknown facet or value of *filters* in words, and the known ones; None if all are."""
        return self._store.unknown_filter(filters)

    def search(
        self,
        questions: Sequence[str],
        vectors: Vectors,
        *,
        limit: int,
        filters: Mapping[str, Sequence[str]] | None = None,
    ) -> Iterator[Found]:
        """Yield for each question the answers nearest to it, best first, at most *limit*.

        vectors: of the questions, shape (questions, dimension), unit length, from Encoder.encode_questions.
        filters: facet key to values, any of the values of every facet; ValueError for an unknown one.
        The facet counts are over the answers that are worth showing: those that are not improbable, and the first.
        Several questions at once take less time than one by one.
        """
        for lookup in self._store.look_up(questions, vectors, filters=filters or {}):
            evidence = gather_evidence(lookup.contents, lookup.questions, lookup.comparison, allowed=lookup.allowed)
            yield from self._weigh(lookup, evidence, limit=limit)

    def question_vectors(self, *, most: int) -> QuestionVectors:
        """Return at most about twice *most* curated questions, spread evenly over all where there are more."""
        return self._store.question_vectors(most=most)

    def vector_sums(self, *, most: int) -> VectorSums:
        """Return the sums of the vectors of at most *most* answers, spread evenly over all where there are more."""
        return self._store.vector_sums(most=most)

    def answer_vectors(self) -> Vectors:
        """Return the mean of the vectors of each answer's passages, at unit length, shape (answers, dimension)."""
        return self._store.answer_vectors()

    def _weigh(self, lookup: Lookup, evidence: Evidence, *, limit: int) -> Iterator[Found]:
        contents = lookup.contents
        features = feature_matrix(evidence)
        scores = self.manifest.ranking.score(features)
        calibration = self.manifest.calibration
        confidences = calibration.confidence(features, scores, off_topic=evidence.off_topic)
        is_shown = confidences >= calibration.show_among_all
        by_question = question_decides(question=evidence.question, body=evidence.body, sentence=evidence.sentence)
        nearest = evidence.nearest()
        # Candidates come by row, and rows follow ids, so that ties of score go by id.
        bests = [best_first(column, limit) for column in scores.T]
        contents.answers.expect(row for best in bests for row in evidence.answers[best].tolist())
        for at, best in enumerate(bests):
            is_shown[best[:1], at] = True
            coverage = lookup.coverage.read(lookup.questions[at], evidence, scores, best.tolist(), at=at)
            trust = self._trust(coverage, confidences[best, at])
            # Columns of all hits: numbers taken from arrays one at a time cost more than all that is done with them.
            columns = zip(
                best.tolist(),
                evidence.answers[best].tolist(),
                scores[best, at].tolist(),
                trust.tolist(),
                is_shown[best, at].tolist(),
                by_question[best, at].tolist(),
                nearest[best, at].tolist(),
                evidence.lexical[best, at].tolist(),
                map(tuple, features[best, at].tolist()),
                map(tuple, coverage.rows.tolist()),
                coverage.missing,
                coverage.same_words.tolist(),
                strict=True,
            )
            hits = tuple(
                Hit(
                    answer=(answer := contents.answers[row]),
                    rank=rank,
                    score=score,
                    confidence=confidence,
                    is_shown=shown,
                    passage=_excerpt(contents, answer, evidence.sentence_row(position, at)),
                    matched_question=_question(contents, answer, evidence.question_row(position, at))
                    if asked
                    else None,
                    dense=dense,
                    lexical=lexical,
                    weighed=weighed,
                    covered=covered,
                    missing=missing,
                    status=calibration.status(confidence, same_words=same, is_missing=bool(missing)),
                )
                for rank, (position, row, score, confidence, shown, asked, *seen) in enumerate(columns, start=1)
                for dense, lexical, weighed, covered, missing, same in (seen,)
            )
            advice = Advice.SEVERAL if coverage.is_broad else None
            status = hits[0].status if hits else Status.NO_ANSWER
            # Of several that are meant none is the answer, and none is wrong.
            status = Status.UNCERTAIN if advice else status
            missing = hits[0].missing if hits else ()
            facets = contents.facets.count(evidence.answers[is_shown[:, at]])
            yield Found(hits, status, facets, missing, advice, int(is_shown[:, at].sum()), coverage.read)

    def _trust(self, coverage: Coverage, confidences: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the confidence in some hits: of the verifier where this index has a line for it, else as they are."""
        calibration = self.manifest.calibration
        if calibration.line:
            confidences = calibration.line.confidence(shipped_verifier().logits(coverage))
        elif calibration.is_calibrated:
            return confidences
        return surely_right(confidences, coverage)


def _excerpt(contents: SearchContents, answer: Answer, sentence_row: int | None) -> Excerpt:
    """Return the sentence of the best match, or the whole text where it is one sentence."""
    if sentence_row is None:
        return Excerpt(answer.text, 0, len(answer.text))
    start, end = contents.spans.place(sentence_row)
    return Excerpt(answer.text[start:end], start, end)


def _question(contents: SearchContents, answer: Answer, row: int | None) -> str | None:
    """Return the curated question of an answer that is passage *row*; None for none, and for keywords."""
    number = 0 if row is None else int(contents.table.rows[row]["number"])
    return None if row is None or number >= len(answer.questions) else answer.questions[number]
