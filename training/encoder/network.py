"""The encoder in torch, for teaching: texts to states of tokens, and to vectors. What is taught is how much larger or
smaller each block of 32 weights is, so that the 4-bit levels of the bundled model stay as they are.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils import parametrize
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModel, PreTrainedTokenizerFast

from indexer.encoders.bundled.layout import PROMPTS
from indexer.encoders.bundled.wheel import BLOCK
from indexer.french.sentences import split_sentences
from indexer.records import Vectors

Change = Mapping[str, NDArray[np.float32]]
"""The relative change of each block, shape (rows, blocks), by the name transformers gives its matrix."""


_BATCH = 16


@dataclass(frozen=True, slots=True)
class ReadText:
    """A text as the layers leave it that are not taught: its tokens' states, (tokens, hidden), and where they stand.

    offsets: (start, end) of each token in the text; the prompt's are negative, a special token's are equal.
    """

    states: Tensor
    offsets: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class States:
    """The states of the tokens of some texts, (texts, tokens, hidden); which are tokens."""

    states: Tensor
    present: Tensor

    def vectors(self) -> Tensor:
        """Return the mean of each text at unit length."""
        shares = self.present.unsqueeze(2).to(self.states.dtype)
        return torch.nn.functional.normalize((self.states * shares).sum(1) / shares.sum(1), dim=-1)

    def pooled(self, spans: Sequence[tuple[int, int, int]]) -> Tensor:
        """Return a vector for each (text, first token, end token)."""
        means = [self.states[text, first:end].mean(0) for text, first, end in spans]
        return torch.nn.functional.normalize(torch.stack(means), dim=-1)


class _ByBlocks(torch.nn.Module):
    """A matrix whose blocks of 32 weights grow or shrink, each by its own share."""

    def __init__(self, matrix: Tensor) -> None:
        super().__init__()
        self.register_buffer("blocks", matrix.detach().clone().view(len(matrix), -1, BLOCK), persistent=False)
        self.change = torch.nn.Parameter(torch.zeros(len(matrix), matrix.shape[1] // BLOCK))

    def forward(self, matrix: Tensor) -> Tensor:
        """Return the matrix; what torch keeps in its place is not looked at."""
        blocks = self.get_buffer("blocks")
        return (blocks * (1 + self.change.unsqueeze(2))).view(matrix.shape)


class Network:
    """A sentence-transformers folder of the BERT family whose vectors are means of states."""

    def __init__(self, folder: Path, *, from_layer: int = 0) -> None:
        """from_layer: the first layer that is taught; those before it are left as they are, and cost a third."""
        self.model = AutoModel.from_pretrained(folder, attn_implementation="sdpa").eval()
        self.changes: dict[str, torch.nn.Parameter] = {}
        """What is taught, see `Change`."""
        for name, matrix in list(self.model.named_parameters()):
            matrix.requires_grad_(False)
            if name.startswith("encoder.layer.") and matrix.ndim == 2 and int(name.split(".")[2]) >= from_layer:
                by_blocks = _ByBlocks(matrix)
                module = self.model.get_submodule(name.removesuffix(".weight"))
                parametrize.register_parametrization(module, "weight", by_blocks, unsafe=True)
                self.changes[name] = by_blocks.change
        self._from_layer = from_layer
        self._tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)

    def read(self, texts: Sequence[str], *, are_questions: bool, most_tokens: int) -> list[ReadText]:
        """Return *texts*, cut to *most_tokens*, as the layers leave them that are not taught; once is enough."""
        prompt = PROMPTS.query if are_questions else PROMPTS.passage
        found: dict[int, ReadText] = {}
        for rows in _alike([len(text) for text in texts]):
            tokens = self._tokenizer(
                [prompt + texts[row] for row in rows],
                padding=True, truncation=True, max_length=most_tokens, return_tensors="pt", return_offsets_mapping=True,
            )  # fmt: skip
            present = tokens["attention_mask"]
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                states = self.model.embeddings(input_ids=tokens["input_ids"])
                for layer in self.model.encoder.layer[: self._from_layer]:
                    states = layer(states, attention_mask=_as_bias(present))
            for at, row in enumerate(rows):
                length = int(present[at].sum())
                offsets = tokens["offset_mapping"][at, :length] - len(prompt)
                found[row] = ReadText(states[at, :length].bfloat16().clone(), offsets.tolist())
        return [found[row] for row in range(len(texts))]

    def states(self, texts: Sequence[ReadText]) -> States:
        """Return the states of texts after the layers that are taught."""
        present = pad_sequence([torch.ones(len(text.states), dtype=torch.long) for text in texts], batch_first=True)
        states = pad_sequence([text.states for text in texts], batch_first=True).float()
        with torch.autocast("cpu", torch.bfloat16):
            for layer in self.model.encoder.layer[self._from_layer :]:
                states = layer(states, attention_mask=_as_bias(present))
        return States(states.float(), present)

    def vectors(self, texts: Sequence[ReadText]) -> Tensor:
        """Return the vectors of texts in order; those of about one length run together."""
        batches = _alike([len(text.states) for text in texts])
        found = torch.cat([self.states([texts[row] for row in rows]).vectors() for rows in batches])
        return found[torch.tensor([row for rows in batches for row in rows]).argsort()]

    def encode(self, texts: Sequence[ReadText]) -> Vectors:
        """Return the vectors of texts in order, to compare with and not to learn from."""
        with torch.no_grad(), parametrize.cached():
            vectors: Vectors = self.vectors(texts).numpy()
        return vectors

    def change(self) -> dict[str, NDArray[np.float32]]:
        """Return what has been learnt so far."""
        return {name: change.detach().numpy().copy() for name, change in self.changes.items()}

    def put(self, change: Change, *, share: float = 1.0) -> None:
        """Go *share* of the way to *change* from the weights of the folder."""
        with torch.no_grad():
            for name, parameter in self.changes.items():
                parameter.copy_(torch.from_numpy(share * change[name]))

    @contextmanager
    def moved(self, change: Change, *, share: float = 1.0) -> Iterator[None]:
        """Be *share* of the way to *change*, and back where it was afterwards."""
        held = self.change()
        self.put(change, share=share)
        try:
            yield
        finally:
            self.put(held)


def use_threads(threads: int) -> None:
    """Let torch run on so many threads; another number rounds otherwise."""
    torch.set_num_threads(threads)


def sentence_spans(read: Sequence[ReadText], texts: Sequence[str]) -> list[tuple[int, int, int, int, int]]:
    """Return (text, first token, end token, start, end) of the sentences of *texts* that are not cut off."""
    spans = []
    for row, text in enumerate(texts):
        tokens = [(at, start, end) for at, (start, end) in enumerate(read[row].offsets) if end > start >= 0]
        for sentence in split_sentences(text):
            inside = [at for at, start, end in tokens if start < sentence.end and end > sentence.start]
            if inside:
                spans.append((row, inside[0], inside[-1] + 1, sentence.start, sentence.end))
    return spans


def _alike(lengths: Sequence[int]) -> list[list[int]]:
    """Return the rows of texts in batches, those of about one length together: padding costs as much as text."""
    order = sorted(range(len(lengths)), key=lambda row: (lengths[row], row))
    return [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]


def _as_bias(present: Tensor) -> Tensor:
    """Return what attention adds to its scores so that it does not look at padding, (texts, 1, 1, tokens)."""
    return (1.0 - present[:, None, None, :].to(torch.bfloat16)) * torch.finfo(torch.bfloat16).min
