"""What a French word is: élisions, stop words, stems, codes and acronyms, whole and in parts.

Decides which index terms a word stands for. Knows no corpus: what is rare, unknown or misspelt is for
`indexer/lexical/index.py`, which sees the vocabulary. The only module that imports the stemmer.
"""

import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import Stemmer

from indexer.french.text import fold, normalise

CODE = "="
"""How the term of a code begins, so that the agency ANS is not the word « ans »."""

_CHUNK = re.compile(r"\w++(?:(?:['.\-]|(?<=\d),(?=\d))\w++)*+")
_SEPARATOR = re.compile(r"([.,\-_])")
_ELISION = re.compile(r"\A(?:(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)')+(?=\w)", re.IGNORECASE)
_ALPHANUMERIC_PARTS = re.compile(r"[^\W\d_]+\d+|\d+|[^\W\d_]+")
_CAPITALS = re.compile(r"[A-ZÀ-Ý]{2,}")
_CAMEL_PARTS = re.compile(r"[A-ZÀ-Ý]?[a-zß-ÿœ]{2,}")
_DIGITS = re.compile(r"\d{2,}")
_LONGEST_CODE = 40
_LONGEST_COMPOUND_PIECES = 5

# Negations are not here: « avec » and « sans » certificate have different answers.
_STOP_WORDS = """
à afin ai aie aient ainsi alors après as au aucunement auquel aura aurai auraient aurais aurait aussi autre autres
aux auxquelles auxquels avaient avais avait avant avec avez avoir avons ayant bien c ça car ce ceci cela celle
celles celui ces cet cette ceux chez ci combien comme comment d dans de depuis des desquelles desquels dès deux
devez devons dois doit doivent donc dont du duquel déjà elle elles en encore entre es est et eu eux faire fait faut
font furent fut il ils j je jusque l la laquelle le lequel les lesquelles lesquels leur leurs lors lorsque lui là m
ma mais me mes mien mieux moi moins mon même mêmes n ne nos notre nous on ont or ou où par parce parmi pendant peu
peut peuvent peux plus plusieurs pour pourquoi pourra pourrait pouvez pouvoir puis puisque puisse qu quand que quel
quelle quelles quels quelque quelques qui quoi s sa se selon sera serait seront ses seulement si sien soi soient
sois soit sommes son sont sous suis sur t ta tandis te tel telle telles tels tes toi ton toujours tous tout toute
toutes très trop tu un une vers via voici voilà vos votre vous y étaient étais était étant été êtes être
"""
STOP_WORDS = frozenset(_STOP_WORDS.split()) | frozenset(map(fold, _STOP_WORDS.split()))
"""In lower case, with and without accents."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text and the index terms it stands for.

    surface: as written, without its élision. stems: the two orders of stemming and folding, which differ where accents
    were left out when typing; none for a stop word and for what has a digit or several pieces. code: the term it has
    if it is a code, in one spelling: e-CPS, eCPS and E_CPS are alike. is_code: its form says that it is one. parts:
    what a code or a compound is made of (IHE_XDM: IHE and XDM).
    """

    surface: str
    stems: tuple[str, ...]
    code: str
    is_code: bool
    parts: tuple["Word", ...] = ()

    @property
    def is_stop_word(self) -> bool:
        """Whether the word says nothing of the subject."""
        return not (self.stems or self.is_code or self.parts)


def split_words(text: str) -> list[Word]:
    """Return the words of *text* in order, stop words included; none has a space in it, however *text* is spelt."""
    return [word for chunk in split_chunks(text) for word in read_chunk(chunk)]


def split_chunks(text: str) -> list[str]:
    """Return the unbroken strings that words are read from, such as "l'e-CPS"; any apostrophe, any form of accents."""
    return _CHUNK.findall(normalise(text))


