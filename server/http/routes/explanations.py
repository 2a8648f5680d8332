"""The routes that explain the problems: what a `type` means, in the language of the reader."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from indexer.errors import Wording
from server.http import problem_kinds as kinds
from server.http import problems
from server.http.language import Language, language_of, said


@dataclass(frozen=True, slots=True)
class ExplainedProblem:
    """A kind of problem, in the language asked for."""

    name: str
    type: Annotated[str, Field(description="what a problem document of this kind has as its `type`")]
    status: int
    title: str
    remedy: Annotated[str, Field(description="what whoever calls can do")]
    detail: Annotated[str, Field(description="what such a document may say of one case")]


@dataclass(frozen=True, slots=True)
class ExplainedProblems:
    """All kinds of problems, by rising status."""

    problems: list[ExplainedProblem]


def _explain(kind: kinds.Kind, language: Language) -> ExplainedProblem:
    return ExplainedProblem(
        name=kind.name,
        type=kind.type,
        status=int(kind.status),
        title=said(kind.title, language),
        remedy=said(kind.remedy, language),
        detail=said(kind.detail, language),
    )


_ONE = problems.declared(kinds.REQUEST_INVALID, kinds.UNKNOWN_PROBLEM)

_Name = Annotated[str, Path(description="what follows the last colon of the `type`", examples=["unknown-facet"])]


def routes() -> APIRouter:
    """Return the routes /v1/problems and /v1/problems/NAME."""
    router = APIRouter(tags=["problems"])

    @router.get(
        "/v1/problems",
        operation_id="listProblems",
        summary="List every problem that the API may tell",
    )
    def list_problems(request: Request, response: Response) -> ExplainedProblems:
        """Return what each `type` means and what can be done, in French or, by `Accept-Language`, in English."""
        language = _speak(request, response)
        return ExplainedProblems([_explain(kind, language) for kind in kinds.KINDS])

    @router.get(
        "/v1/problems/{name}",
        operation_id="explainProblem",
        summary="Explain one problem",
        responses=_ONE,
    )
    def explain_problem(request: Request, response: Response, name: _Name) -> ExplainedProblem:
        """Return what a `type` means: the name is what follows the last colon of it."""
        kind = kinds.kind_named(name)
        if kind is None:
            raise problems.ProblemError(
                kinds.UNKNOWN_PROBLEM,
                Wording(f"Aucun problème n'a le nom {name!r}.", f"There is no problem with the name {name!r}."),
            )
        return _explain(kind, _speak(request, response))

    return router


def _speak(request: Request, response: Response) -> Language:
    language = language_of(request.scope)
    response.headers["content-language"] = language
    response.headers.add_vary_header("Accept-Language")
    return language
