"""How good lexical search alone is on a BEIR folder: nDCG@10 and success@1, and how long a question takes.

python -m benchmarks.lexical_quality ../shared/data/cnil-faq
"""

import argparse
import statistics
import time
from pathlib import Path

from evaluation.metrics.ranking import RankingMeter
from evaluation.queries.query_sets import open_query_set
from evaluation.records import DEPTH, Scope
from indexer.corpus.corpus import open_corpus
from indexer.lexical.index import LexicalIndex


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="corpus.jsonl, queries.jsonl and qrels/*.tsv")
    folder = parser.parse_args().folder
    answers = list(open_corpus(folder).answers())
    ids = [answer.id for answer in answers]
    query_set = open_query_set(folder)
    query_set.require_sound(set(ids))
    queries = [query for query in query_set if query.scope is Scope.IN_SCOPE]

    started = time.perf_counter()
    index = LexicalIndex.build(answer.text for answer in answers)
    built_seconds = time.perf_counter() - started
    rankings: dict[str, list[str]] = {}
    took_ms: list[float] = []
    for query in queries:
        started = time.perf_counter()
        match = index.search(query.text)
        took_ms.append(1000 * (time.perf_counter() - started))
        rankings[query.id] = [ids[row] for row in match.best_rows(DEPTH)]
    measured = RankingMeter().measure({query.id: query.expected for query in queries}, rankings).values()
    ndcg, first = (statistics.mean(values[name] for values in measured) for name in ("nDCG@10", "Success@1"))
    print(f"{len(ids)} answers in {built_seconds:.2f} s, {len(queries)} questions")
    print(f"nDCG@10 {ndcg:.4f}   success@1 {first:.4f}")
    print(f"one question: median {statistics.median(took_ms):.2f} ms, longest {max(took_ms):.2f} ms")


if __name__ == "__main__":
    main()
