"""Runs: against an index and a server, cut off and gone on with, and the files they leave."""

import csv
import dataclasses
import json
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import ir_measures
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.middleware.base import RequestResponseEndpoint

from evaluation.measure import measure, open_index
from evaluation.metrics.ranking import RANKING_METRICS
from evaluation.queries.query_sets import QuerySet, open_query_set
from evaluation.records import EvaluationError, Outcome, QuerySetError, Result
from evaluation.runs.answerers import Answerer, IndexAnswerer
from evaluation.runs.folder import (
    PAGE_FILE,
    PARTIAL_FILE,
    RESULTS_FILE,
    RUN_FILE,
    TREC_FILE,
    export_results,
    read_results,
    read_run_info,
)
from evaluation.runs.http_answerer import HttpAnswerer
from evaluation.runs.run import Run
from indexer.index.build import build_index
from server.answering.answering import Answering
from server.app import create_api
from tests.corpora import ANSWERS, MemoryCorpus
from tests.fakes import FakeEncoder

WORDS = ("certificat", "durée", "validité", "code", "erreur", "905", "boîte", "lettres", "export", "nominative")
BATCH = 16
DISTINCT = BATCH * 5 // 2


def run_queries(queries: QuerySet, answerer: Answerer, folder: Path, *, limit: int = 10) -> Run:
    """Run in small batches, to the end."""
    run = Run(queries, answerer, folder, limit=limit, batch_size=BATCH)
    for _ in run.results():
        pass
    return run


def write_queries(folder: Path, *, count: int, distinct: int) -> Path:
    """Write a BEIR folder of *count* queries with *distinct* texts; every fourth is off-topic."""
    generator = random.Random(3)
    texts = [f"{' '.join(generator.sample(WORDS, 4))} {number} ?" for number in range(distinct)]
    folder.mkdir(parents=True)
    (folder / "qrels").mkdir()
    with (folder / "queries.jsonl").open("w") as queries, (folder / "qrels" / "dev.tsv").open("w") as qrels:
        qrels.write("query-id\tcorpus-id\tscore\n")
        for number in range(count):
            record = {"_id": f"q{number}", "text": texts[number % distinct], "metadata": {"style": f"s{number % 3}"}}
            queries.write(json.dumps(record) + "\n")
            if number % 4:
                qrels.write(f"q{number}\t{ANSWERS[number % len(ANSWERS)].id}\t{number % 3 + 1}\n")
    return folder


@pytest.fixture(scope="module")
def queries(tmp_path_factory: pytest.TempPathFactory) -> QuerySet:
    """Three batches of queries; the second half of the last repeats questions of the first."""
    folder = tmp_path_factory.mktemp("queries") / "petites"
    return open_query_set(write_queries(folder, count=3 * BATCH, distinct=DISTINCT))


@pytest.fixture
def answerer(small_index: Path) -> IndexAnswerer:
    return open_index(small_index, encoder=FakeEncoder())


def without_timings(folder: Path) -> list[dict[str, object]]:
    """Return the results of a run but for the time they took."""
    return [json.loads(result.to_json()) | {"took_ms": result.took_ms is None} for result in read_results(folder)]


class Listening:
    """Answers like another that takes several batches at once, and remembers the batches."""

    def __init__(self, answerer: Answerer, *, batches_at_once: int) -> None:
        self.target = answerer.target
        self.facets_of = answerer.facets_of
        self.batches_at_once = batches_at_once
        self.batches: list[tuple[str, ...]] = []
        self._answerer = answerer

    def answer(self, batches: Sequence[Sequence[str]], *, limit: int) -> list[Outcome]:
        self.batches += map(tuple, batches)
        return self._answerer.answer(batches, limit=limit)


class Dying:
    """Answers like another, but dies before the batch of a given number."""

    def __init__(self, answerer: Answerer, *, batches: int) -> None:
        self.target = answerer.target
        self.batches_at_once = answerer.batches_at_once
        self.facets_of = answerer.facets_of
        self._answerer = answerer
        self._left = batches

    def answer(self, batches: Sequence[Sequence[str]], *, limit: int) -> list[Outcome]:
        if self._left == 0:
            raise KeyboardInterrupt
        self._left -= 1
        return self._answerer.answer(batches, limit=limit)


