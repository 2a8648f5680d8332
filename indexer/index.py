"""An index in memory: a question and its vector in, hits with their confidence out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indexer.evidence import Evidence, gather_evidence
from indexer.folder import IndexFolder
from indexer.manifest import Manifest
from indexer.parts import IndexParts
from indexer.ranking import explain, feature_matrix
from indexer.records import Answer, Excerpt, Facet, Hit, Status, Vectors


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
        question: str,
        vector: Vectors,
        *,
        limit: int,
        filters: Mapping[str, Sequence[str]] | None = None,
    ) -> Found:
        """Return the answers nearest to a question, best first, at most *limit*.

        vector: shape (dimension,), unit length, from Encoder.encode_questions.
        filters: facet key to values, any of the values of every facet; ValueError for an unknown one.
        The facet counts are over the answers that are worth showing: those that are not improbable, and the first.
        """
        allowed = self.parts.facets.allowed(filters or {})
        evidence = gather_evidence(self.parts, question, vector, allowed=allowed)
        features = feature_matrix(evidence)
        scores = self.manifest.ranking.score(features)
        confidences = self.manifest.calibration.confidence(features, scores, off_topic=evidence.off_topic)
        # Candidates come by row, and rows follow ids, so that ties of score go by id.
        order = np.argsort(-scores, kind="stable")
        best = order[:limit]
        is_shown = confidences >= self.manifest.calibration.show_from
        is_shown[order[:1]] = True
        of_each = zip(
            best.tolist(),
            scores[best].tolist(),
            confidences[best].tolist(),
            is_shown[best].tolist(),
            features[best].tolist(),
            strict=True,
        )
        hits = tuple(
            self._hit(
                evidence,
                position,
                rank=rank,
                score=score,
                confidence=confidence,
                is_shown=shown,
                features=explain(evidence, position, weighed),
            )
            for rank, (position, score, confidence, shown, weighed) in enumerate(of_each, start=1)
        )
        status = self.manifest.calibration.status(hits[0].confidence if hits else 0.0)
        return Found(hits, status, self.parts.facets.count(evidence.answers[is_shown]))

    def _hit(
        self,
        evidence: Evidence,
        position: int,
        *,
        rank: int,
        score: float,
        confidence: float,
        is_shown: bool,
        features: Mapping[str, float],
    ) -> Hit:
        answer = self.parts.answers[int(evidence.answers[position])]
        return Hit(
            answer=answer,
            rank=rank,
            score=score,
            confidence=confidence,
            is_shown=is_shown,
            passage=self._excerpt(answer, evidence.sentence_row(position)),
            matched_question=self._matched_question(answer, evidence, position),
            features=features,
        )

    def _excerpt(self, answer: Answer, sentence_row: int | None) -> Excerpt:
        """Return the sentence of the best match, or the whole text where it is one sentence."""
        if sentence_row is None:
            return Excerpt(answer.text, 0, len(answer.text))
        start, end = self.parts.spans.place(sentence_row)
        return Excerpt(answer.text[start:end], start, end)

    def _matched_question(self, answer: Answer, evidence: Evidence, position: int) -> str | None:
        """Return the nearest curated question where it is nearer than the body by more than their scales differ."""
        row = evidence.question_row(position)
        if row is None or not self.manifest.ranking.question_decides(evidence, position):
            return None
        return answer.questions[int(self.parts.table.rows[row]["number"])]
