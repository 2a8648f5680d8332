"""The network of multilingual-e5-small as OpenVINO graphs, from the embeddings of tokens to unit vectors.

Owns the shape of the graphs: one for any number of texts of any length, and one for a single short text, with a
branch for each length; `eight_bit` has a third, of the first one's shape. Used once, when the model is unpacked, and
saved beside the other files. The 4-bit blocks stay as they are in the wheel: measured, that is nearer to float32 than
8-bit weights, smaller, and no slower for a question.
Source of the network: the BERT encoder of `transformers` (post-norm, exact GELU, absolute positions).
"""

import errno
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino import Model, Node, Output, Type
from openvino import opset15 as op
from openvino.op import Parameter

from indexer.encoders.bundled.wheel import WheelModel

EMBEDDED = "embedded"
MASK = "attention_mask"
_MASKED = np.float32(-1e9)


def save_graph(graph: Model, path: Path) -> None:
    """Write a graph to *path*, an .xml file, and its weights to the .bin file beside it.

    OSError if they cannot be written whole.
    """
    try:
        openvino.save_model(graph, path, compress_to_fp16=False)
    except RuntimeError as error:
        raise OSError(f"OpenVINO cannot write its graph, perhaps for want of room ({error})") from error
    # Not every failed write is reported: the end of both files shows it.
    text = path.read_text(encoding="utf-8")
    end = max(int(offset) + int(size) for offset, size in re.findall(r'offset="(\d+)" size="(\d+)"', text))
    if not text.rstrip().endswith("</net>") or path.with_suffix(".bin").stat().st_size < end:
        raise OSError(errno.ENOSPC, "the graph is cut short", str(path))


def build_graph(model: WheelModel) -> Model:
    """Return the graph for any number of texts of any length.

    Inputs: the embedded tokens, float32 (texts, tokens, hidden), and the mask, int32 (texts, keys): 1 for each token of
    the text, 0 for padding, keys being tokens rounded up to a multiple of `layout.KEY_STEP`.
    Outputs: float32 (texts, hidden), unit length; and the states of the tokens that these are the means of, (texts,
    tokens, hidden).
    """
    return any_length(model, lambda missing_keys: Network(model, missing_keys=missing_keys), name="any length")


def any_length(model: WheelModel, network: "Callable[[Node], Network]", *, name: str) -> Model:
    """Return a graph as `build_graph` says. network: gives it, with the keys that attention has beyond the tokens."""
    embedded, mask = _parameters(model, texts=-1)
    tokens = op.gather(op.shape_of(embedded, "i64"), int64(1), np.int64(0))
    keys = op.gather(op.shape_of(mask, "i64"), int64(1), np.int64(0))
    present = op.convert(mask, Type.f32)
    states = network(op.subtract(keys, tokens)).apply(embedded, present)
    vectors = _mean(states, op.slice(present, int64(0), tokens, int64(1), int64(1)))
    return Model([vectors.output(0), states.output(0)], [embedded, mask], f"multilingual-e5-small, {name}")


def build_short_graph(model: WheelModel, lengths: Sequence[int]) -> Model:
    """Return the graph for one text of one of *lengths* tokens, padding included; the same vectors as `build_graph`.

    Inputs: float32 (1, tokens, hidden) and int32 (1, tokens); output: float32 (1, hidden). OpenVINO prepares itself
    anew for each other shape, which takes longer than a short text: here each length has a branch of fixed shape. The
    branches share their weights.
    """
    return _branches(model, Weights(model), list(lengths))


