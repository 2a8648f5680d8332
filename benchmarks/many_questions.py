"""Measures `souffleur learn` with many stored questions: time and memory, first and again.

    python -m benchmarks.many_questions [--questions 100000] [--index build/index]

The questions are those of the curated ones, cut and mixed, four in five of them different; one in ten is judged.
"""

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from indexer.index.index import Index
from indexer.records import Status
from server.feedback.store import FeedbackStore

_SEED = 3
_DAYS = 300


def main() -> int:
    """Fill a file of feedback, run the command twice on it, and print what each took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.many_questions", description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=int, default=100_000)
    parser.add_argument("--index", type=Path, default=Path("build/index"))
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        feedback = Path(folder, "feedback.sqlite")
        fill(feedback, Index.open(options.index), count=options.questions)
        for run in ("first", "again"):
            started = time.perf_counter()
            command = [sys.executable, "-m", "souffleur", "learn", "--feedback", str(feedback)]
            command += ["--index", str(options.index), "--corpus", str(options.corpus)]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            took = time.perf_counter() - started
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            print(f"{run}: {took:.1f} s, {used.ru_utime + used.ru_stime:.1f} s of processor so far, ", end="")
            print(f"{used.ru_maxrss / 1024:.0f} MB at most", flush=True)
        print(said[-400:])
    return 0


def fill(path: Path, index: Index, *, count: int) -> None:
    """Write so many questions of several hundred days, with judgements of some."""
    rng = random.Random(_SEED)
    curated = [(answer.id, question) for answer in index.answers for question in answer.questions]
    now = [time.time() - (_DAYS + 1) * 86_400]
    with FeedbackStore.open(path, keep_questions="redacted", retention_days=395, clock=lambda: now[0]) as store:
        for number in range(count):
            now[0] += _DAYS * 86_400 / count
            answer_id, question = rng.choice(curated)
            words = question.rstrip(" ?").split() + rng.choice(curated)[1].split()[:4]
            if rng.random() < 0.8:
                rng.shuffle(words)
            text = " ".join(words[:14])
            query_id = f"{number:032x}"
            status = rng.choice((Status.ANSWERED, Status.UNCERTAIN, Status.NO_ANSWER))
            store.record_question(query_id, text, status=status, confidence=0.5, answer_id=answer_id, index_id="i")
            if rng.random() < 0.1:
                useful = rng.random() < 0.8
                store.record_feedback(query_id, answer_id, useful=useful, index_id="i")


if __name__ == "__main__":
    sys.exit(main())
