"""The routes for operators and editors, behind a bearer token. Without one in the settings they do not exist."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from indexer.records import IndexInfo
from server.access import Access, Role
from server.answering.answering import Answering
from server.answering.index_switch import IndexSwitch
from server.atelier.beginning_vectors import BeginningVectors
from server.atelier.overview import AtelierReply, describe_atelier
from server.feedback.store import FeedbackStore
from server.http import problem_kinds as kinds
from server.http import problems
from server.http.schemas import IndexBody

_bearer = HTTPBearer(auto_error=False)


def routes(
    answering: Answering,
    *,
    access: Access,
    vectors: BeginningVectors,
    index_switch: IndexSwitch | None,
    feedback: FeedbackStore | None,
) -> APIRouter:
    """Return the routes under /v1/admin; those that switch indexes only where there is an *index_switch*."""

    def check_token(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Role:
        role = access.role_of_token(given.credentials) if given else None
        if role is None:
            raise problems.ProblemError(kinds.TOKEN_NEEDED, headers={"www-authenticate": "Bearer"})
        return role

    def check_operator(role: Annotated[Role, Depends(check_token)]) -> None:
        if role is not Role.ADMIN:
            raise problems.ProblemError(kinds.OPERATORS_ONLY)

    router = APIRouter(
        prefix="/v1/admin",
        tags=["admin"],
        dependencies=[Depends(check_token)],
        responses=problems.declared(kinds.TOKEN_NEEDED),
    )

    if index_switch:
        unfit = problems.declared(kinds.OPERATORS_ONLY, kinds.INDEX_UNFIT)
        operators_only = [Depends(check_operator)]

        @router.post(
            "/reload",
            operation_id="reloadIndex",
            summary="Put the current index into service",
            responses=unfit,
            dependencies=operators_only,
        )
        def reload() -> IndexBody:
            """Put the index named in `current` into service; 409 if it is not fit, and the old one goes on."""
            return _body(index_switch.reload())

        @router.post(
            "/rollback",
            operation_id="rollBackIndex",
            summary="Go back to the index before",
            responses=unfit,
            dependencies=operators_only,
        )
        def rollback() -> IndexBody:
            """Put the index before the current one into service; 409 where there is none that is fit."""
            return _body(index_switch.rollback())

    @router.get(
        "/atelier",
        operation_id="getAtelier",
        summary="Read what editors see",
    )
    def get_atelier() -> AtelierReply:
        """Return what editors see: the questions served badly, a map of the corpus, and the index."""
        return describe_atelier(answering, vectors=vectors, feedback=feedback)

    return router


def _body(info: IndexInfo) -> IndexBody:
    return IndexBody(id=info.id, encoder=info.encoder, answers=info.answers)
