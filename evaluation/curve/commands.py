"""What `souffleur evaluate learning-curve` does, once it is parsed: plan, build, ask, print, and leave the files."""

import argparse
import hashlib
from pathlib import Path

from evaluation.curve.learning_curve import measure_curve
from evaluation.curve.page import draw_curve, render_curve, render_page
from evaluation.curve.plan import asking, left_out
from evaluation.queries.query_sets import open_query_set
from evaluation.runs.folder import writing
from indexer.corpus import open_corpus
from indexer.dense.blas import keep_products_on_one_thread
from indexer.index.encoder import load_configured_encoder
from indexer.settings import IndexerSettings
from indexer.terminal import DONE, show_progress

FOLDER = Path("build/evaluation/learning-curve")
_INDEXES = Path("build/evaluation/indexes")


def learning_curve(options: argparse.Namespace, settings: IndexerSettings) -> int:
    """Measure what more curated questions bring, print it, and leave it as JSON, SVG and a page."""
    keep_products_on_one_thread()
    corpus = open_corpus(settings.corpus)
    if options.queries:
        queries = open_query_set(options.queries)
        folds, asked_from = asking(queries, corpus), f"questions of {queries.name}"
    else:
        folds, asked_from = left_out(corpus, folds=options.folds), "left-out questions"
    encoder = load_configured_encoder(settings)
    # One index folder for each corpus: the vectors of its texts are there the next time.
    name = hashlib.sha256(str(settings.corpus.resolve()).encode()).hexdigest()[:16]
    with show_progress("builds") as progress:
        curve = measure_curve(
            corpus,
            folds,
            options.kept,
            _INDEXES / f"curve-{name}-{encoder.fingerprint[:8]}",
            encoder=encoder,
            risk=settings.risk,
            corpus=str(settings.corpus),
            asked_from=asked_from,
            own_questions=options.queries is None,
            progress=progress,
        )
    folder: Path = options.out or FOLDER
    for file, content in (
        (folder / "learning-curve.json", curve.to_json()),
        (folder / "learning-curve.svg", draw_curve(curve, alone=True)),
        (folder / "learning-curve.html", render_page(curve)),
    ):
        with writing(file, advice="Choose another --out."):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
    print(curve.to_json() if options.json else f"{render_curve(curve)}\n\n{folder / 'learning-curve.html'}", end="")
    if not options.json:
        print()
    return DONE
