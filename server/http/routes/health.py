"""The routes for whoever watches the server: does it run, which index answers, and what has it counted."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from server import metrics
from server.answering.answering import Answering
from server.disk_space import told_if_full
from server.feedback.store import FeedbackHealth, FeedbackStore
from server.http import problem_kinds as kinds
from server.http import problems


@dataclass(frozen=True, slots=True)
class AliveReply:
    """The process runs."""

    status: Literal["ok"]


@dataclass(frozen=True, slots=True)
class FeedbackStateBody:
    """Whether judgements and questions are kept; notice: what last happened to their file while it was served."""

    status: Literal["ok", "degraded"]
    notice: str | None


@dataclass(frozen=True, slots=True)
class ReadyReply:
    """The index that answers, and what is not as it should be. Questions are answered in either case."""

    status: Literal["ready", "degraded"]
    reasons: Annotated[list[str], Field(description="what is wrong and what to do next, for the operator")]
    index: Annotated[str, Field(description="id of the index in service")]
    encoder: str
    answers: int
    built_at: Annotated[str, Field(description="when the index was built, ISO 8601")]
    age_seconds: int
    feedback: Annotated[FeedbackStateBody | None, Field(description="null where this server keeps none")]
    disk_free_bytes: Annotated[
        dict[str, int | None], Field(description="what is left of each disk, by what it holds; null where unknown")
    ]


def routes(answering: Answering, *, disks: Mapping[str, Path], feedback: FeedbackStore | None = None) -> APIRouter:
    """Return the routes /livez, /readyz and /metrics. disks: folders, by what they hold."""
    router = APIRouter(tags=["health"])

    def look() -> tuple[FeedbackHealth | None, dict[str, int | None], list[str]]:
        """Return the state of the feedback, what is left of the disks, and what is not as it should be."""
        kept = feedback.health() if feedback else None
        free_bytes = {name: _free_bytes(folder) for name, folder in disks.items()}
        reasons = [
            answering.degraded,
            kept.why if kept else None,
            *(told_if_full(f"the {name}", free_bytes=free) for name, free in free_bytes.items() if free is not None),
        ]
        return kept, free_bytes, [reason for reason in reasons if reason]

    # Asked whenever the metrics are read: nobody is told when a disk fills up.
    answering.metrics.degraded.set_function(lambda: not answering.is_available or bool(look()[-1]))

    @router.get(
        "/livez",
        operation_id="checkAlive",
        summary="Does the process run?",
    )
    def livez() -> AliveReply:
        """Say that the process runs."""
        return AliveReply("ok")

    @router.get(
        "/readyz",
        operation_id="checkReady",
        summary="Which index answers?",
    )
    def readyz() -> ReadyReply:
        """Say which index answers questions."""
        if not answering.is_available:
            # A proxy may take this server away: it would refuse every question.
            raise problems.ProblemError(
                kinds.STORE_UNAVAILABLE, headers={"retry-after": str(problems.STORE_RETRY_SECONDS)}
            )
        info, built_at = answering.index_info, answering.manifest.built_at
        kept, free_bytes, reasons = look()
        return ReadyReply(
            # Questions are answered in either case: a proxy must not take a degraded server away.
            status="degraded" if reasons else "ready",
            reasons=reasons,
            index=info.id,
            encoder=info.encoder,
            answers=info.answers,
            built_at=built_at,
            age_seconds=round((datetime.now(UTC) - datetime.fromisoformat(built_at)).total_seconds()),
            feedback=FeedbackStateBody(kept.status, kept.notice) if kept else None,
            disk_free_bytes=free_bytes,
        )

    @router.get(
        "/metrics",
        operation_id="getMetrics",
        summary="What the server counts",
        response_class=_Metrics,
    )
    def get_metrics() -> Response:
        """Return what the server counts, for Prometheus."""
        return _Metrics(answering.metrics.text())

    return router


class _Metrics(Response):
    media_type = metrics.MEDIA_TYPE


def _free_bytes(folder: Path) -> int | None:
    """Return what is left of the disk of *folder*, None where that cannot be told."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
