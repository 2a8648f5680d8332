"""The language of a reply's words: which of French and English `Accept-Language` prefers; French without it."""

from enum import StrEnum

from starlette.datastructures import Headers
from starlette.types import Scope

from indexer.errors import Wording


class Language(StrEnum):
    """The languages that the API speaks, as `Content-Language` names them."""

    FRENCH = "fr"
    ENGLISH = "en"


def language_of(scope: Scope) -> Language:
    """Return the language that the client of a request wants to read."""
    return preferred(Headers(scope=scope).get("accept-language", ""))


def preferred(accept_language: str) -> Language:
    """Return the language with the higher weight, the first named of equals. `*` is French, as is no header."""
    weights: dict[Language, float] = {}
    for entry in accept_language.lower().split(","):
        tag, _, parameters = entry.partition(";")
        primary = tag.strip().partition("-")[0]
        if primary == "*":
            primary = Language.FRENCH
        if primary in ("fr", "en"):
            language = Language(primary)
            weights[language] = max(_weight(parameters), weights.get(language, 0.0))
    # Of equals the first; with a weight of zero a language is one that nobody wants.
    best = max(weights, key=weights.__getitem__, default=Language.FRENCH)
    return best if weights.get(best) else Language.FRENCH


def said(wording: Wording, language: Language) -> str:
    """Return the message in a language."""
    return wording.english if language is Language.ENGLISH else wording.french


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0
