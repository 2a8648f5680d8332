"""Kills a server with SIGKILL again and again while clients post judgements, then counts what is left of them.

    python -m benchmarks.kills [--kills 50] [--clients 4]

Ends with 1 if the database does not open, or lacks a judgement that was acknowledged with 201.
"""

import argparse
import itertools
import random
import sqlite3
import sys
import tempfile
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

from benchmarks.running import Connection, running_server
from indexer.corpus import open_corpus


def main() -> None:
    """Print how many judgements were acknowledged, and how many of them were found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--clients", type=int, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        database = Path(scratch) / "feedback.sqlite"
        acknowledged = post_and_kill(Path("build/index"), database, kills=options.kills, clients=options.clients)
        sound, found = read(database)
    lost = acknowledged - found
    print(f"{options.kills} kills, {len(acknowledged)} judgements acknowledged, {len(lost)} of them lost")
    print(f"{len(found)} in the database, which is {'sound' if sound else 'DAMAGED'}")
    sys.exit(1 if lost or not sound or not acknowledged else 0)


def post_and_kill(index: Path, database: Path, *, kills: int, clients: int) -> set[str]:
    """Return the query ids of all judgements that servers acknowledged before they were killed."""
    answer_id = next(iter(open_corpus(Path("corpus")).answers())).id
    acknowledged: set[str] = set()
    numbers = itertools.count()
    moments = random.Random(1)

    def post(port: int) -> None:
        with Connection(port) as connection, suppress(OSError):  # which says that the server is dead
            while True:
                query_id = f"kills-{next(numbers)}"
                body = {"query_id": query_id, "answer_id": answer_id, "useful": True, "comment": "Merci."}
                if connection.ask("POST", "/v1/feedback", body)[0] == 201:
                    acknowledged.add(query_id)

    for _ in range(kills):
        with running_server(index, feedback=database) as server:
            threads = [threading.Thread(target=post, args=(server.port,)) for _ in range(clients)]
            for thread in threads:
                thread.start()
            time.sleep(moments.uniform(0.02, 0.6))
            server.process.kill()
            for thread in threads:
                thread.join()
    return acknowledged


def read(database: Path) -> tuple[bool, set[str]]:
    """Return whether SQLite finds the file sound, and the query ids of its judgements."""
    with closing(sqlite3.connect(database)) as connection:
        sound = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return sound, {query_id for (query_id,) in connection.execute("SELECT query_id FROM feedback")}


if __name__ == "__main__":
    main()
