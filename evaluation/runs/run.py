"""Asks every question of a query set and keeps each result as it comes: bounded memory, and a killed run goes on."""

import hashlib
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from evaluation.metrics.ranking import RankingMeter
from evaluation.queries.query_sets import QuerySet
from evaluation.records import EvaluationError, Outcome, Query, Result, Scope
from evaluation.runs.answerers import Answerer
from evaluation.runs.folder import (
    CSV_FILE,
    PAGE_FILE,
    PARTIAL_FILE,
    RESULTS_FILE,
    RUN_FILE,
    SUMMARY_FILE,
    TREC_FILE,
    RunInfo,
    hold,
    read_run_info,
)
from indexer.records import Facets, Progress, no_progress
from server.http.schemas import MAX_BATCH

logger = logging.getLogger(__name__)

_DRAFT = f"{RUN_FILE}.partial"
_MADE_OF_A_RUN = (RESULTS_FILE, TREC_FILE, CSV_FILE, SUMMARY_FILE, PAGE_FILE)

BATCH = MAX_BATCH
"""Queries whose questions are asked together, if nothing else is said. The bundled encoder gives a question the same
vector in any company; the engine of another may round otherwise, so an index and a server are asked in the same
batches, and so is a run that goes on after a kill."""


class Run:
    """One way through a query set: every question asked once, or as many as an unfinished run has left.

    resumed: how many results were there already. asked: how many questions were asked in this process, identical ones
    once. took_seconds: how long that took.
    """

    def __init__(
        self,
        queries: QuerySet,
        answerer: Answerer,
        folder: Path,
        *,
        limit: int,
        batch_size: int = BATCH,
        progress: Progress = no_progress,
    ) -> None:
        """limit: most hits of a question. folder: where the results are kept."""
        self.info = RunInfo(queries.name, queries.sha256, queries.count, answerer.target, limit)
        self.resumed = self.asked = 0
        self.took_seconds = 0.0
        self._queries = queries
        self._answerer = answerer
        self._folder = folder
        self._batch_size = batch_size
        self._progress = progress

    def results(self) -> Iterator[list[Result]]:
        """Return the results in the order of the queries, some at a time, each once it is kept in the folder.

        An unfinished run of the same thing there is gone on with, and its results come first; any other run there is
        replaced. QuerySetError at once, if a judgment names an answer that is not there; EvaluationError if the folder
        holds anything but a run, or the query set itself, or another process is at work there.
        """
        facets = self._answerer.facets_of(self._queries.judged_answers)
        self._queries.require_sound(facets)
        if self._queries.path.resolve().parent == self._folder.resolve():
            raise EvaluationError(
                f"{self._folder} holds the query set {self._queries.path}, which is no place for a run. Choose another "
                "--out."
            )
        return self._results(_prepare(self._folder, self.info), facets)

    def _results(self, stream: BinaryIO, facets: Mapping[str, Facets]) -> Iterator[list[Result]]:
        meter = RankingMeter()
        with stream:
            book = _Book(stream)
            self.resumed = done = book.read_back(self._queries, batch_size=self._batch_size)
            self._progress(done, self.info.queries)
            yield from book.results(at_once=self._batch_size)
            remaining = islice(self._queries, done, None)
            while window := list(islice(remaining, self._batch_size * self._answerer.batches_at_once)):
                outcomes = self._ask(book.unasked([query.text for query in window], batch_size=self._batch_size))
                results = _results(window, outcomes, book, facets, meter)
                book.write(results)
                done += len(window)
                self._progress(done, self.info.queries)
                yield results
            (self._folder / PARTIAL_FILE).replace(self._folder / RESULTS_FILE)

    def _ask(self, batches: Sequence[Sequence[str]]) -> dict[str, Outcome]:
        fresh = [question for batch in batches for question in batch]
        if not fresh:
            return {}
        started = time.perf_counter()
        outcomes = dict(zip(fresh, self._answerer.answer(batches, limit=self.info.limit), strict=True))
        self.took_seconds += time.perf_counter() - started
        self.asked += len(fresh)
        return outcomes


def _prepare(folder: Path, info: RunInfo) -> BinaryIO:
    """Return the file to add results to, held, and empty unless it is the beginning of the same run."""
    partial, draft = folder / PARTIAL_FILE, folder / _DRAFT
    stream: BinaryIO | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = _run_in(folder)
        if there is None and not _is_of_runs({file.name for file in folder.iterdir()} - {draft.name}):
            raise EvaluationError(
                f"{folder} holds something else than a run, which is not replaced. Choose another --out, or empty it."
            )
        if partial.exists():
            stream = hold(partial)
            if there == info:
                return stream
            logger.warning("The unfinished run in %s was of something else; starting anew.", folder)
            # It must not seem to be of this one; nor the folder, at any moment, to be of no run.
            stream.truncate(0)
        for name in _MADE_OF_A_RUN:
            (folder / name).unlink(missing_ok=True)
        draft.write_text(info.to_json(), encoding="utf-8")
        draft.replace(folder / RUN_FILE)
        return stream or hold(partial)
    except OSError as error:
        raise EvaluationError(f"{folder} cannot be written: {error}. Choose another --out.") from error


