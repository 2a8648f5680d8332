"""The index of a corpus that came with a query set: built once, kept, and found again by the content of its file."""

import json
from pathlib import Path

from indexer.corpus import open_corpus
from indexer.encoders import Encoder
from indexer.files import sha256_of
from indexer.index.build import build_index
from indexer.records import Progress, no_progress

CACHE = Path("build/evaluation/indexes")


def index_corpus(corpus: Path, *, encoder: Encoder, cache: Path = CACHE, progress: Progress = no_progress) -> Path:
    """Return the index folder of a BEIR folder's corpus, built where it is not there yet.

    corpus: the file corpus.jsonl. CorpusError if it cannot be read.
    """
    path = cache / f"{sha256_of(corpus)[:16]}-{encoder.fingerprint[:8]}"
    build_index(open_corpus(corpus.parent), path, encoder=encoder, keep=1, progress=progress)
    return path


def corpus_ids(corpus: Path) -> set[str]:
    """Return the answer ids of corpus.jsonl, so that judgments can be checked before anything is indexed.

    A line that is no answer is passed over: building reports it.
    """
    ids = set()
    with corpus.open(encoding="utf-8-sig", errors="replace") as stream:
        for line in stream:
            try:
                ids.add(str(json.loads(line)["_id"]))
            except (ValueError, KeyError, TypeError, RecursionError):
                continue
    return ids
