"""Errors as RFC 9457 problem documents, in French or English. The one place that decides which error is which problem.

What problems there are is in `problem_kinds`.
"""

import json
import logging
from collections.abc import Callable, Coroutine, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount
from starlette.types import Receive, Scope, Send

from indexer.errors import (
    IndexFolderError,
    QuestionError,
    QuestionFault,
    SouffleurError,
    StoreError,
    StoreUnavailableError,
    Wording,
)
from server.answering.request_budget import GivenUpError
from server.feedback.schema import FeedbackError
from server.http import problem_kinds as kinds
from server.http.language import language_of, said
from server.http.problem_kinds import Kind
from server.http.validation_messages import json_mistake, mistake

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

_MOST_MISTAKES = 5
"""Told of one request: whoever reads them mends these first, and a reply must not grow with what was sent."""
_MOST_CHARACTERS = 200
"""Of a place in a body, whose keys may be anything."""
_RETRY_SECONDS = 10
"""What `Retry-After` says of a judgement: a file that another program holds, or that is replaced, is free sooner."""
STORE_RETRY_SECONDS = 2
"""What `Retry-After` says of a store that is gone; whether it is back is looked every second."""
_OF_FAULTS = {
    QuestionFault.BLANK: kinds.QUESTION_BLANK,
    QuestionFault.TOO_LONG: kinds.QUESTION_TOO_LONG,
    QuestionFault.NOT_TEXT: kinds.QUESTION_NOT_TEXT,
}
_OF_STATUSES = {
    HTTPStatus.BAD_REQUEST: kinds.BODY_UNREADABLE,
    HTTPStatus.NOT_FOUND: kinds.UNKNOWN_ADDRESS,
    HTTPStatus.METHOD_NOT_ALLOWED: kinds.METHOD_NOT_ALLOWED,
}
"""What the framework itself refuses."""
_UNREAD: dict[type, Wording] = {
    RecursionError: Wording(
        "Le corps n'est pas du JSON qui puisse être lu : trop de listes ou d'objets sont imbriqués.",
        "The body is not JSON that can be read: too many lists or objects are nested.",
    ),
    ValueError: Wording(
        "Le corps n'est pas du JSON qui puisse être lu : un nombre a trop de chiffres.",
        "The body is not JSON that can be read: a number has too many digits.",
    ),
}
"""What Python's decoder refuses beside bad syntax, by the very type: what is not UTF-8 is a kind of ValueError too."""


class ProblemError(SouffleurError):
    """A route refuses a request; the message is the English detail."""

    def __init__(self, kind: Kind, detail: Wording | None = None, *, headers: dict[str, str] | None = None) -> None:
        """detail: that of the kind, where it says all."""
        self.kind = kind
        self.detail = detail or kind.detail
        self.headers = headers or {}
        super().__init__(self.detail.english)


