"""The pages: routes that answer with HTML, for people with and without JavaScript. The API has its own.

A question is sent in a form's body, never in an address; the chosen facets are in the address. A result has one
rendering, here: JavaScript asks for the same HTML by `/fragment` and puts it in place.
"""

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from indexer.records import Reply
from server.answering.answering import Answering
from server.feedback.store import FeedbackStore
from server.headers import FILE_HEADERS
from server.page import views
from server.page.forms import Form, SentForm
from server.page.maker import PageMaker, address_of

_STATIC = Path(__file__).parent / "static"


def routes(
    answering: Answering,
    *,
    limit: int = 5,
    feedback: FeedbackStore | None = None,
    keep_question: Callable[[str, Reply], None] = lambda _question, _reply: None,
) -> APIRouter:
    """Return the pages; what they load from /page are `files`.

    keep_question: called with each question and its reply, as the API does with its own.
    """
    router = APIRouter()
    pages = PageMaker(answering, limit=limit, feedback=feedback, keep_question=keep_question)

    @router.get("/", include_in_schema=False)
    def home(request: Request) -> HTMLResponse:
        return pages.ask(Form({}), pages.read_filters(request.query_params.multi_items()), "index.html")

    @router.post("/", include_in_schema=False)
    def ask(request: Request, form: SentForm) -> Response:
        filters = pages.read_chosen(form)
        if filters != pages.read_filters(request.query_params.multi_items()):
            # The browser sends the same form again, to the address that has the facets.
            return RedirectResponse(address_of(filters), HTTPStatus.TEMPORARY_REDIRECT)
        return pages.ask(form, filters, "index.html")

    @router.post("/fragment", include_in_schema=False)
    def fragment(form: SentForm) -> HTMLResponse:
        return pages.ask(form, pages.read_chosen(form), "fragment.html")

    @router.post("/avis", include_in_schema=False)
    def judge(form: SentForm) -> HTMLResponse:
        return pages.judge(form)

    @router.get("/reponses", include_in_schema=False)
    def list_answers() -> HTMLResponse:
        groups = views.group_by_theme(answering.index.answers, answering.index.facets)
        return pages.show("answers.html", groups=groups, total=len(answering.index))

    @router.get("/reponses/{answer_id:path}", include_in_schema=False)
    def show_answer(answer_id: str) -> HTMLResponse:
        # An address that ends in a slash means the list.
        return pages.show_answer(answer_id) if answer_id else list_answers()

    @router.get("/atelier", include_in_schema=False)
    def atelier() -> HTMLResponse:
        return pages.show("atelier.html")

    @router.get("/favicon.ico", include_in_schema=False)
    def favicon() -> RedirectResponse:
        return RedirectResponse("/page/favicon.svg", HTTPStatus.PERMANENT_REDIRECT)

    return router


def files() -> StaticFiles:
    """Return what is to be mounted at /page: scripts, style and pictures, with headers that protect them."""
    return _Files(directory=_STATIC)


class _Files(StaticFiles):
    """The files of the pages, with the headers of ours."""

    def file_response(self, *arguments: object, **options: object) -> Response:
        response = super().file_response(*arguments, **options)  # type: ignore[arg-type]  # passed on as they came
        response.headers.update(FILE_HEADERS)
        return response
