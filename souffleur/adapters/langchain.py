"""A LangChain retriever: the answers of the FAQ as documents, with what says how far each may be trusted.

Tracing is LangChain's own affair: without `LANGSMITH_TRACING` in the environment it sends nothing.
"""

from pathlib import Path
from typing import Any

from server.answering.answering import Answering
from souffleur.adapters.extras import provided_by
from souffleur.adapters.faq import facts_of, hits_to_use, open_faq

with provided_by("langchain"):
    from langchain_core.callbacks import CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
    from pydantic import ConfigDict, Field, PrivateAttr


class SouffleurRetriever(BaseRetriever):
    """Returns the answers to a question, best first; none where the FAQ does not answer it.

    metadata of a document: id, rank, status, confidence, missing, source, url, passage, facets, index.
    """

    # LangChain's own classes pass over an option that they do not have, such as one misspelt.
    model_config = ConfigDict(extra="forbid")

    source: Any = Field(description="address of a server, folder of an index, or what `souffleur.open` gave")
    limit: int = Field(default=5, ge=1, le=50, description="most documents wanted")
    facets: dict[str, list[str]] = Field(default_factory=dict, description="facet key to values, any of the values")
    with_refused: bool = Field(default=False, description="the nearest answers also where the FAQ has none")
    _faq: Any = PrivateAttr()

    def __init__(self, source: str | Path | Answering, **options: Any) -> None:
        """options: the fields beside it. ValueError for any other; SouffleurError where an index cannot be opened."""
        super().__init__(source=source, **options)  # type: ignore[call-arg]  # a field of ours
        self._faq = open_faq(source)

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:  # noqa: ARG002  # as LangChain calls it
        reply = self._faq.ask(query, limit=self.limit, facets=self.facets)
        return [
            Document(page_content=hit.answer, id=hit.id, metadata=facts_of(hit, reply, self._faq))
            for hit in hits_to_use(reply, with_refused=self.with_refused)
        ]
