"""The routes for operators, behind a bearer token. Without a token in the settings they do not exist."""

import hmac
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from indexer.records import IndexInfo
from server.answering.answering import Answering
from server.answering.index_switch import IndexSwitch
from server.atelier import AtelierReply, BeginningVectors, describe_atelier
from server.feedback.store import FeedbackStore
from server.http import problems
from server.http.schemas import IndexBody

_bearer = HTTPBearer(auto_error=False)


def routes(
    answering: Answering, *, token: str, index_switch: IndexSwitch | None, feedback: FeedbackStore | None
) -> APIRouter:
    """Return the routes under /v1/admin; those that switch indexes only where there is an *index_switch*."""

    def check_token(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
        # In constant time: how long a refusal takes must not tell how much of the token was right.
        if given is None or not hmac.compare_digest(given.credentials.encode(), token.encode()):
            raise HTTPException(
                HTTPStatus.UNAUTHORIZED, "The operator's bearer token is needed.", {"WWW-Authenticate": "Bearer"}
            )

    router = APIRouter(
        prefix="/v1/admin",
        tags=["admin"],
        dependencies=[Depends(check_token)],
        responses=problems.declared(HTTPStatus.UNAUTHORIZED),
    )

    if index_switch:
        unfit = problems.declared(HTTPStatus.CONFLICT)

        @router.post("/reload", responses=unfit)
        def reload() -> IndexBody:
            """Put the index named in `current` into service; 409 if it is not fit, and the old one goes on."""
            return _body(index_switch.reload())

        @router.post("/rollback", responses=unfit)
        def rollback() -> IndexBody:
            """Put the index before the current one into service; 409 where there is none that is fit."""
            return _body(index_switch.rollback())

    vectors = BeginningVectors(answering.encoder.encode_questions)

    @router.get("/atelier")
    def get_atelier() -> AtelierReply:
        """Return what editors see: the questions served badly, a map of the corpus, and the index."""
        return describe_atelier(answering, vectors=vectors, feedback=feedback)

    return router


def _body(info: IndexInfo) -> IndexBody:
    return IndexBody(id=info.id, encoder=info.encoder, answers=info.answers)