def place_chunks(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the unbroken strings of a normalised text, each with the place where it begins and where it ends."""
    return ((chunk[0], *chunk.span()) for chunk in _CHUNK.finditer(text))


def read_chunk(chunk: str) -> tuple[Word, ...]:
    """Return the words of one string of `split_chunks`."""
    # Words come again and again; long ones do not, and remembered they would let a visitor fill the memory.
    return _read_again(chunk) if len(chunk) <= _LONGEST_CODE else _read_chunk(chunk)


def _read_chunk(chunk: str) -> tuple[Word, ...]:
    pieces = _SEPARATOR.split(chunk.strip("_"))
    pieces[::2] = [_ELISION.sub("", piece) for piece in pieces[::2]]
    if len(pieces) == 1:
        return (_read_piece(pieces[0]),) if pieces[0] else ()
    parts = tuple(_read_piece(piece) for piece in pieces[::2] if piece)
    if len(parts) > _LONGEST_COMPOUND_PIECES or len(chunk) > _LONGEST_CODE:
        return parts  # an address or words run together
    large_enough = tuple(part for part in parts if len(part.surface) > 1)
    code = CODE + fold(_joined(pieces).replace("'", ""))
    return (Word("".join(pieces), (), code, _is_compound_code(pieces), large_enough),)


_read_again = lru_cache(maxsize=8192)(_read_chunk)


def stems_of(word: str) -> tuple[str, ...]:
    """Return the stem then folded, and the word folded then stemmed, where that is another."""
    with _stemming:
        accented, plain = _stemmer.stemWords([word.lower(), fold(word)])
    return tuple(dict.fromkeys((fold(accented), fold(plain))))


def content_words(words: Iterable[Word]) -> Iterator[Word]:
    """Yield the simple words and the codes that say something, compounds that are no codes taken apart."""
    return (word for word in simple_words(words) if not word.is_stop_word)


def simple_words(words: Iterable[Word]) -> Iterator[Word]:
    """Yield the simple words and the codes, stop words included, compounds that are no codes taken apart."""
    for word in words:
        if word.parts and not word.is_code:
            yield from simple_words(word.parts)
        else:
            yield word


def shared_words(question: str, text: str) -> tuple[str, ...]:
    """Return the words of *text*, as written there and in its order, that *question* has too, in whatever form."""
    asked = {term for word in split_words(question) for term in _terms_with_parts(word)}
    found: dict[str, str] = {}
    for word in split_words(text):
        for shown in word.parts if asked.isdisjoint(_terms(word)) else (word,):
            if not asked.isdisjoint(_terms(shown)):
                found.setdefault(shown.code if shown.is_code or not shown.stems else shown.stems[-1], shown.surface)
    return tuple(found.values())


# A Snowball stemmer has a buffer of its own, so one thread at a time.
_stemming = threading.Lock()
_stemmer = Stemmer.Stemmer("french", 0)


def _read_piece(piece: str) -> Word:
    spelt = piece.replace("'", "")  # prud'homme, aujourd'hui: many leave it out
    code = CODE + fold(spelt)
    has_digit = any(character.isdigit() for character in piece)
    is_code = (has_digit or sum(map(str.isupper, piece)) > 1) and len(piece) <= _LONGEST_CODE
    if has_digit:
        parts = () if piece.isdecimal() else _parts(piece, _ALPHANUMERIC_PARTS, _DIGITS)
        return Word(piece, (), code, is_code, parts)
    stems = () if piece.lower() in STOP_WORDS else stems_of(spelt)
    return Word(piece, stems, code, is_code, _parts(piece, _CAPITALS, _CAMEL_PARTS) if is_code else ())


def _parts(piece: str, *patterns: re.Pattern[str]) -> tuple[Word, ...]:
    found = dict.fromkeys(part for pattern in patterns for part in pattern.findall(piece))
    return tuple(_read_piece(part) for part in found if 1 < len(part) < len(piece))


def _joined(pieces: list[str]) -> str:
    """Join pieces and separators in one spelling: the mark between two digits counts, that beside a letter does not."""
    joined = pieces[0]
    for separator, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        between_digits = joined[-1:].isdigit() and piece[:1].isdigit()
        joined += (separator.replace(",", ".") if between_digits else "") + piece
    return joined


def _is_compound_code(pieces: list[str]) -> bool:
    """Whether all pieces look like parts of a code (IHE_XDM, L.1111-8, S.A.R.L), or one letter leads (e-santé)."""
    names = pieces[::2]
    if pieces[1] == "-" and names[0].lower() == "e" and len(names) == 2:
        return True
    if "_" in pieces[1::2]:
        return True
    joined = "".join(names)
    if not (any(map(str.isdigit, joined)) or joined.isupper()):
        return False
    return all(name.isupper() or len(name) < 3 or any(map(str.isdigit, name)) for name in names)


def _terms(word: Word) -> tuple[str, ...]:
    if word.is_stop_word:
        return ()
    return (word.code,) if word.is_code else (*word.stems, word.code)


def _terms_with_parts(word: Word) -> Iterator[str]:
    yield from _terms(word)
    for part in word.parts:
        yield from _terms_with_parts(part)
