"""The route that takes judgements; what is kept of them is in `server.feedback`."""

from http import HTTPStatus

from fastapi import APIRouter

from server.answering.answering import Answering
from server.feedback.store import FeedbackStore
from server.http import problems
from server.http.schemas import FeedbackReply, FeedbackRequest

_REFUSALS = problems.declared(HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.NOT_FOUND)


def routes(answering: Answering, *, feedback: FeedbackStore | None) -> APIRouter:
    """Return the route /v1/feedback, which says 404 where there is no *feedback* to keep a judgement in."""
    router = APIRouter()

    @router.post("/v1/feedback", tags=["feedback"], status_code=HTTPStatus.CREATED, responses=_REFUSALS)
    def post_feedback(body: FeedbackRequest) -> FeedbackReply:
        """Keep whether an answer helped. Sent again for the same reply and answer, it replaces what was kept."""
        if feedback is None:
            raise problems.NotFoundError("This server keeps no feedback. Its operator can set SOUFFLEUR_FEEDBACK.")
        index_id = answering.judged_index(body.answer_id, body.index_id)
        if index_id is None:
            raise problems.NotFoundError(f"There is no answer with the id {body.answer_id!r} in this index.")
        try:
            feedback.record_feedback(
                body.query_id,
                body.answer_id,
                useful=body.useful,
                comment=body.comment,
                index_id=index_id,
            )
        except ValueError as error:
            raise problems.RequestError(f"{error}.") from error
        return FeedbackReply(stored=True)

    return router
