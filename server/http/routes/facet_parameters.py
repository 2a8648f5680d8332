"""The facets in an address: any parameter that is not one of the route's own, such as `thematique=Horaires`."""

from collections.abc import Collection
from operator import itemgetter
from typing import Any

from fastapi import Request

from indexer.errors import Wording
from server.http import problem_kinds as kinds
from server.http.problems import ProblemError

IN_DESCRIPTION: dict[str, Any] = {
    "parameters": [
        {
            "name": "facets",
            "in": "query",
            "required": False,
            "description": "Any other parameter is a facet, and is named by its key: `thematique=Horaires`. Given "
            "several times, any of its values will do; of several facets, all must hold. `GET /v1/facets` gives the "
            "keys and the values. An object, each of whose properties is a parameter of its own.",
            "style": "form",
            "explode": True,
            "schema": {
                "type": "object",
                "title": "Facets",
                "additionalProperties": {
                    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
                },
            },
            # /docs fills it in: a facet that a FAQ may not have would be refused.
            "example": {},
        }
    ]
}
"""What the description says of a route that reads them; the framework has no word for parameters of any name."""


def read_facets(request: Request, *, own: Collection[str]) -> dict[str, list[str]]:
    """Return the facets of an address, by key. ProblemError where one of the *own* parameters is given twice."""
    given = request.query_params.multi_items()
    for key in own:
        if sum(name == key for name, _ in given) > 1:
            raise ProblemError(
                kinds.PARAMETER_REPEATED,
                Wording(
                    f"{key} est donné plusieurs fois. Donnez-le une fois ; plusieurs questions sont un lot.",
                    f"{key} is given more than once. Give it once; several questions are a batch.",
                ),
            )
    facets: dict[str, list[str]] = {}
    for name, value in sorted(given, key=itemgetter(0)):
        if name not in own:
            facets.setdefault(name, []).append(value)
    return facets
