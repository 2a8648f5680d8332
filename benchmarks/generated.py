"""Generated answers of forty words, and vectors by a stand-in for the encoder: what large indexes are measured with.

The words are those of the shipped answers. The vectors mix those of the index in build/index with noise of their own
spread: encoding for real would take hours, and grows with the texts by definition.
"""

import random
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from indexer.corpus.corpus import open_corpus
from indexer.encoders.cosine_scale import E5
from indexer.encoders.parts import Part
from indexer.index.folder import IndexFolder
from indexer.records import Acronym, Answer, Facet, Vectors
from indexer.search.contents import IndexContents

_NOISES = 16_384
_NOISE = 0.7


class StandIn:
    """Makes a vector of the checksum of a text: the same text, the same vector."""

    name, dimension, max_tokens, fingerprint = "stand-in", 384, 512, "5" * 64
    cosine_scale, reads_parts_in_whole, arithmetic = E5, False, "of a stand-in"

    def __init__(self) -> None:
        path = Path("build/index")
        parts = IndexContents.load(path / IndexFolder(path).current_id())
        self._centres = np.concatenate((parts.embeddings.every, parts.span_embeddings.every))
        _, spread, axes = np.linalg.svd(self._centres - self._centres.mean(axis=0), full_matrices=False)
        deviations = _NOISE * spread / np.sqrt(len(self._centres))
        random_parts = np.random.default_rng(1).standard_normal((_NOISES, len(spread)), dtype=np.float32)
        self._noises = (random_parts * deviations) @ axes

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors, shape (len(texts), 384)."""
        sums = np.array([zlib.crc32(text.encode()) for text in texts])
        vectors = self._centres[sums % len(self._centres)] + self._noises[sums // 7 % _NOISES]
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)

    encode_questions = encode_passages

    def encode_in_parts(self, texts: Sequence[str], parts: Sequence[Sequence[Part]]) -> list[Vectors]:
        """Return the vectors of texts and of their parts, each by itself."""
        pieces = [one for text, some in zip(texts, parts, strict=True) for one in (text, *(text[a:b] for a, b in some))]
        return np.split(self.encode_passages(pieces), np.cumsum([1 + len(some) for some in parts])[:-1])

    def expect(self, texts: int) -> None:
        """Do nothing."""

    def speed_up(self) -> None:
        """Do nothing."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return about the number of tokens of each text."""
        return [len(text) // 4 for text in texts]


class Generated:
    """A corpus of *size* answers; *edited* makes one of them another."""

    facets: Sequence[Facet] = ()
    acronyms: Sequence[Acronym] = ()
    off_topic = ("Bonjour", "Quel temps fera-t-il demain ?")

    def __init__(self, size: int, *, edited: bool) -> None:
        self._size = size
        self._edited = edited
        self._words = [word for answer in open_corpus(Path("corpus")).answers() for word in answer.text.split()]

    def answers(self) -> Iterator[Answer]:
        """Yield them, the same each time."""
        for number in range(self._size):
            words = " ".join(random.Random(number).choices(self._words, k=40))
            edit = " Modifié." if self._edited and number == self._size // 2 else ""
            yield Answer(f"reponse-{number:07}", f"{words}, dossier {number}.{edit}")

    def questions(self, count: int) -> list[str]:
        """Return so many questions of eight of the words, the same each time."""
        chance = random.Random(7)
        return [" ".join(chance.choices(self._words, k=8)) for _ in range(count)]
