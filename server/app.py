"""Puts the application together: routes, pages, errors, and what each request passes on its way.

The routes of the API are in `server.http.routes`, the pages in `server.page`; what a question goes through is in
`server.answering`, the JSON in `server.http.schemas`, errors in `server.http.problems`.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from server.access import Access
from server.answering.answering import Answering
from server.answering.index_switch import IndexSwitch
from server.atelier.beginning_vectors import BeginningVectors
from server.atelier.pages import Atelier
from server.feedback.question_log import QuestionLog
from server.feedback.store import FeedbackStore
from server.http import description, problems
from server.http.admission import Admission
from server.http.compression import CompressedPages
from server.http.forwarding import Forwarded, UnderPrefix
from server.http.head_requests import HeadRequests
from server.http.load_shedding import Limits
from server.http.request_log import RequestLog
from server.http.routes import admin, answers, docs, explanations, health, search
from server.http.routes import feedback as judgements
from server.learning.desk import LearningDesk
from server.page import routes as pages
from server.page.failures import FailurePages
from server.page.files import PageFiles
from server.page.identity import Identity
from server.page.maker import PageMaker
from server.settings import Networks


def create_site(
    answering: Answering,
    *,
    default_limit: int = 5,
    feedback: FeedbackStore | None = None,
    index_switch: IndexSwitch | None = None,
    admin_token: str | None = None,
    editor_token: str | None = None,
    corpus: Path | None = None,
    limits: Limits | None = None,
    disks: Mapping[str, Path] | None = None,
    identity: Identity | None = None,
    base_path: str = "",
    trusted_proxies: Networks = (),
) -> FastAPI:
    """Return all that `python -m server serve` serves: the API, the pages, and with a token what is behind it.

    corpus: what the index was built from, for editors to accept visitors' questions into. disks: folders whose disks
    should not fill up, by what they hold. base_path: under which all of it is, such as `/faq`. trusted_proxies: whose
    `X-Forwarded-*` headers count.
    """
    identity = identity or Identity()
    question_log = QuestionLog(feedback, answering.metrics)
    app = create_api(
        answering,
        default_limit=default_limit,
        feedback=feedback,
        limits=dataclasses.replace(limits or Limits(), origins=identity.origins),
        question_log=question_log,
        disks=disks,
    )
    files = PageFiles()
    app.mount("/page", files, name="page")
    access = Access(admin_token=admin_token, editor_token=editor_token)
    maker = PageMaker(
        answering,
        limit=default_limit,
        feedback=feedback,
        keep_question=question_log.keep,
        identity=identity,
        has_atelier=access.is_open,
    )
    app.include_router(pages.routes(maker, files))
    vectors = BeginningVectors(answering.encoder.encode_questions)
    atelier = Atelier(
        maker,
        answering,
        access=access,
        vectors=vectors,
        index_switch=index_switch,
        feedback=feedback,
        desk=LearningDesk(answering, feedback, corpus=corpus) if feedback and corpus else None,
    )
    app.include_router(atelier.routes())
    if access.is_open:
        app.include_router(
            admin.routes(answering, access=access, vectors=vectors, index_switch=index_switch, feedback=feedback)
        )
    app.add_middleware(FailurePages, render=maker.show_failure)
    app.add_middleware(CompressedPages)
    if identity.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=identity.origins,
            allow_methods=["GET", "POST"],
            allow_headers=["accept", "content-type"],
            expose_headers=["retry-after"],
        )
    app.add_middleware(Forwarded, base_path=base_path, trusted=trusted_proxies)
    return app


def create_api(
    answering: Answering,
    *,
    default_limit: int = 5,
    feedback: FeedbackStore | None = None,
    limits: Limits | None = None,
    question_log: QuestionLog | None = None,
    disks: Mapping[str, Path] | None = None,
) -> FastAPI:
    """Return the API alone: it serves *answering*, and keeps judgements in *feedback* where that is given.

    Routes are plain functions: they run in worker threads, and the event loop stays free.
    """
    question_log = question_log or QuestionLog(feedback, answering.metrics)
    app = description.DescribedApi(
        docs_url=None,
        redoc_url=None,
        # The framework's own redirect names a host; `problems` has one that does not.
        redirect_slashes=False,
        responses=problems.ON_EVERY_ROUTE,
        exception_handlers=problems.handlers(),
    )
    # The last added is the outermost: what is refused is logged and counted too.
    app.add_middleware(UnderPrefix)
    app.add_middleware(HeadRequests)
    app.add_middleware(Admission, answering=answering, limits=limits or Limits())
    app.add_middleware(RequestLog, metrics=answering.metrics)
    # In the order in which the description lists them.
    app.include_router(search.routes(answering, default_limit=default_limit, question_log=question_log))
    app.include_router(judgements.routes(answering, feedback=feedback))
    app.include_router(answers.routes(answering))
    app.include_router(explanations.routes())
    app.include_router(health.routes(answering, disks=disks or {}, feedback=feedback))
    app.include_router(docs.routes())
    return app
