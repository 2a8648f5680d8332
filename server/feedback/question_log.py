"""Keeps the questions that were answered, for the API and the pages alike; how they are kept belongs to `store`."""

import logging

from indexer.records import Reply
from server.feedback.schema import FeedbackError
from server.feedback.store import FeedbackStore
from server.metrics import Metrics

logger = logging.getLogger(__name__)


class QuestionLog:
    """The questions kept. A full disk must not cost a visitor the reply: what cannot be kept is only counted."""

    def __init__(self, feedback: FeedbackStore | None, metrics: Metrics) -> None:
        self._feedback = feedback
        self._lost = metrics.lost_questions

    def keep(self, question: str, reply: Reply) -> None:
        """Keep *question* and what came of it, if there is anywhere to keep it; nothing is raised where that fails."""
        if not self._feedback:
            return
        try:
            self._feedback.record_question(
                reply.query_id,
                question,
                status=reply.status,
                confidence=reply.confidence,
                answer_id=reply.hits[0].answer.id if reply.hits else None,
                index_id=reply.index.id,
            )
        except FeedbackError as error:
            self._lost.inc()
            logger.error("A question could not be kept: %s", error)
