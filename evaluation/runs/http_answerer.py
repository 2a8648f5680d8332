"""Asks a running server, several batches at a time; the only module that knows its client library.

Batches, because the server keeps the questions of its visitors, if it is told to, but never those of a batch. One that
lets in only so many questions a second, or is busy, is asked again when it says.
"""

import time
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter, ValidationError

from evaluation.records import EXPLAINED_HITS, EvaluationError, Outcome, Returned, Target
from indexer.records import Facets
from indexer.search.coverage import COVERAGE
from indexer.terminal import command_of
from server.http.schemas import BATCH_REPLY, MAX_BATCH_CHARACTERS, AnswerBody, HitBody, SearchReply
from server.local_address import is_this_machine

_TIMEOUT_SECONDS = 60.0
_PATIENCE_SECONDS: dict[int, float] = {httpx.codes.TOO_MANY_REQUESTS: 1800.0, httpx.codes.SERVICE_UNAVAILABLE: 120.0}
"""How long one request is made again. Eight batches at once owe a server of one question a second nine minutes."""
_ANSWER = TypeAdapter(AnswerBody)
_Body = TypeVar("_Body")
_NOT_THERE = (httpx.codes.NOT_FOUND, httpx.codes.PERMANENT_REDIRECT)
"""Of the address of an answer. One that was renamed is found under its new id alone, in an index as on a server."""


class HttpAnswerer:
    """Asks the server at *url*. EvaluationError where it cannot be reached or answers something else."""

    def __init__(self, url: str, *, concurrency: int = 8) -> None:
        self._url = url.rstrip("/")
        self.batches_at_once = concurrency
        limits = httpx.Limits(max_connections=concurrency)
        # A proxy of the environment is no way to this machine itself.
        direct = dict.fromkeys(("all://", "http://", "https://")) if is_this_machine(self._url) else None
        try:
            self._client = httpx.Client(base_url=self._url, timeout=_TIMEOUT_SECONDS, limits=limits, mounts=direct)
        except httpx.InvalidURL as error:
            raise EvaluationError(f"{url!r} is no address of a server: {error}. Correct --url.") from error
        self._closed = Event()
        self._pool = ThreadPoolExecutor(max_workers=concurrency)
        try:
            self.target = self._read_target()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of connections and threads, those that wait for the server too."""
        self._closed.set()
        self._pool.shutdown(cancel_futures=True)
        self._client.close()

    def facets_of(self, answer_ids: Iterable[str]) -> Mapping[str, Facets]:
        """Return the facets of those answers that the server has, by id; one that it once called so is not it."""
        ids = list(answer_ids)
        found = zip(ids, self._pool.map(self._find_facets, ids), strict=True)
        return {answer_id: facets for answer_id, facets in found if facets is not None}

    def answer(self, batches: Sequence[Sequence[str]], *, limit: int) -> list[Outcome]:
        """Return what the server finds for each question of each batch."""
        found = self._pool.map(lambda batch: self._search(batch, limit), batches)
        replies = [reply for some in found for reply in some]
        for reply in replies:
            if reply.index.id != self.target.index_id:
                raise EvaluationError(
                    f"{self._url} changed its index from {self.target.index_id} to {reply.index.id} during the run. "
                    "Run the same command again: it starts anew with the index that is in service now."
                )
        return [_outcome(reply) for reply in replies]

    def _read_target(self) -> Target:
        # Each reply says which index made it; the question does not matter.
        index = self._search(["Bonjour"], 1)[0].index
        return Target(where=self._url, index_id=index.id, encoder=index.encoder, answers=index.answers)

    def _find_facets(self, answer_id: str) -> Facets | None:
        answer = self._request("GET", f"/v1/answers/{quote(answer_id, safe='')}", fine=_NOT_THERE)
        if answer.status_code in _NOT_THERE:
            return None
        facets = self._read(_ANSWER, answer).facets
        return {key: tuple(values) for key, values in facets.items()}

    def _search(self, questions: Sequence[str], limit: int) -> list[SearchReply]:
        replies: list[SearchReply] = []
        for some in _as_taken(questions):
            answer = self._request("POST", "/v1/search/batch", {"queries": some, "limit": limit, "explain": True})
            replies += self._read(BATCH_REPLY, answer).replies
        return replies

    def _read(self, kind: TypeAdapter[_Body], answer: httpx.Response) -> _Body:
        try:
            return kind.validate_json(answer.content)
        except ValidationError as error:
            raise EvaluationError(f"{self._url} does not answer as this Souffleur does: {error}") from error

    def _request(
        self, method: str, path: str, body: Mapping[str, object] | None = None, *, fine: Container[int] = ()
    ) -> httpx.Response:
        """Return the reply, once the server gives one: 200 or so, or one of *fine*."""
        started = time.monotonic()
        while True:
            answer = self._send(method, path, body)
            if answer.is_success or answer.status_code in fine:
                return answer
            wait = _wait_seconds(answer)
            until = started + _PATIENCE_SECONDS.get(answer.status_code, 0.0)
            if time.monotonic() + wait > until or self._closed.wait(wait):
                said = " ".join(answer.text[:300].split())
                later = f" (Retry-After: {wait} s)" if "retry-after" in answer.headers else ""
                raise EvaluationError(f"{self._url}{path} answered {answer.status_code}{later}: {said}")

    def _send(self, method: str, path: str, body: Mapping[str, object] | None) -> httpx.Response:
        try:
            return self._client.request(method, path, json=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise EvaluationError(
                f"{self._url} cannot be reached: {error}. Start it with `{command_of('serve')}`, or correct --url; "
                "the same command goes on where it stopped."
            ) from error


def _as_taken(questions: Sequence[str]) -> Iterator[list[str]]:
    """Yield *questions*, in their order, in parts of no more characters than a server takes at once."""
    part: list[str] = []
    for question in questions:
        if sum(map(len, part)) + len(question) > MAX_BATCH_CHARACTERS:
            yield part
            part = []
        part.append(question)
    yield part


def _wait_seconds(answer: httpx.Response) -> int:
    """Return what `Retry-After` says, a second where it says nothing, or a date."""
    said = answer.headers.get("retry-after", "")
    return max(1, int(said)) if said.isdecimal() else 1


def _outcome(reply: SearchReply) -> Outcome:
    return Outcome(
        status=reply.status,
        confidence=reply.confidence,
        hits=tuple(_returned(hit) for hit in reply.hits),
        took_ms=reply.took_ms,
    )


def _returned(hit: HitBody) -> Returned:
    if hit.rank > EXPLAINED_HITS:
        return Returned(hit.id, hit.score, hit.confidence)
    return Returned(
        id=hit.id,
        score=hit.score,
        confidence=hit.confidence,
        passage=hit.passage.text,
        matched_question=hit.matched_question,
        features={name: value for name, value in (hit.features or {}).items() if not name.startswith(COVERAGE)},
    )