def test_every_query_has_its_result_in_order(small_index: Path, queries: QuerySet, tmp_path: Path) -> None:
    """Results are those of asking the index one question at a time."""
    run_queries(queries, open_index(small_index, encoder=FakeEncoder()), tmp_path, limit=10)
    answering = Answering.open(small_index, encoder=FakeEncoder())
    results = list(read_results(tmp_path))
    assert [result.query for result in results] == list(queries)
    for result in results:
        reply = answering.answer(result.query.text, limit=10)
        assert [hit.id for hit in result.hits] == [hit.answer.id for hit in reply.hits]
        assert result.status is reply.status
        assert result.confidence == pytest.approx(reply.confidence, abs=1e-4)
        assert result.hits[0].passage == reply.hits[0].passage.text


def test_identical_questions_are_encoded_once(small_index: Path, queries: QuerySet, tmp_path: Path) -> None:
    """Wherever in the set they stand; the second has no time of its own."""
    encoder = FakeEncoder()
    answerer = open_index(small_index, encoder=encoder)
    encoder.encoded.clear()  # what opening an index asks, to be warm
    run = run_queries(queries, answerer, tmp_path)
    assert sorted(encoder.encoded) == sorted({query.text for query in queries})
    assert run.asked == DISTINCT
    assert sum(result.took_ms is None for result in read_results(tmp_path)) == 3 * BATCH - DISTINCT


def test_identical_questions_of_one_batch_are_asked_once(answerer: IndexAnswerer, tmp_path: Path) -> None:
    """And only the first has a time."""
    queries = open_query_set(write_queries(tmp_path / "set", count=10, distinct=3))
    run = run_queries(queries, answerer, tmp_path / "run", limit=10)
    assert run.asked == 3
    assert [result.took_ms is None for result in read_results(tmp_path / "run")] == [False] * 3 + [True] * 7


