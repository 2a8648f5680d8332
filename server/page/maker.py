"""Makes the pages from templates: with the reply to a question, with examples, with one answer, with thanks.

Knows no routes. A page may hold a visitor's question, so that nobody but their browser may keep it.
"""

import dataclasses
import json
import logging
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, urlencode

import jinja2
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from indexer.errors import QuestionError
from indexer.french.text import visible_words_of
from indexer.index.indexes import INDEX_ID
from indexer.records import Answer, Reply, Status
from server.answering.answering import Answering
from server.answering.questions import MAX_QUESTION_CHARACTERS, QUERY_ID
from server.answering.shown_questions import shown_questions
from server.feedback.schema import LEFT_QUESTION, FeedbackError
from server.feedback.store import MAX_COMMENT_CHARACTERS, FeedbackStore
from server.headers import page_headers
from server.page import views
from server.page.failures import Failure
from server.page.forms import Form
from server.page.identity import Identity, Kept
from server.page.listing import ListedAnswers
from server.page.typography import french_spaces, grouped
from server.privacy.patterns import HARMLESS_NUMBER, PATTERNS, WEB_ADDRESS, PersonalKind, Where

logger = logging.getLogger(__name__)

TEMPLATES = Path(__file__).parent / "templates"

_EXAMPLES = 5
_SEE_ALSO = 4
_WORDS_IN_ADDRESS = r"[a-z]{2,}(-[a-z0-9]+){1,12}"
_WARNED_KINDS = (PersonalKind.NIR, PersonalKind.EMAIL, PersonalKind.PHONE)


