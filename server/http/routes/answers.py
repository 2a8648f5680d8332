"""The routes of the answers themselves: one by its id, and all of them, page by page."""

import base64
import binascii
from bisect import bisect_right
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import RedirectResponse

from indexer.errors import Wording
from server.answering.answering import Answering
from server.http import problem_kinds as kinds
from server.http import problems
from server.http.routes import facet_parameters
from server.http.schemas import AnswerBody, AnswersQuery, AnswersReply, IndexBody

_MOVED: dict[int | str, dict[str, Any]] = {
    int(HTTPStatus.PERMANENT_REDIRECT): {
        "description": "The answer was renamed.",
        "headers": {"location": {"description": "its address now, a path", "schema": {"type": "string"}}},
    }
}
_ONE = problems.declared(kinds.REQUEST_INVALID, kinds.UNKNOWN_ANSWER)
_ALL = problems.declared(kinds.REQUEST_INVALID, kinds.UNKNOWN_FACET, kinds.PARAMETER_REPEATED, kinds.CURSOR_INVALID)

_Id = Annotated[str, Path(description="as replies have it; a slash in it may be sent as it is", examples=["guichet"])]


def routes(answering: Answering) -> APIRouter:
    """Return the routes /v1/answers and /v1/answers/ID."""
    router = APIRouter(tags=["answers"])

    @router.get(
        "/v1/answers",
        operation_id="listAnswers",
        summary="Read all answers, page by page",
        responses=_ALL,
        openapi_extra=facet_parameters.IN_DESCRIPTION,
    )
    def list_answers(request: Request, query: Annotated[AnswersQuery, Query()]) -> AnswersReply:
        """Return answers by rising id, for a mirror or another program.

        Ask again with `cursor` set to `next_cursor` until that is null. An answer that is there from the first page
        to the last is told once, whatever is built meanwhile; `index.id` says whether another index has come into
        service since the page before.
        """
        facets = facet_parameters.read_facets(request, own=AnswersQuery.model_fields)
        if unknown := answering.index.unknown_filter(facets):
            raise problems.ProblemError(kinds.UNKNOWN_FACET, unknown)
        left = answering.index.answers_left(facets)
        first = 0 if query.cursor is None else bisect_right(left, _read_cursor(query.cursor), key=lambda one: one.id)
        page = left[first : first + query.limit]
        is_last = first + len(page) >= len(left)
        info = answering.index_info
        return AnswersReply(
            answers=[AnswerBody.of(answer) for answer in page],
            next_cursor=None if is_last else _write_cursor(page[-1].id),
            total=len(left),
            index=IndexBody(id=info.id, encoder=info.encoder, answers=info.answers),
        )

    # An id may hold a slash, which reaches the server decoded.
    @router.get(
        "/v1/answers/{answer_id:path}",
        operation_id="getAnswer",
        summary="Read one answer",
        responses=_MOVED | _ONE,
        response_model=AnswerBody,
    )
    def get_answer(request: Request, answer_id: _Id) -> AnswerBody | RedirectResponse:
        """Return one answer of the FAQ; one that was renamed is at its new address."""
        answer = answering.get_answer(answer_id)
        if answer is None:
            if current := answering.current_id(answer_id):
                address = f"{request.scope.get('root_path', '')}/v1/answers/{quote(current)}"
                return RedirectResponse(address, HTTPStatus.PERMANENT_REDIRECT)
            raise unknown_answer(answer_id)
        return AnswerBody.of(answer)

    return router


def unknown_answer(answer_id: str) -> problems.ProblemError:
    """Return the error of an id that no answer has."""
    return problems.ProblemError(
        kinds.UNKNOWN_ANSWER,
        Wording(
            f"Aucune réponse n'a l'identifiant {answer_id!r} dans cet index.",
            f"There is no answer with the id {answer_id!r} in this index.",
        ),
    )


def _write_cursor(answer_id: str) -> str:
    """Return a cursor: the last id told, not its place, which another index may have moved."""
    return base64.urlsafe_b64encode(answer_id.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> str:
    """Return the id in a cursor. ProblemError where it is none of ours."""
    try:
        answer_id = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError):
        answer_id = ""
    if not answer_id or _write_cursor(answer_id) != cursor:
        raise problems.ProblemError(kinds.CURSOR_INVALID)
    return answer_id
