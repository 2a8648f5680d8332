"""Token ids to what the network reads: the sum of word, position and type embeddings.

Owns the table of words, which stays in its 4-bit blocks and on the disk: of 250,037 words a program reads the rows it
needs, by memory map, where a copy inside a graph takes 55 MB.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.encoders.bundled.wheel import BLOCK, WheelModel
from indexer.files import write_array

_LEVELS = np.arange(256)[:, np.newaxis] >> np.array([0, 4]) & 15
_PAIRS = (_LEVELS - 8).astype(np.float32)
"""Shape (256, 2): the two values that a byte stands for."""


class WordTable:
    """Looks up embeddings; safe to use from several threads."""

    def __init__(self, words: NDArray[np.uint8], scales: NDArray[np.float16], places: NDArray[np.float32]) -> None:
        """words: (vocabulary, hidden / 2), two values each. scales: (vocabulary, blocks). places: (tokens, hidden)."""
        self._words = words
        self._scales = scales
        self._places = places

    @classmethod
    def save(cls, model: WheelModel, words: Path, scales: Path, places: Path) -> None:
        """Write what `load` reads."""
        table = model.blocks("emb.word", columns=model.hidden)
        pairs = (table.levels + 8).view(np.uint8).reshape(model.vocabulary_size, -1, 2)
        write_array(words, pairs[..., 0] | pairs[..., 1] << 4)
        write_array(scales, table.scales[..., 0])
        positions = model.vector("emb.pos").reshape(model.positions, model.hidden)
        # All tokens of a text are of one type.
        write_array(places, positions + model.vector("emb.type")[: model.hidden])

    @classmethod
    def load(cls, words: Path, scales: Path, places: Path) -> "WordTable":
        """Return the table that `save` wrote, its rows by memory map. OSError or ValueError if it cannot be read."""
        # Plain views: slicing np.memmap objects costs ten times as much.
        levels, sizes = (np.asarray(np.load(file, mmap_mode="r")) for file in (words, scales))
        return cls(levels, sizes, np.load(places))

    def embed(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return shape (texts, tokens, hidden) for ids of shape (texts, tokens)."""
        blocks = _PAIRS[self._words[ids]].reshape(*ids.shape, -1, BLOCK)
        blocks *= self._scales[ids].astype(np.float32)[..., np.newaxis]
        embedded: NDArray[np.float32] = blocks.reshape(*ids.shape, -1)
        embedded += self._places[: ids.shape[1]]
        return embedded