def _branches(model: WheelModel, weights: "Weights", lengths: Sequence[int]) -> Model:
    if len(lengths) == 1:
        return _branch(model, weights, lengths[0])
    embedded, mask = _parameters(model, texts=1)
    tokens = op.gather(op.shape_of(embedded, "i64"), np.int64(1), np.int64(0))
    choice = op.if_op(op.equal(tokens, np.int64(lengths[0])).output(0))
    bodies = _branch(model, weights, lengths[0]), _branches(model, weights, lengths[1:])
    choice.set_then_body(bodies[0])
    choice.set_else_body(bodies[1])
    for at, given in enumerate((embedded, mask)):
        choice.set_input(given.output(0), *(body.get_parameters()[at] for body in bodies))
    vectors = choice.set_output(*(body.get_results()[0] for body in bodies))
    return Model([vectors], [embedded, mask], "multilingual-e5-small, short texts")


def _branch(model: WheelModel, weights: "Weights", tokens: int) -> Model:
    given = _parameters(model, texts=1)
    embedded = op.reshape(given[0], int64(1, tokens, model.hidden), special_zero=False)
    present = op.convert(op.reshape(given[1], int64(1, tokens), special_zero=False), Type.f32)
    vectors = _mean(Network(model, weights=weights).apply(embedded, present), present)
    return Model([vectors.output(0)], list(given), f"{tokens} tokens")


def _parameters(model: WheelModel, *, texts: int) -> tuple[Parameter, Parameter]:
    embedded = op.parameter([texts, -1, model.hidden], Type.f32, name=EMBEDDED)
    mask = op.parameter([texts, -1], Type.i32, name=MASK)
    for node, name in ((embedded, EMBEDDED), (mask, MASK)):
        node.output(0).get_tensor().set_names({name})
    return embedded, mask


def _mean(states: Node, present: Node) -> Node:
    """Return the mean of the states of the tokens that are present, at unit length."""
    shares = op.unsqueeze(present, int64(2))
    total = op.reduce_sum(op.multiply(states, shares), int64(1), keep_dims=False)
    mean = op.divide(total, op.reduce_sum(shares, int64(1), keep_dims=False))
    return op.normalize_l2(mean, int64(1), 1e-12, "max")


