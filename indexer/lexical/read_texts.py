"""What is read of each text whatever the others are: its strings, and what its numbers mean.

Nearly all the time that words are indexed in goes into this. What an index has read of a text that did not change is
kept beside it, and taken over by the next build; what the words of all texts make of each other is worked out anew.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.french.numbers import find_mentions, respell
from indexer.french.text import normalise

_AT_ONCE, _NUMBERS_AT_ONCE = 50_000, 2_000_000
"""Texts, and strings, that are taken over at once: of all, their places would take several times their own memory."""


@dataclass(frozen=True, slots=True)
class NumberedStrings:
    """Strings of consecutive texts, each different one kept once.

    different: in the order in which they come. numbers: which of these each is, shape (strings,). ends: where those of
    each text end, shape (texts,).
    """

    different: Sequence[str]
    numbers: NDArray[np.int32]
    ends: NDArray[np.int64]

    def continued(self, same: NDArray[np.int64], fresh: "NumberedStrings") -> "NumberedStrings":
        """Return those of texts most of which are here; see `ReadTexts.continued`."""
        number_of = {string: number for number, string in enumerate(self.different)}
        different = [*self.different, *(string for string in fresh.different if string not in number_of)]
        number_of.update(zip(different[len(number_of) :], range(len(number_of), len(different)), strict=True))
        renumbered = np.array([number_of[string] for string in fresh.different], dtype=np.int32)
        every_number = np.concatenate((self.numbers, renumbered[fresh.numbers]))
        every_end = np.concatenate((self.ends, len(self.numbers) + fresh.ends))
        is_fresh = same < 0
        source = np.where(is_fresh, len(self.ends) + np.cumsum(is_fresh) - 1, same)
        lengths = np.diff(every_end, prepend=0)[source]
        ends = np.cumsum(lengths)
        numbers = np.empty(int(lengths.sum()), dtype=np.int32)
        for at in range(0, len(source), _AT_ONCE):
            some = slice(at, at + _AT_ONCE)
            start, end = int(ends[at] - lengths[at]), int(ends[some][-1])
            moved = np.repeat(every_end[source[some]] - ends[some], lengths[some])
            numbers[start:end] = every_number[np.arange(start, end) + moved]
        return _numbered_anew(different, numbers, ends)


@dataclass(frozen=True, slots=True)
class ReadTexts:
    """What was read of texts. strings: what is between two spaces. mentioned: terms for what their numbers mean."""

    strings: NumberedStrings
    mentioned: NumberedStrings

    @classmethod
    def of(cls, texts: Iterable[str]) -> "ReadTexts":
        """Return what is in *texts*, which are not kept."""
        strings, mentioned = _Numbering(), _Numbering()
        for text in texts:
            respelt = respell(normalise(text))
            strings.add(respelt.split())
            mentioned.add([term for mention in find_mentions(respelt) for term in (mention.term, *mention.implied)])
        return cls(strings.numbered(), mentioned.numbered())

    def continued(self, same: NDArray[np.int64], fresh: "ReadTexts") -> "ReadTexts":
        """Return what is in texts most of which were read already, as if all were read anew.

        same: shape (texts,), the place of each text here, -1 for the others, which *fresh* has in order.
        """
        return ReadTexts(self.strings.continued(same, fresh.strings), self.mentioned.continued(same, fresh.mentioned))

    def save(self, file: Path) -> None:
        """Write it to *file*. The same texts make the same bytes."""
        arrays = {
            f"{name}_{part}": array_
            for name, some in (("strings", self.strings), ("mentioned", self.mentioned))
            for part, array_ in (
                ("different", np.frombuffer("\n".join(some.different).encode(), dtype=np.uint8)),
                ("numbers", some.numbers),
                ("ends", some.ends),
            )
        }
        with file.open("wb") as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type]  # its stub takes them for its options

    @classmethod
    def load(cls, file: Path) -> "ReadTexts":
        """Return what is saved in *file*. OSError, KeyError or ValueError if it cannot be read."""
        with np.load(file, allow_pickle=False) as saved:
            strings, mentioned = (
                NumberedStrings(
                    # An empty one would be no string at all.
                    list(filter(None, saved[f"{name}_different"].tobytes().decode().split("\n"))),
                    saved[f"{name}_numbers"],
                    saved[f"{name}_ends"],
                )
                for name in ("strings", "mentioned")
            )
        return cls(strings, mentioned)


class _Numbering:
    """Numbers strings as they come."""

    def __init__(self) -> None:
        self._number_of = defaultdict[str, int](count().__next__)
        self._numbers, self._lengths = array("i"), array("i")

    def add(self, strings: Sequence[str]) -> None:
        """Add those of the next text."""
        self._numbers.extend(map(self._number_of.__getitem__, strings))
        self._lengths.append(len(strings))

    def numbered(self) -> NumberedStrings:
        ends = np.cumsum(np.array(self._lengths, dtype=np.int64))
        # Not copied: there may be tens of millions.
        numbers = np.frombuffer(self._numbers, dtype=np.int32) if self._numbers else np.zeros(0, dtype=np.int32)
        return NumberedStrings(list(self._number_of), numbers, ends)


def _numbered_anew(different: Sequence[str], numbers: NDArray[np.int32], ends: NDArray[np.int64]) -> NumberedStrings:
    """Return the same strings in the order in which they come; those that do not come any more are left out."""
    first = np.full(len(different), len(numbers))
    # Backwards: of several places the last that is written stays.
    for end in range(len(numbers), 0, -_NUMBERS_AT_ONCE):
        start = max(0, end - _NUMBERS_AT_ONCE)
        first[numbers[start:end][::-1]] = np.arange(end - 1, start - 1, -1)
    order = np.argsort(first, kind="stable")[: np.count_nonzero(first < len(numbers))]
    number_of = np.zeros(len(different), dtype=np.int32)
    number_of[order] = np.arange(len(order), dtype=np.int32)
    return NumberedStrings([different[at] for at in order.tolist()], number_of[numbers], ends)
