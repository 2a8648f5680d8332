"""When two texts are the same to a reader: case, accents, punctuation and spaces do not count."""

import hashlib
import re

from indexer.text import fold, normalise

_NO_WORD = re.compile(r"[\W_]+")


def words_of(text: str) -> str:
    """Return the words of *text*, folded, with single spaces between them."""
    return _NO_WORD.sub(" ", fold(text)).strip()


def question_key(question: str) -> bytes:
    """Return 8 bytes that are the same for questions of the same words."""
    # A question of signs alone has no words: its signs tell it from others.
    words = words_of(question) or normalise(question)
    return hashlib.blake2b(words.encode("utf-8", errors="replace"), digest_size=8).digest()
