"""The network with 8-bit products, for encoding many passages: states and weights are whole numbers between them.

Owns the file of the scales, which says how the states that enter each matrix become whole numbers. A processor that
multiplies bytes (VNNI, AMX) does so three times as fast; what that costs is in docs/mesures.md. Each state goes through
a scale of its own, which its column of the matrix takes back (Xiao et al., 2023, "SmoothQuant"), around a middle of its
own (Wei et al., 2023, "Outlier Suppression+"). One or two of the 1,536 inner states of a layer are twenty times as
large as the rest, and stay numbers of 32 bits (Dettmers et al., 2022, "LLM.int8()").
The scales are fixed beforehand, by `python -m training eight-bit`, so that a text's vector does not depend on others.
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from openvino import Model, Node, Type
from openvino import opset15 as op

from indexer.encoders.bundled.graph import Network, any_length
from indexer.encoders.bundled.wheel import WheelModel
from indexer.errors import EncoderError
from indexer.files import write_arrays

SCALES_FILE = Path(__file__).with_name("eight_bit.npz")
"""What ships with this program."""

_LOWEST, _HIGHEST = np.float32(-128), np.float32(127)
_FIELDS = ("middle", "step", "mean", "apart")


@dataclass(frozen=True, slots=True)
class InputScales:
    """How the states that enter a matrix become whole numbers: (state - middle) / step, rounded, from -128 to 127.

    middle, step, mean: of each state, float32, shape (columns,); mean is what it is on average, which takes the errors
    of rounded weights out of the bias. apart: int64, the states that are left as they are.
    """

    middle: NDArray[np.float32]
    step: NDArray[np.float32]
    mean: NDArray[np.float32]
    apart: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class EightBitScales:
    """The scales of each matrix, by the wheel's name of it; of the three projections of attention, of the first."""

    inputs: Mapping[str, InputScales]

    @classmethod
    def load(cls, path: Path = SCALES_FILE) -> "EightBitScales":
        """Return those of *path*. EncoderError if they cannot be read."""
        try:
            # From the bytes: of a damaged file np.load would leave the file open.
            with np.load(io.BytesIO(path.read_bytes())) as arrays:
                names = sorted({name.rpartition("/")[0] for name in arrays.files})
                found = {name: [arrays[f"{name}/{field}"] for field in _FIELDS] for name in names}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise EncoderError(f"The scales in {path} cannot be read: {error}. Install this program anew.") from error
        return cls(
            {
                name: InputScales(
                    middle.astype(np.float32), step.astype(np.float32), mean.astype(np.float32), apart.astype(np.int64)
                )
                for name, (middle, step, mean, apart) in found.items()
            }
        )

    def save(self, path: Path) -> None:
        """Write the file; the same numbers make the same bytes."""
        kinds = dict(zip(_FIELDS, (np.float16, np.float16, np.float16, np.int16), strict=True))
        write_arrays(
            path,
            {
                f"{name}/{field}": getattr(scales, field).astype(kind)
                for name, scales in self.inputs.items()
                for field, kind in kinds.items()
            },
        )


def build_bulk_graph(model: WheelModel, scales: EightBitScales) -> Model:
    """Return the graph for any number of texts of any length with 8-bit products; inputs and outputs of `build_graph`.

    EncoderError if the scales are of another model.
    """
    return any_length(model, lambda missing_keys: _EightBitNetwork(model, scales, missing_keys), name="8-bit products")


class _EightBitNetwork(Network):
    """The network whose matrices are products of whole numbers: one kernel of each in OpenVINO, bias and GELU too."""

    def __init__(self, model: WheelModel, scales: EightBitScales, missing_keys: Node) -> None:
        super().__init__(model, missing_keys=missing_keys)
        self._scales = scales

    def _dense(self, states: Node, names: Sequence[str], *, columns: int) -> Node:
        matrix = np.concatenate([self._matrix(name, columns=columns) for name in names])
        bias = np.concatenate([self._model.vector(f"{name}.b") for name in names])
        return self._product(states, matrix, bias, self._inputs(names[0], columns=columns))

    def _feed_forward(self, states: Node, prefix: str) -> Node:
        hidden, inner = self._model.hidden, self._model.feed_forward
        first, first_bias = self._matrix(f"{prefix}fi", columns=hidden), self._model.vector(f"{prefix}fi.b").copy()
        second, second_bias = self._matrix(f"{prefix}fo", columns=inner), self._model.vector(f"{prefix}fo.b")
        scales = self._inputs(f"{prefix}fo", columns=inner)
        apart = scales.apart
        of_apart = [first[apart], first_bias[apart], second[:, apart].copy()]
        first[apart], first_bias[apart], second[:, apart] = 0, 0, 0
        of_first = self._inputs(f"{prefix}fi", columns=hidden)
        fed = self._product(
            op.gelu(self._product(states, first, first_bias, of_first), "ERF"), second, second_bias, scales
        )
        if not len(apart):
            return fed
        into, bias, out_of = of_apart
        exact = op.gelu(op.add(op.matmul(states, into, False, True), bias), "ERF")
        return op.add(fed, op.matmul(exact, out_of, False, True))

    def _matrix(self, name: str, *, columns: int) -> NDArray[np.float32]:
        """Return a matrix as float32, (rows, columns), a copy."""
        return self._model.blocks(f"{name}.w", columns=columns).to_float32().reshape(-1, columns)

    def _inputs(self, name: str, *, columns: int) -> InputScales:
        scales = self._scales.inputs.get(name)
        if scales is None or scales.step.shape != (columns,):
            raise EncoderError(f"The scales of 8-bit products do not fit the model: there are none for {name}.")
        return scales

    @staticmethod
    def _product(states: Node, matrix: NDArray[np.float32], bias: NDArray[np.float32], scales: InputScales) -> Node:
        """Return *states* times the transposed *matrix*, (rows, columns), plus *bias*, rounded on the way."""
        scaled = matrix * scales.step
        rows = np.maximum(np.abs(scaled).max(axis=1, keepdims=True), 1e-9) / _HIGHEST
        levels = np.rint(scaled / rows)
        mean = np.clip((scales.mean - scales.middle) / scales.step, _LOWEST, _HIGHEST)
        bias = bias + matrix @ scales.middle + (scaled - levels * rows) @ mean
        whole = op.multiply(op.subtract(states, scales.middle), 1 / scales.step)
        rounded = op.fake_quantize(whole, _LOWEST, _HIGHEST, _LOWEST, _HIGHEST, 256)
        weights = op.multiply(op.convert(op.constant(levels.astype(np.int8)), Type.f32), rows)
        return op.add(op.matmul(rounded, weights, False, True), bias.astype(np.float32))
