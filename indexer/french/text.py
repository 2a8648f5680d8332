"""One normal form for what people type and paste, a folded form for comparing, and when two texts are the same.

To a reader, case, accents, punctuation and spaces do not make another text. Owns characters only; what a French word
is belongs to `indexer/french/words.py`.
"""

import hashlib
import re
import unicodedata

_WORD_FORMS = (("œ", "oe"), ("æ", "ae"), ("ø", "o"))
_SAME_CHARACTER = dict.fromkeys("’‘‛ʼ′＇", "'") | dict.fromkeys("‐‑", "-")
# All but the Latin letters and signs of every day, so that a long text costs little.
_UNUSUAL = re.compile("[^ -~\u00a1-\u00ac\u00ae-\u024f]")

# Nearly all marks of a French text, found many times as fast as by asking of each character whether it is one.
_ACCENTS = re.compile("[\u0300-\u034e\u0350-\u036f]+")
_MAY_BE_MARK = re.compile("[^\x00-\u02ff\u2000-\u20cf]")

_LETTERS = re.compile(r"(?<![\w-])[^\W\d_]{2,}")
_SHOUTED = 7
"""Letters of a word in capitals that is hardly an acronym any more."""

_NO_WORD = re.compile(r"[\W_]+")

# Marks shown on a space, and two phrases of one character: compatibility makes spaces of them, inside a word too.
_SPACED = (
    "\u00a8\u00af\u00b4\u00b8\u02d8\u02d9\u02da\u02db\u02dc\u02dd\u037a\u0384\u0385\u1fbd\u1fbf\u1fc0"
    "\u1fc1\u1fcd\u1fce\u1fcf\u1fdd\u1fde\u1fdf\u1fed\u1fee\u1ffd\u1ffe\u2017\u203e\u309b\u309c\ufc5e"
    "\ufc5f\ufc60\ufc61\ufc62\ufc63\ufdfa\ufdfb\ufe49\ufe4a\ufe4b\ufe4c\ufe70\ufe72\ufe74\ufe76\ufe78"
    "\ufe7a\ufe7c\ufe7e\uffe3"
)
_UNSPACED = {c: unicodedata.normalize("NFKD", c).replace(" ", "") for c in _SPACED}
_ANY_SPACED = re.compile(f"[{re.escape(''.join(_SPACED))}]")


def normalise(text: str) -> str:
    """Return *text* on one line in NFC: straight apostrophes, single plain spaces, none at the ends.

    Control and invisible format characters (NUL, zero width space, byte order mark, soft hyphen) are dropped; a lone
    surrogate becomes U+FFFD, so that the result can always be encoded. Normalising twice changes nothing.
    """
    # Dropped before composing: a letter and its accent may have an invisible character between them.
    composed = unicodedata.normalize("NFC", _UNUSUAL.sub(_plain, text))
    return " ".join(composed.split())


def fold(text: str) -> str:
    """Return *text* in lower case without accents, ligatures written out: « Œuvre déjà » becomes « oeuvre deja ».

    Spaces stay where they are, and none is added.
    """
    if text.isascii():
        return text.lower()
    # Decomposed around casefolding, as Unicode's compatibility caseless match: each can give the other something to do.
    caseless = unicodedata.normalize("NFKD", _ANY_SPACED.sub(lambda sign: _UNSPACED[sign[0]], text)).casefold()
    for ligature, letters in _WORD_FORMS:
        caseless = caseless.replace(ligature, letters)
    decomposed = unicodedata.normalize("NFKD", caseless)
    plain = _ACCENTS.sub("", decomposed)
    if not _MAY_BE_MARK.search(plain):
        return plain
    return "".join(c for c in plain if not unicodedata.combining(c))


def unshouted(text: str) -> str:
    """Return *text* in small letters where all of it is in capitals and more than an acronym, else as it is.

    More: several words of two letters, or one of seven; « DMP », « L. 1111-8 » and « R. P. P. S. » stay.
    """
    if not text.isupper():
        return text
    words = _LETTERS.findall(text)
    return text.lower() if len(words) > 1 or any(len(word) >= _SHOUTED for word in words) else text


def words_of(text: str) -> str:
    """Return the words of *text*, folded, with single spaces between them."""
    return _NO_WORD.sub(" ", fold(text)).strip()


def visible_words_of(text: str) -> str:
    """Return the words of *text* as `words_of`, but that what takes no place in a word does not part it in two."""
    return words_of(normalise(text))


def question_key(question: str) -> bytes:
    """Return 8 bytes that are the same for questions of the same words."""
    # A question of signs alone has no words: its signs tell it from others.
    words = words_of(question) or normalise(question)
    return hashlib.blake2b(words.encode("utf-8", errors="replace"), digest_size=8).digest()


def _plain(unusual: re.Match[str]) -> str:
    character = unusual[0]
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    return "" if category in {"Cc", "Cf"} else _SAME_CHARACTER.get(character, character)
