"""Words that were published without the space between them, such as « simplesà respecter ».

Pages saved from the web lose the spaces between their parts. No dictionary is needed: the corpus is its own.
"""

import math
from collections.abc import Iterator, Mapping

from indexer.french.words import STOP_WORDS, stems_of

_SHORTEST = 6
_SEEN_PART = 2
_ONE_LETTER_WORDS = frozenset("aày")


def split_run_together(counts: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Return the words that are others run together, each with the two or three words it is made of.

    counts: how often each word occurs, in lower case. A word is taken for several only if it occurs once, no other
    word has its stem, and each part occurs by itself twice or more; of several ways, the one with the most frequent
    parts, two before three.
    """
    related: dict[str, int] = {}
    for word in counts:
        for stem in stems_of(word):
            related[stem] = related.get(stem, 0) + 1
    suspects = [
        word
        for word, count in counts.items()
        if count == 1
        and len(word) >= _SHORTEST
        and word.isalpha()
        and word not in STOP_WORDS
        and all(related[stem] == 1 for stem in stems_of(word))
    ]
    known = {word: count for word, count in counts.items() if count >= _SEEN_PART and _can_be_part(word)}
    found: dict[str, tuple[str, ...]] = {}
    for word in suspects:
        ways = list(_halves(word, known)) or [
            (word[:at], *rest)
            for at in range(1, len(word) - 1)
            if word[:at] in known
            for rest in _halves(word[at:], known)
        ]
        if ways:
            found[word] = max(ways, key=lambda parts: (math.prod(known[part] for part in parts), parts))
    return found


def _halves(word: str, known: Mapping[str, int]) -> Iterator[tuple[str, ...]]:
    for at in range(1, len(word)):
        if word[:at] in known and word[at:] in known:
            yield word[:at], word[at:]


def _can_be_part(word: str) -> bool:
    return len(word) > 1 or word in _ONE_LETTER_WORDS