def _is_of_runs(names: set[str]) -> bool:
    """Return whether files of these names are none, or a run's: of another version, or damaged."""
    ours = {RUN_FILE, PARTIAL_FILE, *_MADE_OF_A_RUN}
    return not names or (RUN_FILE in names and bool(names & {PARTIAL_FILE, RESULTS_FILE}) and names <= ours)


def _run_in(folder: Path) -> RunInfo | None:
    try:
        return read_run_info(folder)
    except EvaluationError:  # of something else, or damaged
        return None


class _Book:
    """The results written so far; knows where each question was answered, so that none is asked twice."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._offsets: dict[bytes, int] = {}  # digest of a question to the line of its first result

    def read_back(self, queries: QuerySet, *, batch_size: int) -> int:
        """Return how many results are there already, after cutting off what is no whole batch.

        What is left is asked in the same batches as without the interruption: an encoder may round otherwise in others.
        """
        expected = iter(queries)
        ends = [0]
        for line in self._stream:
            try:
                result = Result.from_json(line) if line.endswith(b"\n") else None
            except (ValueError, KeyError, TypeError):
                result = None
            if result is None or result.query != next(expected, None):
                break
            self._offsets.setdefault(_digest(result.query.text), ends[-1])
            ends.append(ends[-1] + len(line))
        written = len(ends) - 1
        count = written if written == queries.count else written - written % batch_size
        self._offsets = {question: offset for question, offset in self._offsets.items() if offset < ends[count]}
        self._stream.seek(ends[count])
        self._stream.truncate()
        return count

    def results(self, *, at_once: int) -> Iterator[list[Result]]:
        """Yield the results that are there, some at a time."""
        self._stream.seek(0)
        while lines := list(islice(self._stream, at_once)):
            yield [Result.from_json(line) for line in lines]

    def unasked(self, questions: Sequence[str], *, batch_size: int) -> list[list[str]]:
        """Return those of *questions* that have no result yet, each once, in order, by batches of the set."""
        first = {question: at for at, question in reversed(list(enumerate(questions)))}
        batches: dict[int, list[str]] = {}
        for at, question in enumerate(questions):
            if first[question] == at and _digest(question) not in self._offsets:
                batches.setdefault(at // batch_size, []).append(question)
        return list(batches.values())

    def outcome(self, question: str) -> Result:
        """Return the first result of *question*."""
        self._stream.seek(self._offsets[_digest(question)])
        return Result.from_json(self._stream.readline())

    def write(self, results: Sequence[Result]) -> None:
        """Add *results* and hand them to the operating system."""
        offset = self._stream.seek(0, os.SEEK_END)
        lines = [result.to_json() + b"\n" for result in results]
        self._stream.write(b"".join(lines))
        self._stream.flush()
        for result, line in zip(results, lines, strict=True):
            self._offsets.setdefault(_digest(result.query.text), offset)
            offset += len(line)


def _results(
    window: Sequence[Query],
    outcomes: Mapping[str, Outcome],
    book: _Book,
    facets: Mapping[str, Facets],
    meter: RankingMeter,
) -> list[Result]:
    """Return the results of *window*: of *outcomes* where asked now, of the book where asked before."""
    found = {query.id: outcomes.get(query.text) or book.outcome(query.text) for query in window}
    metrics = meter.measure(
        {query.id: query.expected for query in window if query.scope is Scope.IN_SCOPE},
        {query_id: [hit.id for hit in outcome.hits] for query_id, outcome in found.items()},
    )
    timed = {query.text: query.id for query in reversed(window) if query.text in outcomes}
    return [
        Result(
            query=query,
            facets=_merge(facets[answer] for answer, relevance in query.expected.items() if relevance > 0),
            status=found[query.id].status,
            confidence=found[query.id].confidence,
            hits=found[query.id].hits,
            metrics=metrics.get(query.id, {}),
            took_ms=found[query.id].took_ms if timed.get(query.text) == query.id else None,
        )
        for query in window
    ]


def _merge(several: Iterator[Facets]) -> dict[str, tuple[str, ...]]:
    """Return every value that any of *several* has, by facet."""
    merged: dict[str, dict[str, None]] = {}
    for facets in several:
        for key, values in facets.items():
            merged.setdefault(key, {}).update(dict.fromkeys(values))
    return {key: tuple(values) for key, values in merged.items()}


def _digest(question: str) -> bytes:
    return hashlib.blake2b(question.encode("utf-8"), digest_size=16).digest()
