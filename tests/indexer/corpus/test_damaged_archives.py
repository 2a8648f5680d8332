"""A workbook that a download cut or a disk spoilt is told as damaged, wherever the damage lies."""

import random
import zipfile
from pathlib import Path

import pytest

from indexer.corpus.check import check_corpus
from indexer.records import Severity
from tests.workbooks import write_workbook

SHEETS = {"xlsx": "xl/worksheets/sheet1.xml", "ods": "content.xml"}
DAMAGED = "le fichier est abîmé ou n'est pas ce que dit son nom : enregistrez-le à nouveau."
ROWS = [("Question", "Réponse"), *((f"Question {number} ?", f"Réponse {number * 7919}.") for number in range(200))]


@pytest.fixture(params=sorted(SHEETS))
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A table with two hundred rows, in each form that is an archive."""
    file = tmp_path / f"faq.{request.param}"
    if request.param == "xlsx":
        return write_workbook(file, ROWS)
    cells = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    rows = "".join(f"<table:table-row>{''.join(map(cells.format, row))}</table:table-row>" for row in ROWS)
    table = f'<content xmlns:table="t" xmlns:text="x"><table:table table:name="A">{rows}</table:table></content>'
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("content.xml", table)
    return file


def _errors(file: Path) -> list[str]:
    return [str(problem) for problem in check_corpus(file) if problem.severity is Severity.ERROR]


def test_a_byte_that_is_wrong_is_told_as_damage(file: Path) -> None:
    """The sheet's packed bytes do not unpack, or to something else: the same is said, and no command ends over it."""
    assert _errors(file) == []
    whole = file.read_bytes()
    with zipfile.ZipFile(file) as archive:
        packed = archive.getinfo(SHEETS[file.suffix[1:]])
    chance = random.Random(4)
    for _ in range(12):
        spoilt = bytearray(whole)
        spoilt[packed.header_offset + 100 + chance.randrange(packed.compress_size - 100)] ^= chance.randrange(1, 256)
        file.write_bytes(spoilt)
        assert _errors(file) == [f"{file}:1: {DAMAGED}"]


@pytest.mark.parametrize("part", ["rows", "end"])
def test_a_sheet_that_is_not_xml_is_told_as_damage(file: Path, part: str) -> None:
    """Among its rows, or behind them."""
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = SHEETS[file.suffix[1:]]
    half = len(parts[name]) // 2
    parts[name] = parts[name][:half] + b"<<" + parts[name][half:] if part == "rows" else parts[name][:-3]
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert _errors(file) == [f"{file}:1: {DAMAGED}"]
