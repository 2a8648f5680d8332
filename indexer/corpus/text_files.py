"""Text files that people edit, from bytes to lines: UTF-8 with or without a mark, any line ends, nothing invisible.

Owns what is said, in French, of a file that cannot be read as text.
"""

import re
from pathlib import Path

from indexer.records import Problem

MAX_FILE_BYTES = 4_000_000
FORMAT_CHARACTERS = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
"""Characters that take no place, as a class of a regular expression holds them: pasted, and never seen."""
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


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
