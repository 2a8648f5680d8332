"""The route of one answer, by its id."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from server.answering.answering import Answering
from server.http import problems
from server.http.schemas import AnswerBody

_MOVED: dict[int | str, dict[str, Any]] = {
    int(HTTPStatus.PERMANENT_REDIRECT): {
        "description": "The answer was renamed.",
        "headers": {"location": {"description": "its address now, a path", "schema": {"type": "string"}}},
    }
}
_REFUSALS = problems.declared(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.NOT_FOUND)


def routes(answering: Answering) -> APIRouter:
    """Return the route /v1/answers/ID."""
    router = APIRouter()

    # An id may hold a slash, which reaches the server decoded.
    @router.get(
        "/v1/answers/{answer_id:path}", tags=["answers"], responses=_MOVED | _REFUSALS, response_model=AnswerBody
    )
    def get_answer(request: Request, answer_id: str) -> AnswerBody | RedirectResponse:
        """Return one answer of the FAQ; one that was renamed is at its new address."""
        answer = answering.get_answer(answer_id)
        if answer is None:
            if current := answering.current_id(answer_id):
                address = f"{request.scope.get('root_path', '')}/v1/answers/{quote(current)}"
                return RedirectResponse(address, HTTPStatus.PERMANENT_REDIRECT)
            raise problems.NotFoundError(f"There is no answer with the id {answer_id!r} in this index.")
        return AnswerBody.of(answer)

    return router
