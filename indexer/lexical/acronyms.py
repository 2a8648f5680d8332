"""Acronyms read both ways: where a text has one side of "BAL, boîte aux lettres", and what the other side is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from indexer.french.words import Word, content_words, split_words
from indexer.records import Acronym

_PHRASE = "~"


@dataclass(frozen=True, slots=True)
class Phrase:
    """One side of an acronym: its words, the index term of a text that has them, and that of the other side."""

    keys: tuple[str, ...]
    term: str
    other_side: str


class Phrases:
    """Finds sequences of words. Stop words, accents and plurals do not matter."""

    def __init__(self, acronyms: Sequence[Acronym]) -> None:
        self._by_first_key: dict[str, list[Phrase]] = {}
        for acronym in acronyms:
            sides = [tuple(map(key_of, content_words(split_words(side)))) for side in (acronym.short, acronym.long)]
            if all(sides):
                short, long = ((keys, keys[0] if len(keys) == 1 else _PHRASE + " ".join(keys)) for keys in sides)
                for (keys, term), (_, other_side) in ((short, long), (long, short)):
                    self._by_first_key.setdefault(keys[0], []).append(Phrase(keys, term, other_side))

    def __contains__(self, key: str) -> bool:
        """Whether one word alone is a side of an acronym."""
        return any(len(phrase.keys) == 1 for phrase in self._by_first_key.get(key, ()))

    def leads(self, key: str) -> bool:
        """Whether a phrase of several words begins with this one."""
        return any(len(phrase.keys) > 1 for phrase in self._by_first_key.get(key, ()))

    def find(self, keys: Sequence[str]) -> Iterator[tuple[int, Phrase]]:
        """Yield every phrase in a text whose content words have *keys*, with the place of its first word."""
        for at, key in enumerate(keys):
            for phrase in self._by_first_key.get(key, ()):
                if tuple(keys[at : at + len(phrase.keys)]) == phrase.keys:
                    yield at, phrase


def key_of(word: Word) -> str:
    """Return what stands for a content word in a phrase: its code if it is one, or its stem without accents."""
    return word.code if word.is_code else word.stems[-1]
