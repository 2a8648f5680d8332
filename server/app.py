"""The HTTP routes. What a question goes through is in `answering`, the JSON in `schemas`, errors in `problems`."""

from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse

from indexer.errors import QuestionError
from server import problems
from server.answering import Answering, Filters
from server.schemas import MAX_LIMIT, AnswerBody, SearchReply, SearchRequest

DESCRIPTION = "Finds the answer to a question in a French FAQ, and says how far it may be trusted."
SEARCH_PARAMETERS = {"q", "limit", "explain"}


def create_app(answering: Answering, *, default_limit: int = 5) -> FastAPI:
    """Return the application that serves *answering*.

    Routes are plain functions: they run in worker threads, and the event loop stays free.
    """
    app = FastAPI(title="Souffleur", version="1", description=DESCRIPTION)
    problems.install(app)

    def search(question: str, *, limit: int | None, filters: Filters, explain: bool) -> SearchReply:
        unknown = answering.index.parts.facets.unknown(filters)
        if unknown:
            raise problems.RequestError(unknown)
        reply = answering.answer(question, limit=limit or default_limit, filters=filters)
        return SearchReply.of(reply, explain=explain)

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
