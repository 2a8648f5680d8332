"""A number of a text with what it counts, and how the patterns that find one begin."""

from dataclasses import dataclass

Span = tuple[int, int]

MENTION = "#"
"""How the term of a mention begins, so that it is never that of a word or a code."""

CODE = "="
"""As in `indexer/french/words.py`."""

START = r"(?<![\w.,/-])"
"""Where a number may begin: not inside a word, a code or another number."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A number and what it counts.

    term: what both mean together. number: its place; alone it says little where the term is known. counted: the place
    of the words that keep their own meaning beside it, None for none. implied: terms of what it is an instance of or
    is read as: the month of a date, the arabic form of a roman number. is_strict: whether the number alone says little
    even where no text has the term: no text about 60 months answers « 5 ans », one about 5 months least of all.
    """

    term: str
    number: Span
    counted: Span | None = None
    implied: tuple[str, ...] = ()
    is_strict: bool = False

    @property
    def place(self) -> Span:
        """Where the number is, or, where it is one word with what it counts, that word."""
        return self.number if self.number[0] < self.number[1] or self.counted is None else self.counted
