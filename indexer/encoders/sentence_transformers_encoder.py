"""Any sentence-transformers model as an encoder. Owns the only import of `sentence_transformers`, an optional extra."""

import contextlib
import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.encoders.cosine_scale import E5, CosineScale
from indexer.encoders.fingerprint import Prompts, cleaned, fingerprint
from indexer.encoders.parts import Part, whole_words
from indexer.errors import EncoderError
from indexer.records import Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_QUERY_NAMES = ("query", "question")
_PASSAGE_NAMES = ("passage", "document", "corpus")
_E5_NAME = re.compile(r"(?:^|[-_/])e5-(?:small|base|large)(?!.*instruct)", re.IGNORECASE)
_E5_PROMPTS = Prompts(query="query: ", passage="passage: ")
_MEAN_OF_TOKENS = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
"""The modules of a model whose vectors may be the means of the states of tokens."""
_NO_LIMIT = 1 << 30
_BATCH_TEXTS = 32
_HUB_SECONDS = 10.0
_INSTALL = "pip install 'souffleur-faq[sentence-transformers]'"


class SentenceTransformersEncoder:
    """A model by folder or by hub name, with its own prompts. One call at a time runs; others wait."""

    def __init__(
        self, name: str, *, device: str | None = None, batch_size: int | None = None, threads: int | None = None
    ) -> None:
        """Load the model. A folder never touches the network; a hub name only where the model is not cached yet.

        device: such as cpu, cuda or cuda:1; the best one there is by default. batch_size: 32 by default.
        threads: of the processor, for all of torch; torch's own choice by default.
        EncoderError if the extra is not installed, the model does not exist, or its folder is broken.
        """
        self._model = _load(name, device)
        if threads:
            import torch

            torch.set_num_threads(threads)
        folder = _folder_of(name)
        self._name = folder.name if Path(name).is_dir() else name
        self._prompts = _choose_prompts(self._model.prompts, name)
        self._fingerprint = fingerprint(folder, self._prompts)
        self._batch_size = batch_size or _BATCH_TEXTS
        # The tokenizer's padding and cutting are settings of one object that all threads share.
        self._lock = threading.Lock()
        self._is_mean_of_tokens = _is_mean_of_tokens(self._model)
        # Measured rather than asked: the method's name differs between versions.
        self._dimension = len(self._model.encode("dimension", prompt="", show_progress_bar=False))

    @property
    def name(self) -> str:
        """The name on the hub, or that of the folder."""
        return self._name

    @property
    def fingerprint(self) -> str:
        """64 hexadecimal digits of weights, tokenizer, pooling and prompts."""
        return self._fingerprint

    @property
    def prompts(self) -> Prompts:
        """What is put before a question and before a passage."""
        return self._prompts

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._dimension

    @property
    def max_tokens(self) -> int:
        """The longest text that is not cut, in tokens; a very large number for a model that has no limit."""
        return int(self._model.max_seq_length or _NO_LIMIT)

    @property
    def cosine_scale(self) -> CosineScale | None:
        """That of E5 for its models, not known of others."""
        return E5 if self._prompts == _E5_PROMPTS and _E5_NAME.search(self._name) else None

    @property
    def reads_parts_in_whole(self) -> bool:
        """False: it cannot be told of a model."""
        return False

    @property
    def arithmetic(self) -> str:
        """The type of the model's numbers, such as float32."""
        return str(self._model.dtype).removeprefix("torch.")

    def expect(self, texts: int) -> None:
        """Do nothing: a model's arithmetic is its own."""

    def speed_up(self) -> None:
        """Do nothing: there is nothing to be gained."""

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of what users ask; ValueError for a blank text."""
        return self._encode(texts, self._prompts.query, task="query")

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of stretches of answers; ValueError for a blank text."""
        return self._encode(texts, self._prompts.passage, task="document")

    def encode_in_parts(self, texts: Sequence[str], parts: Sequence[Sequence[Part]]) -> list[Vectors]:
        """Return the vectors of texts and of their parts, from one pass where vectors are means of tokens' states.

        The parts of other models are encoded each by itself: the states of their tokens were not taught to be
        compared, only the one that stands for the text. ValueError for a text or a part that is blank.
        """
        readable = cleaned(texts)
        words = [[whole_words(text, part) for part in some] for text, some in zip(readable, parts, strict=True)]
        if not readable:
            return []
        if not self._is_mean_of_tokens:
            alone = self.encode_passages(
                [one for text, some in zip(texts, parts, strict=True) for one in (text, *(text[a:b] for a, b in some))]
            )
            return np.split(alone, np.cumsum([1 + len(some) for some in parts])[:-1])
        with self._lock:
            seen = self._model.encode_document(
                readable,
                prompt=self._prompts.passage,
                output_value=None,
                batch_size=self._batch_size,
                show_progress_bar=False,
            )
        return [self._means(*one) for one in zip(seen, readable, words, strict=True)]

    def _means(self, seen: Mapping[str, Any], text: str, parts: Sequence[Part]) -> Vectors:
        """Return the vectors of a text and of its parts. seen: what the model says of it, with the states of tokens."""
        states = seen["token_embeddings"][seen["attention_mask"].bool()].cpu().float().numpy()
        means = [seen["sentence_embedding"].cpu().float().numpy()]
        # (tokens, 2), start and end in the text; those of the prompt and special ones are outside.
        prompted = self._prompts.passage + text
        first = len(prompted) - len(prompted.lstrip()) - len(self._prompts.passage)
        with self._lock:
            tokenized = self._model.tokenizer(prompted.strip(), return_offsets_mapping=True, verbose=False)
        places = np.array(tokenized["offset_mapping"][: len(states)]) + first
        is_token = places[:, 0] < places[:, 1]
        # The last of a text that was cut is a special one.
        is_token[-1] &= len(states) == len(tokenized["offset_mapping"])
        for start, end in parts:
            inside = is_token & (places[:, 1] > start) & (places[:, 0] < end)
            means.append(states[inside].mean(axis=0) if inside.any() else means[0])
        vectors = np.array(means, dtype=np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the length of each text as a passage, in tokens, prompt and special tokens included."""
        if not texts:
            return []
        prompted = [self._prompts.passage + text for text in cleaned(texts)]
        with self._lock:
            tokenized = self._model.tokenizer(prompted, truncation=False, padding=False, verbose=False)
        return [len(ids) for ids in tokenized["input_ids"]]

    def _encode(self, texts: Sequence[str], prompt: str, *, task: str) -> Vectors:
        if not texts:
            return np.empty((0, self._dimension), dtype=np.float32)
        # The task chooses the side of a model that has two towers; others ignore it.
        encode = self._model.encode_query if task == "query" else self._model.encode_document
        with self._lock:
            vectors = encode(
                cleaned(texts),
                prompt=prompt,
                batch_size=self._batch_size,
                show_progress_bar=False,
                normalize_embeddings=True,
            )
        return np.ascontiguousarray(vectors, dtype=np.float32)


def _load(name: str, device: str | None) -> "SentenceTransformer":
    looks_like_folder = name.startswith((".", "/", "~")) or Path(name).exists()
    if looks_like_folder and not Path(name).is_dir():
        raise EncoderError(
            f"There is no model folder {name}. Give --encoder a folder saved by sentence-transformers, a name on the "
            'Hugging Face hub, or "bundled".'
        )
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging
    except ImportError as error:
        raise EncoderError(
            f"The encoder {name} needs the package sentence-transformers, which is not installed ({error}). "
            f"Run: {_INSTALL}, or use --encoder bundled."
        ) from error
    # It draws a bar for the weights, on a terminal or not.
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # has no types
    # What a broken folder or a broken line raises is not documented and differs between versions.
    try:
        return SentenceTransformer(name, device=device, local_files_only=True)
    except Exception as error:
        if looks_like_folder:
            raise EncoderError(
                f"The model in {name} cannot be loaded: {_first_line(error)}. Save it again with "
                "SentenceTransformer.save, or name another with --encoder."
            ) from error
    try:
        _reach_hub(name)
        return SentenceTransformer(name, device=device)
    except Exception as error:
        raise EncoderError(
            f"The model {name} is not on this machine and cannot be downloaded: {_first_line(error)}. Check the name "
            'and the network, or use --encoder with a folder or "bundled".'
        ) from error


def _reach_hub(name: str) -> None:
    """Raise an error where the hub cannot be reached: the loader itself would try for more than a minute."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    # An answer that the model does not exist is left to the loader, which completes short names.
    with contextlib.suppress(HfHubHTTPError):
        HfApi().model_info(name, timeout=_HUB_SECONDS)


def _folder_of(name: str) -> Path:
    """Return the folder of a model that has been loaded, in the hub's cache where it is a hub name."""
    if Path(name).is_dir():
        return Path(name)
    from huggingface_hub import try_to_load_from_cache

    # sentence-transformers adds its own organisation to a name without one.
    for repository in (name, f"sentence-transformers/{name}"):
        found = try_to_load_from_cache(repository, "config.json")
        if isinstance(found, str):
            return Path(found).parent
    raise EncoderError(
        f"The files of {name} are not in the cache of huggingface_hub. Download it into a folder instead."
    )


def _is_mean_of_tokens(model: "SentenceTransformer") -> bool:
    """Whether a vector is the mean of the states of its tokens, and it can be told where these are in the text."""
    modules: list[Any] = list(model.children())
    if [type(module).__name__ for module in modules] not in _MEAN_OF_TOKENS:
        return False
    pooling = modules[1].get_config_dict()
    # The setting has another name in older versions.
    is_mean = pooling.get("pooling_mode") in ("mean", ("mean",)) or bool(pooling.get("pooling_mode_mean_tokens"))
    return is_mean and bool(getattr(model.tokenizer, "is_fast", False))


def _choose_prompts(own: Mapping[str, str | None], name: str) -> Prompts:
    """Return the model's own prompts; those of E5 for an E5 model that declares none, as most of them do."""
    query = next((prompt for key in _QUERY_NAMES if (prompt := own.get(key))), "")
    passage = next((prompt for key in _PASSAGE_NAMES if (prompt := own.get(key))), "")
    if not query and not passage and _E5_NAME.search(name):
        return _E5_PROMPTS
    return Prompts(query, passage)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
