"""Runs the unpacked graphs with OpenVINO on the processor: token ids in, unit vectors out, of texts and of their parts.

Owns batching, padding, precision and concurrency. Activations are quantised in groups of 32 within one token, or by
scales fixed beforehand, so that a text's vector does not depend on the other texts of a batch, nor on how far it is
padded: attention over a multiple of `layout.KEY_STEP` keys sums up in the same order, whatever their number. The graph
of short texts gives the same numbers to the last bit.
"""

import os
import queue
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
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
}
_EXACT, _HALF = "f32", "bf16"
"""Between the products: in float32 for questions; many passages take bfloat16 where the processor has it."""
_GROUP_SIZES = ("32", "0")
"""Groups of quantised activations to try, in this order; 0 is none, which every processor can do: slower, not worse."""
_REQUESTS = 2
_BATCH_TEXTS = 8
_BATCH_TOKENS = 2048
_BULK_TEXTS = 16
_BULK_TOKENS = 512
"""Of a batch in bulk: on one core, 32 texts of 1,024 take a tenth longer."""
_SHORT = 64
_SHORT_STEP, _LONG_STEP = 4, 16
"""Lengths are padded to a multiple of the one or the other: the engine prepares itself once for each new shape, which
takes 15 ms and keeps memory. Questions of every length up to 512 tokens take 301 MB so, and 528 in steps of 4."""
_COMPANY_STEP = 8
"""The same for short texts in company, of which there are shapes for each number of them too."""
_WARM_LENGTHS = range(_SHORT_STEP, _SHORT + 1, _SHORT_STEP)


