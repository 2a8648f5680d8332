"""Runs the unpacked graph with OpenVINO on the processor: token ids in, unit vectors out.

Owns batching, padding and concurrency. Activations are quantised in groups of 32 within one token, and a text is padded
in company as it is alone, so that its vector does not depend on the other texts of a batch: attention over more padding
rounds otherwise, enough to move a cosine by 7e-5.
"""

import queue
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray

from indexer.errors import EncoderError
from indexer.records import Vectors

_PROPERTIES = {
    "PERFORMANCE_HINT": "LATENCY",
    # A thread tied to a core waits for whatever else runs there: p95 of a question is a third higher beside other work.
    "ENABLE_CPU_PINNING": "NO",
    # Sums in float32: in bfloat16 one first answer in fifty changes.
    "INFERENCE_PRECISION_HINT": "f32",
}
_GROUP_SIZES = ("32", "0")
"""Groups of quantised activations to try, in this order; 0 is none, which every processor can do: slower, not worse."""
_REQUESTS = 2
_BATCH_TEXTS = 8
_BATCH_TOKENS = 2048
_SHORT = 64
_SHORT_STEP, _LONG_STEP = 4, 16
"""Lengths are padded to a multiple of the one or the other: the engine prepares itself once for each new shape, which
takes 15 ms and keeps memory. Questions of every length up to 512 tokens take 301 MB so, and 528 in steps of 4."""
_WARM_LENGTHS = range(_SHORT_STEP, _SHORT + 1, _SHORT_STEP)


class OpenVinoEngine:
    """The network, compiled for this processor. Safe to call from several threads."""

    def __init__(self, graph: Path, *, padding_id: int, batch_size: int | None, threads: int | None) -> None:
        """batch_size: most texts run at once, 8 by default. threads: of the processor, all by default.

        EncoderError if OpenVINO cannot read, compile or run the graph.
        """
        self._padding_id = padding_id
        self._batch_size = batch_size or _BATCH_TEXTS
        # Last in, first out: the request used last has its memory warm.
        self._requests: queue.LifoQueue[openvino.InferRequest] = queue.LifoQueue()
        compiled = self._compile(graph, threads)
        self._dimension = int(compiled.output(0).partial_shape[1].get_length())
        for _ in range(_REQUESTS):
            self._requests.put(compiled.create_infer_request())
        for length in _WARM_LENGTHS:
            self._run([[padding_id] * length])

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._dimension

    def encode(self, ids: Sequence[Sequence[int]]) -> Vectors:
        """Return unit vectors, shape (len(ids), dimension), in the order of *ids*, none of which is empty."""
        vectors = np.empty((len(ids), self._dimension), dtype=np.float32)
        for rows in self._batches([len(row) for row in ids]):
            vectors[rows] = self._run([ids[row] for row in rows])
        return vectors

    def _compile(self, graph: Path, threads: int | None) -> openvino.CompiledModel:
        properties = _PROPERTIES | ({"INFERENCE_NUM_THREADS": str(threads)} if threads else {})
        errors: list[RuntimeError] = []
        for size in _GROUP_SIZES:
            try:
                compiled = openvino.Core().compile_model(
                    graph, "CPU", properties | {"DYNAMIC_QUANTIZATION_GROUP_SIZE": size}
                )
                # Whether the processor can do it shows only now.
                compiled.create_infer_request().infer(_padded([[self._padding_id]], self._padding_id))
            except RuntimeError as error:
                errors.append(error)
            else:
                return compiled
        raise EncoderError(f"OpenVINO cannot run {graph}: {errors[-1]}") from errors[-1]

    def _batches(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Yield rows that run together: padded to the length that each would have alone, and not too many."""
        by_length: dict[int, list[int]] = {}
        for row, length in enumerate(lengths):
            by_length.setdefault(padded_length(length), []).append(row)
        for length, rows in sorted(by_length.items()):
            most = max(1, min(self._batch_size, _BATCH_TOKENS // length))
            for start in range(0, len(rows), most):
                yield rows[start : start + most]

    def _run(self, ids: Sequence[Sequence[int]]) -> Vectors:
        inputs = _padded(ids, self._padding_id)  # a tensor does not keep its array alive
        with self._request() as request:
            # Given to `infer`, they would go through a dispatcher that takes 0.1 ms.
            for place, array in enumerate(inputs):
                request.set_input_tensor(place, openvino.Tensor(array, shared_memory=True))
            request.infer()
            return np.array(request.get_output_tensor(0).data)

    @contextmanager
    def _request(self) -> Iterator[openvino.InferRequest]:
        request = self._requests.get()
        try:
            yield request
        finally:
            self._requests.put(request)


def padded_length(tokens: int) -> int:
    """Return the length that a text of so many tokens is padded to."""
    step = _SHORT_STEP if tokens <= _SHORT else _LONG_STEP
    return -(-tokens // step) * step


def _padded(ids: Sequence[Sequence[int]], padding_id: int) -> list[NDArray[np.int32]]:
    """Return ids and mask, each of shape (texts, tokens)."""
    length = padded_length(max(map(len, ids)))
    padded = np.full((len(ids), length), padding_id, dtype=np.int32)
    mask = np.zeros((len(ids), length), dtype=np.int32)
    for row, tokens in enumerate(ids):
        padded[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return [padded, mask]
