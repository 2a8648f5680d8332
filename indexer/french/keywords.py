"""Whether a text asks something, or is a string of keywords such as an editor adds for a search engine."""

import re

from indexer.french.words import content_words, split_words

_MARK = re.compile(r"\s*mots[- ]?cl[eé]s?\s*:", re.IGNORECASE)
_SEPARATORS = re.compile(r"\s*[;|,/•]\s*")
_MOST_WORDS_OF_A_PIECE = 4
_FEWEST_PIECES = 3
_FEWEST_WORDS = 3
_ELIDED = re.compile(r"\b(?:[cdjlmnst]|qu)['’]", re.IGNORECASE)
_LEAST_SHARE = 0.8
"""Of words that say something. A title has its articles and prepositions: « Durée de validité du certificat »."""


def looks_like_keywords(question: str) -> bool:
    """Return whether *question* asks nothing: an enumeration, or words that nothing joins, as telegrams have them."""
    if _MARK.match(question):
        return True
    if re.search(r"[?:]", question) or "." in question.rstrip("."):
        return False
    pieces = [piece for piece in _SEPARATORS.split(question) if piece]
    if len(pieces) >= _FEWEST_PIECES and all(len(piece.split()) <= _MOST_WORDS_OF_A_PIECE for piece in pieces):
        return True
    words = split_words(question)
    saying = len(list(content_words(words)))
    return saying >= _FEWEST_WORDS and saying > _LEAST_SHARE * (len(words) + len(_ELIDED.findall(question)))


def keywords_in(text: str) -> str:
    """Return the words of an editor's list, parted by spaces, whatever parted them."""
    return " ".join(filter(None, re.split(r"[\s,;|]+", text)))
