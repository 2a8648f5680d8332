"""A run folder: what was asked of what (run.json), a result a line (results.jsonl), and the files made from them.

Here also: what a file that cannot be written is to the one who named it, an error with the advice to name another.
"""

import dataclasses
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO

from evaluation.json_documents import Count, JsonDocument, exact, format_version
from evaluation.metrics.ranking import rank_scores
from evaluation.records import EvaluationError, Result, Scope, Target
from indexer.terminal import command_of
from server.exports import Cell, csv_lines

FORMAT_VERSION = 1
RUN_FILE = "run.json"
RESULTS_FILE = "results.jsonl"
PARTIAL_FILE = "results.jsonl.partial"
TREC_FILE = "run.trec"
CSV_FILE = "results.csv"
SUMMARY_FILE = "summary.json"
PAGE_FILE = "report.html"

_TAG = "souffleur"
_ADVICE = "Make room, or choose another --out, and run it again."
_METRICS = ("Success@1", "RR@10", "nDCG@10", "R@10", "AP")
_COLUMNS = (
    *("id", "question", "scope", "style", "language", "kind", "status", "confidence"),
    *("expected", "first_answer", "first_relevant_rank", *_METRICS, "took_ms"),
)


@exact
@dataclass(frozen=True, slots=True)
class RunInfo:
    """What makes two runs the same: the query set, what was asked, and how many hits of it were wanted."""

    query_set: str
    query_set_sha256: str
    queries: Count
    target: Target
    limit: int
    format_version: int = FORMAT_VERSION

    def to_json(self) -> str:
        """Return the JSON document kept as run.json."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False, indent=2) + "\n"


_RUN_INFO = JsonDocument(RunInfo)


def hold(file: Path) -> BinaryIO:
    """Return *file*, made where it is not there, open to be read and written by nobody else at the same time.

    The kernel lets go when it is closed, or the process ends. EvaluationError where another process holds it.
    """
    stream = os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666), "r+b")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException as error:
        stream.close()
        if isinstance(error, BlockingIOError):
            raise EvaluationError(
                f"Another run is at work in {file.parent}. Wait for it to end, or run this in another folder."
            ) from None
        raise
    return stream


def read_run_info(folder: Path) -> RunInfo:
    """Return what the run in *folder* was of. EvaluationError where there is none, or one of another format."""
    file = folder / RUN_FILE
    try:
        content = file.read_bytes()
        if (version := format_version(content)) != FORMAT_VERSION:
            raise EvaluationError(f"{file} has format {version}, this program reads {FORMAT_VERSION}. Run it again.")
        return _RUN_INFO.read(content)
    except FileNotFoundError:
        raise EvaluationError(
            f'There is no run in {folder}. Make one with "{command_of("evaluate run")} QUERIES --out {folder}".'
        ) from None
    except (OSError, ValueError) as error:
        raise EvaluationError(f"{file} cannot be read: {error}. Run it again.") from error


def read_results(folder: Path) -> Iterator[Result]:
    """Yield the results of a finished run, in the order of its query set, one at a time.

    EvaluationError where there is none, where it did not finish, at a damaged line, or at the end if results are
    missing or too many.
    """
    file = folder / RESULTS_FILE
    if not file.exists() and (folder / PARTIAL_FILE).exists():
        raise EvaluationError(f"The run in {folder} is not finished. Give its command again, and it goes on.")
    if not file.exists():
        raise EvaluationError(
            f'There is no run in {folder}. Make one with "{command_of("evaluate run")} QUERIES --out {folder}".'
        )
    try:
        stream = file.open("rb")
    except OSError as error:
        raise EvaluationError(f"{file} cannot be read: {error.strerror}. Run it again.") from error
    number = 0
    with stream:
        for number, line in enumerate(stream, start=1):
            try:
                yield Result.from_json(line.rstrip())
            except ValueError as error:
                raise EvaluationError(f"{file}:{number}: not a result: {error}. Run it again.") from error
    if number != (expected := read_run_info(folder).queries):
        raise EvaluationError(f"{file} has {number} results, but {folder / RUN_FILE} says {expected}. Run it again.")


def export_results(results: Iterable[Sequence[Result]], folder: Path) -> Iterator[Result]:
    """Yield *results*, which come some at a time, each once it is written for other programs into *folder*.

    That is, as lines of a TREC run, and as a line of CSV. Both files are there when all results have been taken.
    """
    trec, table = folder / TREC_FILE, folder / CSV_FILE
    with _complete(trec) as trec_stream, _complete(table) as table_stream:
        for number, some in enumerate(results):
            with writing(trec, advice=_ADVICE):
                trec_stream.writelines(line for result in some for line in _trec_lines(result))
            with writing(table, advice=_ADVICE):
                lines = csv_lines(_COLUMNS, map(_row, some))
                table_stream.writelines(islice(lines, min(number, 1), None))  # one heading
            yield from some


@contextmanager
def writing(file: Path, *, advice: str) -> Iterator[None]:
    """Turn what is raised while *file* is written into an EvaluationError that ends with *advice*."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename not in (None, str(file)) else ""
        raise EvaluationError(f"{file} cannot be written: {error.strerror}{where}. {advice}") from error
    except ValueError as error:
        raise EvaluationError(f"{file} cannot be written: {error}. {advice}") from error


@contextmanager
def _complete(file: Path) -> Iterator[TextIO]:
    """Open a file to write that takes its name at the end of the block, if that ends well; is none otherwise."""
    partial = file.with_name(f"{file.name}.partial")
    try:
        with writing(file, advice=_ADVICE):
            stream = partial.open("w", encoding="utf-8", newline="")
        # Outside of `writing`: what the block raises is not of this file.
        with closing(stream):
            yield stream
            with writing(file, advice=_ADVICE):
                stream.close()
                partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def _trec_lines(result: Result) -> Iterator[str]:
    """Yield the lines of a ranking, with scores that keep its order."""
    for rank, (answer, score) in enumerate(rank_scores([hit.id for hit in result.hits]).items(), start=1):
        if answer.split() != [answer]:
            raise EvaluationError(
                f"The answer id {answer!r} has a blank, which a TREC run file cannot hold. Rename the answer."
            )
        yield f"{result.query.id} Q0 {answer} {rank} {score:.0f} {_TAG}\n"


def _row(result: Result) -> dict[str, Cell]:
    query = result.query
    return {
        "id": query.id,
        "question": query.text,
        "scope": query.scope if query.scope is not Scope.UNJUDGED else None,
        "style": query.style,
        "language": query.language,
        "kind": query.kind,
        "status": result.status,
        "confidence": result.confidence,
        "expected": " ".join(answer for answer, relevance in query.expected.items() if relevance > 0),
        "first_answer": result.hits[0].id if result.hits else None,
        "first_relevant_rank": result.first_relevant_rank,
        **{name: result.metrics.get(name) for name in _METRICS},
        "took_ms": result.took_ms,
    }
