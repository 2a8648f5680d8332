"""Merged cells say the same of each row that they take, as a reader of the spreadsheet sees it."""

import zipfile
from pathlib import Path

import openpyxl
import pytest

from indexer.corpus.check import check_corpus
from indexer.corpus.corpus import open_corpus
from indexer.records import Answer, Severity

Rows = list[list[str | None]]


def _write(file: Path, rows: Rows, merged: list[str]) -> Path:
    """Write a table with merged ranges; what a range covers is not written."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for cells in merged:
        sheet.merge_cells(cells)
    if file.suffix == ".xlsx":
        book.save(file)
        return file
    first = {(one.min_row, one.min_col): one for one in sheet.merged_cells.ranges}
    written = ""
    for row in sheet.iter_rows():
        written += "<table:table-row>"
        for cell in row:
            span = first.get((cell.row, cell.column))
            name = "covered-table-cell" if cell.coordinate in sheet.merged_cells and not span else "table-cell"
            size = span.size if span else {"rows": 1, "columns": 1}
            spanned = "".join(f' table:number-{of}-spanned="{size[of]}"' for of in size) if span else ""
            text = f"<text:p>{cell.value}</text:p>" if cell.value else ""
            written += f"<table:{name}{spanned}>{text}</table:{name}>"
        written += "</table:table-row>"
    table = f'<content xmlns:table="t" xmlns:text="x"><table:table table:name="A">{written}</table:table></content>'
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("content.xml", table)
    return file


@pytest.fixture(params=["xlsx", "ods"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where a table is written, in each of the forms that have merged cells."""
    return tmp_path / f"faq.{request.param}"


def test_a_theme_over_several_rows_is_that_of_each(file: Path) -> None:
    """The rows below the first have it too, and nothing is said."""
    rows: Rows = [
        ["Thème", "Question", "Réponse"],
        ["Délais", "Quel délai ?", "Trois jours."],
        [None, "Et en été ?", "Cinq jours."],
        ["Prix", "Combien ?", "Rien."],
    ]
    _write(file, rows, ["A2:A3"])
    themes = [answer.facets["thematique"] for answer in open_corpus(file).answers()]
    assert themes == [("Délais",), ("Délais",), ("Prix",)]
    assert check_corpus(file) == []


def test_a_question_over_several_rows_is_told(file: Path) -> None:
    """Its answers are joined, and each row below the first is a warning; none is lost."""
    rows: Rows = [
        ["Question", "Réponse"],
        ["Quel délai ?", "Trois jours."],
        [None, "Cinq en été."],
        [None, "Un, sinon."],
    ]
    _write(file, rows, ["A2:A4"])
    [answer] = open_corpus(file).answers()
    assert (answer.questions, answer.text) == (("Quel délai ?",), "Trois jours.\n\nCinq en été.\n\nUn, sinon.")
    assert [(problem.line, problem.severity) for problem in check_corpus(file)] == [
        (3, Severity.WARNING),
        (4, Severity.WARNING),
    ]


def test_rows_merged_as_a_whole_are_one(file: Path) -> None:
    """Cells made high in all columns are one row, and so is a head of two."""
    rows: Rows = [
        ["Question", "Réponse"],
        [None, None],
        ["Quel délai ?", "Trois jours."],
        [None, None],
        ["Où ?", "Ici."],
    ]
    _write(file, rows, ["A1:A2", "B1:B2", "A3:A4", "B3:B4"])
    assert [answer.text for answer in open_corpus(file).answers()] == ["Trois jours.", "Ici."]
    assert check_corpus(file) == []


def test_a_head_of_two_rows_is_no_answer(file: Path) -> None:
    """Headings over two rows name their columns, and are not read as an answer below."""
    rows: Rows = [["Question", "Réponse", "Thème"], [None, None, "(un seul)"], ["Où ?", "Ici.", "Lieux"]]
    _write(file, rows, ["A1:A2", "B1:B2"])
    assert list(open_corpus(file).answers()) == [Answer("ou", "Ici.", ("Où ?",), {"thematique": ("Lieux",)})]


def test_a_title_over_all_columns_stands_in_the_first(file: Path) -> None:
    """Above the head it is no heading, however it is worded."""
    rows: Rows = [["Question", None, None], ["Question", "Réponse", "Thème"], ["Où ?", "Ici.", "Lieux"]]
    _write(file, rows, ["A1:C1"])
    assert [answer.text for answer in open_corpus(file).answers()] == ["Ici."]
    assert check_corpus(file) == []


def test_cells_merged_over_columns_are_told(file: Path) -> None:
    """The value is that of the first column; the check names the cell that has none of its own."""
    rows: Rows = [["Question", "Réponse", "Source", "Thème"], ["Où ?", "Ici.", "Guide", None]]
    _write(file, rows, ["C2:D2"])
    assert [(answer.source, answer.facets) for answer in open_corpus(file).answers()] == [("Guide", {})]
    assert [problem.message for problem in check_corpus(file)] == [
        "cellule D2 : elle est fusionnée avec C2, où sa valeur est lue. Défusionnez-les s'il la faut ici aussi."
    ]
