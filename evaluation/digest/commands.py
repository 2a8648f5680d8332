"""What `souffleur digest` does, once it is parsed: gather, draw, write two files, and say where they are."""

import argparse
import os
from pathlib import Path

from platformdirs import user_cache_path

from evaluation.digest.digest import Digest, make_digest, today_in_utc
from evaluation.digest.page import render_html, render_markdown
from evaluation.runs.folder import writing
from indexer.corpus import open_corpus
from indexer.corpus.phrasings.memory import read_decided
from indexer.dense.blas import keep_products_on_one_thread
from indexer.index.encoder import load_configured_encoder
from indexer.index.place import configured_indexes
from indexer.settings import IndexerSettings
from indexer.terminal import DONE
from server.answering.answering import Answering
from server.learning.grounds import Grounds, named
from server.learning.themes import propose_themes
from server.learning.vectors import KeptVectors
from server.serve import open_feedback
from server.settings import ServerSettings

FOLDER = Path("build/digest")


def write_digest(options: argparse.Namespace, index: IndexerSettings, server: ServerSettings) -> int:
    """Write the digest of the last weeks as Markdown and HTML, and print where they are."""
    digest = _gather(options, index, server)
    folder: Path = options.out or FOLDER
    name = f"{digest.begin:%Y-%m-%d}"
    for file, content in (
        (folder / f"{name}.md", render_markdown(digest)),
        (folder / f"{name}.html", render_html(digest, _figures(digest, index))),
    ):
        with writing(file, advice="Choose another --out."):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        print(file)
    return DONE


def _gather(options: argparse.Namespace, settings: IndexerSettings, server: ServerSettings) -> Digest:
    feedback = server.begun_feedback()
    keep_products_on_one_thread()
    corpus = open_corpus(settings.corpus)
    encoder = load_configured_encoder(settings)
    index = Answering.open(configured_indexes(settings), encoder=encoder).index
    decided = read_decided(corpus.path)
    with open_feedback(server) as store:
        vectors = KeptVectors(encoder, KeptVectors.file_beside(feedback, encoder))
        themes, _ = propose_themes(Grounds.of(index, store, decided, vectors))
        return make_digest(
            today=options.until or today_in_utc(),
            weeks=options.weeks,
            asked=store.asked_by_day(),
            votes=store.votes_by_day(),
            themes=themes,
            answers={answer.id: named(answer) for answer in index.answers},
            decided=decided,
        )


def _figures(digest: Digest, settings: IndexerSettings) -> list[tuple[str, str]]:
    if not any(week.asked for week in digest.weeks):
        return []
    # Where it keeps its list of fonts: in our cache, not in a folder of its own in the user's home.
    os.environ.setdefault("MPLCONFIGDIR", str((settings.cache or user_cache_path("souffleur")) / "matplotlib"))
    from evaluation.report.plots import draw_weeks, to_data_address

    names = [f"{week.monday:%d/%m}" for week in digest.weeks]
    counts = {
        "réponse sûre": [week.answered for week in digest.weeks],
        "à vérifier": [week.uncertain for week in digest.weeks],
        "sans réponse sûre": [week.no_answer for week in digest.weeks],
    }
    title = "Questions par semaine"
    address = to_data_address(lambda axes: draw_weeks(axes, names, counts, title=title), width=7.0)
    shares = " ; ".join(f"{name} : {sum(numbers)}" for name, numbers in counts.items())
    return [(address, f"{title}, sur {len(names)} semaines. {shares}.")]
