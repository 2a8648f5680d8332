"""Names of answers made from their words, as an address has them."""

import re
from collections.abc import Container, Iterable
from itertools import chain, count

from indexer.french.text import fold
from indexer.french.words import content_words, split_words

_WORDS = 5
_MOST_CHARACTERS = 80


def slug_of(text: str) -> str:
    """Return the first telling words of a text, in lower case without accents, with hyphens; empty where it has none.

    « Combien de temps un certificat est-il valable ? » becomes « temps-certificat-valable ».
    """
    words = [fold(word.surface) for word in content_words(split_words(text[:400]))]
    return plain(" ".join(list(dict.fromkeys(words))[:_WORDS]))


def name_of(questions: Iterable[str], text: str) -> str:
    """Return a name for an answer: of its first question, even one without a telling word, or else of its text."""
    return next(filter(None, (slug_of(one) or plain(one) for one in (*questions, text))), "reponse")


def plain(text: str) -> str:
    """Return *text* with hyphens for all that is neither a letter of ASCII nor a digit."""
    return re.sub(r"[^a-z0-9]+", "-", fold(text))[:_MOST_CHARACTERS].strip("-")


def file_name_of(text: str) -> str:
    """Return the name that the file of an answer called *text* may have."""
    return f"{plain(text) or 'reponse'}.md"


def free_name(slug: str, taken: Container[str]) -> str:
    """Return *slug*, or with the first number from 2 on that makes it no name in *taken*."""
    names = chain([slug], (f"{slug}-{number}" for number in count(2)))
    return next(name for name in names if name not in taken)
