"""What `souffleur tune` does, once it is parsed: prints it in French, for who looks after an FAQ."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from evaluation.publication.commands import heard_from, how_to_build
from indexer.cli import refuse_another_corpus
from indexer.corpus import open_corpus
from indexer.dense.blas import keep_products_on_one_thread
from indexer.encoders.loading import load_encoder
from indexer.errors import CorpusError, EncoderError, IndexFolderError
from indexer.index.encoder import adapter_in_service, load_configured_encoder
from indexer.index.manifest import CorpusInfo
from indexer.settings import BUNDLED, BUNDLED_BASE, IndexerSettings, keep_off_the_hub
from indexer.terminal import DONE, FOUND, show_progress
from server.settings import ServerSettings
from training.tuning.course import TooFewQuestionsError, Tuning, tune


def tune_corpus(index: IndexerSettings, server: ServerSettings, *, query_sets: Sequence[Path], dry_run: bool) -> int:
    """Tune the bundled encoder to the corpus of *index*; FOUND where nothing is gained, or publishing was refused.

    EncoderError where the settings name another encoder, IndexFolderError where they name a Milvus.
    """
    if index.encoder != BUNDLED:
        raise EncoderError(
            f"« souffleur tune » apprend au modèle fourni, pas à {index.encoder}. Retirez encoder des réglages."
        )
    if index.store is not None:
        raise IndexFolderError(
            "« souffleur tune » met en service un dossier, pas un Milvus. Retirez store des réglages pour cette "
            "commande ; « souffleur build » met ensuite dans le Milvus l'index de l'encodeur affiné."
        )
    keep_off_the_hub(index.encoder)
    keep_products_on_one_thread()
    try:
        corpus = open_corpus(index.corpus)
        refuse_another_corpus(CorpusInfo.of(corpus.kind, index.corpus, index.index), index)
        base = load_encoder(BUNDLED_BASE, cache_folder=index.cache, threads=index.threads)
        tuning = Tuning(
            corpus=corpus,
            path=index.index,
            served_by=load_configured_encoder(index) if adapter_in_service(index.index) else base,
            base=base,
            heard=heard_from(server, index.corpus),
            query_sets=query_sets,
            how=how_to_build(index),
            keep_days=server.retention_days,
            threads=index.threads or len(os.sched_getaffinity(0)),
            cache=index.cache,
        )
        tuned = tune(tuning, dry_run=dry_run, show=show_progress)
    except (CorpusError, TooFewQuestionsError) as error:
        print(error, file=sys.stderr)
        return FOUND
    print(tuned.gain.report(), flush=True)
    if not tuned.gain.is_certain:
        return FOUND
    if tuned.publication is None:
        print("Rien n'a été publié : c'était un essai (--dry-run).")
        return DONE
    print(f"\n{tuned.publication.report}")
    if not tuned.publication.served:
        return FOUND
    print("\nUn serveur en marche garde l'ancien encodeur : redémarrez-le.")
    return DONE
