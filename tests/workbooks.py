"""Workbooks as openpyxl writes them, and as other programs do, which write what it does not."""

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import openpyxl


def write_workbook(file: Path, rows: Iterable[Sequence[object]]) -> Path:
    """Write a workbook of one sheet with these rows, and return its file."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(file)
    return file


def rewrite(file: Path, part: str, old: str, new: str) -> None:
    """Write *new* for *old*, which is there once, in an XML file of a workbook."""
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert parts[part].count(old.encode()) == 1
    parts[part] = parts[part].replace(old.encode(), new.encode())
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
