"""The FAQ that an adapter asks: an index in this process, or a running server; both give the same records.

The records are those of the API, so that what an adapter tells does not depend on where the FAQ is.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias

import souffleur
from server.answering.answering import Answering
from server.http.schemas import AnswerBody, HitBody, SearchReply
from souffleur.adapters.served_faq import ServedFaq

Facets: TypeAlias = Mapping[str, Sequence[str]]
"""Facet key to values: any of the values, of every facet."""


class Faq(Protocol):
    """Answers questions. SouffleurError where one cannot be asked, or nobody answers; ValueError for unknown facets."""

    def ask(self, question: str, *, limit: int, facets: Facets | None = None) -> SearchReply:
        """Return the reply to a question, with at most *limit* hits."""

    def find(self, answer_id: str) -> AnswerBody | None:
        """Return an answer by its id, or by one that it once had; None where there is none."""

    def address_of(self, answer_id: str) -> str | None:
        """Return the address of the page of an answer, None where no server shows it."""


class LocalFaq:
    """An index in this process."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering

    def ask(self, question: str, *, limit: int, facets: Facets | None = None) -> SearchReply:
        """Return the reply to a question, with at most *limit* hits."""
        return SearchReply.of(self._answering.answer(question, limit=limit, filters=facets), explain=False)

    def find(self, answer_id: str) -> AnswerBody | None:
        """Return an answer by its id, or by one that it once had; None where there is none."""
        current = self._answering.current_id(answer_id) or answer_id
        answer = self._answering.get_answer(current)
        return None if answer is None else AnswerBody.of(answer)

    def address_of(self, _answer_id: str) -> None:
        """Return None: no server shows it."""


def open_faq(source: "str | Path | Answering") -> Faq:
    """Return the FAQ at *source*: the address of a server, the folder of an index, or what `souffleur.open` gave.

    A server is not asked yet. IndexFolderError, EncoderError as of `souffleur.open`.
    """
    if isinstance(source, str) and source.startswith(("http://", "https://")):
        return ServedFaq(source)
    return LocalFaq(souffleur.open(source) if isinstance(source, str | Path) else source)


def hits_to_use(reply: SearchReply, *, with_refused: bool) -> list[HitBody]:
    """Return the hits to build on: none where the FAQ has no answer, unless refused ones are wanted."""
    return reply.hits if with_refused or reply.status != "no_answer" else []


def facts_of(hit: HitBody, reply: SearchReply, faq: Faq) -> dict[str, object]:
    """Return what is known of a hit beside its text, as frameworks keep it with a document.

    status: of the whole reply. confidence, missing: of this hit.
    """
    return {
        "id": hit.id,
        "rank": hit.rank,
        "status": str(reply.status),
        "confidence": hit.confidence,
        "missing": list(hit.missing),
        "source": hit.source,
        "url": faq.address_of(hit.id),
        "passage": hit.passage.text,
        "facets": hit.facets,
        "index": reply.index.id,
    }
