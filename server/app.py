"""The HTTP routes. What a question goes through is in `answering`, the JSON in `schemas`, errors in `problems`."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import unquote_to_bytes

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse, Response

from indexer.errors import QuestionError
from server import admin, documentation, metrics, pages, problems
from server.admission import Admission, Limits
from server.answering import Answering, Filters
from server.feedback import FeedbackStore
from server.head_requests import HeadRequests
from server.logs import RequestLog
from server.memory import Memory
from server.schemas import (
    MAX_LIMIT,
    QUESTION_SCHEMA,
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
from server.serving import Serving

DESCRIPTION = "Finds the answer to a question in a French FAQ, and says how far it may be trusted."
BAD_ADDRESS = problems.declared(HTTPStatus.UNPROCESSABLE_ENTITY)
BAD_BODY = problems.declared(HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)
NO_SUCH = problems.declared(HTTPStatus.NOT_FOUND)
SEARCH_PARAMETERS = {"q", "limit", "explain"}


def create_site(
    answering: Answering,
    *,
    default_limit: int = 5,
    feedback: FeedbackStore | None = None,
    serving: Serving | None = None,
    admin_token: str | None = None,
    limits: Limits | None = None,
) -> FastAPI:
    """Return all that `python -m server serve` serves: the API, the pages, and with a token the operators' routes."""
    memory = Memory(feedback, answering.metrics)
    app = _create_api(answering, default_limit=default_limit, feedback=feedback, limits=limits, memory=memory)
    pages.install(app, answering, limit=default_limit, feedback=feedback, remember=memory.remember)
    if admin_token:
        admin.install(app, answering, token=admin_token, serving=serving, feedback=feedback)
    return app


def _json(body: SearchReply | BatchReply) -> Response:
    """Return a body that is checked already; the framework would check it once more, on the event loop."""
    return Response(body.model_dump_json(), media_type="application/json")


def _is_utf8(query: bytes) -> bool:
    try:
        unquote_to_bytes(query).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def create_app(
    answering: Answering,
    *,
    default_limit: int = 5,
    feedback: FeedbackStore | None = None,
    limits: Limits | None = None,
) -> FastAPI:
    """Return the API that serves *answering*, and keeps judgements in *feedback* where that is given."""
    memory = Memory(feedback, answering.metrics)
    return _create_api(answering, default_limit=default_limit, feedback=feedback, limits=limits, memory=memory)


def _create_api(
    answering: Answering,
    *,
    default_limit: int,
    feedback: FeedbackStore | None,
    limits: Limits | None,
    memory: Memory,
) -> FastAPI:
    """Return the API. Routes are plain functions: they run in worker threads, and the event loop stays free."""
    app = FastAPI(
        title="Souffleur",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        responses=problems.ON_EVERY_ROUTE,
    )
    problems.install(app)
    documentation.install(app)
    # The last added is the outermost: what is refused is logged and counted too.
    app.add_middleware(HeadRequests)
    app.add_middleware(Admission, answering=answering, limits=limits or Limits())
    app.add_middleware(RequestLog, metrics=answering.metrics)

    def check_filters(filters: Filters) -> None:
        unknown = answering.index.parts.facets.unknown(filters)
        if unknown:
            raise problems.RequestError(unknown)

    def search(question: str, *, limit: int | None, filters: Filters, explain: bool) -> Response:
        check_filters(filters)
        reply = answering.answer(question, limit=limit or default_limit, filters=filters)
        memory.remember(question, reply)
        return _json(SearchReply.of(reply, explain=explain))

    @app.post("/v1/search", tags=["search"], response_model=SearchReply, responses=BAD_BODY)
    def post_search(body: SearchRequest) -> Response:
        """Find the answers nearest to a question."""
        return search(body.query, limit=body.limit, filters=body.filters, explain=body.explain)

    @app.get("/v1/search", tags=["search"], response_model=SearchReply, responses=BAD_ADDRESS)
    def get_search(
        request: Request,
        q: Annotated[
            str, Query(description="the question, as a person would ask it", json_schema_extra=QUESTION_SCHEMA)
        ],
        limit: Annotated[int | None, Query(ge=1, le=MAX_LIMIT, description="most hits wanted")] = None,
        explain: Annotated[bool, Query(description="add to each hit all that the ranking saw")] = False,
    ) -> Response:
        """Find the answers nearest to a question; the same as POST, for curl and links.

        Any other parameter is a facet: `couloir=Hôpital&couloir=Officine`.
        """
        facets = {key for key in request.query_params if key not in SEARCH_PARAMETERS}
        filters = {key: request.query_params.getlist(key) for key in sorted(facets)}
        if "\ufffd" in q and not _is_utf8(request.scope["query_string"]):
            # The framework has replaced what was not.
            raise QuestionError("La question n'est pas en UTF-8. Tapez-la à nouveau.")
        return search(q, limit=limit, filters=filters, explain=explain)

    @app.post("/v1/search/batch", tags=["search"], response_model=BatchReply, responses=BAD_BODY)
    def post_batch(body: BatchRequest) -> Response:
        """Find the answers nearest to each of several questions; they are encoded together, and not kept."""
        check_filters(body.filters)
        replies = answering.answer_batch(body.queries, limit=body.limit or default_limit, filters=body.filters)
        return _json(BatchReply(replies=[SearchReply.of(reply, explain=False) for reply in replies]))

    @app.get("/v1/suggest", tags=["search"], responses=BAD_ADDRESS)
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

    @app.post("/v1/feedback", tags=["feedback"], status_code=HTTPStatus.CREATED, responses=BAD_BODY | NO_SUCH)
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

    # An id may hold a slash, which reaches the server decoded.
    @app.get("/v1/answers/{answer_id:path}", tags=["answers"], responses=BAD_ADDRESS | NO_SUCH)
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

    @app.get("/metrics", tags=["health"], response_class=Response)
    def get_metrics() -> Response:
        """Return what the server counts, for Prometheus."""
        return Response(answering.metrics.text(), media_type=metrics.MEDIA_TYPE)

    return app
