"""Who encodes the texts of a build: this process, or the workers of a Dask cluster. The same calls in either case.

A call is what the encoder is given at once, here or there: so a vector has the same bits wherever it was made.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from indexer.encoders import Encoder
from indexer.encoders.parts import Part
from indexer.records import Vectors


@dataclass(frozen=True, slots=True)
class EncoderCall:
    """Some texts to encode together. parts: of passages, see `Encoder.encode_in_parts`; None where they are questions.

    It travels to workers, so it has no more than they need.
    """

    texts: tuple[str, ...]
    parts: tuple[tuple[Part, ...], ...] | None = None

    def run(self, encoder: Encoder) -> Sequence[Vectors]:
        """Return the vectors: one array for all questions, or one for each passage with its parts."""
        if self.parts is None:
            return [encoder.encode_questions(self.texts)]
        return encoder.encode_in_parts(self.texts, self.parts)


class Workforce(Protocol):
    """Runs calls of one encoder."""

    def expect(self, texts: int) -> None:
        """Hear that calls of so many texts are to come, see `Encoder.expect`."""

    def run(self, calls: Iterable[EncoderCall]) -> Iterator[tuple[int, Sequence[Vectors]]]:
        """Yield the number of each call, from 0, with its vectors: each once, in the order in which they are done.

        calls: are taken as they are needed, so that not all texts are in memory. ClusterError if they cannot be run.
        """


@dataclass(frozen=True, slots=True)
class OneProcess:
    """Runs one call after the other, here."""

    encoder: Encoder

    def expect(self, texts: int) -> None:
        """Let the encoder hear it."""
        self.encoder.expect(texts)

    def run(self, calls: Iterable[EncoderCall]) -> Iterator[tuple[int, Sequence[Vectors]]]:
        """Yield the number and the vectors of each call, in order."""
        for number, call in enumerate(calls):
            yield number, call.run(self.encoder)