class OpenVinoEngine:
    """The network, compiled for this processor. Safe to call from several threads."""

    def __init__(
        self, graph: Path, *, words: WordTable, padding_id: int, batch_size: int | None, threads: int | None
    ) -> None:
        """graph: for any length. batch_size: most texts run at once; 8 questions, or more in bulk, by default.
        threads: of the processor, all by default.

        EncoderError if OpenVINO cannot read, compile or run the graph.
        """
        self._words = words
        self._padding_id = padding_id
        self._batch_size = batch_size
        self._threads = threads
        self._graph = _Compiled(graph, self._inputs([[padding_id]]), threads=threads)
        self._bulk_graph: _Compiled | None = None
        self._short_graph: _Compiled | None = None
        self._short_lengths: Sequence[int] = ()
        for length in _WARM_LENGTHS:
            self._run([[padding_id] * length])

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._graph.dimension

    def add_short_graph(self, graph: Path, lengths: Sequence[int]) -> None:
        """From now on give single texts to *graph*, padded to the next of the ascending *lengths*.

        Compiling it takes seconds. EncoderError if OpenVINO cannot read, compile or run it.
        """
        embedded, mask = self._inputs([[self._padding_id] * max(lengths)])
        sample = embedded, mask[:, : max(lengths)]
        self._short_graph = _Compiled(graph, sample, threads=self._threads)
        self._short_lengths = lengths

    def add_bulk_graph(self, graph: Path) -> None:
        """From now on give what is encoded in bulk to *graph*; compiling it takes a second, the first time.

        EncoderError if OpenVINO cannot read, compile or run it.
        """
        if self._bulk_graph is not None:
            return
        threads = self._threads or len(os.sched_getaffinity(0))
        sample = self._inputs([[self._padding_id]])
        self._bulk_graph = _Compiled(graph, sample, threads=threads, streams=threads, precision=_best_precision())

    def remove_bulk_graph(self) -> None:
        """Encode in bulk as before it was added."""
        self._bulk_graph = None

    def encode(self, ids: Sequence[Sequence[int]]) -> Vectors:
        """Return unit vectors, shape (len(ids), dimension), in the order of *ids*, none of which is empty."""
        vectors = np.empty((len(ids), self.dimension), dtype=np.float32)
        for rows in self._batches([len(row) for row in ids]):
            vectors[rows] = self._run([ids[row] for row in rows])
        return vectors

    def encode_in_bulk(self, ids: Sequence[Sequence[int]]) -> Vectors:
        """Return what `encode` does, a text on each core at once, in other arithmetic once there is a graph for it."""
        if self._bulk_graph is None:
            return self.encode(ids)
        graph = self._bulk_graph
        vectors = np.empty((len(ids), self.dimension), dtype=np.float32)

        def run(rows: list[int]) -> None:
            vectors[rows] = graph.run(*self._inputs([ids[row] for row in rows]))

        batches = self._batches([len(row) for row in ids], texts=_BULK_TEXTS, tokens=_BULK_TOKENS)
        with ThreadPoolExecutor(graph.streams) as pool:
            for _ in pool.map(run, batches):
                pass
        return vectors

    def encode_in_parts(
        self, ids: Sequence[Sequence[int]], parts: Sequence[Sequence[tuple[int, int]]]
    ) -> list[Vectors]:
        """Return of each text the vector of `encode_in_bulk`, then those of its parts, shape (1 + parts, dimension).

        parts: of each text, the first token of each part and the one after its last. The vector of a part is the mean
        of the states of its tokens, which have seen the whole text, at unit length; the text's where it has no token.
        """
        found: dict[int, Vectors] = {}
        graph = self._bulk_graph or self._graph
        for rows in self._batches([len(row) for row in ids]):
            vectors, states = graph.run_for_states(*self._inputs([ids[row] for row in rows]))
            for vector, of_text, row in zip(vectors, states, rows, strict=True):
                found[row] = np.array([vector, *(_mean(of_text[slice(*part)], vector) for part in parts[row])])
        return [found[row] for row in range(len(ids))]

    def _batches(
        self, lengths: Sequence[int], *, texts: int = _BATCH_TEXTS, tokens: int = _BATCH_TOKENS
    ) -> Iterator[list[int]]:
        """Yield rows that run together, those of like length, the long ones first: 1, 2, 4, 8 … of them.

        texts, tokens: most of them, padding included, if nothing else was said on starting.
        """
        by_length = sorted(range(len(lengths)), key=lambda row: -lengths[row])
        first = 0
        while first < len(by_length):
            longest = padded_length(lengths[by_length[first]])
            most = max(1, min(self._batch_size or texts, tokens // longest, len(by_length) - first))
            count = 1 << (most.bit_length() - 1)
            yield by_length[first : first + count]
            first += count

    def _run(self, ids: Sequence[Sequence[int]]) -> Vectors:
        if self._short_graph and len(ids) == 1:
            length = next((length for length in self._short_lengths if length >= len(ids[0])), None)
            if length is not None:
                embedded, mask = self._inputs(ids, length=length)
                return self._short_graph.run(embedded, mask[:, :length])
        return self._graph.run(*self._inputs(ids))

    def _inputs(
        self, ids: Sequence[Sequence[int]], *, length: int | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Return what the graph for any length reads, see there. length: that texts are padded to, if not as usual."""
        if length is None:
            length = padded_length(max(map(len, ids)), in_company=len(ids) > 1)
        padded = np.full((len(ids), length), self._padding_id, dtype=np.int32)
        mask = np.zeros((len(ids), -(-length // KEY_STEP) * KEY_STEP), dtype=np.int32)
        for row, tokens in enumerate(ids):
            padded[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        return self._words.embed(padded), mask


class _Compiled:
    """A graph compiled for this processor, with a few requests that may be under way at once."""

    def __init__(
        self,
        graph: Path,
        sample: Sequence[NDArray[np.generic]],
        *,
        threads: int | None,
        streams: int = 1,
        precision: str = _EXACT,
    ) -> None:
        """sample: inputs to try it with. streams: how many batches the threads work at, each with its own.

        EncoderError if OpenVINO cannot read, compile or run it.
        """
        properties = _PROPERTIES | {"INFERENCE_PRECISION_HINT": precision, "NUM_STREAMS": str(streams)}
        if threads:
            properties["INFERENCE_NUM_THREADS"] = str(threads)
        compiled = self._compile(graph, sample, properties)
        self.streams = streams
        self.dimension = int(compiled.output(0).partial_shape[1].get_length())
        # Last in, first out: the request used last has its memory warm.
        self._requests: queue.LifoQueue[openvino.InferRequest] = queue.LifoQueue()
        for _ in range(max(_REQUESTS, streams)):
            self._requests.put(compiled.create_infer_request())

    @staticmethod
    def _compile(
        graph: Path, sample: Sequence[NDArray[np.generic]], properties: dict[str, str]
    ) -> openvino.CompiledModel:
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


def _best_precision() -> str:
    """Return bfloat16 where the processor has it in its hardware; elsewhere it would be slower, not faster."""
    capabilities = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return _HALF if "BF16" in capabilities else _EXACT


def _mean(states: NDArray[np.float32], otherwise: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of *states*, shape (tokens, dimension), at unit length; *otherwise* where there are none."""
    if not len(states):
        return otherwise
    mean = states.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def padded_length(tokens: int, *, in_company: bool = False) -> int:
    """Return the length that a text of so many tokens is padded to, or the longest of several."""
    short = _COMPANY_STEP if in_company else _SHORT_STEP
    step = _LONG_STEP if tokens > _SHORT else short
    return -(-tokens // step) * step
