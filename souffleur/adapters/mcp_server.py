"""Tools for assistants (Model Context Protocol): search the FAQ, and read one answer; they refuse where it does.

An assistant is told in words, in each result, what it may do with it: text that it can read is what it goes by. What
is refused comes without its nearest answers, only with their titles: an assistant would build on whatever it is given.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

import souffleur
from indexer.errors import SouffleurError
from indexer.records import Advice, Status
from server.http.schemas import HitBody, SearchReply
from souffleur.adapters.extras import provided_by
from souffleur.adapters.faq import Facets, Faq

with provided_by("mcp"):
    from mcp.server.mcpserver import MCPServer
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp.types import ToolAnnotations
    from starlette.applications import Starlette

_MOST_ANSWERS = 10
_INSTRUCTIONS = (
    "A French FAQ. Ask it with search_faq whenever the user asks something that it may answer, in their own words and "
    "in French where you can. Answer from its answers alone, and name the id and the source. It says honestly when it "
    "does not know: where status is no_answer, say that the FAQ does not answer this, and do not answer from your own "
    "knowledge."
)
_SEARCH = """Find the answers of the FAQ to a question.

status says what you may do:
- answered: answer from the first answer, and cite it.
- uncertain: the answers may or may not fit. Show the choice, or say that you are not sure.
- no_answer: the FAQ does not answer this. Tell the user so, and do not answer from your own knowledge.

confidence is the estimated chance that an answer is right. missing names numbers, codes and names of the question that
the answer does not know: what it says may not hold for them, and you must say so."""
_GET = """Read one answer of the FAQ by its id, as search_faq gives it: its text in Markdown, its questions, its source.

