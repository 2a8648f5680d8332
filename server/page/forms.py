"""Reads the forms of the pages, as browsers send them by default; larger ones than any of ours are refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from indexer.errors import Wording
from server.http.problem_kinds import BODY_TOO_LARGE
from server.http.problems import ProblemError

_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Form:
    """What a form sent: name to values, in order."""

    fields: Mapping[str, Sequence[str]]

    def last(self, name: str) -> str:
        """Return the last value that is not blank, or an empty text: the button pressed comes after the field."""
        return next((value for value in reversed(self.fields.get(name, ())) if value.strip()), "")


async def read_form(request: Request) -> Form:
    """Return the form in the body, as browsers send it by default. HTTP 413 if it is larger than any of ours."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise ProblemError(BODY_TOO_LARGE, Wording("Le formulaire est trop grand.", "The form is too large."))
    fields: dict[str, list[str]] = {}
    for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
        fields.setdefault(name, []).append(value)
    return Form(fields)


SentForm = Annotated[Form, Depends(read_form)]
"""The type of a route's parameter that gets the form in the body."""
