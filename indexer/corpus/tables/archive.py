"""What XLSX, ODS and DOCX have in common: XML files in a ZIP archive, read as streams, with what keeps one closed.

On the standard library, not on openpyxl, odfpy and python-docx: those hold a workbook in memory or do not tell of the
links of its cells, odfpy has not been kept since 2020, and python-docx brings lxml. The tests make files with them.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element, ParseError, iterparse

from indexer.errors import CorpusError
from indexer.records import Problem

_MOST_BYTES = 1_000_000_000
_DAMAGE = (zipfile.BadZipFile, zlib.error, ParseError, KeyError, NotImplementedError, RuntimeError, EOFError)
_OLE = b"\xd0\xcf\x11\xe0"


@contextmanager
def open_archive(file: Path) -> Iterator[zipfile.ZipFile]:
    """Give the archive in *file*. CorpusError, in French, where it is none, is locked, damaged, or far too large."""
    with refuse_damaged(file), zipfile.ZipFile(file) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _MOST_BYTES:
            raise _refusal(file, "le fichier est trop grand une fois ouvert : partagez-le, ou passez par du CSV.")
        yield archive


@contextmanager
def refuse_damaged(file: Path) -> Iterator[None]:
    """Raise CorpusError, in French, where what is done inside finds that *file* cannot be read.

    Needed again around what is read of an open archive later, as the rows of a sheet are.
    """
    try:
        yield
    except _DAMAGE as error:
        with file.open("rb") as stream:
            is_ole = stream.read(4) == _OLE
        if is_ole:
            message = (
                "le fichier est protégé par un mot de passe, ou d'une version ancienne (.xls, .doc) : enregistrez-le à "
                "nouveau, sans mot de passe, au format d'aujourd'hui (.xlsx, .ods ou .docx)."
            )
        else:
            message = "le fichier est abîmé ou n'est pas ce que dit son nom : enregistrez-le à nouveau."
        raise _refusal(file, message) from error


def stream_elements(stream: IO[bytes], *, kept: frozenset[str]) -> Iterator[Element]:
    """Yield each element of a name in *kept*, whole, its namespace taken off; what was read is forgotten."""
    parents: list[Element] = []
    inside = 0
    for event, element in iterparse(stream, events=("start", "end")):
        if event == "start":
            element.tag = local_name(element.tag)
            parents.append(element)
            inside += element.tag in kept
            continue
        parents.pop()
        if element.tag in kept:
            inside -= 1
            if not inside:
                yield element
        if not inside and parents:
            parents[-1].remove(element)


def local_name(name: str) -> str:
    """Return the name of an element or an attribute without its namespace."""
    return name.rpartition("}")[2]


def attribute(element: Element, name: str) -> str | None:
    """Return an attribute by its name, whatever its namespace."""
    return next((value for key, value in element.attrib.items() if local_name(key) == name), None)


def read_relations(archive: zipfile.ZipFile, part: str) -> dict[str, str]:
    """Return what the ids in *part* of an Office file stand for: paths and addresses."""
    folder, _, name = part.rpartition("/")
    path = f"{folder}/_rels/{name}.rels".lstrip("/")
    if path not in archive.namelist():
        return {}
    with archive.open(path) as stream:
        elements = stream_elements(stream, kept=frozenset({"Relationship"}))
        return {element.get("Id", ""): element.get("Target", "") for element in elements}


def _refusal(file: Path, message: str) -> CorpusError:
    return CorpusError([Problem(str(file), 1, message)])
