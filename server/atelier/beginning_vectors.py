"""The vectors of what visitors asked, as far as there is time to encode them for one page."""

import time
from collections.abc import Callable, Sequence

from indexer.records import Vectors
from server.answering.batching import divide
from server.answering.request_budget import stop_if_given_up

EncodeQuestions = Callable[[Sequence[str]], Vectors]
"""Encoder.encode_questions, of the encoder that the index was built with."""

ENCODING_SECONDS = 3.0
"""How long new questions are encoded for one page. Those left are shown by themselves, and grouped on a later page."""
BEGINNING_CHARACTERS = 200
"""Of a question, which say what it is about; 500 of 2,000 characters each took more than three minutes to encode."""
_TOGETHER = 16


class BeginningVectors:
    """The vectors of the beginnings of questions, kept from one page to the next: a question is encoded once."""

    def __init__(
        self, encode: EncodeQuestions, *, seconds: float = ENCODING_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """seconds: of encoding at each call, about."""
        self._encode = encode
        self._seconds = seconds
        self._clock = clock
        self._kept: dict[str, Vectors] = {}

    def of(self, questions: Sequence[str]) -> list[Vectors | None]:
        """Return the vector of each of *questions*, the most important first; None where there was no time for it.

        Those of other questions are forgotten. GivenUpError if nobody waits for them any more.
        """
        until = self._clock() + self._seconds
        beginnings = [question[:BEGINNING_CHARACTERS] for question in questions]
        fresh = list(dict.fromkeys(text for text in beginnings if text not in self._kept))
        for start in range(0, len(fresh), _TOGETHER):
            for part in divide(fresh[start : start + _TOGETHER]):
                stop_if_given_up()
                if self._clock() < until:
                    self._kept.update(zip(part, self._encode(part), strict=True))
        self._kept = {text: self._kept[text] for text in beginnings if text in self._kept}
        return [self._kept.get(text) for text in beginnings]
