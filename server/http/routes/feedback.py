"""The route that takes judgements; what is kept of them is in `server.feedback`."""

from http import HTTPStatus

from fastapi import APIRouter

from indexer.errors import Wording
from server.answering.answering import Answering
from server.feedback.store import FeedbackStore
from server.http import problem_kinds as kinds
from server.http import problems
from server.http.routes.answers import unknown_answer
from server.http.schemas import FeedbackReply, FeedbackRequest

_REFUSALS = problems.declared(
    kinds.BODY_UNREADABLE,
    kinds.NO_FEEDBACK,
    kinds.UNKNOWN_ANSWER,
    kinds.BODY_NOT_JSON,
    kinds.REQUEST_INVALID,
    kinds.JUDGEMENT_INVALID,
    kinds.FEEDBACK_UNAVAILABLE,
)


def routes(answering: Answering, *, feedback: FeedbackStore | None) -> APIRouter:
    """Return the route /v1/feedback, which says 404 where there is no *feedback* to keep a judgement in."""
    router = APIRouter()

    @router.post(
        "/v1/feedback",
        tags=["feedback"],
        operation_id="sendFeedback",
        summary="Say whether an answer helped",
        status_code=HTTPStatus.CREATED,
        responses=_REFUSALS,
    )
    def post_feedback(body: FeedbackRequest) -> FeedbackReply:
        """Keep whether an answer helped. Sent again for the same reply and answer, it replaces what was kept.

        A comment is replaced by another comment alone.
        """
        if feedback is None:
            raise problems.ProblemError(kinds.NO_FEEDBACK)
        index_id = answering.judged_index(body.answer_id, body.index_id)
        if index_id is None:
            raise unknown_answer(body.answer_id)
        try:
            feedback.record_feedback(
                body.query_id,
                body.answer_id,
                useful=body.useful,
                comment=body.comment,
                index_id=index_id,
            )
        except ValueError as error:
            # The body is checked already, but for what the id of an answer may be.
            wording = Wording(kinds.JUDGEMENT_INVALID.detail.french, f"{error}.")
            raise problems.ProblemError(kinds.JUDGEMENT_INVALID, wording) from error
        return FeedbackReply(stored=True)

    return router
