"""Which curated questions are shown: those that a person would ask, not the strings of keywords of an editor.

Both are matched. A string of keywords is marked with `mots-cles:`; without the mark it is guessed, carefully, since a
title without a question mark may well be the question of its answer.
"""

import re

from indexer.records import Answer

KEYWORDS_MARK = re.compile(r"\s*mots[- ]?cl[eé]s\s*:", re.IGNORECASE)

_SEPARATORS = re.compile(r"\s*[;|,/•]\s*")
_MOST_WORDS_OF_A_PIECE = 4
_FEWEST_PIECES = 3


def shown_questions(answer: Answer) -> tuple[str, ...]:
    """Return the curated questions of *answer* that are shown, in their order."""
    return tuple(question for question in answer.questions if not is_keywords(question))


def is_keywords(question: str) -> bool:
    """Return whether *question* is a string of keywords: marked so, or an enumeration that asks nothing."""
    if KEYWORDS_MARK.match(question):
        return True
    if "?" in question or "." in question.rstrip("."):
        return False
    pieces = [piece for piece in _SEPARATORS.split(question) if piece]
    return len(pieces) >= _FEWEST_PIECES and all(len(piece.split()) <= _MOST_WORDS_OF_A_PIECE for piece in pieces)
