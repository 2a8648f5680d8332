"""How long the inbox takes with many stored questions: `python -m benchmarks.inbox [QUESTIONS]`.

A file is made with so many questions, half of them put before, a third without a sure answer, a twentieth judged
useless with a remark, over a year. Each reading of a page is timed as the server does it, over a fresh connection.
"""

import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from indexer.french.text import words_of
from indexer.records import Status
from server.feedback.inbox import Filter, Inbox, Kind, Order, State
from server.feedback.store import FeedbackStore

_REPEATS = 15
_DAY = 86_400
_WORDS = ["certificat", "carte", "serveur", "erreur", "dossier", "patient", "hôpital", "officine", "code", "version"]


def fill(path: Path, questions: int) -> None:
    """Make a file with so many questions of a year, the same for the same number."""
    chance = random.Random(0)
    now = int(time.time())
    asked: list[str] = []
    rows: list[tuple[object, ...]] = []
    judged: list[tuple[object, ...]] = []
    for number in range(questions):
        at = now - int(365 * _DAY * (1 - number / questions))
        again = bool(asked) and chance.random() < 0.5
        question = chance.choice(asked) if again else f"{' '.join(chance.choices(_WORDS, k=9))} {number} ?"
        asked.append(question)
        status = chance.choices([Status.ANSWERED, Status.UNCERTAIN, Status.NO_ANSWER], [66, 22, 12])[0]
        rows.append((f"q{number}", question, words_of(question), status.value, 0.5, "a", "i", at))
        if chance.random() < 0.05:
            comment = f"Il manque une information\n{chance.choice(asked)}"
            judged.append((f"q{number}", "a", 0, comment, "i", at, words_of(comment), "remark"))
    with FeedbackStore.open(path, keep_questions="redacted", retention_days=395) as store:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.executemany("INSERT INTO questions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            connection.executemany("INSERT INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?, ?)", judged)
        for item in store.inbox().read(Filter(), size=100).items:
            store.decide(item.kind, item.key, State.DONE)


def milliseconds(action: Callable[[], object]) -> float:
    """Return the median time of *action*."""
    times = []
    for _ in range(_REPEATS):
        begun = time.perf_counter()
        action()
        times.append(time.perf_counter() - begun)
    return 1000 * statistics.median(times)


def main() -> None:
    """Print the time of each reading."""
    questions = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feedback.sqlite"
        fill(path, questions)
        now = time.time()
        inbox = Inbox(path, since=now - 395 * _DAY)
        found = inbox.read(Filter())
        print(f"{questions} questions, {path.stat().st_size / 1e6:.1f} MB, {found.found} items: {found.by_state}")
        for name, action in {
            "first page": lambda: inbox.read(Filter(state=State.NEW)),
            "first page, most frequent": lambda: inbox.read(Filter(), order=Order.FREQUENT),
            "last page": lambda: inbox.read(Filter(), number=10**6),
            "one kind": lambda: inbox.read(Filter(Kind.UNANSWERED)),
            "with words": lambda: inbox.read(Filter(words="certificat hôpital")),
            "totals by week": lambda: inbox.weeks(Filter(), now=now),
            "export of everything": lambda: list(inbox.every(Filter())),
        }.items():
            print(f"{name:<28}{milliseconds(action):8.1f} ms")


if __name__ == "__main__":
    main()
