"""Errors as RFC 9457 problem documents. The one place that decides which error has which HTTP status."""

import logging
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount

from indexer.errors import IndexFolderError, QuestionError, SouffleurError, StoreError, StoreUnavailableError
from server.answering.request_budget import GivenUpError
from server.feedback.schema import FeedbackError

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

_MOST_MISTAKES = 5
"""Told of one request: whoever reads them mends these first, and a reply must not grow with what was sent."""
_MOST_CHARACTERS = 200
"""Of a place in a body, whose keys may be anything."""
_RETRY_SECONDS = 10
"""What `Retry-After` says of a judgement: a file that another program holds, or that is replaced, is free sooner."""


STORE_IS_GONE = "The store of the index does not answer. Ask again shortly."
STORE_RETRY_SECONDS = 2
"""What `Retry-After` says then; whether it is back is looked every second."""


class NotFoundError(SouffleurError):
    """What the address names does not exist."""


class RequestError(SouffleurError):
    """The request is well formed, but asks for something that there is not."""


def problem(status: int, detail: str, **extra: object) -> JSONResponse:
    """Return a problem document: *detail* says what is wrong and what to do next."""
    # Text from a request may hold what UTF-8 cannot carry; an error must not fail for that.
    detail = detail.encode("utf-8", "replace").decode()
    content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **extra}
    return JSONResponse(content, status_code=status, media_type=MEDIA_TYPE)


_SCHEMA = {
    "type": "object",
    "description": "RFC 9457: `detail` says what is wrong and what to do next.",
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail"],
}


def declared(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of a route that may answer with a problem of these statuses."""
    content = {MEDIA_TYPE: {"schema": _SCHEMA}}
    return {int(status): {"description": status.phrase, "content": content} for status in statuses}


ON_EVERY_ROUTE = declared(
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
"""What may be said before a route is reached, or when it fails."""


def handlers() -> dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]]:
    """Return what makes a problem document of every error that is foreseen; `request_log` does it with the others."""
    return {
        QuestionError: _unprocessable,
        RequestError: _unprocessable,
        NotFoundError: _not_found,
        IndexFolderError: _conflict,
        StoreError: _store_unavailable,
        GivenUpError: _given_up,
        FeedbackError: _unavailable,
        RequestValidationError: _invalid,
        HTTPException: _plain,
    }


async def _unprocessable(_: Request, error: SouffleurError) -> JSONResponse:
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))


async def _not_found(_: Request, error: NotFoundError) -> JSONResponse:
    return problem(HTTPStatus.NOT_FOUND, str(error))


async def _conflict(_: Request, error: IndexFolderError) -> JSONResponse:
    return problem(HTTPStatus.CONFLICT, str(error))


async def _given_up(_: Request, __: GivenUpError) -> JSONResponse:
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, "There was no reply in time. Ask again shortly.")


async def _store_unavailable(_: Request, error: StoreError) -> JSONResponse:
    if not isinstance(error, StoreUnavailableError):  # that one is logged where it is found, once
        logger.error("A question could not be answered: %s", error)
    reply = problem(HTTPStatus.SERVICE_UNAVAILABLE, STORE_IS_GONE)
    reply.headers["retry-after"] = str(STORE_RETRY_SECONDS)
    return reply


async def _unavailable(_: Request, error: FeedbackError) -> JSONResponse:
    logger.error("A judgement could not be kept: %s", error)
    reply = problem(HTTPStatus.SERVICE_UNAVAILABLE, "The judgement could not be kept. Send it again later.")
    reply.headers["retry-after"] = str(_RETRY_SECONDS)
    return reply


async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    found = error.errors()
    if found[0]["type"] == "json_invalid":
        detail = f"The body is not JSON: {found[0]['ctx']['error']}, at character {found[0]['loc'][-1]}."
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    if found[0]["loc"] == ("body",) and "json" not in request.headers.get("content-type", ""):
        detail = "Send JSON, with the header Content-Type: application/json. The fields are described at /docs."
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    wrong = [f"{_place(item['loc'])}: {item['msg']}" for item in found[:_MOST_MISTAKES]]
    if len(found) > _MOST_MISTAKES:
        wrong.append(f"and {len(found) - _MOST_MISTAKES} more mistakes")
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(wrong) + ". The fields are described at /docs.")


async def _plain(request: Request, error: HTTPException) -> Response:
    if error.status_code == HTTPStatus.NOT_FOUND and (address := _address_without_slash(request)):
        return RedirectResponse(address, HTTPStatus.PERMANENT_REDIRECT)
    # The framework's own words, for a body that is not UTF-8.
    unread = error.status_code == HTTPStatus.BAD_REQUEST and request.method == "POST"
    reply = problem(error.status_code, "The body is not text in UTF-8." if unread else str(error.detail))
    reply.headers.update(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and (methods := _methods(request)):
        # The framework names those of the first route alone, where GET and POST are two routes.
        reply.headers["allow"] = ", ".join(methods)
    return reply


def _address_without_slash(request: Request) -> str | None:
    """Return the address that was meant with a slash too many: a path alone, so that it leads to no other host."""
    path = request.scope["path"].rstrip("/")
    if path == request.scope["path"] or not _matches(request, path, request.method):
        return None
    return quote(path) + (f"?{request.url.query}" if request.url.query else "")


def _matches(request: Request, path: str, method: str) -> bool:
    # Routes are asked, since those of an included router are not to be seen. Files that are mounted know their own.
    routes = [route for route in request.app.routes if not isinstance(route, Mount)]
    scope = {**request.scope, "path": path, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in routes)


def _methods(request: Request) -> list[str]:
    """Return the methods that the address of *request* understands."""
    known = ("DELETE", "GET", "PATCH", "POST", "PUT")
    return [method for method in known if _matches(request, request.scope["path"], method)]


def _place(location: tuple[str | int, ...]) -> str:
    """Return the field in dots. The first part only says whether it is in the body or in the address."""
    place = ".".join(map(str, location[1:]))
    return (place if len(place) <= _MOST_CHARACTERS else place[:_MOST_CHARACTERS] + "…") or "the request"
