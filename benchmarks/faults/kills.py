"""Kills a server with SIGKILL again and again while clients ask and judge, then counts what is left of it.

    python -m benchmarks.faults.kills [--kills 50] [--clients 4]

Ends with 1 if the database is damaged, lacks a judgement that was acknowledged with 201 or holds another, lacks a
question that was answered, or if a request failed before the kill. SIGKILL ends the process and not the machine: what
a loss of power leaves is not shown here.
"""

import argparse
import itertools
import json
import random
import sqlite3
import sys
import tempfile
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.running import Connection, running_server

_SEED = 1
_QUESTIONS = ("durée de validité d'un certificat", "renouveler un certificat", "format des documents de santé")


@dataclass
class Kept:
    """Judgements by ids of query and answer, whether useful and the comment; and the ids of the queries."""

    judgements: dict[tuple[str, str], tuple[bool, str]] = field(default_factory=dict)
    queries: set[str] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)
    """What went wrong before a kill."""

    def lost(self, found: "Kept") -> tuple[int, int]:
        """Return how many judgements and questions of these are not in *found*, or not as they were."""
        judgements = sum(found.judgements.get(key) != value for key, value in self.judgements.items())
        return judgements, len(self.queries - found.queries)


def main() -> None:
    """Print how much was acknowledged, and how much of it was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--clients", type=int, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        database = Path(scratch) / "feedback.sqlite"
        acknowledged = ask_and_kill(Path("build/index"), database, kills=options.kills, clients=options.clients)
        sound, found = read(database)
    judgements, queries = acknowledged.lost(found)
    print(f"{options.kills} kills                     acknowledged    found     lost")
    for name, mine, theirs, lost in (
        ("judgements", len(acknowledged.judgements), len(found.judgements), judgements),
        ("questions", len(acknowledged.queries), len(found.queries), queries),
    ):
        print(f"{name:28} {mine:12} {theirs:8} {lost:8}")
    print(f"integrity_check              {'ok' if sound else 'DAMAGED'}")
    print(f"failed before a kill         {len(acknowledged.failed)}")
    for line in acknowledged.failed[:10]:
        print("  ", line)
    sys.exit(1 if judgements or queries or not sound or acknowledged.failed or not acknowledged.judgements else 0)


def ask_and_kill(index: Path, database: Path, *, kills: int, clients: int) -> Kept:
    """Return all that servers acknowledged before they were killed."""
    acknowledged = Kept()
    numbers = itertools.count()
    moments = random.Random(_SEED)
    for _ in range(kills):
        with running_server(index, feedback=database) as server:
            killed = threading.Event()
            arguments = (server.port, killed, numbers, acknowledged)
            threads = [threading.Thread(target=_ask_and_judge, args=arguments) for _ in range(clients)]
            for thread in threads:
                thread.start()
            time.sleep(moments.uniform(0.02, 0.6))
            killed.set()
            server.process.kill()
            for thread in threads:
                thread.join()
    return acknowledged


def _ask_and_judge(port: int, killed: threading.Event, numbers: "itertools.count[int]", acknowledged: Kept) -> None:
    """Ask, and judge every hit, until the server is dead."""
    with closing(Connection(port)) as connection:
        try:
            while True:
                question = {"query": _QUESTIONS[next(numbers) % len(_QUESTIONS)], "limit": 5}
                status, content = connection.ask("POST", "/v1/search", question)
                if status != 200:
                    acknowledged.failed.append(f"a search: {status}")
                    return
                reply = json.loads(content)
                acknowledged.queries.add(reply["query_id"])
                for hit in reply["hits"]:
                    useful, comment = next(numbers) % 2 == 0, f"Avis sur la place {hit['rank']}."
                    body = {"query_id": reply["query_id"], "answer_id": hit["id"], "useful": useful, "comment": comment}
                    status, _ = connection.ask("POST", "/v1/feedback", body)
                    if status != 201:
                        acknowledged.failed.append(f"a judgement: {status}")
                        return
                    acknowledged.judgements[reply["query_id"], hit["id"]] = (useful, comment)
        except OSError as error:
            if not killed.is_set():
                acknowledged.failed.append(repr(error))


def read(database: Path) -> tuple[bool, Kept]:
    """Return whether SQLite finds the file sound, and what it holds."""
    with closing(sqlite3.connect(database)) as connection:
        sound = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = connection.execute("SELECT query_id, answer_id, useful, comment FROM feedback")
        judgements = {(query, answer): (bool(useful), comment) for query, answer, useful, comment in rows}
        queries = {query for (query,) in connection.execute("SELECT query_id FROM questions")}
    return sound, Kept(judgements, queries)


if __name__ == "__main__":
    main()
