"""An index in memory: questions and their vectors in, hits with their confidence out.

The one door to what is in an index. Beyond it there are answers, hits, counts, and vectors in the order of the answers:
which file has what in which row stays in here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.dense.comparison import TOGETHER
from indexer.errors import IndexFolderError, Wording
from indexer.index.folder import IndexFolder
from indexer.index.manifest import Manifest
from indexer.records import Advice, Answer, Excerpt, Facet, Hit, PassageKind, ReadWord, Status, Vectors
from indexer.search.contents import IndexContents
from indexer.search.coverage import Coverage, CoverageReader
from indexer.search.evidence import Evidence, gather_evidence
from indexer.search.features import feature_matrix, question_decides
from indexer.search.ranking import best_first
from indexer.search.verifier import shipped_verifier, surely_right
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


@dataclass(frozen=True, slots=True)
class QuestionVectors:
    """Curated questions: their vectors, shape (questions, dimension), and which of the answers each belongs to."""

    vectors: Vectors
    answers: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class VectorSums:
    """Some answers, and what the vectors of the passages of each add up to, bodies and curated questions apart.

    bodies, questions: shape (answers, dimension), zeros where there are none. body_counts, question_counts: shape
    (answers,), of how many vectors these are the sums.
    """

    answers: Sequence[Answer]
    bodies: Vectors
    questions: Vectors
    body_counts: NDArray[np.int64]
    question_counts: NDArray[np.int64]


class Index:
    """A verified index; safe to use from several threads."""

    def __init__(self, contents: IndexContents, manifest: Manifest) -> None:
        self.manifest = manifest
        self._contents = contents
        self._coverage = CoverageReader(contents)

    @classmethod
    def open(cls, path: Path, *, index_id: str | None = None, largest_bytes: int | None = None) -> "Index":
        """Return the index in service in the index folder *path*, after verifying every file of it.

        index_id: of another index there. largest_bytes: files larger than this are not verified, None to verify all.
        IndexFolderError says what is wrong and what to do, where there is none or a file is damaged.
        """
        folder = IndexFolder(path)
        opened = index_id or folder.current_id()
        manifest = folder.verify(opened, largest_bytes=largest_bytes)
        if unverified := sorted(_FILES - manifest.files.keys()):
            raise IndexFolderError(
                f"The manifest of {path / opened} has no sum of {', '.join(unverified)}, so that nothing says whether "
                f'it is damaged. Run "{command_of("build")}" to build anew.'
            )
        return cls(IndexContents.load(path / opened, cosine_scale=manifest.cosine_scale), manifest)

    def __len__(self) -> int:
        """The number of answers."""
        return len(self._contents.answers)

    @property
    def facets(self) -> tuple[Facet, ...]:
        """The questions of the guided search."""
        return self._contents.facets.facets

    @property
    def answers(self) -> Sequence[Answer]:
        """All answers, by rising id; each is read from its file when it is asked for."""
        return self._contents.answers

    def get_answer(self, answer_id: str) -> Answer | None:
        """Return an answer by id, None where there is none."""
        row = self._contents.answers.row_of(answer_id)
        return None if row is None else self._contents.answers[row]

    def current_id(self, former_id: str) -> str | None:
        """Return the id of the answer that once had this one, None where none had; an answer that has it hides it."""
        if self._contents.answers.row_of(former_id) is not None:
            return None
        return self._contents.answers.renamed.get(former_id)

    def answers_left(self, filters: Mapping[str, Sequence[str]]) -> Sequence[Answer]:
        """Return the answers that *filters* leave, see `search`."""
        rows = self._rows_left(filters)
        return self.answers if rows is None else self._contents.answers.pick(rows)

    def answers_with_questions(self) -> Sequence[Answer]:
        """Return the answers that have curated questions; the others are not read for that."""
        table = self._contents.table
        return self._contents.answers.pick(np.flatnonzero(table.later_rows < table.first_rows[1:]))

    def count_facets(self, filters: Mapping[str, Sequence[str]] | None = None) -> Mapping[str, Mapping[str, int]]:
        """Return how many of the answers that *filters* leave apply to each value of each facet, if any does."""
        rows = self._rows_left(filters or {})
        return self._contents.facets.count(np.arange(len(self)) if rows is None else rows)

    def known_filters(self, filters: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Return what of *filters* there is, as it is defined, whatever the form of its accents; the rest is left."""
        return self._contents.facets.known(filters)

    def unknown_filter(self, filters: Mapping[str, Sequence[str]]) -> Wording | None:
        """Return the first unknown facet or value of *filters* in words, and the known ones; None if all are."""
        return self._contents.facets.unknown(filters)

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
        allowed = self._contents.facets.allowed(filters or {})
        remaining = iter(questions)
        for comparison in self._contents.comparer.compare(vectors):
            some = list(islice(remaining, len(comparison)))
            evidence = gather_evidence(self._contents, some, comparison, allowed=allowed)
            yield from self._weigh(some, evidence, limit=limit)

    def question_vectors(self, *, most: int) -> QuestionVectors:
        """Return at most about twice *most* curated questions, spread evenly over all where there are more."""
        table = self._contents.table
        rows = np.flatnonzero(table.are(PassageKind.QUESTION))
        rows = rows[:: max(1, len(rows) // most)]
        return QuestionVectors(self._contents.embeddings.pick(rows), table.answers[rows].astype(np.int64))

    def vector_sums(self, *, most: int) -> VectorSums:
        """Return the sums of the vectors of at most *most* answers, spread evenly over all where there are more."""
        rows = np.arange(len(self))[:: max(1, -(-len(self) // most))]
        of_answers = self._contents.table.rows_of(rows)
        # Of each answer two groups: its bodies, then its questions.
        sums = of_answers.sums(self._contents.embeddings.pick(of_answers.rows))
        bodies, questions = self._contents.table.lengths[rows].T
        return VectorSums(self._contents.answers.pick(rows), sums[::2], sums[1::2], bodies, questions)

    def answer_vectors(self) -> Vectors:
        """Return the mean of the vectors of each answer's passages, at unit length, shape (answers, dimension)."""
        first_rows = self._contents.table.first_rows[:-1]
        sums = np.add.reduceat(np.array(self._contents.embeddings.every), first_rows, axis=0)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        return np.asarray(sums / np.maximum(lengths, 1e-12), dtype=np.float32)

    def _rows_left(self, filters: Mapping[str, Sequence[str]]) -> NDArray[np.int64] | None:
        """Return the rows of the answers that *filters* leave, None for all."""
        allowed = self._contents.facets.allowed(filters)
        return None if allowed is None else np.flatnonzero(allowed)

    def _weigh(self, questions: Sequence[str], evidence: Evidence, *, limit: int) -> Iterator[Found]:
        features = feature_matrix(evidence)
        scores = self.manifest.ranking.score(features)
        calibration = self.manifest.calibration
        confidences = calibration.confidence(features, scores, off_topic=evidence.off_topic)
        is_shown = confidences >= calibration.show_among_all
        by_question = question_decides(question=evidence.question, body=evidence.body, sentence=evidence.sentence)
        nearest = evidence.nearest()
        for at in range(scores.shape[1]):
            # Candidates come by row, and rows follow ids, so that ties of score go by id.
            best = best_first(scores[:, at], limit)
            is_shown[best[:1], at] = True
            coverage = self._coverage.read(questions[at], evidence, scores, best.tolist(), at=at)
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
                    answer=(answer := self._contents.answers[row]),
                    rank=rank,
                    score=score,
                    confidence=confidence,
                    is_shown=shown,
                    passage=self._excerpt(answer, evidence.sentence_row(position, at)),
                    matched_question=self._question(answer, evidence.question_row(position, at)) if asked else None,
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
            facets = self._contents.facets.count(evidence.answers[is_shown[:, at]])
            yield Found(hits, status, facets, missing, advice, int(is_shown[:, at].sum()), coverage.read)

    def _trust(self, coverage: Coverage, confidences: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the confidence in some hits: of the verifier where this index has a line for it, else as they are."""
        calibration = self.manifest.calibration
        if calibration.line:
            confidences = calibration.line.confidence(shipped_verifier().logits(coverage))
        elif calibration.is_calibrated:
            return confidences
        return surely_right(confidences, coverage)

    def _excerpt(self, answer: Answer, sentence_row: int | None) -> Excerpt:
        """Return the sentence of the best match, or the whole text where it is one sentence."""
        if sentence_row is None:
            return Excerpt(answer.text, 0, len(answer.text))
        start, end = self._contents.spans.place(sentence_row)
        return Excerpt(answer.text[start:end], start, end)

    def _question(self, answer: Answer, row: int | None) -> str | None:
        """Return the curated question of an answer that is passage *row*; None for none, and for keywords."""
        number = 0 if row is None else int(self._contents.table.rows[row]["number"])
        return None if row is None or number >= len(answer.questions) else answer.questions[number]