def test_the_batches_do_not_depend_on_how_many_are_asked_at_once(
    answerer: IndexAnswerer, queries: QuerySet, tmp_path: Path
) -> None:
    """Nor on an interruption: a question is always encoded in the same company."""
    one, three = Listening(answerer, batches_at_once=1), Listening(answerer, batches_at_once=3)
    run_queries(queries, one, tmp_path / "one")
    run_queries(queries, three, tmp_path / "three")
    assert one.batches == three.batches
    assert [len(batch) for batch in one.batches] == [BATCH, BATCH, DISTINCT - 2 * BATCH]
    whole = (tmp_path / "one" / RESULTS_FILE).read_bytes()
    (tmp_path / "one" / RESULTS_FILE).rename(tmp_path / "one" / PARTIAL_FILE)
    (tmp_path / "one" / PARTIAL_FILE).write_bytes(whole[: len(whole) // 2])
    resumed = Listening(answerer, batches_at_once=1)
    run_queries(queries, resumed, tmp_path / "one")
    assert resumed.batches == one.batches[1:]


def test_two_runs_are_the_same_but_for_timings(answerer: IndexAnswerer, queries: QuerySet, tmp_path: Path) -> None:
    """All files agree."""
    summaries = [measure(queries, answerer, tmp_path / name, limit=10) for name in "ab"]
    assert without_timings(tmp_path / "a") == without_timings(tmp_path / "b")
    assert (tmp_path / "a" / TREC_FILE).read_bytes() == (tmp_path / "b" / TREC_FILE).read_bytes()
    first, second = (json.loads(summary.to_json()) for summary in summaries)
    del first["timing"], second["timing"]
    assert first == second


@pytest.mark.parametrize("batches", [0, 1, 2])
def test_a_run_that_was_cut_off_goes_on(
    answerer: IndexAnswerer, queries: QuerySet, tmp_path: Path, batches: int
) -> None:
    """Resumed, it equals an uninterrupted one, and asks only what is left."""
    with pytest.raises(KeyboardInterrupt):
        run_queries(queries, Dying(answerer, batches=batches), tmp_path / "cut", limit=10)
    with pytest.raises(EvaluationError, match="not finished"):
        list(read_results(tmp_path / "cut"))
    run = run_queries(queries, answerer, tmp_path / "cut", limit=10)
    run_queries(queries, answerer, tmp_path / "whole", limit=10)
    assert run.resumed == batches * BATCH
    assert run.asked == max(0, DISTINCT - batches * BATCH)
    assert without_timings(tmp_path / "cut") == without_timings(tmp_path / "whole")


@pytest.mark.parametrize("seed", range(8))
def test_a_half_written_line_is_dropped(answerer: IndexAnswerer, queries: QuerySet, tmp_path: Path, seed: int) -> None:
    """Wherever the file was cut, in the middle of a letter too, the resumed run equals an uninterrupted one."""
    run_queries(queries, answerer, tmp_path, limit=10)
    whole, expected = (tmp_path / RESULTS_FILE).read_bytes(), without_timings(tmp_path)
    cut = random.Random(seed).randrange(len(whole))
    (tmp_path / RESULTS_FILE).unlink()
    (tmp_path / PARTIAL_FILE).write_bytes(whole[:cut])
    run = run_queries(queries, answerer, tmp_path, limit=10)
    assert run.resumed == whole[:cut].count(b"\n") // BATCH * BATCH
    assert without_timings(tmp_path) == expected


@pytest.mark.slow
def test_a_killed_process_loses_a_batch_at_most(
    small_index: Path, queries: QuerySet, answerer: IndexAnswerer, tmp_path: Path
) -> None:
    """Killed by the system in its third batch, the process has left two; the next one goes on from there."""
    code = """
import os, signal, sys
from pathlib import Path
from evaluation.measure import open_index
from evaluation.queries.query_sets import open_query_set
from tests.fakes import FakeEncoder
from tests.evaluation.runs.test_run import Dying, run_queries
class Killed(Dying):
    def answer(self, batches, *, limit):
        try:
            return super().answer(batches, limit=limit)
        except KeyboardInterrupt:
            os.kill(os.getpid(), signal.SIGKILL)
queries, index, folder = map(Path, sys.argv[1:])
run_queries(open_query_set(queries), Killed(open_index(index, encoder=FakeEncoder()), batches=2), folder, limit=10)
"""
    command = [sys.executable, "-c", code, str(queries.path.parent), str(small_index), str(tmp_path / "cut")]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert run_queries(queries, answerer, tmp_path / "cut", limit=10).resumed == 2 * BATCH
    run_queries(queries, answerer, tmp_path / "whole", limit=10)
    assert without_timings(tmp_path / "cut") == without_timings(tmp_path / "whole")


def test_what_another_run_left_is_replaced(answerer: IndexAnswerer, queries: QuerySet, tmp_path: Path) -> None:
    """An unfinished run of other queries, or with another limit, is not gone on with."""
    with pytest.raises(KeyboardInterrupt):
        run_queries(queries, Dying(answerer, batches=1), tmp_path / "run", limit=11)
    assert run_queries(queries, answerer, tmp_path / "run", limit=10).resumed == 0
    other = open_query_set(write_queries(tmp_path / "set", count=5, distinct=5))
    assert run_queries(other, answerer, tmp_path / "run", limit=10).resumed == 0
    assert len(list(read_results(tmp_path / "run"))) == read_run_info(tmp_path / "run").queries == 5
    (tmp_path / "run" / RESULTS_FILE).rename(tmp_path / "run" / PARTIAL_FILE)
    (tmp_path / "run" / RUN_FILE).write_text("{")
    assert run_queries(other, answerer, tmp_path / "run", limit=10).resumed == 0
    (tmp_path / "run" / PAGE_FILE).touch()
    (tmp_path / "run" / RUN_FILE).write_text("{")
    assert run_queries(other, answerer, tmp_path / "run", limit=10).resumed == 0
    assert not (tmp_path / "run" / PAGE_FILE).exists()  # it was about another run
    (tmp_path / "run" / RUN_FILE).write_text("{")
    (tmp_path / "run" / "notes.txt").touch()
    with pytest.raises(EvaluationError, match="something else than a run"):
        run_queries(other, answerer, tmp_path / "run", limit=10)


def test_two_runs_in_one_folder_do_not_mix(answerer: IndexAnswerer, queries: QuerySet, tmp_path: Path) -> None:
    """Asked beside each other, of one index or of two, the second is told so, and the first ends as if alone."""
    first = Run(queries, answerer, tmp_path / "run", limit=10, batch_size=BATCH).results()
    next(first)
    for limit in (10, 11):  # the same thing, and something else
        with pytest.raises(EvaluationError, match=r"Another run is at work in .*another folder"):
            run_queries(queries, answerer, tmp_path / "run", limit=limit)
    assert len(list(first)) == 2
    run_queries(queries, answerer, tmp_path / "whole")
    assert without_timings(tmp_path / "run") == without_timings(tmp_path / "whole")


def test_the_trec_run_says_the_same_to_ir_measures(answerer: IndexAnswerer, queries: QuerySet, tmp_path: Path) -> None:
    """Read back by ir_measures' own readers, run and judgments give the means of the summary, and the same ranking."""
    summary = measure(queries, answerer, tmp_path, limit=10)
    qrels = tmp_path / "qrels.trec"
    results = list(read_results(tmp_path))
    judged = [(result.query.id, *pair) for result in results for pair in result.query.expected.items()]
    qrels.write_text("".join(f"{query} 0 {answer} {grade}\n" for query, answer, grade in judged))
    run = list(ir_measures.read_trec_run(str(tmp_path / TREC_FILE)))  # type: ignore[no-untyped-call]  # has no types
    measures = [ir_measures.parse_measure(name) for name in RANKING_METRICS]
    read = ir_measures.read_trec_qrels(str(qrels))  # type: ignore[no-untyped-call]  # has no types
    means = ir_measures.calc_aggregate(measures, read, run)
    for one, mean in means.items():
        assert summary.metrics[str(one)].value == pytest.approx(mean, abs=1e-9)
    ranked = [(scored.query_id, scored.doc_id) for scored in sorted(run, key=lambda one: (one.query_id, -one.score))]
    kept = [(result.query.id, hit.id) for result in results for hit in result.hits]
    assert ranked == sorted(kept, key=lambda pair: pair[0])


def test_the_spreadsheet_has_a_line_a_question(answerer: IndexAnswerer, queries: QuerySet, tmp_path: Path) -> None:
    """With the rank of the first right answer, and the metrics of in-scope questions."""
    measure(queries, answerer, tmp_path, limit=10)
    with (tmp_path / "results.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter=";"))
    results = list(read_results(tmp_path))
    assert [row["id"] for row in rows] == [result.query.id for result in results]
    assert rows[0]["nDCG@10"] == ""
    assert float(rows[1]["RR@10"]) == 1 / int(rows[1]["first_relevant_rank"])
    assert rows[1]["expected"] == ANSWERS[1].id


def test_a_run_that_was_cut_off_leaves_no_export(answerer: IndexAnswerer, queries: QuerySet, tmp_path: Path) -> None:
    """Neither half of one nor an empty one: another program must not take it for the whole run."""
    run = Run(queries, Dying(answerer, batches=1), tmp_path, limit=10, batch_size=BATCH)
    with pytest.raises(KeyboardInterrupt):
        list(export_results(run.results(), tmp_path))
    assert {file.name for file in tmp_path.iterdir()} == {RUN_FILE, PARTIAL_FILE}


def test_a_result_survives_its_line_of_json(answerer: IndexAnswerer, queries: QuerySet, tmp_path: Path) -> None:
    """Writing and reading gives an equal record."""
    run_queries(queries, answerer, tmp_path, limit=10)
    for result in list(read_results(tmp_path)):
        assert Result.from_json(result.to_json()) == result


def test_judgments_of_answers_that_the_index_lacks_are_reported(answerer: IndexAnswerer, tmp_path: Path) -> None:
    """Before anything is asked."""
    folder = write_queries(tmp_path / "set", count=4, distinct=4)
    (folder / "qrels" / "more.tsv").write_text("q0\tperdue\t1\n")
    with pytest.raises(QuerySetError, match=r"more\.tsv:1: there is no answer with the id 'perdue'"):
        run_queries(open_query_set(folder), answerer, tmp_path / "run", limit=10)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("content", ["{", '{"format_version": 99}', "[]", '{"format_version": 1}'])
def test_a_run_that_cannot_be_read_says_so(tmp_path: Path, content: str) -> None:
    """Damaged, of another format, or not there: an error with what to do."""
    (tmp_path / RUN_FILE).write_text(content)
    with pytest.raises(EvaluationError, match="Run it again"):
        read_run_info(tmp_path)
    (tmp_path / RESULTS_FILE).write_text("{}\n")
    with pytest.raises(EvaluationError, match=r"results\.jsonl:1: not a result"):
        list(read_results(tmp_path))
    with pytest.raises(EvaluationError, match="There is no run"):
        read_run_info(tmp_path / "absent")


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve *app* in this process, and give its address."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    # It listens before the server runs: who asks early waits in its queue.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def url(small_index: Path) -> Iterator[str]:
    """The address of a running server."""
    with serving(create_api(Answering.open(small_index, encoder=FakeEncoder()))) as address:
        yield address


def test_a_server_and_an_index_agree(url: str, answerer: IndexAnswerer, queries: QuerySet, tmp_path: Path) -> None:
    """Asked over HTTP, several batches at once, the same index gives the same results and the same metrics."""
    inside = measure(queries, answerer, tmp_path / "index", limit=10)
    with HttpAnswerer(url, concurrency=3) as server:
        outside = measure(queries, server, tmp_path / "server", limit=10)
        assert server.facets_of(["validite-certificat", "a/b", "../x", "absent"]) == {
            "validite-certificat": {"thematique": ("Certificats",)}
        }
    assert outside.metrics == inside.metrics
    assert outside.groups == inside.groups
    for here, there in zip(read_results(tmp_path / "index"), read_results(tmp_path / "server"), strict=True):
        assert here.query == there.query
        assert (here.status, here.confidence, here.facets) == (there.status, there.confidence, there.facets)
        assert here.hits == there.hits


def test_long_questions_are_asked_of_a_server_as_of_an_index(url: str, answerer: IndexAnswerer, tmp_path: Path) -> None:
    """A batch of which a server takes no more than half at once, such as of e-mails, is asked in parts."""
    mail = "Bonjour, mon certificat arrive à échéance. " * 40
    questions = tmp_path / "mails.txt"
    questions.write_text("".join(f"{mail}{number} ?\n" for number in range(40)))
    queries = open_query_set(questions)
    with HttpAnswerer(url) as server:
        for name, asked in (("server", server), ("index", answerer)):
            measure(queries, asked, tmp_path / name, limit=10)
    outside, inside = (list(read_results(tmp_path / name)) for name in ("server", "index"))
    assert [(one.query, one.hits, one.status) for one in outside] == [
        (one.query, one.hits, one.status) for one in inside
    ]


def test_a_server_that_is_not_there_is_an_error_to_act_on() -> None:
    """It names the address and what to do."""
    with pytest.raises(EvaluationError, match=r"http://127\.0\.0\.1:1 cannot be reached.*make serve"):
        HttpAnswerer("http://127.0.0.1:1")


class Pauses(threading.Event):
    """Waits for nothing, and remembers how long it should have."""

    asked: ClassVar[list[float | None]] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.asked.append(timeout)
        return self.is_set()


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_wants_one_to_wait_is_waited_for(
    status: int, answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as Retry-After says, but not for ever: then the error says what the server said."""
    monkeypatch.setattr("evaluation.runs.http_answerer.Event", Pauses)
    monkeypatch.setattr(Pauses, "asked", [])
    later = ["7", "7", ""]
    app = FastAPI()

    @app.middleware("http")
    async def refuse(request: Request, call_next: RequestResponseEndpoint) -> Response:
        if later and (seconds := later.pop(0)):
            return Response("not now", status, {"retry-after": seconds})
        return await call_next(request)

    app.mount("/", create_api(answering))
    with serving(app) as url, HttpAnswerer(url) as server:
        assert Pauses.asked == [7, 7]
        assert len(server.answer([["Un certificat ?"]], limit=10)) == 1
        later += ["100000"]
        with pytest.raises(EvaluationError, match=rf"answered {status} \(Retry-After: 100000 s\): not now"):
            server.answer([["Bonjour"]], limit=10)
    assert Pauses.asked == [7, 7]


def test_a_former_id_is_no_answer(tmp_path: Path) -> None:
    """A judgment that names it is reported, by a server as by an index: what is found has the id of now."""
    renamed = dataclasses.replace(ANSWERS[0], id="neuf", former_ids=("vieux",))
    build_index(MemoryCorpus([renamed, *ANSWERS[1:]]), tmp_path / "index", encoder=FakeEncoder())
    answering = Answering.open(tmp_path / "index", encoder=FakeEncoder())
    with serving(create_api(answering)) as url, HttpAnswerer(url) as server:
        for asked in (server, IndexAnswerer(answering, where="here")):
            assert asked.facets_of(["neuf", "vieux", "absent"]).keys() == {"neuf"}


def test_no_proxy_stands_before_this_machine(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says for all addresses."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with HttpAnswerer(url) as server:
        assert server.target.where == url
    with pytest.raises(EvaluationError, match="cannot be reached"):
        HttpAnswerer("http://faq.example")


@pytest.mark.parametrize("wrong", ["http://[::1", "http://faq.example:port", "faq.example"])
def test_what_is_no_address_is_an_error_to_act_on(wrong: str) -> None:
    """With the option that gives it."""
    with pytest.raises(EvaluationError, match=r"[cC]orrect --url"):
        HttpAnswerer(wrong)


def test_a_server_that_answers_something_else_is_an_error_to_act_on(answering: Answering) -> None:
    """To a search or to the address of an answer: no other program's reply is taken for one."""
    app = FastAPI()

    @app.get("/v1/answers/{answer_id:path}")
    def get_answer(answer_id: str) -> dict[str, str]:
        return {"identifier": answer_id}

    @app.post("/other/v1/search/batch")
    def post_batch() -> list[str]:
        return ["Bonjour"]

    app.mount("/", create_api(answering))
    with serving(app) as url:
        with HttpAnswerer(url) as server, pytest.raises(EvaluationError, match="not answer as this Souffleur does"):
            server.facets_of(["validite-certificat"])
        with pytest.raises(EvaluationError, match="not answer as this Souffleur does"):
            HttpAnswerer(f"{url}/other")
