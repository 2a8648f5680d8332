"""Kills builds, switches, the writing of feedback and backups with SIGKILL; after each kill another process serves.

    python -m benchmarks.faults.kills_anywhere [--kills 200]

Each is a process of its own that does its work again and again, with a small corpus and the encoder of the tests, so
that two hundred take minutes; all are forked from one that has imported everything. Ends with 1 if one start did not
serve, or if a judgement that was acknowledged is lost.
"""

import argparse
import contextlib
import itertools
import json
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from indexer.index.build import build_index
from indexer.index.folder import IndexFolder
from indexer.records import Answer
from server.answering.answering import Answering
from server.answering.fall_back import fall_back
from server.app import create_site
from server.feedback.backup import back_up, inspect
from server.feedback.store import FeedbackStore
from tests.corpora import ANSWERS, MemoryCorpus
from tests.fakes import FakeEncoder

_SEED = 1
_PROCESSES = multiprocessing.get_context("forkserver")
_QUESTION = "combien de temps un certificat est-il valable"


@dataclass(frozen=True)
class Start:
    """What a start found: the state it tells, the first hit, whether a judgement was taken, and what is kept."""

    status: str
    first: str
    taken: int
    kept: tuple[str, ...]
    flaws: tuple[str, ...]


def _build(folder: Path, _: Connection) -> None:
    """Build the corpus with another answer each time, and put it into service."""
    for number in itertools.count(time.time_ns()):
        extra = Answer("compteur", f"Cette réponse a le numéro {number}.")
        build_index(MemoryCorpus([*ANSWERS, extra]), folder / "index", encoder=FakeEncoder())
        IndexFolder(folder / "index").prune(keep=3)


def _publish(folder: Path, _: Connection) -> None:
    """Name one kept index after the other in `current`."""
    indexes = IndexFolder(folder / "index")
    for index_id in itertools.cycle(indexes.ids()):
        indexes.switch(index_id)


def _feedback(folder: Path, acknowledged: Connection) -> None:
    """Keep judgements, and say of each that it is kept."""
    with _store(folder) as store:
        for number in itertools.count(time.time_ns()):
            store.record_feedback(f"q{number}", "a", useful=True, comment="Merci.", index_id="i")
            acknowledged.send(f"q{number}")


def _backup(folder: Path, _: Connection) -> None:
    """Back the feedback up, over the backup of before."""
    while True:
        back_up(folder / "feedback.sqlite", folder / "backup.sqlite", force=True)


_WORK: dict[str, Callable[[Path, Connection], None]] = {
    "build": _build,
    "publish": _publish,
    "feedback": _feedback,
    "backup": _backup,
}


def _store(folder: Path) -> FeedbackStore:
    return FeedbackStore.open(folder / "feedback.sqlite", keep_questions="redacted", retention_days=30)


def _serve(folder: Path, told: Connection) -> None:
    """Start as a server does, answer a question over HTTP, take a judgement, and tell what is kept."""
    path, encoder = folder / "index", FakeEncoder()
    try:
        answering = Answering.open(path, encoder=encoder)
    except Exception as error:  # noqa: BLE001  # whatever it is, the newest whole index must serve
        answering = fall_back(path, lambda index: Answering(index, encoder), unfit=error)
    with _store(folder) as store, TestClient(create_site(answering, feedback=store)) as client:
        reply = client.post("/v1/search", json={"query": _QUESTION}).json()
        judgement = {"query_id": reply["query_id"], "answer_id": reply["hits"][0]["id"], "useful": True}
        taken = client.post("/v1/feedback", json=judgement).status_code
        ready = client.get("/readyz").json()
        kept = [json.loads(line)["query_id"] for line in store.export_jsonl()]
    backup = folder / "backup.sqlite"
    flaws = inspect(backup).problems if backup.exists() else ()
    told.send(Start(ready["status"], reply["hits"][0]["id"], taken, tuple(kept), flaws))


def _prepare(folder: Path, _: Connection) -> None:
    build_index(MemoryCorpus(ANSWERS), folder / "index", encoder=FakeEncoder())
    _store(folder).close()


def main() -> None:
    """Print how many starts served after a kill of each kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    options = parser.parse_args()
    _PROCESSES.set_forkserver_preload(["server.app", "server.answering.fall_back", "fastapi.testclient", "tests.fakes"])
    with tempfile.TemporaryDirectory() as scratch:
        problems = _kill_often(Path(scratch), kills=options.kills)
    for problem in problems[:10]:
        print("  ", problem)
    sys.exit(1 if problems else 0)


def _kill_often(folder: Path, *, kills: int) -> list[str]:
    """Return what went wrong."""
    preparing, _begun = _started(_prepare, folder)
    preparing.join()
    moments = random.Random(_SEED)
    acknowledged: set[str] = set()
    served: Counter[str] = Counter()
    degraded = 0
    problems: list[str] = []
    for _, work in zip(range(kills), itertools.cycle(_WORK), strict=False):
        process, said = _started(_WORK[work], folder)
        said.recv()
        time.sleep(moments.uniform(0.0, 0.4))
        process.kill()
        process.join()
        acknowledged |= _all_of(said)
        start, told = _started(_serve, folder)
        start.join(timeout=120)
        found = [one for one in _all_of(told) if isinstance(one, Start)]
        if not found:
            problems.append(f"after a kill of {work}: the start ended with {start.exitcode}")
            continue
        missing = acknowledged - set(found[0].kept)
        if (found[0].first, found[0].taken, found[0].flaws) != ("validite-certificat", 201, ()) or missing:
            problems.append(f"after a kill of {work}: {len(missing)} judgements lost, {found[0]!s:.300}")
            continue
        served[work] += 1
        degraded += found[0].status != "ready"
    print(f"{kills} kills: {served.total()} starts served, {degraded} of them degraded")
    print(", ".join(f"{work}: {count}" for work, count in served.items()))
    print(
        f"{len(acknowledged)} judgements acknowledged before a kill, all kept"
        if not problems
        else "not as it should be"
    )
    return problems


def _started(work: Callable[[Path, Connection], None], folder: Path) -> tuple[ForkServerProcess, Connection]:
    """Return a process at work, and what it sends: first that it has begun."""
    receiving, sending = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=_at_work, args=(work, folder, sending))
    process.start()
    sending.close()
    return process, receiving


def _at_work(work: Callable[[Path, Connection], None], folder: Path, sending: Connection) -> None:
    sending.send("begun")
    work(folder, sending)


def _all_of(receiving: Connection) -> set[Any]:
    found: set[Any] = set()
    with contextlib.suppress(EOFError, OSError):
        while True:
            found.add(receiving.recv())
    return found - {"begun"}


if __name__ == "__main__":
    main()
