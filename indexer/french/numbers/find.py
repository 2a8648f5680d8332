"""All that the numbers of a text mean; of what could be a date and something else, the date.

Patterns are tried only near a digit or a number in letters: over whole texts they would take longer than all else that
is done to index them.
"""

import dataclasses
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from indexer.french.numbers.dates import find_dates
from indexer.french.numbers.mention import Mention, Span
from indexer.french.numbers.quantities import COUNTED_ONE, find_quantities
from indexer.french.numbers.references import ORDINALS, ROMANS, find_long_numbers, find_ordinals, find_references
from indexer.french.numbers.units import WORDED
from indexer.french.text import fold

_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"\w+")
_IN_LETTERS = {*(WORDED.keys() - {"un", "une"}), *COUNTED_ONE, *ORDINALS, *ROMANS}
"""One of these is near every mention without a digit."""

_NEAR = 6
"""Strings before and after such a word that may belong to its mention."""
_LONGEST_REMEMBERED = 40


def find_mentions(text: str) -> Iterator[Mention]:
    """Yield what the numbers of a respelt text mean."""
    strings = text.split(" ")
    done = offset = 0
    for first, end in _stretches([at for at, string in enumerate(strings) if _may_mention(string)]):
        offset += sum(len(string) + 1 for string in strings[done:first])
        part = " ".join(strings[first:end])
        for mention in _find(part):
            yield _moved(mention, offset) if offset else mention
        offset += len(part) + 1
        done = end


def _stretches(places: Sequence[int]) -> Iterator[Span]:
    """Yield the first string and the one after the last of what is near some places, ascending; what meets is one."""
    first = end = 0
    for at in places:
        if at - _NEAR > end:
            if end:
                yield first, end
            first = at - _NEAR
        end = at + _NEAR + 1
    if end:
        yield first, end


def _may_mention(string: str) -> bool:
    return _remembered(string) if len(string) <= _LONGEST_REMEMBERED else _has_number(string)


def _has_number(string: str) -> bool:
    return bool(_DIGIT.search(string)) or not _IN_LETTERS.isdisjoint(_WORD.findall(fold(string)))


_remembered = lru_cache(maxsize=8192)(_has_number)


def _find(text: str) -> Iterator[Mention]:
    taken: list[Span] = []
    for date in find_dates(text):
        yield date
        taken += (date.number, date.counted or date.number)
    for mention in (*find_quantities(text), *find_references(text), *find_ordinals(text), *find_long_numbers(text)):
        start, end = mention.place
        if not any(first < end and start < last for first, last in taken):
            yield mention


def _moved(mention: Mention, by: int) -> Mention:
    (start, end), counted = mention.number, mention.counted
    return dataclasses.replace(
        mention, number=(start + by, end + by), counted=counted and (counted[0] + by, counted[1] + by)
    )
