"""The vectors of visitors' questions, kept in a file beside the feedback: a question is encoded once, not each week.

Only those of the last call stay, so that what expired goes from here too; erasing a query removes the file.
"""

import hashlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from indexer.encoders import Encoder
from indexer.files import written_aside
from indexer.records import Progress, Vectors, no_progress
from server.feedback.file import VECTORS

logger = logging.getLogger(__name__)

_TOGETHER = 64


class KeptVectors:
    """Gives vectors of questions, from the file or from the encoder."""

    def __init__(self, encoder: Encoder, file: Path | None = None, *, together: int = _TOGETHER) -> None:
        """file: see `file_beside`; nothing is kept if not given. together: questions encoded in one go."""
        self._encoder = encoder
        self._file = file
        self._together = together
        self._known: dict[bytes, Vectors] = self._read()
        self._used: dict[bytes, Vectors] = {}

    @staticmethod
    def file_beside(feedback: Path, encoder: Encoder) -> Path:
        """Return where the vectors of the questions in *feedback* are."""
        return feedback.with_name(f"{feedback.name}{VECTORS}{encoder.fingerprint[:12]}.npz")

    def of(self, questions: Sequence[str], *, progress: Progress = no_progress) -> Vectors:
        """Return the vectors of *questions*, shape (questions, dimension)."""
        keys = [hashlib.sha256(question.encode()).digest() for question in questions]
        fresh = {key: text for key, text in zip(keys, questions, strict=True) if key not in self._known}
        by_length = sorted(fresh, key=lambda key: (len(fresh[key]), key))
        for start in range(0, len(by_length), self._together):
            progress(start, len(by_length))
            some = by_length[start : start + self._together]
            vectors = self._encoder.encode_questions([fresh[key] for key in some])
            self._known.update(zip(some, vectors, strict=True))
        progress(len(by_length), len(by_length))
        self._used.update((key, self._known[key]) for key in keys)
        found = [self._known[key] for key in keys]
        return np.array(found, dtype=np.float32).reshape(len(keys), self._encoder.dimension)

    def save(self) -> None:
        """Keep those that were asked for, and no others. Where they cannot be written, they are encoded again."""
        if self._file is None:
            return
        try:
            with (
                written_aside(self._file) as aside,
                os.fdopen(os.open(aside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as stream,
            ):
                keys = np.frombuffer(b"".join(self._used), dtype=np.uint8).reshape(-1, 32)
                vectors = np.array([*self._used.values()], dtype=np.float32).reshape(-1, self._encoder.dimension)
                np.savez(stream, keys=keys, vectors=vectors)
            for other in self._file.parent.glob(f"{self._file.name.rpartition('-')[0]}-*.npz"):
                if other != self._file:  # of another encoder
                    other.unlink()
        except OSError as error:
            logger.warning("The vectors of the questions are not kept, and will be computed again: %s", error)

    def _read(self) -> dict[bytes, Vectors]:
        try:
            if self._file is None:
                return {}
            with np.load(self._file, allow_pickle=False) as kept:
                keys, vectors = kept["keys"], kept["vectors"]
            if vectors.shape != (len(keys), self._encoder.dimension):
                return {}
            return dict(zip((key.tobytes() for key in keys), vectors, strict=True))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, EOFError) as error:
            logger.warning("%s cannot be read, and is made anew: %s", self._file, error)
            return {}
