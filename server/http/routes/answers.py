"""The route of one answer, by its id."""

from http import HTTPStatus

from fastapi import FastAPI

from server.answering.answering import Answering
from server.http import problems
from server.http.schemas import AnswerBody

_REFUSALS = problems.declared(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.NOT_FOUND)


def install(app: FastAPI, answering: Answering) -> None:
    """Give *app* the route /v1/answers/ID."""

    # An id may hold a slash, which reaches the server decoded.
    @app.get("/v1/answers/{answer_id:path}", tags=["answers"], responses=_REFUSALS)
    def get_answer(answer_id: str) -> AnswerBody:
        """Return one answer of the FAQ."""
        answer = answering.get_answer(answer_id)
        if answer is None:
            raise problems.NotFoundError(f"There is no answer with the id {answer_id!r} in this index.")
        return AnswerBody.of(answer)
