"""Merged cells say the same of each row that they take, as a reader of the spreadsheet sees it."""

import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from indexer.corpus.check import check_corpus
from indexer.corpus.corpus import open_corpus
from indexer.corpus.imports.bring_in import prepare_import
from indexer.records import Answer, Severity

Rows = list[list[str | date | None]]


def _write(file: Path, rows: Rows, merged: list[str]) -> Path:
    """Write a table with merged ranges; what a range covers is not written. Days are shown without their year."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
        for at, cell in enumerate(row, start=1):
            if isinstance(cell, date):
                sheet.cell(sheet.max_row, at).number_format = "d-mmm"
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
            day = f' office:date-value="{cell.value}"' if isinstance(cell.value, date) else ""
            text = f"<text:p>{f'{cell.value:%d/%m}' if day else cell.value}</text:p>" if cell.value else ""
            written += f"<table:{name}{spanned}{day}>{text}</table:{name}>"
        written += "</table:table-row>"
    names = 'xmlns:table="t" xmlns:text="x" xmlns:office="o"'
    table = f'<content {names}><table:table table:name="A">{written}</table:table></content>'
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


@pytest.mark.parametrize("merged", [["A2:A4", "C2:C4"], ["C2:C4"]])
@pytest.mark.parametrize("heading", ["ID", "Auteur"])
def test_an_answer_over_several_rows_is_one_with_all_their_questions(
    file: Path, heading: str, merged: list[str]
) -> None:
    """Each row is one more question of it, with its own keywords, whether the id is merged too, or not given below."""
    rows: Rows = [
        [heading, "Question", "Réponse", "Mots-clés"],
        ["delai", "Quel délai ?", "Trois jours.", "durée"],
        [None, "Combien de jours ?", None, None],
        [None, "C'est long ?", None, "attente"],
        [None, "Où ?", "Ici.", None],
    ]
    _write(file, rows, merged)
    assert list(open_corpus(file).answers()) == [
        Answer(
            "delai",
            "Trois jours.",
            ("Quel délai ?", "Combien de jours ?", "C'est long ?"),
            keywords=("durée", "attente"),
        ),
        Answer("ou", "Ici.", ("Où ?",)),
    ]
    assert {problem.line for problem in check_corpus(file)} == ({1} if heading == "Auteur" else set())
    plan = prepare_import(file, file.parent / "answers")
    assert [step.file.name for step in plan.writes] == ["delai.md", "ou.md"]


@pytest.mark.parametrize("heading", ["ID", "N°"])
def test_an_id_over_rows_with_answers_of_their_own_is_that_of_the_first(file: Path, heading: str) -> None:
    """A number over the rows of a theme is no id of each: the others are named as rows without one."""
    rows: Rows = [
        [heading, "Thème", "Question", "Réponse"],
        ["1", "Délais", "Quel délai ?", "Trois jours."],
        [None, None, "Et en été ?", "Cinq jours."],
        ["2", "Prix", "Combien ?", "Rien."],
    ]
    _write(file, rows, ["A2:A3", "B2:B3"])
    answers = list(open_corpus(file).answers())
    assert [(answer.id, answer.text) for answer in answers] == [
        ("1", "Trois jours."),
        ("et-en-ete", "Cinq jours."),
        ("2", "Rien."),
    ]
    assert [answer.facets["thematique"] for answer in answers] == [("Délais",), ("Délais",), ("Prix",)]
    assert check_corpus(file) == []


def test_an_id_and_a_question_over_several_rows_are_one_answer(file: Path) -> None:
    """Its texts are joined, as where there is no id, and told."""
    rows: Rows = [
        ["ID", "Question", "Réponse"],
        ["delai", "Quel délai ?", "Trois jours."],
        [None, None, "Cinq en été."],
        ["ou", "Où ?", "Ici."],
    ]
    _write(file, rows, ["A2:A3", "B2:B3"])
    assert [(answer.id, answer.text) for answer in open_corpus(file).answers()] == [
        ("delai", "Trois jours.\n\nCinq en été."),
        ("ou", "Ici."),
    ]
    assert [problem.message for problem in check_corpus(file)] == [
        "cette ligne a la question de la ligne 2, leurs réponses sont réunies : est-ce voulu ?"
    ]


def test_an_answer_over_rows_with_ids_of_their_own_is_told(file: Path) -> None:
    """Ids keep rows apart, so that the same text stands under each; the check says how to have it once."""
    rows: Rows = [
        ["ID", "Question", "Réponse"],
        ["a", "Quel délai ?", "Trois jours."],
        ["b", "Combien de jours ?", None],
        [None, "C'est long ?", None],
    ]
    _write(file, rows, ["C2:C4"])
    assert list(open_corpus(file).answers()) == [
        Answer("a", "Trois jours.", ("Quel délai ?",)),
        Answer("b", "Trois jours.", ("Combien de jours ?", "C'est long ?")),
    ]
    assert [str(problem) for problem in check_corpus(file) if "fusionnée" in problem.message] == [
        f"{file}:3: attention : cellule C3 : elle est fusionnée avec celle au-dessus, mais la ligne a son "
        "identifiant, « b » : la réponse est gardée sous chacun. Pour n'en avoir qu'une à plusieurs questions, videz "
        "cet identifiant."
    ]


def test_a_question_of_a_merged_answer_may_have_another_answer(file: Path) -> None:
    """Elsewhere in the table, it is an answer of its own; none of the two is lost."""
    rows: Rows = [
        ["Question", "Réponse"],
        ["Quel délai ?", "Trois jours."],
        ["Et en été ?", None],
        ["Et en été ?", "Cinq jours."],
        ["Et en été ?", "Sauf en août."],
    ]
    _write(file, rows, ["B2:B3"])
    assert [(answer.questions, answer.text) for answer in open_corpus(file).answers()] == [
        (("Quel délai ?", "Et en été ?"), "Trois jours."),
        (("Et en été ?",), "Cinq jours.\n\nSauf en août."),
    ]


def test_the_day_of_a_change_over_several_rows_is_that_of_each(file: Path) -> None:
    """Though the cell shows no year: the file has the day itself."""
    rows: Rows = [
        ["Question", "Réponse", "Modifié le"],
        ["Où ?", "Ici.", date(2026, 3, 31)],
        ["Qui ?", "Moi.", None],
        ["Quand ?", "Hier.", None],
    ]
    _write(file, rows, ["C2:C3"])
    changed = [answer.changed_on for answer in open_corpus(file).answers()]
    assert changed == [date(2026, 3, 31), date(2026, 3, 31), None]
    assert check_corpus(file) == []


def test_notes_under_a_title_over_columns_are_told(file: Path) -> None:
    """Its second column has no title of its own: the first note in it is told, and each row is read."""
    rows: Rows = [
        ["Question", "Réponse", None],
        ["Où ?", "Ici.", "vu"],
        ["Qui ?", "Moi.", "à revoir"],
    ]
    _write(file, rows, ["B1:C1"])
    assert [answer.text for answer in open_corpus(file).answers()] == ["Ici.", "Moi."]
    assert [str(problem) for problem in check_corpus(file)] == [
        f"{file}:2: attention : cellule C2 : la colonne C n'a pas de titre, et n'est pas lue : donnez-lui un titre, ou "
        "videz-la."
    ]


@pytest.mark.parametrize("merged", [["A2:A4"], ["B2:B4"]])
def test_the_links_of_joined_rows_are_kept(file: Path, merged: list[str]) -> None:
    """The first is the source; others stand behind the text, each once."""
    rows: Rows = [
        ["Question", "Réponse", "Lien"],
        ["Où ?", "Ici.", "https://a.fr"],
        ["Où ?", "Ici.", "https://b.fr"],
        ["Où ?", "Ici.", "https://a.fr"],
    ]
    _write(file, rows, merged)
    [answer] = open_corpus(file).answers()
    assert (answer.text, answer.source) == ("Ici.\n\nhttps://b.fr", "https://a.fr")