class ProblemReply(Response):
    """A problem document, written in the language of the request that it is sent to."""

    media_type = MEDIA_TYPE

    def __init__(self, kind: Kind, detail: Wording | None = None, *, headers: dict[str, str] | None = None) -> None:
        self._kind = kind
        self._detail = detail or kind.detail
        super().__init__(status_code=kind.status, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        language = language_of(scope)
        self.body = json.dumps(
            {
                "type": self._kind.type,
                "title": said(self._kind.title, language),
                "status": int(self._kind.status),
                # Text from a request may hold what UTF-8 cannot carry; an error must not fail for that.
                "detail": said(self._detail, language).encode("utf-8", "replace").decode(),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        ).encode()
        self.headers["content-length"] = str(len(self.body))
        self.headers["content-language"] = language
        self.headers.add_vary_header("Accept-Language")
        # Files that are mounted add their own path to the prefix.
        prefix = scope.get("app_root_path", scope.get("root_path", ""))
        self.headers["link"] = f'<{prefix}/v1/problems/{self._kind.name}>; rel="help"'
        await super().__call__(scope, receive, send)


def declared(*of_route: Kind) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of a route that may tell these problems, beside those that every route may tell."""
    statuses = {kind.status for kind in of_route}
    told = [*of_route, *(kind for kind in kinds.EVERYWHERE if kind.status in statuses)]
    return _described(told)


def _described(told: Iterable[Kind]) -> dict[int | str, dict[str, Any]]:
    by_status: dict[int | str, dict[str, Any]] = {}
    for kind in told:
        of_status = by_status.setdefault(
            int(kind.status),
            {
                "description": kind.status.phrase,
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}},
            },
        )
        of_status["content"][MEDIA_TYPE]["examples"][kind.name] = {
            "summary": kind.title.english,
            "value": {
                "type": kind.type,
                "title": kind.title.french,
                "status": int(kind.status),
                "detail": kind.detail.french,
            },
        }
    return by_status


ON_EVERY_ROUTE = _described(kinds.EVERYWHERE)
"""What may be said before a route is reached, or when it fails."""


def handlers() -> dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]]:
    """Return what makes a problem document of every error that is foreseen; `request_log` does it with the others."""
    return {
        ProblemError: _refused,
        QuestionError: _unanswerable,
        IndexFolderError: _conflict,
        StoreError: _store_unavailable,
        GivenUpError: _given_up,
        FeedbackError: _unavailable,
        RequestValidationError: _invalid,
        HTTPException: _plain,
    }


async def _refused(_: Request, error: ProblemError) -> Response:
    return ProblemReply(error.kind, error.detail, headers=error.headers)


async def _unanswerable(_: Request, error: QuestionError) -> Response:
    return ProblemReply(_OF_FAULTS[error.fault], error.wording)


async def _conflict(_: Request, error: IndexFolderError) -> Response:
    # Operators read the words of the program, which are English.
    detail = Wording(f"L'index en service reste le même. Le programme dit : {error}", str(error))
    return ProblemReply(kinds.INDEX_UNFIT, detail)


async def _given_up(_: Request, __: GivenUpError) -> Response:
    return ProblemReply(kinds.OUT_OF_TIME)


async def _store_unavailable(_: Request, error: StoreError) -> Response:
    if not isinstance(error, StoreUnavailableError):  # that one is logged where it is found, once
        logger.error("A question could not be answered: %s", error)
    return ProblemReply(kinds.STORE_UNAVAILABLE, headers={"retry-after": str(STORE_RETRY_SECONDS)})


async def _unavailable(_: Request, error: FeedbackError) -> Response:
    logger.error("A judgement could not be kept: %s", error)
    return ProblemReply(kinds.FEEDBACK_UNAVAILABLE, headers={"retry-after": str(_RETRY_SECONDS)})


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    found = error.errors()
    if found[0]["type"] == "json_invalid":
        message, place = found[0]["ctx"]["error"], found[0]["loc"][-1]
        detail = Wording(
            f"Le corps n'est pas du JSON : {json_mistake(message)}, au caractère {place}.",
            f"The body is not JSON: {message}, at character {place}.",
        )
        return ProblemReply(kinds.BODY_NOT_JSON, detail)
    if found[0]["loc"] == ("body",) and "json" not in request.headers.get("content-type", ""):
        detail = Wording(
            "Envoyez du JSON, avec l'en-tête Content-Type: application/json. Les champs sont décrits à /docs.",
            "Send JSON, with the header Content-Type: application/json. The fields are described at /docs.",
        )
        return ProblemReply(kinds.BODY_NOT_JSON, detail)
    french, english = [], []
    for item in found[:_MOST_MISTAKES]:
        words, place = mistake(item), _place(item["loc"])
        french.append(f"{place or 'la requête'}: {words.french}")
        english.append(f"{place or 'the request'}: {words.english}")
    if (more := len(found) - _MOST_MISTAKES) > 0:
        french.append(f"et {more} autres erreurs")
        english.append(f"and {more} more mistakes")
    detail = Wording(
        "; ".join(french) + ". Les champs sont décrits à /docs.",
        "; ".join(english) + ". The fields are described at /docs.",
    )
    return ProblemReply(kinds.REQUEST_INVALID, detail)


async def _plain(request: Request, error: HTTPException) -> Response:
    if error.status_code == HTTPStatus.NOT_FOUND and (address := _address_without_slash(request)):
        return RedirectResponse(address, HTTPStatus.PERMANENT_REDIRECT)
    if unread := _UNREAD.get(type(error.__cause__)):
        return ProblemReply(kinds.BODY_NOT_JSON, unread)
    reply = ProblemReply(_OF_STATUSES[HTTPStatus(error.status_code)], headers=dict(error.headers or {}))
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
    """Return the field in dots, empty for the whole. The first part only says whether it is in the body."""
    place = ".".join(map(str, location[1:]))
    return place if len(place) <= _MOST_CHARACTERS else place[:_MOST_CHARACTERS] + "…"