class PageMaker:
    """Makes pages of one application; every method returns a whole response."""

    def __init__(
        self,
        answering: Answering,
        *,
        limit: int,
        feedback: FeedbackStore | None,
        keep_question: Callable[[str, Reply], None],
        identity: Identity | None = None,
        has_atelier: bool = False,
    ) -> None:
        """feedback: where judgements are kept; visitors are asked for them unless *identity* says no.

        has_atelier: whether somebody has a token, and so may read there what is kept.
        """
        self.identity = identity or Identity()
        self._answering = answering
        self._limit = limit
        self._kept = Kept()
        if feedback is not None:
            self._kept = Kept(feedback.keeps_questions, self.identity.feedback, feedback.retention_days, has_atelier)
        self._feedback = feedback if self.identity.feedback else None
        self._listed = ListedAnswers()
        self._headers = page_headers(self.identity.origins)
        self._keep_question = keep_question
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
        )
        self._templates.filters["french"] = french_spaces
        self._templates.filters["grouped"] = grouped
        self._templates.filters["path"] = lambda text: quote(text, safe="")
        self._templates.globals.update(
            site=self.identity,
            kept=self._kept,
            keeps_feedback=self._feedback is not None,
            reasons=views.REASONS,
            personal_patterns=json.dumps(_personal_patterns(), ensure_ascii=False),
            most_characters=MAX_QUESTION_CHARACTERS,
        )

    def show(self, template: str, root: str, status: int = HTTPStatus.OK, **values: object) -> HTMLResponse:
        """Return a page; only the visitor's own browser shows it, and nothing in between keeps it.

        root: what our addresses begin with, such as `/faq`; empty at the root of a host.
        """
        content = self._templates.get_template(template).render(values, root=root)
        return HTMLResponse(content, status, headers=self._headers)

    def show_failure(self, failure: Failure) -> HTMLResponse:
        """Return the page of a request that failed."""
        return self._message(failure.root, failure.status, failure.title, failure.text)

    def show_privacy(self, root: str) -> HTMLResponse:
        """Return the page that says what becomes of a question, from what the server really keeps."""
        return self.show("privacy.html", root)

    def list_answers(self, filters: Mapping[str, Sequence[str]], words: str, page: int, root: str) -> HTMLResponse:
        """Return the list of the answers that have one of the values of each facet, and all the words.

        Where there are too many for one page, themes come first; a theme too large has several pages, from 1.
        """
        index, index_id = self._answering.index, self._answering.index_info.id
        beginnings = visible_words_of(words).split()

        def title_of(answer: Answer) -> str:
            return self._listed.of(answer, index_id=index_id).title

        found = [
            answer
            for answer in index.answers_left(filters)
            if not beginnings or self._listed.of(answer, index_id=index_id).has(beginnings)
        ]
        many = len(found) > views.LISTED_AT_ONCE
        theme = views.theme_facet(index.facets)
        # An answer without a theme may be about every one: its own group has it, and every theme counts it.
        theme_counts = index.count_facets(filters).get(theme.key, {}) if theme else {}
        pages, count = 1, len(found)
        themes_only = many and not filters and not words and len(theme_counts) > 1
        if themes_only:
            groups = views.group_by_theme(found, index.facets, title_of=lambda _: "")  # counted alone
        elif many or filters or words:
            # Words are in no address, and so not in one of a further page: another word narrows the list.
            pages = 1 if words else max(1, -(-count // views.LISTED_AT_ONCE))
            page = min(max(page, 1), pages)
            first = (page - 1) * views.LISTED_AT_ONCE
            found = sorted(found, key=title_of)[first : first + views.LISTED_AT_ONCE]
            groups = {"": [views.EntryView(answer.id, title_of(answer)) for answer in found]} if found else {}
        else:
            groups = views.group_by_theme(found, index.facets, title_of=title_of)
        return self.show(
            "answers.html",
            root,
            groups=groups,
            theme_key=theme.key if theme else "",
            theme_counts=theme_counts,
            themes_only=themes_only,
            chosen=[value for values in filters.values() for value in values],
            words=words,
            found=count,
            total=len(index),
            page=page,
            pages=pages,
            address=address_of(filters, f"{root}/reponses"),
        )

    def read_filters(self, pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
        """Return the facets among *pairs*, in their order; what is no value of a facet is an old link, and ignored."""
        given: dict[str, list[str]] = {}
        for key, value in pairs:
            given.setdefault(key, []).append(value)
        return self._answering.index.known_filters(given)

    def read_chosen(self, form: Form) -> dict[str, list[str]]:
        """Return the facets that a form chose, without the one whose removal was asked for."""
        removed = tuple(form.last("sans").split("=", 1))
        pairs = [(key, value) for key, values in form.fields.items() for value in values if (key, value) != removed]
        return self.read_filters(pairs)

    def ask(self, form: Form, filters: Mapping[str, Sequence[str]], template: str, root: str) -> HTMLResponse:
        """Return the page for a form: with the reply to its question, or with examples where it has none."""
        question = form.last("q")
        index = self._answering.index
        result = error = None
        status = HTTPStatus.OK
        if question:
            try:
                reply = self._reply(question, filters, form)
                result = views.view_result(question, reply)
            except QuestionError as problem:
                error, status = str(problem), HTTPStatus.UNPROCESSABLE_ENTITY
        if result and result.status is not Status.NO_ANSWER:
            counted = self._count(
                filters, (reply.shown, reply.facets), lambda others: self._answering.count_shown(question, others)
            )
        else:
            counted = self._count(filters, self._count_all(filters), self._count_all)
        return self.show(
            template,
            root,
            status,
            question=question,
            result=result,
            error=error,
            facets=views.view_facets(index.facets, counted, filters),
            examples=() if question else self._examples(filters),
            address=address_of(filters, f"{root}/"),
            listed_at=address_of(filters, f"{root}/reponses"),
            total=len(index),
            by_theme=views.theme_facet(index.facets) is not None,
        )

    def show_answer(self, answer_id: str, root: str) -> Response:
        """Return the page of one answer; where it was renamed, the way to it; 404 with a field where there is none."""
        answer = self._answering.get_answer(answer_id)
        if answer is None:
            if current := self._answering.current_id(answer_id):
                return RedirectResponse(f"{root}/reponses/{quote(current)}", HTTPStatus.PERMANENT_REDIRECT)
            return self._message(
                root,
                HTTPStatus.NOT_FOUND,
                "Cette réponse n’existe pas",
                "Elle a peut-être été retirée, ou son adresse est incomplète. Posez votre question :",
                question=" ".join(answer_id.split("-")) if re.fullmatch(_WORDS_IN_ADDRESS, answer_id) else "",
            )
        view = views.view_answer(answer)
        theme = views.theme_facet(self._answering.index.facets)
        near = self._answering.nearest_to(answer, limit=_SEE_ALSO)
        return self.show(
            "answer.html",
            root,
            answer=view,
            theme=next((tag for tag in view.tags if theme and tag.key == theme.key), None),
            near=[views.EntryView(one.id, views.title_of(one)) for one in near],
            # Nobody asked: what is judged is the answer alone.
            query_id=uuid.uuid4().hex,
            index_id=self._answering.index_info.id,
            structured_data=views.structured_data(view),
        )

    def judge(self, form: Form, root: str) -> HTMLResponse:
        """Keep a judgement sent without JavaScript, and thank for it; after a No, ask why."""
        query_id, answer_id = form.last("query_id"), form.last("answer_id")
        useful = form.last("useful") == "oui"
        reasons = [reason for reason in form.fields.get("reason", ()) if reason in views.REASONS]
        comment = "\n".join(filter(None, [" ; ".join(reasons), form.last("comment")]))
        if form.last("left"):
            if not comment:
                # Not a vote against the answer that its form names.
                return self._message(
                    root,
                    HTTPStatus.UNPROCESSABLE_ENTITY,
                    "Il n’y avait pas de question",
                    "Le texte laissé à l’équipe était vide. Revenez en arrière, écrivez-le, puis recommencez.",
                )
            comment = f"{LEFT_QUESTION}{comment}"
        comment = comment[:MAX_COMMENT_CHARACTERS]
        named = form.last("index_id")
        index_id = self._answering.judged_index(answer_id, named if re.fullmatch(INDEX_ID, named) else None)
        if self._feedback is None or index_id is None or not re.fullmatch(QUERY_ID, query_id):
            return self._message(
                root,
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "Votre avis n’a pas pu être gardé",
                "Posez à nouveau votre question, puis donnez votre avis sous la réponse.",
            )
        try:
            self._feedback.record_feedback(query_id, answer_id, useful=useful, comment=comment, index_id=index_id)
        except FeedbackError as error:
            logger.error("A judgement could not be kept: %s", error)
            return self._message(
                root,
                HTTPStatus.SERVICE_UNAVAILABLE,
                "Votre avis n’a pas pu être gardé",
                "Le service a un empêchement. Revenez en arrière et envoyez-le à nouveau dans quelques minutes.",
            )
        ask_why = not useful and not comment
        return self.show(
            "thanks.html", root, query_id=query_id, answer_id=answer_id, index_id=index_id, ask_why=ask_why
        )

    def _message(self, root: str, status: int, title: str, text: str, *, question: str | None = None) -> HTMLResponse:
        """Return a page of words. question: what a field for another question begins with; None for no field."""
        return self.show("message.html", root, status, title=title, text=text, question=question)

    def _reply(self, question: str, filters: Mapping[str, Sequence[str]], form: Form) -> Reply:
        reply = self._answering.answer(question, limit=self._limit, filters=filters)
        earlier = form.last("query_id")
        if form.last("asked") == question and re.fullmatch(QUERY_ID, earlier):
            # The same question refined is one question to those who read the unanswered ones.
            reply = dataclasses.replace(reply, query_id=earlier)
        self._keep_question(question, reply)
        return reply

    def _count_all(self, filters: Mapping[str, Sequence[str]]) -> tuple[int, views.Counts]:
        index = self._answering.index
        return len(index.answers_left(filters)), index.count_facets(filters)

    def _count(
        self,
        filters: Mapping[str, Sequence[str]],
        found: tuple[int, views.Counts],
        count: Callable[[Mapping[str, Sequence[str]]], tuple[int, views.Counts]],
    ) -> dict[str, views.FacetCount]:
        """Return the counts of every facet; those of a facet with a choice are without it, since values add up.

        found: how many answers there are with all *filters*, and their counts.
        """
        counted = {}
        for facet in self._answering.index.facets:
            others = {key: values for key, values in filters.items() if key != facet.key}
            total, counts = count(others) if facet.key in filters else found
            counted[facet.key] = views.FacetCount(total, counts.get(facet.key, {}))
        return counted

    def _examples(self, filters: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
        """Return curated questions of answers spread evenly over those that the facets leave."""
        answers = self._answering.index.answers_left(filters)
        step = max(1, len(answers) // (4 * _EXAMPLES))
        asked = [questions[0] for answer in answers[::step] if (questions := shown_questions(answer))]
        short = sorted(asked, key=len)[:_EXAMPLES]  # the short ones are read at a glance
        return tuple(question for question in asked if question in short)[:_EXAMPLES]


def address_of(filters: Mapping[str, Sequence[str]], page: str) -> str:
    """Return the address of a page with these facets chosen."""
    return f"{page}?{urlencode(filters, doseq=True, quote_via=quote)}" if filters else page


def _personal_patterns() -> dict[str, object]:
    """Return what the page needs to warn while typing: patterns of `server.privacy`, which JavaScript can read too."""
    return {
        "address": WEB_ADDRESS.pattern,
        "harmless": HARMLESS_NUMBER.pattern,
        "patterns": [
            {
                "name": views.name_of(pattern.kind),
                "everywhere": pattern.where is Where.EVERYWHERE,
                "expression": pattern.expression.pattern,
            }
            for pattern in PATTERNS
            if pattern.kind in _WARNED_KINDS
        ],
    }
