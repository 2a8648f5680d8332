"""What both engines have in common, so that an index built with one is served by the other.

That is what identifies a model on disk, the fingerprint of a sentence-transformers folder and its prompts; and what
happens to a text before any tokenizer sees it.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.files import sha256_of

_WEIGHTS = (".safetensors", ".bin")
_SUFFIXES = (*_WEIGHTS, ".json", ".txt", ".model")
# What libraries, and this one, write about themselves; it does not change a vector.
_NOT_THE_MODEL = ("config_sentence_transformers.json", "souffleur.json")

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Prompts:
    """What is put before a question and before a passage."""

    query: str
    passage: str


def fingerprint(folder: Path, prompts: Prompts) -> str:
    """Return 64 hexadecimal digits that depend on weights, tokenizer, pooling and prompts, not on the engine."""
    return fingerprint_of(
        {path.relative_to(folder).as_posix(): sha256_of(path) for path in model_files(folder)}, prompts
    )


def fingerprint_of(digests: Mapping[str, str], prompts: Prompts) -> str:
    """Return the fingerprint of a folder that need not be there, of the sha256 of each of its files by its path in it.

    digests: of `model_files`, and perhaps of what libraries write about themselves.
    """
    parts = [("prompts", json.dumps([prompts.query, prompts.passage]))]
    parts += [part for part in digests.items() if part[0] not in _NOT_THE_MODEL]
    return hashlib.sha256(json.dumps(sorted(parts)).encode()).hexdigest()


def model_files(folder: Path) -> list[Path]:
    """Return the files of *folder* that make its vectors: configurations, tokenizer, weights.

    Where a module has safetensors, its pytorch_model.bin is the same weights again and is left out.
    """
    return [path for path in sorted(_candidates(folder)) if not _is_second_copy(path)]


def cleaned(texts: Sequence[str]) -> list[str]:
    """Return each text with U+0000 as a space and lone surrogates as U+FFFD, so that any tokenizer can read it.

    ValueError for a text that is blank: it would get the vector of the prompt alone, which is near to everything.
    """
    readable = [_LONE_SURROGATE.sub("\ufffd", text).replace("\0", " ") for text in texts]
    for position, text in enumerate(readable):
        if not text.strip():
            raise ValueError(f"text {position} of {len(readable)} is blank")
    return readable


def _candidates(folder: Path) -> Iterator[Path]:
    # The model itself, and one level of modules such as 1_Pooling; onnx/ and openvino/ are other forms of the same.
    for path in (*folder.glob("*"), *folder.glob("[0-9]*_*/*")):
        if path.suffix in _SUFFIXES and path.name not in _NOT_THE_MODEL and path.is_file():
            yield path


def _is_second_copy(path: Path) -> bool:
    return path.suffix == ".bin" and any(path.parent.glob("*.safetensors"))
