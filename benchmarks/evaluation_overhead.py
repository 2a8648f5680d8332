"""Prints what a run of a query set costs beyond encoding and searching, and that its memory is bounded.

    python benchmarks/evaluation_overhead.py [FOLDER] [--queries 10000] [--streamed 100000]

FOLDER: a BEIR folder with a corpus, ../shared/data/cnil-faq by default. Its questions are varied by a number, so that
all of them differ. Parts of the work are timed where they happen, in one process, so that what else the machine does
hits all alike. The second measurement asks far more queries of a stand-in that answers at once, each in a process of
its own: what grows is the evaluation's. Takes about four minutes, and one more the first time, to index the corpus.
Memory is read from /proc, so on Linux only.
"""

import argparse
import json
import multiprocessing
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path

from evaluation.measure import measure
from evaluation.queries.query_sets import open_query_set
from evaluation.records import Outcome, Returned, Target
from evaluation.runs.answerers import IndexAnswerer
from evaluation.runs.own_corpus import index_corpus
from indexer.dense.blas import keep_products_on_one_thread
from indexer.encoders import Encoder
from indexer.encoders.bundled.encoder import BundledEncoder
from indexer.records import Facets, Status, Vectors
from server.answering.answering import Answering

DEFAULT = Path(__file__).parents[2] / "shared/data/cnil-faq"


class Timed:
    """An encoder that adds up its seconds."""

    def __init__(self, encoder: Encoder) -> None:
        self.name, self.fingerprint = encoder.name, encoder.fingerprint
        self.dimension, self.max_tokens = encoder.dimension, encoder.max_tokens
        self.encode_passages, self.encode_in_parts = encoder.encode_passages, encoder.encode_in_parts
        self.count_tokens, self.cosine_scale = encoder.count_tokens, encoder.cosine_scale
        self.speed_up, self.reads_parts_in_whole = encoder.speed_up, encoder.reads_parts_in_whole
        self._encoder = encoder
        self.texts, self.seconds = 0, 0.0

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        started = time.perf_counter()
        vectors = self._encoder.encode_questions(texts)
        self.seconds += time.perf_counter() - started
        self.texts += len(texts)
        return vectors


class AtOnce:
    """Answers every question with the same ten hits, so that nothing but the evaluation takes time and memory."""

    batches_at_once = 1
    target = Target("nowhere", "stand-in", "none", 10)

    def facets_of(self, answer_ids: Iterable[str]) -> Mapping[str, Facets]:
        return {answer_id: {} for answer_id in answer_ids}

    def answer(self, batches: Sequence[Sequence[str]], *, limit: int) -> list[Outcome]:
        hits = tuple(
            Returned(
                f"d{at}", 10.0 - at, 0.5, "Un passage de taille moyenne. " * 4 if at < 3 else "", None, {"dense": 0.8}
            )
            for at in range(limit)
        )
        return [Outcome(Status.ANSWERED, 0.5, hits, 1.0) for batch in batches for _ in batch]


def main() -> None:
    """Print the figures."""
    keep_products_on_one_thread()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, nargs="?", default=DEFAULT)
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--streamed", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure_overhead(options.folder, Path(folder), count=options.queries)
        for count in (options.streamed // 10, options.streamed):
            queries = write_queries(options.folder, Path(folder) / f"streamed-{count}", count=count)
            # A process of its own each: a peak never goes down again.
            process = multiprocessing.get_context("spawn").Process(target=measure_memory, args=(queries, count))
            process.start()
            process.join()


def measure_overhead(source: Path, folder: Path, *, count: int) -> None:
    """Print how the time of a run divides into encoding, searching and the evaluation itself."""
    encoder = Timed(BundledEncoder())
    path = index_corpus(source / "corpus.jsonl", encoder=encoder)
    answering = Answering.open(path, encoder=encoder)
    queries = open_query_set(write_queries(source, folder / "queries", count=count))
    encoder.texts, encoder.seconds = 0, 0.0
    started = time.perf_counter()
    summary = measure(queries, IndexAnswerer(answering, where=str(path)), folder / "run", limit=10)
    total = time.perf_counter() - started
    searching = summary.timing.seconds - encoder.seconds
    own = total - summary.timing.seconds
    print(f"{count} queries, {answering.index_info.answers} answers, {encoder.texts} texts encoded: {total:.1f} s")
    for name, seconds in (("encoding", encoder.seconds), ("searching", searching), ("evaluation", own)):
        share = seconds / encoder.seconds
        print(f"  {name:10} {seconds:7.1f} s  {1000 * seconds / count:6.2f} ms a query  {share:6.1%} of the encoding")


def measure_memory(queries: Path, count: int) -> None:
    """Print the time and the peak memory of a run of *count* queries whose answers cost nothing."""
    before = peak_megabytes()
    started = time.perf_counter()
    measure(open_query_set(queries), AtOnce(), queries / "run", limit=10)
    seconds = time.perf_counter() - started
    size = (queries / "run" / "results.jsonl").stat().st_size
    print(
        f"{count} queries answered at once: {seconds:.1f} s, peak {peak_megabytes():.0f} MB, {before:.0f} MB of it "
        f"before the run; {size / 1e6:.0f} MB of results"
    )


def peak_megabytes() -> float:
    """Return the peak of this process. Not getrusage: its peak counts that of the parent, from before the start."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def write_queries(source: Path, folder: Path, *, count: int) -> Path:
    """Write a BEIR folder of *count* different queries made from those of *source*, and return it."""
    (folder / "qrels").mkdir(parents=True)
    with (source / "queries.jsonl").open(encoding="utf-8") as stream:
        texts = [json.loads(line)["text"] for line in stream]
    with (folder / "queries.jsonl").open("w") as queries, (folder / "qrels" / "test.tsv").open("w") as qrels:
        qrels.write("query-id\tcorpus-id\tscore\n")
        for number, text in enumerate(islice(cycle(texts), count)):
            queries.write(json.dumps({"_id": f"q{number}", "text": f"{text} ({number})"}) + "\n")
            qrels.write(f"q{number}\td{number % 10}\t1\n")
    return folder


if __name__ == "__main__":
    main()
