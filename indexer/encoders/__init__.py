"""What an encoder is. The two implementations are beside this file: `bundled` and `sentence_transformers_encoder`."""

from collections.abc import Sequence
from typing import Protocol

from indexer.encoders.cosine_scale import CosineScale
from indexer.encoders.parts import Part
from indexer.records import Vectors


class Encoder(Protocol):
    """Turns texts into vectors whose inner product is their similarity. Owns its prefixes ("query: " for E5).

    A text's vector does not depend on the other texts of the call. All methods are safe to call from several threads.
    Vectors are float32, unit length, in the order of *texts*: shape (len(texts), dimension), (0, dimension) for none.
    Texts longer than *max_tokens* are cut there; `count_tokens` tells beforehand.
    """

    @property
    def name(self) -> str:
        """A name for people, such as multilingual-e5-small."""

    @property
    def fingerprint(self) -> str:
        """64 hexadecimal digits; equal exactly where model, tokenizer and prompts are. The engine is not part of it."""

    @property
    def dimension(self) -> int:
        """The length of a vector."""

    @property
    def max_tokens(self) -> int:
        """The longest text that is not cut, in tokens, prefix and special tokens included."""

    @property
    def cosine_scale(self) -> CosineScale | None:
        """Between which cosines its matches lie; None where that is not known, and is to be learnt from each corpus."""

    @property
    def reads_parts_in_whole(self) -> bool:
        """Whether the parts of a text are best read in the whole of it: of an encoder that was taught to do so.

        One that was not makes all parts of a text nearly the same, and like the whole.
        """

    @property
    def arithmetic(self) -> str:
        """In which arithmetic passages are encoded, for people; vectors made in one are asked by questions of any."""

    def expect(self, texts: int) -> None:
        """Hear that so many texts will be encoded, and be free to choose another arithmetic for the passages then.

        Before they are: a passage has one vector from then on. EncoderError if that fails.
        """

    def speed_up(self) -> None:
        """Take seconds and memory once, so that single questions take less time from now on; the vectors are the same.

        For programs that answer for long. EncoderError if it fails; the encoder goes on as before then.
        """

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of what users ask, and of curated questions, which are compared with them."""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of stretches of answers."""

    def encode_in_parts(self, texts: Sequence[str], parts: Sequence[Sequence[Part]]) -> list[Vectors]:
        """Return of each text its vector as a passage, then those of its parts, shape (1 + parts, dimension).

        parts: of each text, where each part starts and ends, in code points; in any order, and they may overlap. The
        first row is that of `encode_passages`. An encoder that reads a text once for all its parts gives them vectors
        that know what stands around them: of whole words, and the text's own where it does not read so far. ValueError
        for a text or a part that is blank.
        """

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the length of each text as a passage, in tokens, prefix and special tokens included."""
