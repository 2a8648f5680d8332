"""Asks a running server, as any client of its API does, with nothing but the standard library."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import quote, urlsplit

from pydantic import TypeAdapter, ValidationError

from indexer.errors import SouffleurError
from server.http.problem_kinds import UNKNOWN_ANSWER, UNKNOWN_FACET
from server.http.schemas import SEARCH_REPLY, AnswerBody, SearchReply
from server.local_address import is_this_machine

_TIMEOUT_SECONDS = 30.0
_ANSWER = TypeAdapter(AnswerBody)
_Body = TypeVar("_Body")


class ServedFaqError(SouffleurError):
    """The server cannot be reached, or refuses; `type` is that of its problem document, where it gave one."""

    def __init__(self, message: str, *, type: str | None = None) -> None:  # noqa: A002  # as the document calls it
        self.type = type
        super().__init__(message)


class ServedFaq:
    """The FAQ of the server at *url*."""

    def __init__(self, url: str) -> None:
        """url: of its root, with the prefix that it is served under, such as `https://faq.example/faq`.

        ValueError where it is no address.
        """
        if not url.startswith(("http://", "https://")) or not urlsplit(url).hostname:
            raise ValueError(f"{url!r} is no address of a server, such as http://127.0.0.1:8000")
        self._url = url.rstrip("/")
        # A proxy is no way to this machine itself.
        handlers = [urllib.request.ProxyHandler({})] if is_this_machine(self._url) else []
        self._opener = urllib.request.build_opener(*handlers)

    def ask(self, question: str, *, limit: int, facets: Mapping[str, Sequence[str]] | None = None) -> SearchReply:
        """Return the reply to a question. ServedFaqError; ValueError for a facet that the server does not know."""
        filters = {key: list(values) for key, values in (facets or {}).items()}
        try:
            return self._request(SEARCH_REPLY, "/v1/search", {"query": question, "limit": limit, "filters": filters})
        except ServedFaqError as error:
            if error.type == UNKNOWN_FACET.type:
                raise ValueError(str(error)) from error
            raise

    def find(self, answer_id: str) -> AnswerBody | None:
        """Return an answer by its id, or by one that it once had; None where there is none."""
        try:
            return self._request(_ANSWER, f"/v1/answers/{quote(answer_id, safe='')}")
        except ServedFaqError as error:
            if error.type == UNKNOWN_ANSWER.type:
                return None
            raise

    def address_of(self, answer_id: str) -> str:
        """Return the address of the page of an answer."""
        return f"{self._url}/reponses/{quote(answer_id)}"

    def _request(self, kind: TypeAdapter[_Body], path: str, body: Mapping[str, object] | None = None) -> _Body:
        request = urllib.request.Request(
            self._url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"accept": "application/json", "content-type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as reply:
                return kind.validate_json(reply.read())
        except urllib.error.HTTPError as error:
            raise _refusal(self._url, error) from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise ServedFaqError(
                f"{self._url} cannot be reached: {reason}. Start it with `souffleur serve`, or correct the address."
            ) from error
        except ValidationError as error:
            raise ServedFaqError(
                f"{self._url} does not answer as this Souffleur does. Correct the address, or give both one version."
            ) from error


def _refusal(url: str, error: urllib.error.HTTPError) -> ServedFaqError:
    with error:
        content = error.read()
    try:
        problem = json.loads(content)
        return ServedFaqError(str(problem["detail"]), type=str(problem["type"]))
    except (ValueError, KeyError, TypeError):
        return ServedFaqError(f"{url} answered {error.code}, which is not what Souffleur answers. Correct the address.")
