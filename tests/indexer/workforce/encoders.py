"""Encoders that worker processes load, and how a test tells one of them to be another."""

import os
import time
from collections.abc import Sequence

import numpy as np

from indexer.encoders.parts import Part
from indexer.errors import EncoderError
from indexer.records import Vectors
from tests.fakes import FakeEncoder

ODDITY = "SOUFFLEUR_TEST_ODDITY"
"""A variable of a worker's environment."""


class SlowEncoder(FakeEncoder):
    """Takes its time, so that something may happen meanwhile."""

    def encode_in_parts(self, texts: Sequence[str], parts: Sequence[Sequence[Part]]) -> list[Vectors]:
        time.sleep(0.01 * len(texts))
        return super().encode_in_parts(texts, parts)


class RoundingEncoder(FakeEncoder):
    """The same model, on a processor that rounds otherwise."""

    def _encode(self, texts: Sequence[str]) -> Vectors:
        vectors = super()._encode(texts)
        return np.nextafter(vectors, np.float32(1))


class FailingEncoder(FakeEncoder):
    """Loads, and cannot go on later."""

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        if len(texts) > 100:
            raise OSError("No space left on device")
        return super().encode_questions(texts)


def load() -> FakeEncoder:
    """Return the encoder of this process."""
    oddity = os.environ.get(ODDITY)
    if oddity == "absent":
        raise EncoderError("There is no folder ./my-model. Name another with --encoder.")
    if oddity == "model":
        return FakeEncoder(name="another")
    return {"processor": RoundingEncoder, "failing": FailingEncoder}.get(oddity or "", SlowEncoder)()
