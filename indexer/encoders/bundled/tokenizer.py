"""How a text becomes token ids: XLM-RoBERTa's normaliser and its SentencePiece unigram model.

Owns both, the two files the bundled engine reads them from, and the tokenizer.json of other readers. `tokenizers`
normalises; the search for the best pieces is written out here, because loading the 250,002 pieces into that library
takes 0.6 s and 280 MB, and this 0.1 s and 40 MB. `tokenizer_json` makes the same tokenizer with that library, for other
engines, and the tests compare the two.
"""

import math
import re
from array import array
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from indexer.encoders.bundled.wheel import Vocabulary

SPECIAL_TOKENS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
START, PADDING, END, UNKNOWN = range(4)
MARK = "▁"
"""Stands before the first piece of each word."""

# What SentencePiece's rules do otherwise than NFKC does; the wheel's own list of them is checked in the tests.
_DROPPED = r"[\u0001-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]"
_SPACES = r"[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"
_FULLWIDTH_TILDE = "～"
_HELD_BACK = "\ufdd0"  # a noncharacter: no text has it
_SPECIAL = re.compile("(<s>|<pad>|</s>|<unk>|\\s*<mask>)")
_CACHED_WORDS = 1 << 15
_CACHED_LENGTH = 32
"""Longer words are rare, and kept they would let a visitor fill the memory."""
# Source: kUnkPenalty of SentencePiece.
_UNKNOWN_PENALTY = 10.0


def build_normaliser() -> normalizers.Normalizer:
    """Return NFKC with SentencePiece's exceptions.

    Control characters go; odd spaces, zero-width characters and U+FFFD become a space; the full-width tilde stays.
    """
    return normalizers.Sequence(
        [
            normalizers.Replace(_FULLWIDTH_TILDE, _HELD_BACK),  # NFKC would make a plain tilde of it.
            normalizers.NFKC(),
            normalizers.Replace(_HELD_BACK, _FULLWIDTH_TILDE),
            normalizers.Replace(Regex(_DROPPED), ""),
            normalizers.Replace(Regex(_SPACES), " "),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )


class UnigramTokenizer:
    """Texts to token ids, `<s> … </s>` included and nothing cut. Safe to call from several threads."""

    def __init__(self, pieces: Sequence[str], scores: "array[float]") -> None:
        """pieces: in id order, the special tokens among them. scores: their log probabilities, of type "d"."""
        self._ids = {piece: number for number, piece in enumerate(pieces)}
        self._scores = scores
        self._unknown_score = min(self._scores) - _UNKNOWN_PENALTY
        self._longest = max(map(len, pieces))
        self._normaliser = build_normaliser()
        self._special = {token: self._ids[token] for token in SPECIAL_TOKENS}
        self._cached_pieces = lru_cache(_CACHED_WORDS)(self._best_pieces)

    @classmethod
    def save(cls, vocabulary: Vocabulary, pieces: Path, scores: Path) -> None:
        """Write what `load` reads: one piece a line, and the scores as float64 of this machine."""
        pieces.write_text("\n".join(vocabulary.pieces), encoding="utf-8", newline="\n")
        scores.write_bytes(vocabulary.scores.astype(np.float64).tobytes())

    @classmethod
    def load(cls, pieces: Path, scores: Path) -> "UnigramTokenizer":
        """Return the tokenizer that `save` wrote."""
        return cls(pieces.read_text(encoding="utf-8").split("\n"), array("d", scores.read_bytes()))

    def encode(self, text: str) -> list[int]:
        """Return the ids of *text*, which has neither U+0000 nor lone surrogates."""
        ids = [START]
        for part in _SPECIAL.split(text) if "<" in text else (text,):
            if (special := self._special.get(part.lstrip())) is not None:
                ids.append(special)
                continue
            for word in self._normaliser.normalize_str(part).split():
                find = self._cached_pieces if len(word) <= _CACHED_LENGTH else self._best_pieces
                ids += find(MARK + word)
        ids.append(END)
        return ids

    def _best_pieces(self, word: str) -> tuple[int, ...]:
        """Return the pieces of the greatest total score; neighbouring unknown characters are one unknown token.

        Source: the Viterbi search of SentencePiece's unigram model (Kudo 2018), float64 as in `tokenizers`.
        """
        length = len(word)
        best = [-math.inf] * (length + 1)
        best[0] = 0.0
        # For each end: where the last piece begins, and its id.
        steps: list[tuple[int, int]] = [(0, UNKNOWN)] * (length + 1)
        for start in range(length):
            so_far = best[start]
            for end in range(start + 1, min(length, start + self._longest) + 1):
                number = self._ids.get(word[start:end])
                if number is not None and (score := so_far + self._scores[number]) > best[end]:
                    best[end], steps[end] = score, (start, number)
            if word[start] not in self._ids and (score := so_far + self._unknown_score) > best[start + 1]:
                best[start + 1], steps[start + 1] = score, (start, UNKNOWN)
        return tuple(reversed(list(_without_runs(self._backwards(steps)))))

    @staticmethod
    def _backwards(steps: Sequence[tuple[int, int]]) -> Iterator[int]:
        at = len(steps) - 1
        while at:
            at, number = steps[at]
            yield number


def tokenizer_json(vocabulary: Vocabulary) -> str:
    """Return the file of the tokenizer that SentencePiece's unigram model of *vocabulary* is; it does not cut."""
    pieces = vocabulary.pieces
    scored = list(zip(pieces, vocabulary.scores.tolist(), strict=True))
    tokenizer = Tokenizer(models.Unigram(scored, unk_id=UNKNOWN, byte_fallback=False))
    tokenizer.normalizer = build_normaliser()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement=MARK, prepend_scheme="always")]
    )
    start, end = pieces[START], pieces[END]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        pair=f"{start} $A {end} {end} $B {end}",
        special_tokens=[(start, START), (end, END)],
    )
    tokenizer.add_special_tokens(
        [AddedToken(token, lstrip=token == "<mask>", normalized=False) for token in SPECIAL_TOKENS]
    )
    return tokenizer.to_str()


def _without_runs(numbers: Iterator[int]) -> Iterator[int]:
    previous = -1
    for number in numbers:
        if number != UNKNOWN or previous != UNKNOWN:
            yield number
        previous = number
