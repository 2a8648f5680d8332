"""What docs/echelle.md counts with: bytes of an index by vector, and texts encoded a second here and on workers.

    python -m benchmarks.scale ../shared/data/cnil-faq --dask local:2

Builds the corpus from nothing, here and on a Dask cluster, and compares the bits of both; then an index of generated
answers of forty words, with vectors by a stand-in, both of `benchmarks.generated`.
"""

import argparse
import dataclasses
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks.generated import Generated, StandIn
from indexer.corpus import open_corpus
from indexer.dense.blas import keep_products_on_one_thread
from indexer.encoders import Encoder
from indexer.encoders.loading import load_encoder
from indexer.index.build import BuildSummary, build_index
from indexer.index.manifest import Manifest
from indexer.records import AnswerSource, Progress, no_progress
from indexer.settings import IndexerSettings
from indexer.workforce import OneProcess, Workforce
from indexer.workforce.dask_cluster import open_cluster
from indexer.workforce.place import Place
from indexer.workforce.worker import load


def main() -> None:
    """Measure, and print a line for each."""
    keep_products_on_one_thread()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--dask", default="local", help="where the workers are, as for `souffleur build`")
    parser.add_argument("--generated", type=int, default=100_000, help="answers of the second index")
    options = parser.parse_args()
    corpus, encoder, place = open_corpus(options.corpus), load_encoder(), Place.of(options.dask)
    here, here_seconds = _timed(corpus, encoder, OneProcess(encoder))
    settings = dataclasses.replace(IndexerSettings(), threads=place.threads_each)
    began = time.perf_counter()
    with open_cluster(place, encoder=encoder, load=partial(load, settings, None)) as cluster:
        ready_seconds = time.perf_counter() - began
        there, there_seconds = _timed(corpus, encoder, cluster)
    texts = here.counts.embedded
    print(f"{options.corpus.name}: {_sizes(here)}")
    print(f"here {texts / here_seconds:.1f} texts/s; {place}, {options.dask}: {texts / there_seconds:.1f} texts/s,")
    print(f"ready after {ready_seconds:.1f} s; same bits: {_vectors(here) == _vectors(there)}")
    if options.generated:
        generated = Generated(options.generated, edited=False)
        print(f"generated: {_sizes(_build(generated, StandIn(), None).manifest)}")


def _timed(corpus: AnswerSource, encoder: Encoder, workforce: Workforce) -> tuple[Manifest, float]:
    """Return a manifest, and the seconds until the last text was encoded."""
    began, ended = time.perf_counter(), 0.0

    def progress(_: int, __: int) -> None:
        nonlocal ended
        ended = time.perf_counter()

    return _build(corpus, encoder, workforce, progress).manifest, ended - began


def _build(
    corpus: AnswerSource, encoder: Encoder, workforce: Workforce | None, progress: Progress = no_progress
) -> BuildSummary:
    Path("build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir="build") as folder:
        return build_index(corpus, Path(folder), encoder=encoder, workforce=workforce, progress=progress)


def _sizes(manifest: Manifest) -> str:
    counts = manifest.counts
    vectors, answers = counts.passages + counts.spans, counts.answers
    whole, dense = sum(manifest.sizes.values()), manifest.sizes["dense.faiss"]
    return (
        f"{answers} answers, {vectors} vectors ({vectors / answers:.1f} an answer), {whole / 1e6:.0f} MB on disk "
        f"({whole / vectors:.0f} bytes a vector; {dense / counts.passages:.0f} a passage are compressed vectors)"
    )


def _vectors(manifest: Manifest) -> list[str]:
    return [manifest.files[name] for name in ("embeddings.npy", "span_embeddings.npy")]


if __name__ == "__main__":
    main()