class Network:
    """Builds the nodes of the network."""

    def __init__(
        self, model: WheelModel, *, weights: "Weights | None" = None, missing_keys: Node | None = None
    ) -> None:
        """weights: to share with another network. missing_keys: shape (1,), how many keys attention is given beyond
        the tokens; none if not given."""
        self._model = model
        self._weights = weights or Weights(model)
        self._missing_keys = missing_keys

    def apply(self, embedded: Node, present: Node) -> Node:
        """Return the states after all layers, (texts, tokens, hidden). present: (texts, keys), 1 or 0."""
        # Added to the scores of attention, (texts, 1, 1, keys).
        bias = op.multiply(op.subtract(np.float32(1), op.unsqueeze(present, int64(1, 2))), _MASKED)
        states = self._norm(embedded, "emb.ln")
        for layer in range(self._model.layers):
            states = self._layer(states, bias, f"l{layer}.")
        return states

    def _layer(self, states: Node, bias: Node, prefix: str) -> Node:
        """Return the states after self-attention and the feed-forward network."""
        attended = self._dense(self._attend(states, bias, prefix), [f"{prefix}ao"], columns=self._model.hidden)
        states = self._norm(op.add(states, attended), f"{prefix}aln")
        return self._norm(op.add(states, self._feed_forward(states, prefix)), f"{prefix}oln")

    def _feed_forward(self, states: Node, prefix: str) -> Node:
        inner = op.gelu(self._dense(states, [f"{prefix}fi"], columns=self._model.hidden), "ERF")
        return self._dense(inner, [f"{prefix}fo"], columns=self._model.feed_forward)

    def _attend(self, states: Node, bias: Node, prefix: str) -> Node:
        hidden, heads = self._model.hidden, self._model.heads
        # One product for the three projections: fewer kernels for a short question.
        projected = self._dense(states, [f"{prefix}{name}" for name in "qkv"], columns=hidden)
        # Each transposed for itself, and attention written out: OpenVINO makes one kernel of this form. With its own
        # node for attention a short question takes 2 to 5 % longer, for the same numbers.
        query, key, value = (self._by_heads(part) for part in self._parts(projected))
        scores = op.multiply(op.matmul(query, key, False, True), np.float32((hidden // heads) ** -0.5))
        context = op.matmul(op.softmax(op.add(scores, bias), -1), value, False, False)
        return op.reshape(op.transpose(context, int64(0, 2, 1, 3)), int64(0, 0, hidden), special_zero=True)

    def _parts(self, projected: Node) -> list[Output]:
        """Return queries, keys and values, the latter two with rows of zeros for the keys that are missing."""
        if self._missing_keys is None:
            return list(op.split(projected, np.int64(2), 3).outputs())
        hidden, zero = self._model.hidden, op.constant(int64(0))
        parts = []
        # Cut and padded at once: an end below zero cuts off. A split and two paddings take longer.
        for before, rows in ((0, zero), (hidden, self._missing_keys), (2 * hidden, self._missing_keys)):
            end = op.concat([zero, rows, op.constant(int64(before - 2 * hidden))], 0)
            parts.append(op.pad(projected, int64(0, 0, -before), end, "constant", np.float32(0)).output(0))
        return parts

    def _by_heads(self, part: Output) -> Node:
        """Return a projection as (texts, heads, tokens, hidden / heads)."""
        size = self._model.hidden // self._model.heads
        split = op.reshape(part, int64(0, 0, self._model.heads, size), special_zero=True)
        return op.transpose(split, int64(0, 2, 1, 3))

    def _dense(self, states: Node, names: Sequence[str], *, columns: int) -> Node:
        bias = np.concatenate([self._model.vector(f"{name}.b") for name in names])
        return op.add(op.matmul(states, self._weights.matrix(names, columns=columns), False, True), bias)

    def _norm(self, states: Node, name: str) -> Node:
        normed = op.mvn(states, int64(-1), True, self._model.epsilon, "INSIDE_SQRT")
        return op.add(op.multiply(normed, self._model.vector(f"{name}.w")), self._model.vector(f"{name}.b"))


class Weights:
    """The matrices of a model, each held once, whatever the number of nodes that it is in."""

    def __init__(self, model: WheelModel) -> None:
        self._model = model
        self._held: dict[tuple[str, ...], tuple[openvino.Tensor, openvino.Tensor]] = {}

    def matrix(self, names: Sequence[str], *, columns: int) -> Node:
        """Return the matrix of all *names*, one under the other, in the form that OpenVINO runs without expanding it.

        float32, (rows, columns).
        """
        levels, scales = self._held.get(tuple(names)) or self._hold(names, columns=columns)
        blocks = op.multiply(
            op.convert(op.constant(levels, shared_memory=True), Type.f16), op.constant(scales, shared_memory=True)
        )
        return op.convert(op.reshape(blocks, int64(scales.shape[0], columns), special_zero=False), Type.f32)

    def _hold(self, names: Sequence[str], *, columns: int) -> tuple[openvino.Tensor, openvino.Tensor]:
        parts = [self._model.blocks(f"{name}.w", columns=columns) for name in names]
        levels = np.concatenate([part.levels for part in parts])
        scales = np.concatenate([part.scales for part in parts])
        pairs = levels.reshape(-1, 2).view(np.uint8) & 15
        # Filled, not wrapped: a tensor around a NumPy array does not keep the array alive.
        held = openvino.Tensor(Type.i4, openvino.Shape(list(levels.shape))), openvino.Tensor(Type.f16, scales.shape)
        held[0].data.reshape(-1)[:] = pairs[:, 0] | pairs[:, 1] << 4
        held[1].data[:] = scales
        self._held[tuple(names)] = held
        return held


def int64(*values: int) -> NDArray[np.int64]:
    """Return a constant of a graph."""
    return np.array(values, dtype=np.int64)
