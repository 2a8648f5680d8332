"""Puts the application together: routes, pages, errors, and what each request passes on its way.

The routes of the API are in `search_routes`, `feedback_routes`, `answer_routes` and `health_routes`; what a question
goes through is in `answering`, the JSON in `schemas`, errors in `problems`.
"""

from fastapi import FastAPI

from server.answering.answering import Answering
from server.answering.index_switch import Serving
from server.feedback.question_log import Memory
from server.feedback.store import FeedbackStore
from server.http import problems
from server.http.admission import Admission
from server.http.head_requests import HeadRequests
from server.http.load_shedding import Limits
from server.http.request_log import RequestLog
from server.http.routes import admin, answers, docs, health, search
from server.http.routes import feedback as feedback_routes
from server.page import routes

DESCRIPTION = "Finds the answer to a question in a French FAQ, and says how far it may be trusted."


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
    routes.install(app, answering, limit=default_limit, feedback=feedback, remember=memory.remember)
    if admin_token:
        admin.install(app, answering, token=admin_token, serving=serving, feedback=feedback)
    return app


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
    docs.install(app)
    # The last added is the outermost: what is refused is logged and counted too.
    app.add_middleware(HeadRequests)
    app.add_middleware(Admission, answering=answering, limits=limits or Limits())
    app.add_middleware(RequestLog, metrics=answering.metrics)
    # In the order in which the description lists them.
    search.install(app, answering, default_limit=default_limit, memory=memory)
    feedback_routes.install(app, answering, feedback=feedback)
    answers.install(app, answering)
    health.install(app, answering)
    return app
