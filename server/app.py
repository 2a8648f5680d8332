"""The HTTP routes. What a question goes through is in `answering`, the JSON in `schemas`, errors in `problems`."""

from http import HTTPStatus
from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse

from indexer.errors import QuestionError
from indexer.records import Reply
from server import problems
from server.answering import Answering, Filters
from server.feedback import FeedbackStore
from server.schemas import (
    MAX_LIMIT,
    AnswerBody,
    BatchReply,
    BatchRequest,
    FacetBody,
    FacetsReply,
    FeedbackReply,
    FeedbackRequest,
    SearchReply,
    SearchRequest,
    SuggestionBody,
    SuggestReply,
    ValueBody,
)

DESCRIPTION = "Finds the answer to a question in a French FAQ, and says how far it may be trusted."
SEARCH_PARAMETERS = {"q", "limit", "explain"}


def create_app(answering: Answering, *, default_limit: int = 5, feedback: FeedbackStore | None = None) -> FastAPI:
    """Return the application that serves *answering*, and keeps judgements in *feedback* where that is given.

    Routes are plain functions: they run in worker threads, and the event loop stays free.
    """
    app = FastAPI(title="Souffleur", version="1", description=DESCRIPTION)
    problems.install(app)

    def check_filters(filters: Filters) -> None:
        unknown = answering.index.parts.facets.unknown(filters)
        if unknown:
            raise problems.RequestError(unknown)

    def search(question: str, *, limit: int | None, filters: Filters, explain: bool) -> SearchReply:
        check_filters(filters)
        reply = answering.answer(question, limit=limit or default_limit, filters=filters)
        remember(question, reply)
        return SearchReply.of(reply, explain=explain)

    def remember(question: str, reply: Reply) -> None:
        if feedback:
            feedback.record_question(
                reply.query_id,
                question,
                status=reply.status,
                confidence=reply.confidence,
                answer_id=reply.hits[0].answer.id if reply.hits else None,
                index_id=reply.index.id,
            )

    @app.post("/v1/search", tags=["search"])
    def post_search(body: SearchRequest) -> SearchReply:
        """Find the answers nearest to a question."""
        return search(body.query, limit=body.limit, filters=body.filters, explain=body.explain)

    @app.get("/v1/search", tags=["search"])
    def get_search(
        request: Request,
        q: Annotated[str, Query(description="the question, as a person would ask it")],
        limit: Annotated[int | None, Query(ge=1, le=MAX_LIMIT, description="most hits wanted")] = None,
        explain: Annotated[bool, Query(description="add to each hit all that the ranking saw")] = False,
    ) -> SearchReply:
        """Find the answers nearest to a question; the same as POST, for curl and links.

        Any other parameter is a facet: `couloir=Hôpital&couloir=Officine`.
        """
        facets = {key for key in request.query_params if key not in SEARCH_PARAMETERS}
        filters = {key: request.query_params.getlist(key) for key in sorted(facets)}
        if "\ufffd" in q:
            # The address held bytes that are not UTF-8; the framework has already replaced them.
            raise QuestionError("La question n'est pas en UTF-8. Tapez-la à nouveau.")
        return search(q, limit=limit, filters=filters, explain=explain)

    @app.post("/v1/search/batch", tags=["search"])
    def post_batch(body: BatchRequest) -> BatchReply:
        """Find the answers nearest to each of several questions; they are encoded together, and not kept."""
        check_filters(body.filters)
        replies = answering.answer_batch(body.queries, limit=body.limit or default_limit, filters=body.filters)
        return BatchReply(replies=[SearchReply.of(reply, explain=False) for reply in replies])

    @app.get("/v1/suggest", tags=["search"])
    def get_suggestions(
        q: Annotated[str, Query(description="what has been typed so far")],
        limit: Annotated[int, Query(ge=1, le=20, description="most suggestions wanted")] = 8,
    ) -> SuggestReply:
        """Suggest curated questions while a visitor types."""
        found = answering.suggest(q, limit=limit)
        return SuggestReply(
            suggestions=[SuggestionBody(question=one.question, answer_id=one.answer_id) for one in found]
        )

    @app.get("/v1/facets", tags=["answers"])
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

    @app.post("/v1/feedback", tags=["feedback"], status_code=HTTPStatus.CREATED)
    def post_feedback(body: FeedbackRequest) -> FeedbackReply:
        """Keep whether an answer helped. Sent again for the same reply and answer, it replaces what was kept."""
        if feedback is None:
            raise problems.NotFoundError("This server keeps no feedback. Its operator can set SOUFFLEUR_FEEDBACK.")
        if answering.get_answer(body.answer_id) is None:
            raise problems.NotFoundError(f"There is no answer with the id {body.answer_id!r} in this index.")
        try:
            feedback.record_feedback(
                body.query_id,
                body.answer_id,
                useful=body.useful,
                comment=body.comment,
                index_id=answering.index_info.id,
            )
        except ValueError as error:
            raise problems.RequestError(f"{error}.") from error
        return FeedbackReply(stored=True)

    @app.get("/v1/answers/{answer_id}", tags=["answers"])
    def get_answer(answer_id: str) -> AnswerBody:
        """Return one answer of the FAQ."""
        answer = answering.get_answer(answer_id)
        if answer is None:
            raise problems.NotFoundError(f"There is no answer with the id {answer_id!r} in this index.")
        return AnswerBody.of(answer)

    @app.get("/livez", tags=["health"])
    def livez() -> JSONResponse:
        """Say that the process runs."""
        return JSONResponse({"status": "ok"})

    @app.get("/readyz", tags=["health"])
    def readyz() -> JSONResponse:
        """Say which index answers questions."""
        info = answering.index_info
        return JSONResponse({"status": "ready", "index": info.id, "encoder": info.encoder, "answers": info.answers})

    return app
