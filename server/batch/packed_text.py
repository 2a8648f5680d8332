"""Text files as people have them: packed by gzip or not, in any encoding that spreadsheets write.

Read as a stream, twice: once to tell the encoding, once for the text.
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from indexer.corpus.text_files import is_utf_16, recognise_encoding
from server.batch.faults import Fault, QuestionFileError

_PACKED = b"\x1f\x8b"
_CONTAINERS = (b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0", b"7z\xbc\xaf", b"BZh", b"\xfd7zXZ")
_CHUNK = 1 << 20


def name_without_packing(path: Path) -> Path:
    """Return the path without `.gz` at its end."""
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path


def encoding_of(path: Path) -> str:
    """Return `utf-8-sig`, the UTF-16 of spreadsheets, Windows-1252, or Mac Roman: see `recognise_encoding`.

    QuestionFileError where its bytes are no text.
    """
    with _open(path) as stream, _told_if_broken():
        start = stream.read(4)
        if start.startswith(_CONTAINERS):
            raise QuestionFileError(Fault.WORKBOOK)
        if is_utf_16(start):
            return "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else f"utf-16-{'be' if start[0] == 0 else 'le'}"
        return recognise_encoding(_text_chunks(start, stream)).name


def _text_chunks(start: bytes, stream: BinaryIO) -> Iterator[bytes]:
    chunk = start + stream.read(_CHUNK)
    while chunk:
        if b"\x00" in chunk:
            raise QuestionFileError(Fault.NOT_TEXT)
        yield chunk
        chunk = stream.read(_CHUNK)


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[io.TextIOWrapper]:
    """Open a file of text, packed or not, line ends as they are; what is not of its encoding becomes surrogates."""
    with (
        _open(path) as stream,
        io.TextIOWrapper(stream, encoding, errors="surrogateescape", newline="") as text,
        _told_if_broken(),
    ):
        yield text


@contextmanager
def _told_if_broken() -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise QuestionFileError(Fault.BROKEN_PACKING, detail=str(error)) from error
    except UnicodeError as error:  # half a letter of UTF-16
        raise QuestionFileError(Fault.NOT_TEXT, detail=str(error)) from error


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as stream:
        packed = stream.read(2) == _PACKED
    return cast(BinaryIO, gzip.open(path)) if packed else path.open("rb")
