"""Runs the unpacked graphs with OpenVINO on the processor: token ids in, unit vectors out, of texts and of their parts.

Owns batching, padding and concurrency. Activations are quantised in groups of 32 within one token, and a text is padded
in company as it is alone, so that its vector does not depend on the other texts of a batch: attention over more padding
rounds otherwise, enough to move a cosine by 7e-5. The graph of short texts gives the same numbers to the last bit.
"""

import queue
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray

from indexer.encoders.bundled.layout import KEY_STEP
from indexer.encoders.bundled.word_table import WordTable
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

    def __init__(
        self, graph: Path, *, words: WordTable, padding_id: int, batch_size: int | None, threads: int | None
    ) -> None:
        """graph: for any length. batch_size: most texts run at once, 8 by default. threads: of the processor, all by
        default.

        EncoderError if OpenVINO cannot read, compile or run the graph.
        """
        self._words = words
        self._padding_id = padding_id
        self._batch_size = batch_size or _BATCH_TEXTS
        self._threads = threads
        self._graph = _Compiled(graph, sample=self._inputs([[padding_id]]), threads=threads)
        self._short_graph: _Compiled | None = None
        self._short_lengths: Collection[int] = ()
        for length in _WARM_LENGTHS:
            self._run([[padding_id] * length])

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._graph.dimension

    def add_short_graph(self, graph: Path, lengths: Collection[int]) -> None:
        """From now on give single texts that are padded to one of *lengths* to *graph*; compiling it takes seconds.

        EncoderError if OpenVINO cannot read, compile or run it.
        """
        embedded, mask = self._inputs([[self._padding_id] * max(lengths)])
        sample = embedded, mask[:, : max(lengths)]
        self._short_graph = _Compiled(graph, sample=sample, threads=self._threads)
        self._short_lengths = lengths

    def encode(self, ids: Sequence[Sequence[int]]) -> Vectors:
        """Return unit vectors, shape (len(ids), dimension), in the order of *ids*, none of which is empty."""
        vectors = np.empty((len(ids), self.dimension), dtype=np.float32)
        for rows in self._batches([len(row) for row in ids]):
            vectors[rows] = self._run([ids[row] for row in rows])
        return vectors

    def encode_in_parts(
        self, ids: Sequence[Sequence[int]], parts: Sequence[Sequence[tuple[int, int]]]
    ) -> list[Vectors]:
        """Return of each text the vector that `encode` gives, then those of its parts, shape (1 + parts, dimension).

        parts: of each text, the first token of each part and the one after its last. The vector of a part is the mean
        of the states of its tokens, which have seen the whole text, at unit length; the text's where it has no token.
        """
        found: dict[int, Vectors] = {}
        for rows in self._batches([len(row) for row in ids]):
            vectors, states = self._graph.run_for_states(*self._inputs([ids[row] for row in rows]))
            for vector, of_text, row in zip(vectors, states, rows, strict=True):
                found[row] = np.array([vector, *(_mean(of_text[slice(*part)], vector) for part in parts[row])])
        return [found[row] for row in range(len(ids))]

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
        embedded, mask = self._inputs(ids)
        tokens = embedded.shape[1]
        if self._short_graph and len(ids) == 1 and tokens in self._short_lengths:
            return self._short_graph.run(embedded, mask[:, :tokens])
        return self._graph.run(embedded, mask)

    def _inputs(self, ids: Sequence[Sequence[int]]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Return what the graph for any length reads, see there."""
        length = padded_length(max(map(len, ids)))
        padded = np.full((len(ids), length), self._padding_id, dtype=np.int32)
        mask = np.zeros((len(ids), -(-length // KEY_STEP) * KEY_STEP), dtype=np.int32)
        for row, tokens in enumerate(ids):
            padded[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        return self._words.embed(padded), mask


class _Compiled:
    """A graph compiled for this processor, with a few requests that may be under way at once."""

    def __init__(self, graph: Path, *, sample: Sequence[NDArray[np.generic]], threads: int | None) -> None:
        """sample: inputs to try it with. EncoderError if OpenVINO cannot read, compile or run it."""
        compiled = self._compile(graph, sample, threads)
        self.dimension = int(compiled.output(0).partial_shape[1].get_length())
        # Last in, first out: the request used last has its memory warm.
        self._requests: queue.LifoQueue[openvino.InferRequest] = queue.LifoQueue()
        for _ in range(_REQUESTS):
            self._requests.put(compiled.create_infer_request())

    @staticmethod
    def _compile(graph: Path, sample: Sequence[NDArray[np.generic]], threads: int | None) -> openvino.CompiledModel:
        properties = _PROPERTIES | ({"INFERENCE_NUM_THREADS": str(threads)} if threads else {})
        errors: list[RuntimeError] = []
        for size in _GROUP_SIZES:
            try:
                compiled = openvino.Core().compile_model(
                    graph, "CPU", properties | {"DYNAMIC_QUANTIZATION_GROUP_SIZE": size}
                )
                # Whether the processor can do it shows only now.
                compiled.create_infer_request().infer(list(sample))
            except RuntimeError as error:
                errors.append(error)
            else:
                return compiled
        raise EncoderError(f"OpenVINO cannot run {graph}: {errors[-1]}") from errors[-1]

    def run(self, *inputs: NDArray[np.generic]) -> Vectors:
        """Return the vectors for contiguous *inputs*, in the order of the graph."""
        return self._run(inputs, outputs=1)[0]

    def run_for_states(self, *inputs: NDArray[np.generic]) -> tuple[Vectors, NDArray[np.float32]]:
        """Return the vectors, and the states of all tokens, see `build_graph`; not of the graph of short texts."""
        vectors, states = self._run(inputs, outputs=2)
        return vectors, states

    def _run(self, inputs: Sequence[NDArray[np.generic]], *, outputs: int) -> list[NDArray[np.float32]]:
        request = self._requests.get()
        try:
            # Given to `infer`, they would go through a dispatcher that takes 0.1 ms.
            for place, array in enumerate(inputs):
                request.set_input_tensor(place, openvino.Tensor(array, shared_memory=True))
            request.infer()
            return [np.array(request.get_output_tensor(place).data) for place in range(outputs)]
        finally:
            self._requests.put(request)


def _mean(states: NDArray[np.float32], otherwise: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of *states*, shape (tokens, dimension), at unit length; *otherwise* where there are none."""
    if not len(states):
        return otherwise
    mean = states.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def padded_length(tokens: int) -> int:
    """Return the length that a text of so many tokens is padded to."""
    step = _SHORT_STEP if tokens <= _SHORT else _LONG_STEP
    return -(-tokens // step) * step
