"""The routes for whoever watches the server: does it run, which index answers, and what has it counted."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from server import metrics
from server.answering.answering import Answering


def routes(answering: Answering) -> APIRouter:
    """Return the routes /livez, /readyz and /metrics."""
    router = APIRouter()

    @router.get("/livez", tags=["health"])
    def livez() -> JSONResponse:
        """Say that the process runs."""
        return JSONResponse({"status": "ok"})

    @router.get("/readyz", tags=["health"])
    def readyz() -> JSONResponse:
        """Say which index answers questions."""
        info = answering.index_info
        return JSONResponse({"status": "ready", "index": info.id, "encoder": info.encoder, "answers": info.answers})

    @router.get("/metrics", tags=["health"], response_class=Response)
    def get_metrics() -> Response:
        """Return what the server counts, for Prometheus."""
        return Response(answering.metrics.text(), media_type=metrics.MEDIA_TYPE)

    return router
