"""A deterministic encoder for tests: milliseconds instead of seconds, and similar texts get similar vectors."""

import hashlib
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from indexer.encoders.cosine_scale import E5, CosineScale
from indexer.encoders.parts import Part
from indexer.records import Vectors


class FakeEncoder:
    """Each character trigram of the folded text adds a pseudo-random direction that depends on it alone."""

    def __init__(
        self,
        *,
        dimension: int = 64,
        name: str = "fake",
        max_tokens: int = 128,
        cosine_scale: CosineScale | None = E5,
        reads_parts_in_whole: bool = True,
    ) -> None:
        self.reads_parts_in_whole = reads_parts_in_whole
        self.name = name
        self.cosine_scale = cosine_scale
        self.dimension = dimension
        self.max_tokens = max_tokens
        self.fingerprint = hashlib.sha256(f"{name}/{dimension}".encode()).hexdigest()
        self.encoded: list[str] = []
        """Every text encoded so far, so that a test can tell what was re-embedded."""

    arithmetic = "of bytes"

    def expect(self, texts: int) -> None:
        self.expected = texts

    def speed_up(self) -> None:
        pass

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts)

    def encode_in_parts(self, texts: Sequence[str], parts: Sequence[Sequence[Part]]) -> list[Vectors]:
        return [
            self._encode([text, *(text[start:end] for start, end in some)])
            for text, some in zip(texts, parts, strict=True)
        ]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 2 for text in texts]

    def _encode(self, texts: Sequence[str]) -> Vectors:
        self.encoded.extend(texts)
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            folded = "".join(c for c in unicodedata.normalize("NFKD", f"  {text.lower()} ") if c.isalnum() or c == " ")
            for at in range(max(1, len(folded) - 2)):
                vectors[row] += _direction(folded[at : at + 3], self.dimension)
            vectors[row] /= np.linalg.norm(vectors[row])
        return vectors


@lru_cache(maxsize=65_536)
def _direction(trigram: str, dimension: int) -> Vectors:
    generator = np.random.default_rng(int.from_bytes(hashlib.blake2b(trigram.encode(), digest_size=8).digest()))
    return generator.standard_normal(dimension, dtype=np.float32)
