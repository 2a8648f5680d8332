"""The pages of the atelier: the inbox, the map of the answers, and the index in service. Forms alone do everything.

Whoever has a token gets a pass in a cookie that only these addresses see; no other site can make a browser send it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from indexer.errors import CorpusError, IndexFolderError
from server.access import Access, Role
from server.answering.answering import Answering
from server.answering.index_switch import IndexSwitch
from server.atelier import wording
from server.atelier.beginning_vectors import BeginningVectors
from server.atelier.overview import describe_atelier
from server.exports import csv_lines
from server.feedback.inbox import Inbox, Item, record_of
from server.feedback.schema import FeedbackError
from server.feedback.store import FeedbackStore
from server.headers import PAGE_HEADERS
from server.learning.desk import LearningDesk
from server.page.forms import Form, SentForm
from server.page.maker import PageMaker
from server.page.views import cut, title_of

COOKIE = "souffleur_atelier"
GROUPS_A_PAGE = 20
PROPOSALS_A_PAGE = 20

_CUT_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class _Visit:
    """A request of somebody who may be here. root: what our addresses begin with."""

    role: Role
    root: str

    @property
    def here(self) -> str:
        return f"{self.root}/atelier"


class Atelier:
    """Makes the pages, and takes what their forms send."""

    def __init__(
        self,
        pages: PageMaker,
        answering: Answering,
        *,
        access: Access,
        vectors: BeginningVectors,
        index_switch: IndexSwitch | None,
        feedback: FeedbackStore | None,
        desk: LearningDesk | None = None,
    ) -> None:
        """desk: where visitors' questions are accepted; None where nothing is kept, or the corpus is not here."""
        self._pages = pages
        self._answering = answering
        self._access = access
        self._vectors = vectors
        self._index_switch = index_switch
        self._feedback = feedback
        self._desk = desk

    def routes(self) -> APIRouter:
        """Return the routes under /atelier."""
        router = APIRouter(include_in_schema=False)

        @router.get("/atelier")
        def show_inbox(request: Request) -> Response:
            visit = self._visit(request)
            if visit is None:
                return self._entrance(request)
            return self._inbox(visit, wording.View.of(_address_form(request)))

        @router.post("/atelier")
        def sift_inbox(request: Request, form: SentForm) -> Response:
            visit = self._visit(request)
            return self._entrance(request, refused=True) if visit is None else self._turn_to(visit, form)

        @router.post("/atelier/entrer")
        def enter(request: Request, form: SentForm) -> Response:
            return self._enter(request, form)

        @router.post("/atelier/quitter")
        def leave(request: Request) -> Response:
            response = RedirectResponse(f"{_root(request)}/atelier", HTTPStatus.SEE_OTHER, PAGE_HEADERS)
            response.delete_cookie(COOKIE, path=f"{_root(request)}/atelier", httponly=True, samesite="strict")
            return response

        @router.post("/atelier/decider")
        def decide(request: Request, form: SentForm) -> Response:
            visit = self._visit(request)
            return self._entrance(request, refused=True) if visit is None else self._decide(visit, form)

        @router.get("/atelier/boite.{kind}")
        def export(request: Request, kind: str) -> Response:
            return self._export(request, _address_form(request), kind)

        @router.post("/atelier/boite.{kind}")
        def export_sifted(request: Request, form: SentForm, kind: str) -> Response:
            return self._export(request, form, kind)

        @router.get("/atelier/apprendre")
        def show_learning(request: Request) -> Response:
            visit = self._visit(request)
            return self._entrance(request, refused=True) if visit is None else self._learning(visit)

        @router.post("/atelier/apprendre")
        def learn(request: Request, form: SentForm) -> Response:
            visit = self._visit(request)
            return self._entrance(request, refused=True) if visit is None else self._learn(visit, form)

        @router.get("/atelier/carte")
        def show_map(request: Request) -> Response:
            visit = self._visit(request)
            if visit is None:
                return self._entrance(request, refused=True)
            return self._map(visit, wording.View.of(_address_form(request)).number)

        @router.get("/atelier/index")
        def show_index(request: Request) -> Response:
            visit = self._visit(request)
            if visit is None:
                return self._entrance(request, refused=True)
            switched = request.query_params.get("vers") == self._answering.index_info.id
            return self._index(visit, said="L’index précédent est en service." if switched else "")

        @router.post("/atelier/index")
        def roll_back(request: Request, form: SentForm) -> Response:
            visit = self._visit(request)
            return self._entrance(request, refused=True) if visit is None else self._roll_back(visit, form)

        return router

    def _visit(self, request: Request) -> _Visit | None:
        """Return who asks, by their cookie or, for programs, their bearer token."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        role = self._access.role_of_pass(request.cookies.get(COOKIE, ""))
        if role is None and scheme.lower() == "bearer":
            role = self._access.role_of_token(token.strip())
        return _Visit(role, _root(request)) if role else None

    def _entrance(self, request: Request, *, refused: bool = False, said: str = "") -> Response:
        if not self._access.is_open:
            return self._show(
                "message.html",
                _root(request),
                HTTPStatus.NOT_FOUND,
                title="L’atelier est fermé",
                text="Qui exploite ce service ne l’a pas ouvert : aucun jeton n’a été choisi.",
                question=None,
            )
        status = HTTPStatus.FORBIDDEN if refused else HTTPStatus.OK
        return self._show("atelier/entrance.html", _root(request), status, said=said)

    def _enter(self, request: Request, form: Form) -> Response:
        role = self._access.role_of_token(form.last("jeton").strip())
        if role is None:
            return self._entrance(request, refused=True, said="Ce jeton n’est pas le bon.")
        here = f"{_root(request)}/atelier"
        response = RedirectResponse(here, HTTPStatus.SEE_OTHER, PAGE_HEADERS)
        response.set_cookie(
            COOKIE,
            self._access.pass_for(role),
            path=here,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        return response

    def _turn_to(self, visit: _Visit, form: Form) -> Response:
        """Show what a form asks for, at an address of its own unless that would hold words."""
        view = wording.View.of(form)
        if view.wanted.words:
            return self._inbox(visit, view)
        return RedirectResponse(view.address(visit.here), HTTPStatus.SEE_OTHER, PAGE_HEADERS)

    def _inbox(self, visit: _Visit, view: wording.View, *, status: int = HTTPStatus.OK, said: str = "") -> Response:
        values: dict[str, object] = {"view": view, "said": said, "choices": wording.choices_of(view)}
        if self._feedback is not None:
            try:
                values |= self._inbox_values(self._feedback.inbox(), view)
            except FeedbackError:
                status = HTTPStatus.SERVICE_UNAVAILABLE
                values["said"] = "La boîte ne peut pas être lue pour l’instant. Prévenez qui exploite ce service."
        return self._show("atelier/inbox.html", visit.root, status, visit=visit, **values)

    def _inbox_values(self, inbox: Inbox, view: wording.View) -> dict[str, object]:
        page = inbox.read(view.wanted, order=view.order, number=view.number)
        tabs = [
            (view.with_state(state), words, page.by_state[state], state is view.wanted.state)
            for state, words in wording.STATES.items()
        ]
        everything = sum(page.by_state.values())
        return {
            "page": page,
            "view": view.at(page.number),
            "items": [wording.view_item(item, answer_title=self._title(item)) for item in page.items],
            "tabs": [*tabs, (view.with_state(None), "Tous", everything, view.wanted.state is None)],
            "kinds": wording.KINDS_OF_MANY,
            "weeks": inbox.weeks(view.wanted, now=self._feedback.now if self._feedback else 0),
        }

    def _title(self, item: Item) -> str | None:
        answer = self._answering.get_answer(item.answer_id) if item.answer_id else None
        return title_of(answer) if answer else None

    def _decide(self, visit: _Visit, form: Form) -> Response:
        decision = wording.read_decision(form.last("decision"))
        view = wording.View.of(form)
        if decision is None or self._feedback is None:
            return self._inbox(visit, view, status=HTTPStatus.UNPROCESSABLE_ENTITY, said="Rien n’a été choisi.")
        kind, key, state = decision
        try:
            self._feedback.decide(kind, key, state)
        except ValueError:
            said = "Cette ligne n’est plus dans la boîte : ce qu’elle disait a été effacé."
            return self._inbox(visit, view, status=HTTPStatus.CONFLICT, said=said)
        except FeedbackError:
            said = "Ce choix n’a pas pu être gardé. Réessayez dans un instant."
            return self._inbox(visit, view, status=HTTPStatus.SERVICE_UNAVAILABLE, said=said)
        return self._turn_to(visit, form)

    def _export(self, request: Request, form: Form, kind: str) -> Response:
        visit = self._visit(request)
        if visit is None:
            return self._entrance(request, refused=True)
        if self._feedback is None or kind not in ("csv", "json"):
            return self._pages.show(
                "message.html",
                visit.root,
                HTTPStatus.NOT_FOUND,
                title="Il n’y a rien à exporter ici",
                text="La boîte s’exporte en CSV ou en JSON, depuis sa page.",
                question=None,
            )
        view = wording.View.of(form)
        try:
            found = self._feedback.inbox().every(view.wanted, order=view.order)
        except FeedbackError:
            return self._inbox(visit, view)  # which says so
        if kind == "csv":
            lines = csv_lines(wording.SHEET_COLUMNS, map(wording.sheet_row, found))
        else:
            lines = _json_array(map(record_of, found))
        headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="boite.{kind}"'}
        media = "text/csv; charset=utf-8" if kind == "csv" else "application/json"
        return StreamingResponse(lines, media_type=media, headers=headers)

    def _learning(self, visit: _Visit, *, status: int = HTTPStatus.OK, said: str = "") -> Response:
        values: dict[str, object] = {}
        if self._desk is not None:
            values = {
                "is_at_work": self._desk.is_at_work,
                "prepared": self._desk.prepared,
                "failure": self._desk.failure,
            }
        return self._show(
            "atelier/learning.html",
            visit.root,
            status,
            visit=visit,
            said=said,
            is_open=self._desk is not None,
            most=PROPOSALS_A_PAGE,
            **values,
        )

    def _learn(self, visit: _Visit, form: Form) -> Response:
        """Begin to make proposals, or carry out what was decided of one."""
        here = RedirectResponse(f"{visit.here}/apprendre", HTTPStatus.SEE_OTHER, PAGE_HEADERS)
        if self._desk is None:
            return self._learning(visit, status=HTTPStatus.CONFLICT)
        if form.last("preparer"):
            self._desk.begin()
            return here
        decision = wording.read_proposal_decision(form)
        if decision is None:
            return self._learning(visit, status=HTTPStatus.UNPROCESSABLE_ENTITY, said="Rien n’a été choisi.")
        try:
            applied = self._desk.decide(decision)
        except CorpusError as error:
            said = f"Rien n’a été écrit : {error.problems[0].message}"
            return self._learning(visit, status=HTTPStatus.UNPROCESSABLE_ENTITY, said=said)
        if applied.by_hand:
            return self._learning(visit, said=applied.by_hand[0].message)
        return here

    def _map(self, visit: _Visit, number: int) -> Response:
        reply = describe_atelier(self._answering, vectors=self._vectors, feedback=self._feedback)
        pages = max(1, -(-len(reply.groups) // GROUPS_A_PAGE))
        number = min(number, pages)
        first = (number - 1) * GROUPS_A_PAGE
        return self._show(
            "atelier/map.html",
            visit.root,
            visit=visit,
            reply=reply,
            groups=reply.groups[first : first + GROUPS_A_PAGE],
            first=first,
            number=number,
            pages=pages,
            cut=lambda text: cut(text, _CUT_CHARACTERS),
        )

    def _index(self, visit: _Visit, *, asking: bool = False, status: int = HTTPStatus.OK, said: str = "") -> Response:
        previous = None
        if self._index_switch is not None:
            try:
                previous = self._index_switch.previous()
            except IndexFolderError:
                previous = None  # the page says that there is none to go back to
        reply = describe_atelier(self._answering, vectors=self._vectors, feedback=None)
        return self._show(
            "atelier/index.html",
            visit.root,
            status,
            visit=visit,
            index=reply.index,
            previous=previous,
            may_roll_back=visit.role is Role.ADMIN and self._index_switch is not None,
            asking=asking,
            said=said,
            title_of=title_of,
        )

    def _roll_back(self, visit: _Visit, form: Form) -> Response:
        if visit.role is not Role.ADMIN or self._index_switch is None:
            said = "Seul le jeton d’administration change l’index."
            return self._index(visit, status=HTTPStatus.FORBIDDEN, said=said)
        agreed = form.last("vers")
        if not agreed:
            return self._index(visit, asking=True)
        try:
            self._index_switch.rollback(to=agreed)
        except IndexFolderError:
            said = "L’index n’a pas changé : celui d’avant n’est plus le même, ou n’est pas en état de servir."
            return self._index(visit, status=HTTPStatus.CONFLICT, said=said)
        # This request is answered from the index it began with.
        return RedirectResponse(f"{visit.here}/index?vers={agreed}", HTTPStatus.SEE_OTHER, PAGE_HEADERS)

    def _show(self, template: str, root: str, status: int = HTTPStatus.OK, **values: object) -> Response:
        response = self._pages.show(template, root, status, **values)
        response.headers.update(PAGE_HEADERS)  # no website that may hold our pages in a frame may hold these
        return response


def _json_array(records: Iterator[Mapping[str, object]]) -> Iterator[str]:
    """Yield an array of objects, one a line."""
    before = "["
    for record in records:
        yield f"{before}\n{json.dumps(dict(record), ensure_ascii=False)}"
        before = ","
    yield "\n]\n" if before == "," else "[]\n"


def _address_form(request: Request) -> Form:
    """Return what the address asks for, as a form would; words are not looked for from an address."""
    fields: dict[str, list[str]] = {}
    for name, value in parse_qsl(request.url.query):
        if name != "mots":
            fields.setdefault(name, []).append(value)
    return Form(fields)


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", ""))
