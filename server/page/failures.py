"""Failures in French HTML for browsers, by `Accept`; programs get the problem document as it was made.

The statuses are decided in `server.http.problems`; here are only their words. Put around an application, it turns
whatever that refuses, early or late.
"""

import html
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from fastapi.responses import HTMLResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.headers import PAGE_HEADERS
from server.http.problems import MEDIA_TYPE

_KEPT_HEADERS = ("allow", "retry-after", "x-request-id", "access-control-allow-origin", "vary")
_WORDS = {
    HTTPStatus.BAD_REQUEST: ("Cette demande n’a pas pu être lue", "Revenez en arrière et recommencez."),
    HTTPStatus.FORBIDDEN: (
        "Cette demande n’est pas acceptée d’ici",
        "Elle est venue d’un autre site. Posez votre question depuis l’accueil.",
    ),
    HTTPStatus.NOT_FOUND: (
        "Cette page n’existe pas",
        "L’adresse est peut-être incomplète, ou la page a été retirée.",
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "Cette page ne s’ouvre pas ainsi",
        "Elle ne répond qu’à un formulaire. Posez votre question depuis l’accueil.",
    ),
    HTTPStatus.REQUEST_TIMEOUT: ("L’envoi a pris trop de temps", "Vérifiez votre connexion, puis recommencez."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "Le texte envoyé est trop long",
        "Revenez en arrière et gardez l’essentiel de votre question.",
    ),
    HTTPStatus.UNPROCESSABLE_ENTITY: ("Cette demande n’a pas pu être comprise", "Revenez en arrière et recommencez."),
    HTTPStatus.TOO_MANY_REQUESTS: (
        "Trop de questions à la fois",
        "Depuis votre réseau, il en est venu beaucoup en peu de temps.",
    ),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: ("L’adresse est trop longue", "Posez votre question depuis l’accueil."),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "Le service a fait une erreur",
        "Elle est notée. Réessayez, ou posez la question autrement.",
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        "Le service n’est pas disponible pour l’instant",
        "Il démarre, ou il est très demandé.",
    ),
}
_OTHERWISE = ("La demande n’a pas abouti", "Réessayez dans un instant.")
_BARE = """<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title></head>
<body><main><h1>{title}</h1><p>{text}</p></main></body></html>
"""


@dataclass(frozen=True, slots=True)
class Failure:
    """What a visitor is told. root: the prefix of our addresses."""

    status: int
    title: str
    text: str
    root: str


def bare_page(failure: Failure) -> HTMLResponse:
    """Return a page that needs no other file, for when nothing is loaded yet."""
    content = _BARE.format(title=html.escape(failure.title), text=html.escape(failure.text))
    return HTMLResponse(content, failure.status, headers=PAGE_HEADERS)


class FailurePages:
    """Replaces problem documents by pages where the client would rather have HTML."""

    def __init__(self, app: ASGIApp, *, render: Callable[[Failure], HTMLResponse] = bare_page) -> None:
        self._app = app
        self._render = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and look at its reply."""
        if scope["type"] != "http" or not prefers_html(Headers(scope=scope).get("accept", "")):
            await self._app(scope, receive, send)
            return
        replaced: Message | None = None

        async def send_page(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start":
                if Headers(raw=message["headers"]).get("content-type") == MEDIA_TYPE:
                    replaced = message
                    return
            elif replaced is not None:
                if not message.get("more_body", False):
                    await self._page_of(replaced, scope)(scope, receive, send)
                return
            await send(message)

        await self._app(scope, receive, send_page)

    def _page_of(self, start: Message, scope: Scope) -> HTMLResponse:
        given = Headers(raw=start["headers"])
        page = self._render(failure(start["status"], given.get("retry-after"), scope.get("root_path", "")))
        headers = MutableHeaders(raw=page.raw_headers)
        for name in _KEPT_HEADERS:
            if name in given:
                headers[name] = given[name]
        page.raw_headers = headers.raw
        return page


def failure(status: int, retry_seconds: str | None, root: str) -> Failure:
    """Return the words for a status, with the wait where it is known."""
    known = _WORDS.get(HTTPStatus(status), _OTHERWISE)
    title, text = known
    if retry_seconds and retry_seconds.isdecimal():
        seconds = int(retry_seconds)
        text += f" Réessayez dans {seconds} seconde{'s' if seconds > 1 else ''}."
    return Failure(status, title, text, root)


def prefers_html(accept: str) -> bool:
    """Return whether HTML is named in *accept*, and JSON not before it; `*/*` alone is a program's."""
    weights = {"html": 0.0, "json": 0.0}
    for entry in accept.lower().split(","):
        media, _, parameters = entry.partition(";")
        kind = media.strip().rpartition("/")[2].rpartition("+")[2]
        name = "html" if media.strip() in ("text/html", "application/xhtml+xml") else kind
        if name not in weights:
            continue
        try:
            weight = float(parameters.partition("q=")[2].partition(";")[0]) if "q=" in parameters else 1.0
        except ValueError:
            weight = 0.0
        weights[name] = max(weights[name], weight)
    return weights["html"] > weights["json"]
