"""The pages: routes that answer with HTML, for people with and without JavaScript. The API has its own.

A question is sent in a form's body, never in an address; the chosen facets are in the address. A result has one
rendering, here: JavaScript asks for the same HTML by `/fragment` and puts it in place.
"""

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from server.colour import theme
from server.headers import FILE_HEADERS
from server.page.files import PageFile, PageFiles
from server.page.forms import Form, SentForm
from server.page.maker import PageMaker, address_of

_MOST_FILTER_CHARACTERS = 200


def routes(pages: PageMaker, files: PageFiles) -> APIRouter:
    """Return the pages; what they load from /page are *files*."""
    router = APIRouter()

    @router.get("/", include_in_schema=False)
    def home(request: Request) -> HTMLResponse:
        # A link may ask; the page itself never writes a question into its address.
        form = Form({"q": request.query_params.getlist("q")})
        return pages.ask(form, _filters(request), "index.html", _root(request))

    @router.post("/", include_in_schema=False)
    def ask(request: Request, form: SentForm) -> Response:
        filters = pages.read_chosen(form)
        if filters != _filters(request):
            # The browser sends the same form again, to the address that has the facets.
            return RedirectResponse(address_of(filters, f"{_root(request)}/"), HTTPStatus.TEMPORARY_REDIRECT)
        return pages.ask(form, filters, "index.html", _root(request))

    @router.post("/fragment", include_in_schema=False)
    def fragment(request: Request, form: SentForm) -> HTMLResponse:
        return pages.ask(form, pages.read_chosen(form), "fragment.html", _root(request))

    @router.get("/element", include_in_schema=False)
    def show_notice(request: Request) -> HTMLResponse:
        # What the box says of itself in another website, and what it warns of.
        return pages.show("box.html", _root(request))

    @router.post("/element", include_in_schema=False)
    def element(request: Request, form: SentForm) -> HTMLResponse:
        return pages.ask(form, {}, "element.html", _root(request))

    @router.post("/avis", include_in_schema=False)
    def judge(request: Request, form: SentForm) -> HTMLResponse:
        return pages.judge(form, _root(request))

    @router.get("/reponses", include_in_schema=False)
    @router.get("/reponses/", include_in_schema=False)
    def list_answers(request: Request) -> HTMLResponse:
        page = request.query_params.get("page", "1")
        number = int(page) if page.isdecimal() and len(page) < 6 else 1
        return pages.list_answers(_filters(request), "", number, _root(request))

    @router.post("/reponses", include_in_schema=False)
    def find_answers(request: Request, form: SentForm) -> HTMLResponse:
        return pages.list_answers(_filters(request), form.last("mots")[:_MOST_FILTER_CHARACTERS], 1, _root(request))

    @router.get("/reponses/{answer_id:path}", include_in_schema=False)
    def show_answer(request: Request, answer_id: str) -> Response:
        return pages.show_answer(answer_id, _root(request))

    @router.get("/donnees-personnelles", include_in_schema=False)
    def show_privacy(request: Request) -> HTMLResponse:
        return pages.show_privacy(_root(request))

    @router.get("/favicon.ico", include_in_schema=False)
    def favicon(request: Request) -> RedirectResponse:
        return RedirectResponse(f"{_root(request)}/page/favicon.svg", HTTPStatus.PERMANENT_REDIRECT)

    def _filters(request: Request) -> dict[str, list[str]]:
        return pages.read_filters(request.query_params.multi_items())

    identity = pages.identity
    if identity.accent:
        style = PageFile.of(theme(identity.accent).encode(), ending=".css")

        @router.get("/theme.css", include_in_schema=False)
        def accent(request: Request) -> Response:
            return style.reply(request)

    if identity.logo:
        picture = identity.logo

        @router.get("/logo", include_in_schema=False)
        def logo() -> FileResponse:
            return FileResponse(picture, headers=FILE_HEADERS)

    if identity.origins:

        @router.get("/souffleur.js", include_in_schema=False)
        def box(request: Request) -> Response:
            return files["souffleur.js"].reply(request)

    return router


def _root(request: Request) -> str:
    """Return what our addresses begin with."""
    return str(request.scope.get("root_path", ""))
