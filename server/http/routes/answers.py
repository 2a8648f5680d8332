"""The route of one answer, by its id."""

from http import HTTPStatus

from fastapi import APIRouter

from server.answering.answering import Answering
from server.http import problems
from server.http.schemas import AnswerBody

_REFUSALS = problems.declared(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.NOT_FOUND)


def routes(answering: Answering) -> APIRouter:
    """Return the route /v1/answers/ID."""
    router = APIRouter()

    # An id may hold a slash, which reaches the server decoded.
    @router.get("/v1/answers/{answer_id:path}", tags=["answers"], responses=_REFUSALS)
    def get_answer(answer_id: str) -> AnswerBody:
        """Return one answer of the FAQ."""
        answer = answering.get_answer(answer_id)
        if answer is None:
            raise problems.NotFoundError(f"There is no answer with the id {answer_id!r} in this index.")
        return AnswerBody.of(answer)

    return router
