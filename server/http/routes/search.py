"""The routes that look for answers: one question, several, suggestions while typing, and the guided search's facets."""

from http import HTTPStatus
from operator import itemgetter
from typing import Annotated
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from indexer.errors import QuestionError
from server.answering.answering import Answering, Filters
from server.feedback.question_log import QuestionLog
from server.http import problems
from server.http.schemas import (
    BATCH_REPLY,
    MAX_BATCH_CHARACTERS,
    SEARCH_REPLY,
    BatchReply,
    BatchRequest,
    FacetBody,
    FacetsReply,
    SearchQuery,
    SearchReply,
    SearchRequest,
    SuggestionBody,
    SuggestReply,
    ValueBody,
)

_BAD_ADDRESS = problems.declared(HTTPStatus.UNPROCESSABLE_ENTITY)
_BAD_BODY = problems.declared(HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)


def routes(answering: Answering, *, default_limit: int, question_log: QuestionLog) -> APIRouter:
    """Return the routes /v1/search, /v1/search/batch, /v1/suggest and /v1/facets.

    default_limit: hits of a reply, where the request does not say.
    """
    router = APIRouter()

    def check_filters(filters: Filters) -> None:
        unknown = answering.index.unknown_filter(filters)
        if unknown:
            raise problems.RequestError(unknown)

    def search(question: str, *, limit: int | None, filters: Filters, explain: bool) -> Response:
        check_filters(filters)
        reply = answering.answer(question, limit=limit or default_limit, filters=filters)
        question_log.keep(question, reply)
        return _json(SEARCH_REPLY.dump_json(SearchReply.of(reply, explain=explain)))

    @router.post("/v1/search", tags=["search"], response_model=SearchReply, responses=_BAD_BODY)
    def post_search(body: SearchRequest) -> Response:
        """Find the answers nearest to a question."""
        return search(body.query, limit=body.limit, filters=body.filters, explain=body.explain)

    @router.get("/v1/search", tags=["search"], response_model=SearchReply, responses=_BAD_ADDRESS)
    def get_search(request: Request, query: Annotated[SearchQuery, Query()]) -> Response:
        """Find the answers nearest to a question; the same as POST, for curl and links.

        Any other parameter is a facet: `thematique=Horaires&thematique=Tarifs`.
        """
        given = request.query_params.multi_items()
        for key in SearchQuery.model_fields:
            if sum(name == key for name, _ in given) > 1:
                raise problems.RequestError(
                    f"{key} is given more than once. Give it once; several questions are a batch."
                )
        filters: dict[str, list[str]] = {}
        for name, value in sorted(given, key=itemgetter(0)):
            if name not in SearchQuery.model_fields:
                filters.setdefault(name, []).append(value)
        if "\ufffd" in query.q and not _is_utf8(request.scope["query_string"]):
            # The framework has replaced what was not.
            raise QuestionError("La question n'est pas en UTF-8. Tapez-la à nouveau.")
        return search(query.q, limit=query.limit, filters=filters, explain=query.explain)

    @router.post("/v1/search/batch", tags=["search"], response_model=BatchReply, responses=_BAD_BODY)
    def post_batch(body: BatchRequest) -> Response:
        """Find the answers nearest to each of several questions; they are encoded together, and not kept."""
        check_filters(body.filters)
        characters = sum(map(len, body.queries))
        if characters > MAX_BATCH_CHARACTERS:
            raise problems.RequestError(
                f"The questions of the batch have {characters} characters together, at most {MAX_BATCH_CHARACTERS} are "
                "accepted. Send them in several batches."
            )
        replies = answering.answer_many(body.queries, limit=body.limit or default_limit, filters=body.filters)
        bodies = [SearchReply.of(reply, explain=body.explain) for reply in replies]
        return _json(BATCH_REPLY.dump_json(BatchReply(replies=bodies)))

    @router.get("/v1/suggest", tags=["search"], responses=_BAD_ADDRESS)
    def get_suggestions(
        q: Annotated[str, Query(description="what has been typed so far")],
        limit: Annotated[int, Query(ge=1, le=20, description="most suggestions wanted")] = 8,
    ) -> SuggestReply:
        """Suggest curated questions while a visitor types."""
        found = answering.suggest(q, limit=limit)
        return SuggestReply(
            suggestions=[SuggestionBody(question=one.question, answer_id=one.answer_id) for one in found]
        )

    @router.get("/v1/facets", tags=["answers"])
    def get_facets() -> FacetsReply:
        """Return the questions of the guided search, their values, and how many answers apply to each."""
        counts = answering.count_facets()
        return FacetsReply(
            facets=[
                FacetBody(
                    key=facet.key,
                    question=facet.question,
                    values=[
                        ValueBody(value=value, answers=counts.get(facet.key, {}).get(value, 0))
                        for value in facet.values
                    ],
                )
                for facet in answering.index.facets
            ]
        )

    return router


def _json(body: bytes) -> Response:
    """Return a body as it is; made of an object, the framework would check that first, on the event loop."""
    return Response(body, media_type="application/json")


def _is_utf8(query: bytes) -> bool:
    try:
        unquote_to_bytes(query).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
