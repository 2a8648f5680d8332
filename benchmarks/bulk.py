"""What 8-bit products gain and cost: passages a second, and the ranking of an index made so, beside 4-bit ones.

    python -m benchmarks.bulk [FOLDER …]

FOLDER: BEIR folders, by default the CNIL's FAQ and a developers' in ../shared/data. Each is built twice from nothing,
one after the other; questions are encoded alike. Differences of first answers right and of nDCG@10 are paired by
question, with a 95 % bootstrap interval; the last line is of all folders together. Two minutes a thousand answers.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.ranking import RankingMeter
from evaluation.metrics.resampling import estimate_all, mean_of
from evaluation.queries.query_sets import open_query_set
from evaluation.records import DEPTH, Scope
from indexer.arithmetic import Arithmetic
from indexer.corpus.corpus import open_corpus
from indexer.encoders import Encoder
from indexer.encoders.loading import load_encoder
from indexer.index.build import build_index
from indexer.index.index import Index

DEFAULTS = [Path("../shared/data") / name for name in ("cnil-faq", "faq-developpement")]
Measures = NDArray[np.float64]


def main() -> None:
    """Print the lines."""
    folders = [Path(name) for name in sys.argv[1:]] or DEFAULTS
    exact, rounded = (load_encoder(arithmetic=kind) for kind in (Arithmetic.FOUR_BIT, Arithmetic.EIGHT_BIT))
    print(f"{'':20} texts a second, 4 and 8 bits   first right, 8 bits and difference     nDCG@10, the same")
    both: list[tuple[Measures, Measures]] = []
    for folder in folders:
        (before, slow), (after, fast) = (_measure(folder, encoder) for encoder in (exact, rounded))
        both.append((before, after))
        _show(f"{folder.name:20} {slow:5.0f} {fast:5.0f} ({fast / slow:.2f}x)", before, after)
    _show(f"{'all':20}", np.concatenate([one for one, _ in both]), np.concatenate([other for _, other in both]))


def _measure(folder: Path, encoder: Encoder) -> tuple[Measures, float]:
    """Return of each question first right and nDCG@10, shape (questions, 2), and the texts encoded a second."""
    with tempfile.TemporaryDirectory() as scratch:
        began = time.perf_counter()
        built = build_index(open_corpus(folder), Path(scratch) / "index", encoder=encoder)
        rate = built.manifest.counts.embedded / (time.perf_counter() - began)
        index = Index.open(Path(scratch) / "index")
        queries = [query for query in open_query_set(folder) if query.scope is Scope.IN_SCOPE]
        vectors = encoder.encode_questions([query.text for query in queries])
        rankings = {}
        for query, vector in zip(queries, vectors, strict=True):
            (found,) = index.search([query.text], vector[np.newaxis], limit=DEPTH)
            rankings[query.id] = [hit.answer.id for hit in found.hits]
    values = RankingMeter().measure({query.id: query.expected for query in queries}, rankings)
    return np.array([[values[query.id][name] for name in ("Success@1", "nDCG@10")] for query in queries]), rate


def _show(beginning: str, before: Measures, after: Measures) -> None:
    found: Sequence[tuple[float, float, float]] = estimate_all(
        [mean_of((after - before)[:, column]) for column in range(2)], count=len(before)
    )
    parts = (
        f"{after[:, column].mean():.3f} {change:+.4f} [{low:+.4f}, {high:+.4f}]"
        for column, (change, low, high) in enumerate(found)
    )
    print(f"{beginning:42} {'   '.join(parts)}", flush=True)


if __name__ == "__main__":
    main()
