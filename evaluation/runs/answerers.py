"""Who answers the questions of a run: an index in this process, or (in `http_answerer`) a running server."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from evaluation.records import DIGITS, EXPLAINED_HITS, Outcome, Returned, Target
from indexer.records import Facets, Hit, Reply
from indexer.search.ranking import named_features
from server.answering.answering import Answering


class Answerer(Protocol):
    """Answers many questions, and says of itself what it is."""

    @property
    def target(self) -> Target:
        """What is asked."""

    @property
    def batches_at_once(self) -> int:
        """How many batches it can answer at the same time."""

    def facets_of(self, answer_ids: Iterable[str]) -> Mapping[str, Facets]:
        """Return the facets of those answers that exist, by id; the others are absent."""

    def answer(self, batches: Sequence[Sequence[str]], *, limit: int) -> list[Outcome]:
        """Return what comes back for each question of each batch, in their order, at most *limit* hits each.

        The questions of a batch are encoded together; a batch has server.http.schemas.MAX_BATCH questions at most.
        """


class IndexAnswerer:
    """Asks an index in this process."""

    batches_at_once = 1

    def __init__(self, answering: Answering, *, where: str) -> None:
        self._answering = answering
        manifest = answering.manifest
        self.target = Target(
            where=where,
            index_id=manifest.id,
            encoder=manifest.encoder.name,
            answers=answering.index_info.answers,
            corpus_hash=manifest.corpus_hash,
            encoder_fingerprint=manifest.encoder.fingerprint,
        )

    def facets_of(self, answer_ids: Iterable[str]) -> Mapping[str, Facets]:
        """Return the facets of those answers that are in the index, by id."""
        found = {answer_id: self._answering.get_answer(answer_id) for answer_id in answer_ids}
        return {answer_id: answer.facets for answer_id, answer in found.items() if answer is not None}

    def answer(self, batches: Sequence[Sequence[str]], *, limit: int) -> list[Outcome]:
        """Return what the index finds for each question of each batch."""
        return [outcome_of(reply) for batch in batches for reply in self._answering.answer_many(batch, limit=limit)]


def outcome_of(reply: Reply) -> Outcome:
    """Return what is kept of a reply."""
    return Outcome(
        status=reply.status,
        confidence=round(reply.confidence, DIGITS),
        hits=tuple(_returned(hit) for hit in reply.hits),
        took_ms=round(reply.took_ms, 3),
    )


def _returned(hit: Hit) -> Returned:
    score, confidence = round(hit.score, DIGITS), round(hit.confidence, DIGITS)
    if hit.rank > EXPLAINED_HITS:
        return Returned(hit.answer.id, score, confidence)
    return Returned(
        id=hit.answer.id,
        score=score,
        confidence=confidence,
        passage=hit.passage.text,
        matched_question=hit.matched_question,
        features={name: round(value, DIGITS) for name, value in named_features(hit).items()},
    )