That it exists does not mean that it answers the user's question: give the question too, and status, confidence and
missing say whether it does, as those of search_faq do."""
_GUIDANCE = {
    Status.ANSWERED: "Answer from the first answer, and cite its id and source.",
    Status.UNCERTAIN: "Not sure. Show these as possible answers, or say that you are not sure; state none as true.",
    Status.NO_ANSWER: "The FAQ does not answer this. Tell the user so. Do not answer from your own knowledge.",
}
_SEVERAL = "The question is broad: ask the user which of these is meant."
_Status = Literal["answered", "uncertain", "no_answer"]
_READS = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)


class FoundAnswer(BaseModel):
    """An answer found."""

    id: str
    answer: str = Field(description="the whole text, in Markdown")
    passage: str = Field(description="the part that best matches")
    confidence: float = Field(description="estimated chance that this answers the question, from 0 to 1")
    missing: list[str] = Field(description="what of the question this answer does not know")
    source: str | None
    url: str | None = Field(description="its page, where a server shows it")


class NearAnswer(BaseModel):
    """An answer that is near, and does not answer the question."""

    id: str
    question: str | None = Field(description="a question that it does answer")
    url: str | None


class Found(BaseModel):
    """What the FAQ says to a question."""

    status: _Status
    guidance: str = Field(description="what you may do with this result")
    confidence: float = Field(description="that of the first answer, from 0 to 1")
    missing: list[str] = Field(description="what of the question the first answer does not know")
    answers: list[FoundAnswer] = Field(description="best first; empty where status is no_answer")
    nearest: list[NearAnswer] = Field(description="where status is no_answer: what the FAQ does answer nearby")
    also_asked: list[str] = Field(description="other questions of the message; ask each by itself")


class ReadAnswer(BaseModel):
    """One answer of the FAQ, and how far it answers the question that was given; null where none was."""

    id: str
    status: _Status | None
    guidance: str | None = Field(description="what you may do with this answer, for that question")
    confidence: float | None = Field(description="estimated chance that it answers that question, from 0 to 1")
    missing: list[str] = Field(description="what of that question it does not know")
    answer: str
    questions: list[str]
    source: str | None
    url: str | None
    changed_on: str | None


def make_server(faq: Faq) -> MCPServer:
    """Return the server with the tools search_faq and get_answer, which ask *faq* in worker threads."""
    server: MCPServer = MCPServer(
        "souffleur",
        title="Souffleur",
        version=souffleur.__version__,
        instructions=_INSTRUCTIONS,
        log_level="WARNING",
    )

    @server.tool(description=_SEARCH, annotations=_READS)
    def search_faq(
        question: Annotated[str, Field(description="the user's question, in their words")],
        limit: Annotated[int, Field(ge=1, le=_MOST_ANSWERS, description="most answers wanted")] = 3,
        facets: Annotated[dict[str, list[str]] | None, Field(description="facet key to values, to narrow it")] = None,
    ) -> Found:
        return _found(_ask(faq, question, limit=limit, facets=facets), faq)

    @server.tool(description=_GET, annotations=_READS)
    def get_answer(
        answer_id: Annotated[str, Field(description="id of an answer, from search_faq")],
        question: Annotated[
            str | None, Field(description="the user's question, to learn whether it answers it")
        ] = None,
    ) -> ReadAnswer:
        try:
            found = faq.find(answer_id)
        except SouffleurError as error:
            raise ToolError(str(error)) from error
        if found is None:
            raise ToolError(f"There is no answer with the id {answer_id!r}. search_faq gives ids.")
        reply = _ask(faq, question, limit=_MOST_ANSWERS) if question else None
        hit = next((hit for hit in reply.hits if hit.id == found.id), None) if reply else None
        status = _status_of(hit, reply) if reply else None
        return ReadAnswer(
            id=found.id,
            status=status.value if status else None,
            guidance=_GUIDANCE[status] if status else None,
            confidence=(hit.confidence if hit else 0.0) if reply else None,
            missing=hit.missing if hit else [],
            answer=found.answer,
            questions=found.questions,
            source=found.source,
            url=faq.address_of(found.id),
            changed_on=found.changed_on.isoformat() if found.changed_on else None,
        )

    return server


def serve_on_pipes(faq: Faq) -> None:
    """Answer over standard input and output until the input ends."""
    make_server(faq).run("stdio")


def http_application(faq: Faq) -> Starlette:
    """Return the application that answers at /mcp; it takes requests whose Host and Origin are this machine alone."""
    # Each request has all that it needs, so that a restart is not noticed.
    return make_server(faq).streamable_http_app(stateless_http=True, json_response=True, host="127.0.0.1")


def _ask(faq: Faq, question: str, *, limit: int, facets: Facets | None = None) -> SearchReply:
    try:
        return faq.ask(question, limit=limit, facets=facets)
    except (SouffleurError, ValueError) as error:
        # Told to the assistant, who can ask otherwise.
        raise ToolError(str(error)) from error


def _found(reply: SearchReply, faq: Faq) -> Found:
    is_refused = reply.status is Status.NO_ANSWER
    guidance = _GUIDANCE[reply.status]
    if reply.advice is Advice.SEVERAL:
        guidance += f" {_SEVERAL}"
    if reply.missing and not is_refused:
        guidance += f" The first answer does not know: {', '.join(reply.missing)}. Say so."
    return Found(
        status=reply.status.value,
        guidance=guidance,
        confidence=reply.confidence,
        missing=reply.missing,
        answers=[] if is_refused else [_found_answer(hit, faq) for hit in reply.hits],
        nearest=[_near_answer(hit, faq) for hit in reply.hits] if is_refused else [],
        also_asked=reply.also_asked,
    )


def _status_of(hit: HitBody | None, reply: SearchReply) -> Status:
    """Return how far one answer may be trusted for a question: the first as the reply, another never as sure."""
    if hit is None or not hit.shown or reply.status is Status.NO_ANSWER:
        return Status.NO_ANSWER
    return reply.status if hit.rank == 1 else Status.UNCERTAIN


def _found_answer(hit: HitBody, faq: Faq) -> FoundAnswer:
    return FoundAnswer(
        id=hit.id,
        answer=hit.answer,
        passage=hit.passage.text,
        confidence=hit.confidence,
        missing=hit.missing,
        source=hit.source,
        url=faq.address_of(hit.id),
    )


def _near_answer(hit: HitBody, faq: Faq) -> NearAnswer:
    found = faq.find(hit.id)
    question = hit.matched_question or (found.questions[0] if found and found.questions else None)
    return NearAnswer(id=hit.id, question=question, url=faq.address_of(hit.id))
