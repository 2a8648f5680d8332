"""Everything at once for as long as wanted: twice as many as are let in, while operators do what they do.

    python -m benchmarks.faults.endurance [--minutes 30] [--clients 24]

Meanwhile: switches of the index, backups, the feedback file replaced, its disk filled (a small tmpfs, as root), and the
clock moved (libfaketime, where Debian's `faketime` is installed). Ends with 1 if a reply was a 5xx other than 503, if a
judgement that was acknowledged is in none of the files or in two, if a file is not sound, or if the memory grew by more
than a twentieth.
"""

import argparse
import contextlib
import itertools
import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.faults.kills import read
from benchmarks.faults.swaps import prepare
from benchmarks.running import Connection, Running, running_server
from indexer.dense.blas import keep_products_on_one_thread
from indexer.index.folder import IndexFolder
from server.feedback.backup import back_up
from server.feedback.schema import FeedbackError

_SEED = 1
_LET_IN = 12
_DISK_MEGABYTES = 48
_SWITCHES, _BACKUPS, _REPLACEMENTS, _FILLINGS, _CLOCK_MOVES = 100, 20, 5, 2, 4
_FULL_SECONDS = 8
_WORDS = (
    "certificat",
    "durée",
    "renouveler",
    "commander",
    "messagerie",
    "carte",
    "code",
    "erreur",
    "dossier",
    "identité",
)
_CLOCKS = ("+1d", "+400d", "-30d", "+0")
_FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
_MOST_GROWTH = 0.05


@dataclass
class Seen:
    """What came back, and what was done meanwhile."""

    replies: Counter[tuple[str, int]] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    judged: set[tuple[str, str]] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)
    megabytes: list[float] = field(default_factory=list)


def main() -> None:
    """Print what was asked, done and found."""
    keep_products_on_one_thread()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--clients", type=int, default=2 * _LET_IN)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, _small_disk(Path(scratch) / "disk") as disk:
        folder, _ = prepare(Path(scratch))
        clock = Path(scratch) / "clock"
        clock.write_text("+0", encoding="ascii")
        database = disk / "feedback.sqlite"
        with (
            _moved_clock(clock),
            running_server(folder, feedback=database, most_requests=_LET_IN, retention_days=30) as server,
        ):
            seen = _run(server, folder, database, clock, seconds=60 * options.minutes, clients=options.clients)
        problems = _report(seen, database, minutes=options.minutes)
    sys.exit(1 if problems else 0)


def _run(server: Running, folder: Path, database: Path, clock: Path, *, seconds: float, clients: int) -> Seen:
    """Return what clients saw until the end, while each thing that operators do is done so many times."""
    seen, over, numbers = Seen(), threading.Event(), itertools.count()
    server.settle()
    threads = [threading.Thread(target=_ask, args=(server.port, over, numbers, seen)) for _ in range(clients)]
    ids = itertools.cycle(IndexFolder(folder).ids())
    clocks = itertools.cycle(_CLOCKS)
    scratch = folder.parent
    tasks: list[tuple[str, int, Callable[[], object]]] = [
        ("switches", _SWITCHES, lambda: IndexFolder(folder).switch(next(ids))),
        ("backups", _BACKUPS, lambda: _back_up(database, scratch / f"backup-{next(numbers)}.sqlite")),
        ("replacements", _REPLACEMENTS, lambda: database.rename(database.with_name(f"gone-{next(numbers)}.sqlite"))),
        ("fillings", _FILLINGS if _is_small(database.parent) else 0, lambda: _fill(database.parent)),
        ("clock moves", _CLOCK_MOVES, lambda: clock.write_text(next(clocks), encoding="ascii")),
        ("memory", max(20, int(seconds / 5)), lambda: seen.megabytes.append(server.resident_megabytes())),
    ]
    threads += [threading.Thread(target=_repeat, args=(*task, seconds, over, seen)) for task in tasks]
    for thread in threads:
        thread.start()
    over.wait(seconds)
    over.set()
    for thread in threads:
        thread.join()
    time.sleep(2)
    return seen


def _repeat(
    name: str, times: int, action: Callable[[], object], seconds: float, over: threading.Event, seen: Seen
) -> None:
    for _ in range(times):
        if over.wait(seconds / (times + 1)):
            return
        try:
            action()
            seen.done[name] += 1
        except (OSError, FeedbackError) as error:
            seen.done[f"{name}, refused"] += 1
            if name not in ("backups", "replacements"):
                seen.failed.append(f"{name}: {error!r}")


