"""An encoder that keeps what it encoded in a file, so that teaching again, or after a break, encodes nothing twice."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from indexer.answers.passage_table import text_key
from indexer.encoders import Encoder
from indexer.encoders.parts import Part
from indexer.index.encode import Journal, KnownVectors
from indexer.records import Progress, Vectors, no_progress

_CHUNK = 256


class RememberingEncoder:
    """An `Encoder` that asks *encoder* only for texts whose vectors are not in *folder* yet.

    progress: told how many of the texts of a call are encoded.
    """

    def __init__(self, encoder: Encoder, folder: Path, *, progress: Progress = no_progress) -> None:
        self._encoder = encoder
        self._progress = progress
        folder.mkdir(parents=True, exist_ok=True)
        self._journal = Journal(folder / f"vectors-{encoder.fingerprint[:16]}.partial", encoder.dimension)
        # Another name, so that indexes built with it get no thresholds of the verifier that is to be replaced.
        self.name = f"{encoder.name}, kept"
        self.fingerprint = encoder.fingerprint
        self.dimension = encoder.dimension
        self.max_tokens = encoder.max_tokens
        self.cosine_scale = encoder.cosine_scale
        self.reads_parts_in_whole = encoder.reads_parts_in_whole
        self.arithmetic = encoder.arithmetic

    def expect(self, texts: int) -> None:
        """Do nothing: the same vectors are kept for all indexes."""

    def speed_up(self) -> None:
        """Do nothing: texts come many at once here."""

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of questions, see `Encoder`."""
        return self._encode(texts, self._encoder.encode_questions, as_question=True)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of stretches of answers, see `Encoder`."""
        return self._encode(texts, self._encoder.encode_passages, as_question=False)

    def encode_in_parts(self, texts: Sequence[str], parts: Sequence[Sequence[Part]]) -> list[Vectors]:
        """Return the vectors of texts and of their parts, see `Encoder`; the index keeps these."""
        return self._encoder.encode_in_parts(texts, parts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the length of each text, see `Encoder`."""
        return self._encoder.count_tokens(texts)

    def _encode(
        self, texts: Sequence[str], encode: Callable[[Sequence[str]], Vectors], *, as_question: bool
    ) -> Vectors:
        unique = sorted(set(texts), key=lambda text: (-len(text), text))
        keys = np.array([text_key(text, as_question=as_question) for text in unique], dtype="S32")
        vectors = np.zeros((len(unique), self.dimension), dtype=np.float32)
        known = KnownVectors(self.dimension)
        self._journal.read_into(known)
        missing = np.flatnonzero(~known.fill(keys, np.arange(len(keys)), vectors))
        for start in range(0, len(missing), _CHUNK):
            self._progress(start, len(missing))
            rows = missing[start : start + _CHUNK]
            vectors[rows] = encode([unique[row] for row in rows.tolist()])
            self._journal.append(keys[rows], vectors[rows])
        row_of = {text: row for row, text in enumerate(unique)}
        return vectors[[row_of[text] for text in texts]].reshape(len(texts), self.dimension)
