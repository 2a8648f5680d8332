"""How near the bundled encoder comes to the machine's own limit, and what padding wastes.

    python -m benchmarks.encoder_limit

The limit: the matrix products of the network's shapes, in float32 by NumPy's BLAS on all cores, weights as large as its
own, and nothing else. The encoder reads 4-bit weights, so that for a short question, where reading them is most of the
work, it may beat that limit; for a batch it cannot. Rounds of both are interleaved, with a pause in between: each
library's threads wait busily for a while, on the cores that the other needs.
"""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from indexer.corpus.corpus import open_corpus
from indexer.encoders.bundled.encoder import BundledEncoder
from indexer.encoders.bundled.engine import padded_length

LAYERS, WIDTH, INNER = 12, 384, 1536
TOKENS = (8, 16, 32, 128, 512)
ROUNDS = 15
PAUSE_SECONDS = 0.1


def main() -> None:
    """Print a line for each length, then what padding wastes."""
    encoder = BundledEncoder()
    encoder.speed_up()  # as a server has it
    shapes = [(WIDTH, 3 * WIDTH), (WIDTH, WIDTH), (WIDTH, INNER), (INNER, WIDTH)]
    generator = np.random.default_rng(1)
    layers = [[generator.standard_normal(shape, dtype=np.float32) for shape in shapes] for _ in range(LAYERS)]
    print("tokens   encoder  products   encoder takes")
    for tokens in TOKENS:
        text = _text_of(encoder, tokens)
        inputs = {size: generator.standard_normal((tokens, size), dtype=np.float32) for size in (WIDTH, INNER)}

        def products(given: dict[int, np.ndarray] = inputs) -> None:
            for layer in layers:
                for weights in layer:
                    _ = given[weights.shape[0]] @ weights

        def encode(given: str = text) -> None:
            encoder.encode_questions([given])

        took = [(_milliseconds(encode), _milliseconds(products)) for _ in range(ROUNDS)]
        ours, theirs = (statistics.median(column) for column in zip(*took, strict=True))
        ratio = statistics.median(a / b for a, b in took)
        print(f"{tokens:6} {ours:6.2f} ms {theirs:6.2f} ms   {ratio:.2f} x")
    lines = Path("corpus/queries/dev/queries.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["text"] for line in lines]
    answers = [answer.text for answer in open_corpus(Path("corpus")).answers()]
    print(f"padding, one question at a time: {_waste(encoder.count_tokens(questions)):.1%} of the tokens")
    print(f"padding, one answer at a time:   {_waste(encoder.count_tokens(answers)):.1%}")


def _text_of(encoder: BundledEncoder, tokens: int) -> str:
    words = ["certificat"] * tokens
    while encoder.count_tokens([" ".join(words)])[0] > tokens:
        words.pop()
    return " ".join(words)


def _milliseconds(work: Callable[[], None]) -> float:
    """Return what *work* takes when it has just been done before."""
    time.sleep(PAUSE_SECONDS)
    work()
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def _waste(lengths: list[int]) -> float:
    return 1 - sum(lengths) / sum(map(padded_length, lengths))


if __name__ == "__main__":
    main()
