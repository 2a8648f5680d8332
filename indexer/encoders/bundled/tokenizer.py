"""How a text becomes token ids: XLM-RoBERTa's normaliser and its SentencePiece unigram model.

Owns both, the two files the bundled engine reads them from, and the tokenizer.json of other readers. `tokenizers`
normalises; the search for the best pieces is written out here, because loading the 250,002 pieces into that library
takes 0.6 s and 280 MB, and the trie that they are found in here ten milliseconds and 4 MB. `tokenizer_json`
makes the same tokenizer with that library, for other engines, and the tests compare the two.
"""

import math
import re
from array import array
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import marisa_trie
import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from indexer.encoders.bundled.wheel import Vocabulary
from indexer.files import read_table, write_array

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
_LONGEST_PIECE = 16
"""Characters, so that a long word without a space is not gone through again from each of its letters."""
_PLACE = np.dtype([("number", "<i4"), ("score", "<f8")])
"""Of a piece, in the order of the trie: its id, and its log probability."""
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

    def __init__(self, pieces: marisa_trie.Trie, places: NDArray[np.void]) -> None:
        """pieces: the special tokens among them. places: of each, in their order there, see `_PLACE`."""
        self._pieces = pieces
        # Numbers taken from an array one at a time cost more than the arithmetic that is done with them.
        self._numbers = array("i", places["number"].astype(np.intc).tobytes())
        self._scores = array("d", places["score"].astype(np.double).tobytes())
        self._unknown_score = min(self._scores) - _UNKNOWN_PENALTY
        self._normaliser = build_normaliser()
        self._special = {token: self._numbers[pieces[token]] for token in SPECIAL_TOKENS}
        self._cached_pieces = lru_cache(_CACHED_WORDS)(self._best_pieces)

    @classmethod
    def save(cls, vocabulary: Vocabulary, pieces: Path, places: Path) -> None:
        """Write what `load` reads; the same vocabulary makes the same bytes. ValueError if a piece is too long."""
        if max(map(len, vocabulary.pieces)) > _LONGEST_PIECE:
            raise ValueError(f"a piece is longer than {_LONGEST_PIECE} characters")
        trie = marisa_trie.Trie(vocabulary.pieces)
        in_order = np.empty(len(vocabulary.pieces), dtype=_PLACE)
        at = np.array([trie[piece] for piece in vocabulary.pieces])
        in_order["number"][at] = np.arange(len(at))
        in_order["score"][at] = vocabulary.scores
        pieces.write_bytes(trie.tobytes())
        write_array(places, in_order)

    @classmethod
    def load(cls, pieces: Path, places: Path) -> "UnigramTokenizer":
        """Return the tokenizer that `save` wrote."""
        return cls(marisa_trie.Trie().frombytes(pieces.read_bytes()), read_table(places))

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
            is_known = False
            for piece, place in self._pieces.iter_prefixes_with_ids(word[start : start + _LONGEST_PIECE]):
                end = start + len(piece)
                is_known = is_known or len(piece) == 1
                if (score := so_far + self._scores[place]) > best[end]:
                    best[end], steps[end] = score, (start, self._numbers[place])
            if not is_known and (score := so_far + self._unknown_score) > best[start + 1]:
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
