"""CSV as spreadsheets write it: whichever sign parts the columns, `sep=`, line breaks in cells, and its encodings.

French spreadsheets still write Windows-1252 where one does not ask for UTF-8, and the old Macintosh its own. A file
that is UTF-8 in part only is damaged, and its rows are told.
"""

import csv
import re
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

from indexer.corpus.entries import Unreadable
from indexer.corpus.tables.rows import MAX_CELL_CHARACTERS, Row, Sheet
from indexer.corpus.text_files import is_utf_16, recognise_encoding
from indexer.records import Problem, Severity

DELIMITERS = ";,\t"
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[;,\t]*\s*', re.IGNORECASE)
_NOT_UTF_8 = re.compile("[\udc80-\udcff]")
_ENCODING_NAMES = {"cp1252": "Windows-1252", "mac_roman": "Macintosh"}
_HEAD_LINES = 40
_HEAD_ROWS = 10
_CHUNK = 1 << 20
_UNCLOSED = "un guillemet droit est ouvert ici et jamais fermé : fermez-le, ou doublez-le s'il est du texte."
_TOO_LONG = (
    f"une cellule a plus de {MAX_CELL_CHARACTERS} caractères : un guillemet droit y est ouvert et jamais fermé ; ou, "
    "si elle est si longue, partagez-la."
)
_GOES_ON = (
    "un guillemet droit ferme la cellule et du texte le suit : doublez-le s'il est du texte ; ou enregistrez à nouveau "
    "le tableau depuis le tableur."
)


def read_csv_sheets(file: Path, *, rate: Callable[[tuple[str, ...]], int]) -> Iterator[Sheet | Unreadable]:
    """Yield the one sheet of a CSV file. *rate*: how well cells suit the head of the table, to choose the delimiter.

    Rows are numbered as a spreadsheet does: a cell of several lines is in one row, and `sep=;` in none.
    """
    with file.open("rb") as stream:
        start = stream.read(4)
    if is_utf_16(start):
        message = (
            "le fichier est en UTF-16, « Texte Unicode » dans un tableur : enregistrez-le à nouveau, en « CSV UTF-8 »."
        )
        yield Unreadable((Problem(str(file), 1, message),))
        return
    encoding, notice = _encoding_of(file)
    if notice:
        yield Unreadable((notice,))
    with file.open(encoding=encoding, errors="surrogateescape", newline="") as text:
        lines = _lines(text)
        head = list(islice(lines, _HEAD_LINES))
        separator = _SEPARATOR_LINE.fullmatch(head[0]) if head else None
        if separator:
            del head[0]
            delimiter = separator[1]
        else:
            delimiter = _delimiter_of(head, rate)
        yield Sheet(str(file), _rows(file, chain(head, lines), delimiter))


def _lines(text: TextIO) -> Iterator[str]:
    for line in text:
        yield line.removesuffix("\x1a")  # the end of a file, to programs of old


def _encoding_of(file: Path) -> tuple[str, Problem | None]:
    """Return the encoding, and what is to be said where it is not UTF-8."""
    with file.open("rb") as stream:
        encoding = recognise_encoding(iter(lambda: stream.read(_CHUNK), b""))
    name = _ENCODING_NAMES.get(encoding.name)
    if name is None:
        return encoding.name, None
    seen = re.split(r"[\s;,\"]", encoding.broken.decode(encoding.name, errors="replace"))
    word = next((part for part in seen if not part.isascii()), "")
    message = (
        f"le fichier n'est pas en UTF-8 : il est lu comme du {name}. Si « {word} » s'affiche mal, ou pour ne plus voir "
        "ce message, enregistrez-le en « CSV UTF-8 »."
    )
    # cp1252 leaves five bytes without a letter: those become surrogates, and are told where they stand.
    return encoding.name, Problem(str(file), 1, message, Severity.WARNING)


def _delimiter_of(head: list[str], rate: Callable[[tuple[str, ...]], int]) -> str:
    def suits(delimiter: str) -> tuple[int, int]:
        best = width = 0
        try:
            for cells in islice(csv.reader(iter(head), delimiter=delimiter), _HEAD_ROWS):
                best = max(best, rate(tuple(cells)))
                width = max(width, len(cells))
        except csv.Error:
            pass
        return best, width

    return max(DELIMITERS, key=suits)


def _rows(file: Path, lines: Iterator[str], delimiter: str) -> Iterator[Row | Unreadable]:
    # Python's own limit, 131,072, is one for all readers of the process; ours is the size of the largest answer.
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    number = 0
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        number += 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Unreadable((Problem(str(file), number, f"la ligne ne se lit pas comme du CSV : {_advice(error)}"),))
            continue
        joined = "".join(cells)
        if not joined.isascii() and _NOT_UTF_8.search(joined):
            message = "la ligne n'est pas en UTF-8, et d'autres le sont : enregistrez le fichier en « CSV UTF-8 »."
            yield Unreadable((Problem(str(file), number, message),))
            continue
        if "\r" in joined:
            cells = [cell.replace("\r\n", "\n").replace("\r", "\n") for cell in cells]
        yield Row(number, tuple(cells))


def _advice(error: csv.Error) -> str:
    if "expected after" in str(error):
        return _GOES_ON
    if "limit" in str(error):
        return _TOO_LONG
    return _UNCLOSED if "end of data" in str(error) else "enregistrez-le en « CSV UTF-8 »."
