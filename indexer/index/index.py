"""An index in memory: questions and their vectors in, hits with their confidence out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from indexer.index.folder import IndexFolder
from indexer.index.manifest import Manifest
from indexer.records import Answer, Excerpt, Facet, Hit, Status, Vectors
from indexer.search.contents import IndexParts
from indexer.search.evidence import Evidence, gather_evidence
from indexer.search.features import feature_matrix
from indexer.search.ranking import best_first


@dataclass(frozen=True, slots=True)
class Found:
    """The hits for a question, best first, how far they may be trusted, and how many are worth showing by facet."""

    hits: tuple[Hit, ...]
    status: Status
    facets: Mapping[str, Mapping[str, int]]


class Index:
    """A verified index; safe to use from several threads."""

    def __init__(self, parts: IndexParts, manifest: Manifest) -> None:
        self.parts = parts
        self.manifest = manifest

    @classmethod
    def open(cls, path: Path, *, largest_bytes: int | None = None) -> "Index":
        """Return the index in service in the index folder *path*, after verifying every file of it.

        largest_bytes: files larger than this are not verified, None to verify all of them.
        IndexFolderError says what is wrong and what to do, where there is none or a file is damaged.
        """
        folder = IndexFolder(path)
        manifest = folder.verify(folder.current_id(), largest_bytes=largest_bytes)
        return cls(IndexParts.load(path / manifest.id), manifest)

    def __len__(self) -> int:
        """The number of answers."""
        return len(self.parts.answers)

    @property
    def facets(self) -> tuple[Facet, ...]:
        """The questions of the guided search."""
        return self.parts.facets.facets

    def get_answer(self, answer_id: str) -> Answer | None:
        """Return an answer by id, None where there is none."""
        row = self.parts.answers.row_of(answer_id)
        return None if row is None else self.parts.answers[row]

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
        allowed = self.parts.facets.allowed(filters or {})
        remaining = iter(questions)
        for comparison in self.parts.comparer.compare(vectors):
            some = list(islice(remaining, len(comparison)))
            yield from self._weigh(gather_evidence(self.parts, some, comparison, allowed=allowed), limit=limit)

    def _weigh(self, evidence: Evidence, *, limit: int) -> Iterator[Found]:
        features = feature_matrix(evidence)
        scores = self.manifest.ranking.score(features)
        confidences = self.manifest.calibration.confidence(features, scores, off_topic=evidence.off_topic)
        is_shown = confidences >= self.manifest.calibration.show_from
        by_question = self.manifest.ranking.question_decides(evidence)
        nearest = evidence.nearest()
        for at in range(scores.shape[1]):
            # Candidates come by row, and rows follow ids, so that ties of score go by id.
            best = best_first(scores[:, at], limit)
            is_shown[best[:1], at] = True
            # Columns of all hits: numbers taken from arrays one at a time cost more than all that is done with them.
            columns = zip(
                range(1, 1 + len(best)),
                best.tolist(),
                evidence.answers[best].tolist(),
                scores[best, at].tolist(),
                confidences[best, at].tolist(),
                is_shown[best, at].tolist(),
                by_question[best, at].tolist(),
                nearest[best, at].tolist(),
                evidence.lexical[best, at].tolist(),
                map(tuple, features[best, at].tolist()),
                strict=True,
            )
            hits = tuple(
                Hit(
                    answer=(answer := self.parts.answers[row]),
                    rank=rank,
                    score=score,
                    confidence=confidence,
                    is_shown=shown,
                    passage=self._excerpt(answer, evidence.sentence_row(position, at)),
                    matched_question=self._question(answer, evidence.question_row(position, at)) if asked else None,
                    dense=dense,
                    lexical=lexical,
                    weighed=weighed,
                )
                for rank, position, row, score, confidence, shown, asked, dense, lexical, weighed in columns
            )
            status = self.manifest.calibration.status(hits[0].confidence if hits else 0.0)
            yield Found(hits, status, self.parts.facets.count(evidence.answers[is_shown[:, at]]))

    def _excerpt(self, answer: Answer, sentence_row: int | None) -> Excerpt:
        """Return the sentence of the best match, or the whole text where it is one sentence."""
        if sentence_row is None:
            return Excerpt(answer.text, 0, len(answer.text))
        start, end = self.parts.spans.place(sentence_row)
        return Excerpt(answer.text[start:end], start, end)

    def _question(self, answer: Answer, row: int | None) -> str | None:
        """Return the curated question of an answer that is passage *row*."""
        return None if row is None else answer.questions[int(self.parts.table.rows[row]["number"])]
