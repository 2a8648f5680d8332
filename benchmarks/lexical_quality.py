"""How good lexical search alone is on a BEIR folder: nDCG@10 and success@1, and how long a question takes.

python -m benchmarks.lexical_quality ../shared/data/cnil-faq
"""

import argparse
import json
import math
import statistics
import time
from pathlib import Path

from indexer.lexical import LexicalIndex


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="corpus.jsonl, queries.jsonl and qrels/test.tsv")
    folder = parser.parse_args().folder
    corpus = {entry["_id"]: f"{entry.get('title', '')} {entry['text']}" for entry in _lines(folder / "corpus.jsonl")}
    questions = {entry["_id"]: entry["text"] for entry in _lines(folder / "queries.jsonl")}
    relevant: dict[str, set[str]] = {}
    for line in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query_id, answer_id, grade = line.split("\t")
        if int(grade) > 0:
            relevant.setdefault(query_id, set()).add(answer_id)

    ids = list(corpus)
    started = time.perf_counter()
    index = LexicalIndex.build(list(corpus.values()))
    built_seconds = time.perf_counter() - started
    gains: list[float] = []
    first: list[bool] = []
    took_ms: list[float] = []
    for query_id, expected in relevant.items():
        started = time.perf_counter()
        match = index.search(questions[query_id])
        took_ms.append(1000 * (time.perf_counter() - started))
        best = [ids[row] for row in match.best_rows(10)]
        gains.append(_ndcg(best, expected))
        first.append(bool(best) and best[0] in expected)
    print(f"{len(ids)} answers in {built_seconds:.2f} s, {len(gains)} questions")
    print(f"nDCG@10 {statistics.mean(gains):.4f}   success@1 {statistics.mean(first):.4f}")
    print(f"one question: median {statistics.median(took_ms):.2f} ms, longest {max(took_ms):.2f} ms")


def _ndcg(best: list[str], expected: set[str]) -> float:
    gain = sum(1 / math.log2(rank + 1) for rank, found in enumerate(best, 1) if found in expected)
    return gain / sum(1 / math.log2(rank + 1) for rank in range(1, min(len(expected), 10) + 1))


def _lines(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    main()
