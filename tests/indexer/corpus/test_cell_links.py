"""The links of the cells of a workbook, as programs write them behind its rows."""

import zipfile
from pathlib import Path

import openpyxl
import pytest

from indexer.corpus.tables.rows import Row
from indexer.corpus.tables.xlsx_file import read_xlsx_sheets
from tests.workbooks import rewrite

ADDRESS = "https://a.fr/delai"
SHEET = "xl/worksheets/sheet1.xml"
LABEL = 'display="a > b"'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A workbook whose one cell has a link."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"] = "Délai"
    sheet["A1"].hyperlink = ADDRESS
    book.save(tmp_path / "faq.xlsx")
    return tmp_path / "faq.xlsx"


def _rows(file: Path) -> list[Row]:
    return [row for sheet in read_xlsx_sheets(file) for row in sheet.rows]  # type: ignore[misc,union-attr]  # all readable


def _links(file: Path) -> list[str]:
    return [address for row in _rows(file) for links in row.links.values() for _, address in links]


@pytest.mark.parametrize(
    "label",
    [
        LABEL,
        "display='a > \"b\"'",
        "display=\"l'été > l'hiver\"",
        'tooltip="/>"',
        "tooltip=\"ref='B7' id='x'\"",
        'location="Feuil2!A1"',
    ],
)
def test_a_label_does_not_keep_a_link_from_being_read(file: Path, label: str) -> None:
    """Whatever is written in the attributes that are not read, signs of XML included."""
    rewrite(file, SHEET, "<hyperlink ", f"<hyperlink {label} ")
    assert _links(file) == [ADDRESS]


def test_a_link_cut_between_two_readings_is_read(file: Path) -> None:
    """A large sheet is read by the megabyte, and its end may lie in a label."""
    rewrite(file, SHEET, "<hyperlink ", f"<!--filling--><hyperlink {LABEL} ")
    with zipfile.ZipFile(file) as archive:
        at = archive.read(SHEET).index(b' b"')
    rewrite(file, SHEET, "filling", "filling" + "x" * ((1 << 20) - at))
    assert _links(file) == [ADDRESS]


@pytest.mark.parametrize("words", ["<hyperlink x>", "<mergeCell l'un>"])
def test_a_cell_may_speak_of_links(file: Path, words: str) -> None:
    """A text with the names of XML is a text, also where a program writes it as it is."""
    row = f'<row><c t="inlineStr"><is><t><![CDATA[{words}]]></t></is></c></row>'
    rewrite(file, SHEET, "</sheetData>", f"{row}</sheetData>")
    assert [row.cells for row in _rows(file)] == [("Délai",), (words,)]
    assert _links(file) == [ADDRESS]
