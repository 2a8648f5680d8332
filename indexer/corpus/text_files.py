"""Text files that people edit, from bytes to lines: UTF-8 with or without a mark, any line ends, nothing invisible.

Owns what is said, in French, of a file that cannot be read as text.
"""

import codecs
import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from indexer.records import Problem

MAX_FILE_BYTES = 4_000_000
FORMAT_CHARACTERS = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
"""Characters that take no place, as a class of a regular expression holds them: pasted, and never seen."""
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")

OPEN_ELSEWHERE = "~$"
"""What Office puts before the name of a file for as long as it is open."""

_ASCII = bytes(range(128))
_UTF_8 = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|(?:\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f])[\x80-\xbf]|"
    rb"(?:\xf0[\x90-\xbf]|[\xf1-\xf3][\x80-\xbf]|\xf4[\x80-\x8f])[\x80-\xbf]{2}"
)
_FRENCH_UTF_8 = re.compile(rb"[\xc2\xc3\xc5][\x80-\xbf]|\xe2[\x80-\x82][\x80-\xbf]")
"""Letters, quotation marks, the euro: rows of bytes that French in Windows-1252 or of the Macintosh does not have."""
_MAC_LETTERS, _WINDOWS_LETTERS = re.compile(rb"[\x88\x8d-\x90\x9d]"), re.compile(rb"[\xe0\xe7-\xea\xf4\xf9]")
"""The French letters à ç é è ê ù, and ô in Windows-1252: what the other has in their place is hardly ever written."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """What the bytes of a text are: `utf-8-sig`, `cp1252` or `mac_roman`; *broken*, where they first are no UTF-8."""

    name: str
    broken: bytes = b""


def recognise_encoding(chunks: Iterable[bytes]) -> Encoding:
    """Return the encoding of a text that is not UTF-16. It is UTF-8, damaged, where enough of its letters are.

    In the other two, some letters in a row pass for one of UTF-8: « é…» » for one of Chinese, « ’é » for an Armenian
    one. Those count one against each byte that is no UTF-8, and those of French ten: such a file is of two encodings.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    broken = b""
    french = utf_8 = strange = mac = windows = 0
    has_line_feed = False
    for chunk in chain(chunks, (b"",)):
        if not broken:
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                broken = bytes(error.object)[max(0, error.start - 12) : error.start + 12]
        has_line_feed = has_line_feed or b"\n" in chunk
        if chunk.isascii():
            continue
        letters = _UTF_8.findall(chunk.removeprefix(codecs.BOM_UTF8))
        rest = _UTF_8.sub(b"", chunk)
        french += sum(bool(_FRENCH_UTF_8.fullmatch(letter)) for letter in letters)
        utf_8 += len(letters)
        strange += len(rest.translate(None, _ASCII))
        mac += len(_MAC_LETTERS.findall(chunk))
        windows += len(_WINDOWS_LETTERS.findall(chunk))
    if not broken or utf_8 + 9 * french > strange:
        return Encoding("utf-8-sig", broken)
    is_mac = mac > windows or (mac == windows and not has_line_feed)
    return Encoding("mac_roman" if is_mac else "cp1252", broken)


def read_text_file(file: Path) -> str | Problem:
    """Return the text of *file* with plain line ends, or what keeps it from being read."""
    try:
        if not file.is_file():
            return Problem(str(file), 1, no_file(file))
        with file.open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        return Problem(str(file), 1, f"le fichier ne peut pas être lu ({error.strerror}) : vérifiez ses droits.")
    if len(content) > MAX_FILE_BYTES:
        return Problem(str(file), 1, f"le fichier dépasse {MAX_FILE_BYTES} octets : partagez-le.")
    return decode_text(content, path=str(file))


def decode_text(content: bytes, *, path: str) -> str | Problem:
    """Return *content* as text with plain line ends, or what is wrong with it, at its line."""
    if is_utf_16(content):
        return Problem(path, 1, f"le texte n'est pas en UTF-8 mais en UTF-16. {_SAVE}")
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Problem(path, line, f"le texte n'est pas en UTF-8{_seen(content, error.start)}. {_SAVE}")
    invisible = _INVISIBLE.search(text)
    if invisible:
        line = text.count("\n", 0, invisible.start()) + 1
        code = f"U+{ord(invisible[0]):04X}"
        return Problem(path, line, f"un caractère invisible et interdit ({code}) est sur cette ligne : retapez-la.")
    return text


def is_utf_16(content: bytes) -> bool:
    """Return whether bytes begin as UTF-16: with its mark, or with one byte of two for a letter."""
    return content.startswith(_UTF_16_MARKS) or (len(content) > 1 and content[:2].count(0) == 1)


def as_on_disk(path: Path) -> Path:
    """Return *path* with its name as the disk has it: one from a Mac has accents in another form than people type."""
    folder = path.parent
    if path.name.isascii() or path.exists() or not os.access(folder, os.R_OK):
        return path
    typed = unicodedata.normalize("NFC", path.name)
    return next((one for one in folder.iterdir() if unicodedata.normalize("NFC", one.name) == typed), path)


def no_file(path: Path) -> str:
    """Return why there is no file to be read at *path*, and what to do."""
    if path.is_dir():
        return "c'est un dossier, et non un fichier : retirez-le d'ici ou changez son nom."
    if path.exists():
        return "ce n'est pas un fichier : retirez-le d'ici ou changez son nom."
    if path.is_symlink():
        return "ce lien ne mène à aucun fichier : mettez ici le fichier lui-même, ou retirez le lien."
    return "il n'y a pas de fichier à cet endroit : vérifiez le chemin et le nom."


def leads_out(file: Path, corpus: Path) -> Problem | None:
    """Return what is wrong with a link to a file that is not in the corpus; one within it is another name."""
    if not file.is_symlink() or file.resolve().is_relative_to(corpus.resolve()):
        return None
    return Problem(str(file), 1, "ce lien mène hors du corpus : mettez ici le fichier lui-même.")


_SAVE = "Enregistrez le fichier à nouveau, avec l'encodage « UTF-8 »."


def _seen(content: bytes, start: int) -> str:
    word = re.search(rb"[^\s]{0,20}\Z", content[:start])
    rest = re.match(rb"[^\s]{1,20}", content[start:])
    around = (word[0] if word else b"") + (rest[0] if rest else b"")
    return f" : voyez « {around.decode('cp1252', errors='replace')} »"
