"""The routes for whoever watches the server: does it run, which index answers, and what has it counted."""

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from server import metrics
from server.answering.answering import Answering
from server.feedback.store import FeedbackStore
from server.http import problems

_LEAST_FREE_BYTES = 64 * 1024 * 1024
"""Below it a disk is as good as full: the next index or the log of the feedback may not fit."""


def routes(answering: Answering, *, disks: Mapping[str, Path], feedback: FeedbackStore | None = None) -> APIRouter:
    """Return the routes /livez, /readyz and /metrics. disks: folders, by what they hold."""
    router = APIRouter()

    @router.get("/livez", tags=["health"])
    def livez() -> JSONResponse:
        """Say that the process runs."""
        return JSONResponse({"status": "ok"})

    @router.get("/readyz", tags=["health"])
    def readyz() -> JSONResponse:
        """Say which index answers questions."""
        if not answering.is_available:
            # A proxy may take this server away: it would refuse every question.
            return JSONResponse(
                {"status": "unavailable", "reasons": [problems.STORE_IS_GONE], "index": answering.index_info.id},
                status_code=HTTPStatus.SERVICE_UNAVAILABLE,
                headers={"retry-after": str(problems.STORE_RETRY_SECONDS)},
            )
        info, built_at = answering.index_info, answering.manifest.built_at
        kept = feedback.health() if feedback else None
        free_bytes = {name: _free_bytes(folder) for name, folder in disks.items()}
        reasons = [
            *filter(None, (answering.degraded, kept.why if kept else None)),
            *(
                f"The disk of the {name} has {free // 1024 // 1024} MB left. Free some space on it."
                for name, free in free_bytes.items()
                if free is not None and free < _LEAST_FREE_BYTES
            ),
        ]
        return JSONResponse(
            {
                # Questions are answered in either case: a proxy must not take a degraded server away.
                "status": "degraded" if reasons else "ready",
                "reasons": reasons,
                "index": info.id,
                "encoder": info.encoder,
                "answers": info.answers,
                "built_at": built_at,
                "age_seconds": round((datetime.now(UTC) - datetime.fromisoformat(built_at)).total_seconds()),
                "feedback": {"status": kept.status, "notice": kept.notice} if kept else None,
                "disk_free_bytes": free_bytes,
            }
        )

    @router.get("/metrics", tags=["health"], response_class=Response)
    def get_metrics() -> Response:
        """Return what the server counts, for Prometheus."""
        return Response(answering.metrics.text(), media_type=metrics.MEDIA_TYPE)

    return router


def _free_bytes(folder: Path) -> int | None:
    """Return what is left of the disk of *folder*, None where that cannot be told."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
