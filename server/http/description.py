"""The description of the API beside its routes: what it is for, the names of its parts, the shape of a problem."""

from typing import Any

from fastapi import FastAPI

from server.http import examples
from server.http.problem_kinds import KINDS, TYPE_PREFIX

_DESCRIPTION = """Finds the answer to a question in a French FAQ, and says how far it may be trusted.

A reply that is `answered` may be shown as it is; `uncertain` is to be chosen from; `no_answer` means that the FAQ does
not say, and what is nearest is there all the same. `missing` names what the first answer does not know of the question.

What cannot be done is told as a problem document (RFC 9457), in French, or in English where `Accept-Language` prefers
it. Its `type` never changes; `GET /v1/problems` explains each."""
_TAGS = [
    {"name": "search", "description": "Questions, and what the FAQ says to them."},
    {"name": "feedback", "description": "Whether an answer helped."},
    {"name": "answers", "description": "The answers themselves, without a question."},
    {"name": "problems", "description": "What each `type` of a problem document means."},
    {"name": "health", "description": "For whoever watches the server."},
    {
        "name": "admin",
        "description": "For operators and editors, behind a token; without one in the settings, not there.",
    },
]
_PROBLEM = {
    "title": "Problem",
    "type": "object",
    "description": "RFC 9457: `detail` says what is wrong and what to do next, in the language asked for.",
    "properties": {
        "type": {
            "type": "string",
            "format": "uri",
            "pattern": f"^{TYPE_PREFIX}[a-z-]+$",
            "description": "stable, for programs; more of them may come. Now: "
            + ", ".join(f"`{kind.name}`" for kind in KINDS),
            "examples": [KINDS[0].type],
        },
        "title": {"type": "string", "description": "the same for all of a type"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail"],
}


class DescribedApi(FastAPI):
    """The application, whose description has what the framework does not find in the routes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            title="Souffleur",
            # Served by a route of ours, which knows the prefix that a request came by.
            openapi_url=None,
            version="1",
            description=_DESCRIPTION,
            openapi_tags=_TAGS,
            contact={"name": "Whoever operates this server"},
            license_info={"name": "MIT", "identifier": "MIT"},
            **options,
        )

    def openapi(self) -> dict[str, Any]:
        """Return the description, with its examples: the framework would leave out what is null in them."""
        described = super().openapi()
        described["components"]["schemas"]["Problem"] = _PROBLEM
        operations = [operation for methods in described["paths"].values() for operation in methods.values()]
        for operation in operations:
            name = operation["operationId"]
            for content in operation.get("requestBody", {}).get("content", {}).values():
                content["examples"] = examples.REQUESTS[name]
            for status, reply in operation["responses"].items():
                if status.startswith("2"):
                    for content in reply["content"].values():
                        content["example"] = examples.REPLIES[name]
        return described
