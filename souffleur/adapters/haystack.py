"""A Haystack component: a question in, the answers of the FAQ out, with status, confidence and what they do not know.

Haystack tells its makers of every pipeline that runs, unless a variable says no before it is imported; here it does.
"""

import os
import sys
from typing import Any, TypedDict

from souffleur.adapters.extras import provided_by
from souffleur.adapters.faq import Faq, facts_of, hits_to_use, open_faq

# Read once, when Haystack is imported: nothing leaves the machine, unless its operator has said otherwise.
_TELEMETRY = "HAYSTACK_TELEMETRY_ENABLED"
if _TELEMETRY not in os.environ:
    os.environ[_TELEMETRY] = "False"
    if began := sys.modules.get("haystack.telemetry._telemetry"):
        # It was imported before us, and has begun.
        vars(began)["telemetry"] = None

with provided_by("haystack"):
    from haystack import Document, component, default_from_dict, default_to_dict


class Found(TypedDict):
    """What comes out; documents is empty where status is `no_answer`, unless refused ones are wanted."""

    documents: list[Document]
    status: str
    confidence: float
    missing: list[str]


@component
class SouffleurRetriever:
    """Finds the answers to a question, best first; none where the FAQ does not answer it.

    meta of a document: id, rank, status, confidence, missing, source, url, passage, facets, index.
    """

    def __init__(
        self,
        source: str,
        *,
        limit: int = 5,
        facets: dict[str, list[str]] | None = None,
        with_refused: bool = False,
    ) -> None:
        """source: address of a server, or folder of an index. facets: key to values, any of the values of each.

        with_refused: the nearest answers also where the FAQ has none.
        """
        self._source = str(source)
        self._limit = limit
        self._facets = facets or {}
        self._with_refused = with_refused
        self._faq: Faq | None = None

    def warm_up(self) -> None:
        """Open the index, once. SouffleurError where that cannot be done."""
        self._opened()

    @component.output_types(documents=list[Document], status=str, confidence=float, missing=list[str])
    def run(self, query: str, limit: int | None = None, facets: dict[str, list[str]] | None = None) -> Found:
        """Answer *query*; limit and facets replace those of the component. Errors as of `Faq`."""
        faq = self._opened()
        reply = faq.ask(
            query, limit=self._limit if limit is None else limit, facets=self._facets if facets is None else facets
        )
        documents = [
            Document(id=hit.id, content=hit.answer, score=hit.confidence, meta=facts_of(hit, reply, faq))
            for hit in hits_to_use(reply, with_refused=self._with_refused)
        ]
        return Found(documents=documents, status=reply.status, confidence=reply.confidence, missing=reply.missing)

    def _opened(self) -> Faq:
        if self._faq is None:
            self._faq = open_faq(self._source)
        return self._faq

    def to_dict(self) -> dict[str, Any]:
        """Return what a saved pipeline keeps."""
        return dict(
            default_to_dict(
                self,
                source=self._source,
                limit=self._limit,
                facets=self._facets,
                with_refused=self._with_refused,
            )
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "SouffleurRetriever":
        """Return the component that `to_dict` described."""
        return default_from_dict(cls, data)
