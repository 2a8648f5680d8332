"""One normal form for what people type and paste, and a folded form for comparing.

Owns characters only; what a French word is belongs to `indexer/words.py`.
"""

import re
import unicodedata

_APOSTROPHES = dict.fromkeys(map(ord, "’‘‛ʼʹ′＇"), "'")
_HYPHENS = dict.fromkeys(map(ord, "‐‑"), "-")
_WORD_FORMS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o"})
_SAME_CHARACTER = _APOSTROPHES | _HYPHENS
_WHITE_SPACE = re.compile(r"\s+")


def normalise(text: str) -> str:
    """Return *text* on one line in NFC: straight apostrophes, single plain spaces, none at the ends.

    Control and invisible format characters (NUL, zero width space, byte order mark, soft hyphen) are dropped; a lone
    surrogate becomes U+FFFD, so that the result can always be encoded. Normalising twice changes nothing.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    # Dropped before composing: a letter and its accent may have an invisible character between them.
    kept = "".join(" " if character.isspace() else _visible(character) for character in text)
    composed = unicodedata.normalize("NFC", kept).translate(_SAME_CHARACTER)
    return _WHITE_SPACE.sub(" ", composed).strip()


def fold(text: str) -> str:
    """Return *text* in lower case without accents, ligatures written out: « Œuvre déjà » becomes « oeuvre deja »."""
    if text.isascii():
        return text.lower()
    # Decomposed around casefolding, as Unicode's compatibility caseless match: each can give the other something to do.
    caseless = unicodedata.normalize("NFKD", text).casefold()
    decomposed = unicodedata.normalize("NFKD", caseless.translate(_WORD_FORMS))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    return "" if category in {"Cc", "Cf"} else character
