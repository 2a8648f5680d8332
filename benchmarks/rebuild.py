"""How long a rebuild takes after one edit of a large corpus, with the real encoder.

    python -m benchmarks.rebuild [ANSWERS]

ANSWERS: 10,000 by default. The first build encodes everything and takes some minutes; only the second is of interest.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from indexer.corpus.corpus import open_corpus
from indexer.dense.blas import keep_products_on_one_thread
from indexer.encoders.loading import load_encoder
from indexer.index.build import build_index


def main() -> None:
    """Print the figures of both builds."""
    keep_products_on_one_thread()
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    encoder = load_encoder("bundled")
    with tempfile.TemporaryDirectory() as folder:
        for edit in ("", " Modifié."):
            file = _write(Path(folder) / "faq.jsonl", count, edit)
            began = time.perf_counter()
            summary = build_index(open_corpus(file), Path(folder) / "index", encoder=encoder)
            counts = summary.manifest.counts
            seconds = time.perf_counter() - began
            print(f"{count} answers: {seconds:.1f} s, {counts.embedded} texts encoded, {counts.reused} reused")


def _write(file: Path, count: int, edit: str) -> Path:
    with file.open("w", encoding="utf-8") as stream:
        for number in range(count):
            text = f"Pour la demande numéro {number}, adressez le formulaire {number % 977} au service {number % 89}."
            record = {"id": f"reponse-{number:07}", "text": text + (edit if number == count // 2 else "")}
            stream.write(json.dumps(record) + "\n")
    return file


if __name__ == "__main__":
    main()