def _ask(port: int, over: threading.Event, numbers: "itertools.count[int]", seen: Seen) -> None:
    """Ask, browse, type and judge, as visitors and programs do, until it is over."""
    chosen = random.Random(_SEED + next(numbers))
    with closing(Connection(port)) as connection:

        def ask(name: str, method: str, address: str, body: dict[str, object] | None = None) -> bytes | None:
            started = time.perf_counter()
            try:
                status, content = connection.ask(method, address, body)
            except OSError as error:
                seen.failed.append(f"{name}: {error!r}")
                return None
            seen.replies[name, status] += 1
            if status >= 500 and status != 503:
                seen.failed.append(f"{name}: {status} {content[:120]!r}")
            if status == 503:
                over.wait(0.05)  # a browser waits for longer; the flood should not be of refusals alone
            seen.seconds.append(time.perf_counter() - started)
            return content if status < 300 else None

        while not over.is_set():
            question = " ".join(chosen.choices(_WORDS, k=4)) + f" {next(numbers)}"
            match chosen.randrange(10):
                case 0:
                    ask("page", "GET", "/")
                case 1:
                    ask("suggest", "GET", f"/v1/suggest?q={chosen.choice(_WORDS)[:4].replace('é', 'e')}")
                case 2:
                    ask("batch", "POST", "/v1/search/batch", {"queries": [question, question[::-1]]})
                case 3:
                    ask("mistake", "POST", "/v1/search", {"query": question, "filters": {"nothing": ["x"]}})
                case _:
                    content = ask("search", "POST", "/v1/search", {"query": question})
                    if content and chosen.random() < 0.5:
                        reply = json.loads(content)
                        ids = (reply["query_id"], reply["hits"][0]["id"])
                        body = {"query_id": ids[0], "answer_id": ids[1], "useful": True}
                        if ask("judgement", "POST", "/v1/feedback", body) is not None:
                            seen.judged.add(ids)


def _back_up(database: Path, destination: Path) -> None:
    back_up(database, destination)
    if not read(destination)[0]:
        raise OSError(f"{destination} is not sound")
    destination.unlink()


def _fill(disk: Path) -> None:
    """Leave no byte on the disk for a while."""
    filler = disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as stream:
        while True:
            stream.write(b"x" * 65_536)
    time.sleep(_FULL_SECONDS)
    filler.unlink()


@contextmanager
def _small_disk(place: Path) -> Iterator[Path]:
    """Give a folder that is a disk of its own, where this program may make one; else only a folder."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_MEGABYTES}m", "tmpfs", str(place)]
    is_mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
    try:
        yield place
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(place)], check=False)


def _is_small(disk: Path) -> bool:
    status = os.statvfs(disk)
    return status.f_blocks * status.f_frsize <= _DISK_MEGABYTES * 2**20


@contextmanager
def _moved_clock(file: Path) -> Iterator[None]:
    """Have what is started within the block read the time of day by what *file* says, where libfaketime is there."""
    given = {
        "LD_PRELOAD": str(_FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    if not _FAKETIME.exists():
        print("The clock stays: libfaketime is not there.")
        given = {}
    os.environ.update(given)
    try:
        yield
    finally:
        for name in given:
            del os.environ[name]


def _report(seen: Seen, database: Path, *, minutes: float) -> list[str]:
    """Print the figures; return what is wrong."""
    problems = list(seen.failed)
    found: Counter[tuple[str, str]] = Counter()
    files = [database, *database.parent.glob("gone-*.sqlite")]
    for file in files:
        try:
            sound, kept = read(file)
        except sqlite3.DatabaseError as error:
            problems.append(f"{file.name}: {error}")
            continue
        found.update(kept.judgements.keys())
        if not sound:
            problems.append(f"{file.name} is damaged")
    lost = sum(not found[ids] for ids in seen.judged)
    twice = sum(count > 1 for count in found.values())
    fifth = len(seen.megabytes) // 5
    first, last = statistics.median(seen.megabytes[fifth : 2 * fifth]), statistics.median(seen.megabytes[-fifth:])
    if lost or twice:
        problems.append(f"{lost} judgements lost, {twice} twice")
    if last > first * (1 + _MOST_GROWTH):
        problems.append(f"the memory grew from {first:.0f} to {last:.0f} MB")
    cuts = statistics.quantiles(seen.seconds, n=100)
    statuses = Counter[int]()
    for (_, status), count in seen.replies.items():
        statuses[status] += count
    print(f"{minutes:g} minutes, {len(seen.seconds)} requests, {len(seen.seconds) / 60 / minutes:.0f} a second")
    print(f"p50 {1000 * cuts[49]:.0f} ms, p99 {1000 * cuts[98]:.0f} ms, worst {1000 * max(seen.seconds):.0f} ms")
    print("statuses     ", ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items())))
    print("done         ", ", ".join(f"{count} {name}" for name, count in seen.done.items() if name != "memory"))
    print(f"judgements    {len(seen.judged)} acknowledged, {lost} lost, {twice} twice, in {len(files)} files")
    print(f"memory        {first:.0f} MB, at the end {last:.0f} MB ({last / first - 1:+.1%})")
    for problem in problems[:10]:
        print("  ", problem)
    print("nothing wrong" if not problems else f"{len(problems)} wrong")
    return problems


if __name__ == "__main__":
    main()
