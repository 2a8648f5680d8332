"""The routes that look for answers: one question, several, suggestions while typing, and the guided search's facets."""

from typing import Annotated
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from indexer.errors import QuestionError, QuestionFault, Wording
from server.answering.answering import Answering, Filters
from server.feedback.question_log import QuestionLog
from server.http import problem_kinds as kinds
from server.http import problems
from server.http.routes import facet_parameters
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

_BAD_QUESTION = (kinds.QUESTION_BLANK, kinds.QUESTION_TOO_LONG, kinds.QUESTION_NOT_TEXT, kinds.UNKNOWN_FACET)
_BAD_BODY = (kinds.BODY_UNREADABLE, kinds.BODY_NOT_JSON, kinds.REQUEST_INVALID)


def routes(answering: Answering, *, default_limit: int, question_log: QuestionLog) -> APIRouter:
    """Return the routes /v1/search, /v1/search/batch, /v1/suggest and /v1/facets.

    default_limit: hits of a reply, where the request does not say.
    """
    router = APIRouter(tags=["search"])

    def check_filters(filters: Filters) -> None:
        unknown = answering.index.unknown_filter(filters)
        if unknown:
            raise problems.ProblemError(kinds.UNKNOWN_FACET, unknown)

    def search(question: str, *, limit: int | None, filters: Filters, explain: bool) -> Response:
        check_filters(filters)
        reply = answering.answer(question, limit=limit or default_limit, filters=filters)
        question_log.keep(question, reply)
        return _json(SEARCH_REPLY.dump_json(SearchReply.of(reply, explain=explain)))

    @router.post(
        "/v1/search",
        operation_id="search",
        summary="Ask a question",
        response_model=SearchReply,
        responses=problems.declared(*_BAD_BODY, *_BAD_QUESTION),
    )
    def post_search(body: SearchRequest) -> Response:
        """Find the answers nearest to a question."""
        return search(body.query, limit=body.limit, filters=body.filters, explain=body.explain)

    @router.get(
        "/v1/search",
        operation_id="searchByAddress",
        summary="Ask a question by its address",
        response_model=SearchReply,
        responses=problems.declared(kinds.REQUEST_INVALID, kinds.PARAMETER_REPEATED, *_BAD_QUESTION),
        openapi_extra=facet_parameters.IN_DESCRIPTION,
    )
    def get_search(request: Request, query: Annotated[SearchQuery, Query()]) -> Response:
        """Find the answers nearest to a question; the same as POST, for curl and links.

        Any other parameter is a facet: `thematique=Horaires&thematique=Tarifs`.
        """
        filters = facet_parameters.read_facets(request, own=SearchQuery.model_fields)
        if "\ufffd" in query.q and not _is_utf8(request.scope["query_string"]):
            # The framework has replaced what was not.
            wording = Wording(
                "La question n'est pas en UTF-8. Tapez-la à nouveau.", "The question is not in UTF-8. Type it again."
            )
            raise QuestionError(QuestionFault.NOT_TEXT, wording)
        return search(query.q, limit=query.limit, filters=filters, explain=query.explain)

    @router.post(
        "/v1/search/batch",
        operation_id="searchMany",
        summary="Ask several questions at once",
        response_model=BatchReply,
        responses=problems.declared(*_BAD_BODY, kinds.BATCH_TOO_LONG, *_BAD_QUESTION),
    )
    def post_batch(body: BatchRequest) -> Response:
        """Find the answers nearest to each of several questions; they are encoded together, and not kept."""
        check_filters(body.filters)
        characters = sum(map(len, body.queries))
        if characters > MAX_BATCH_CHARACTERS:
            raise problems.ProblemError(
                kinds.BATCH_TOO_LONG,
                Wording(
                    f"Les questions du lot comptent ensemble {characters} caractères, {MAX_BATCH_CHARACTERS} au plus "
                    "sont acceptés. Envoyez-les en plusieurs lots.",
                    f"The questions of the batch have {characters} characters together, at most {MAX_BATCH_CHARACTERS} "
                    "are accepted. Send them in several batches.",
                ),
            )
        replies = answering.answer_many(body.queries, limit=body.limit or default_limit, filters=body.filters)
        bodies = [SearchReply.of(reply, explain=body.explain) for reply in replies]
        return _json(BATCH_REPLY.dump_json(BatchReply(replies=bodies)))

    @router.get(
        "/v1/suggest",
        operation_id="suggest",
        summary="Complete a question",
        responses=problems.declared(kinds.REQUEST_INVALID),
    )
    def get_suggestions(
        q: Annotated[str, Query(description="what has been typed so far", examples=["quand ou"])],
        limit: Annotated[int, Query(ge=1, le=20, description="most suggestions wanted")] = 8,
    ) -> SuggestReply:
        """Suggest curated questions while a visitor types."""
        found = answering.suggest(q, limit=limit)
        return SuggestReply(
            suggestions=[SuggestionBody(question=one.question, answer_id=one.answer_id) for one in found]
        )

    @router.get(
        "/v1/facets",
        operation_id="listFacets",
        summary="Read the questions of the guided search",
    )
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
