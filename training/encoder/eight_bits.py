"""The scales of the 8-bit products of `indexer.encoders.bundled.eight_bit`, from texts and their states in float32.

Of each matrix, the states that enter it are looked at, and what their rounding costs in its product is compared for
some shares of the range between states and columns. The most and the least of each state over all texts bound it: text
beyond would be cut off, and short texts have the widest states.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer, PreTrainedTokenizerBase

from indexer.corpus.corpus import open_corpus
from indexer.encoders.bundled.eight_bit import EightBitScales, InputScales
from indexer.encoders.bundled.layout import MAX_TOKENS, PROMPTS
from indexer.encoders.bundled.model_files import wheel_names
from indexer.french.sentences import split_sentences

_SHARES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Of the range of a state that its scale takes, instead of the column of the matrix."""
_APART = 8.0
"""States that times their greatest weight are larger are left as they are: one or two of a layer, none of most."""
_LEAST_STEP = 1e-4
_COMPARED = 8192
"""Tokens, of all texts alike, whose products are compared."""
_DOCUMENTS = 40
_UNUSUAL = (
    "ha " * 40,
    "0 1 2 " * 30,
    " ".join(map(str, range(1200, 1300))),
    "01 23 45 67 89 ; 06 12 34 56 78 ; 12,50 € ; 31/12/2024 ; 08:30",
    "?! ... --- *** ;;; " * 12,
    "| Nom | Âge | Ville |\n| --- | --- | --- |\n| Jean | 32 | Lyon |\n" * 6,
    "- a\n- b\n- c\n" * 8,
    "<p class='note'>Voir <a href='/aide'>l'aide</a></p>" * 6,
    "https://www.exemple.fr/aide/questions?page=12&tri=date " * 6,
    "contact@exemple.fr, support@exemple.org",
    "if (x > 0) { return x[0] + 1; } // trois\n" * 6,
    "lorem ipsum dolor sit amet " * 20,
    "🙂 👍 🎉 " * 10,
    "ATTENTION : LE SERVICE EST FERMÉ LE 14 JUILLET ET LE 15 AOÛT.",
    "How long is a certificate valid, and who may renew it?",
    "Wie lange ist der Ausweis gültig?",
    "Как долго действует удостоверение?",
    "证书的有效期是多长时间?",
    "كم تدوم صلاحية البطاقة؟",
    "x",
    "?",
    "le",
    "oui oui oui",
)
"""What an editor may paste into an answer one day: it widens the ranges, and is no reason to lose a text."""
_SEED = 11

Floats = NDArray[np.float32]


def find_scales(folder: Path, texts: Sequence[str]) -> EightBitScales:
    """Return the scales for the model in *folder*, a sentence-transformers one, by its states of *texts*."""
    torch.manual_seed(_SEED)
    model = AutoModel.from_pretrained(folder).eval()
    inputs = _states(model, AutoTokenizer.from_pretrained(folder), texts)
    matrices = {name: parameter.detach().numpy() for name, parameter in model.named_parameters()}
    return EightBitScales({name: _scales(*found) for name, found in _by_wheel_name(inputs, matrices)})


def sample_texts(folder: Path, corpus: Path) -> list[str]:
    """Return prompted texts of all lengths: of a BEIR folder and an FAQ, questions, passages, sentences, few words."""
    random = np.random.default_rng(_SEED)
    passages = _drawn(folder / "corpus.jsonl", 2 * _DOCUMENTS, random)
    questions = _drawn(folder / "queries.jsonl", _DOCUMENTS, random)
    whole, cut = passages[:_DOCUMENTS], passages[_DOCUMENTS:]
    sentences = [text[places[len(places) // 2].start :] for text in cut if (places := list(split_sentences(text)))]
    few = [" ".join(text.split()[:6]) for text in cut]
    fewer = [" ".join(text.split()[7:9]) for text in cut]
    answers = [answer.text for answer in open_corpus(corpus).answers()]
    return [
        *(PROMPTS.passage + text for text in (*whole, *(one[:120] for one in sentences), *few, *answers, *_UNUSUAL)),
        *(PROMPTS.query + text for text in (*questions, *fewer)),
    ]


def _drawn(file: Path, count: int, random: np.random.Generator) -> list[str]:
    texts = [str(json.loads(line)["text"]) for line in file.read_text(encoding="utf-8").splitlines()]
    return [texts[at] for at in random.permutation(len(texts))[:count]]


def _states(model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> dict[str, Floats]:
    """Return what enters each matrix of a layer, (tokens of all texts, columns), by the name of its weights."""
    found: dict[str, list[Floats]] = {}
    hooks = [
        module.register_forward_pre_hook(
            lambda _, given, name=f"{name}.weight": found.setdefault(name, []).append(given[0][0].numpy().copy())
        )
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and name.startswith("encoder.")
    ]
    with torch.inference_mode():
        for text in texts:
            model(**tokenizer(text, truncation=True, max_length=MAX_TOKENS, return_tensors="pt"))
    for hook in hooks:
        hook.remove()
    return {name: np.concatenate(states) for name, states in found.items()}


def _by_wheel_name(
    inputs: Mapping[str, Floats], matrices: Mapping[str, Floats]
) -> Iterator[tuple[str, tuple[Floats, Floats, bool]]]:
    """Yield for each product the wheel's name of it, what enters it, its matrix, and whether states may be apart."""
    names = {short.removesuffix(".w"): long for long, short in wheel_names().items()}
    for short, long in names.items():
        layer, kind = short.split(".")
        if kind in ("k", "v"):
            continue  # one product with the first
        parts = [f"{layer}.{name}" for name in "qkv"] if kind == "q" else [short]
        yield short, (inputs[long], np.concatenate([matrices[names[part]] for part in parts]), kind == "fo")


def _scales(states: Floats, matrix: Floats, may_be_apart: bool) -> InputScales:
    """Return the scales of one product that change it least. states: (tokens, columns); matrix: (rows, columns)."""
    columns = states.shape[1]
    apart = np.array([], dtype=np.int64)
    if may_be_apart:
        apart = np.flatnonzero(np.abs(states).max(axis=0) * np.abs(matrix).max(axis=0) > _APART)
        states, matrix = states.copy(), matrix.copy()
        states[:, apart] = matrix[:, apart] = 0
    most, least = states.max(axis=0), states.min(axis=0)
    middle = ((most + least) / 2).astype(np.float16).astype(np.float32)
    reach = np.maximum(np.maximum(most - middle, middle - least), 1e-3)
    greatest = np.maximum(np.abs(matrix).max(axis=0), 1e-4)
    given = torch.tensor(states[:: -(-len(states) // _COMPARED)] - middle)
    right = given @ torch.tensor(matrix).T
    best, least_error = np.zeros(columns, dtype=np.float32), np.inf
    for share in _SHARES:
        step = reach**share / greatest ** (1 - share)
        step = np.maximum(step * (reach / step).max() / 127, _LEAST_STEP).astype(np.float16).astype(np.float32)
        error = float((_rounded_product(given, torch.tensor(matrix), torch.tensor(step)) - right).pow(2).mean())
        if error < least_error:
            best, least_error = step, error
    return InputScales(middle, best, states.mean(axis=0), apart)


def _rounded_product(states: torch.Tensor, matrix: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
    scaled = matrix * step
    rows = scaled.abs().amax(dim=1, keepdim=True).clamp_min(1e-9) / 127
    weights = torch.round(scaled / rows) * rows
    return torch.clamp(torch.round(states / step), -128, 127) @ weights.T
