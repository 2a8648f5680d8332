"""Files as people save them: each is read as expected, or says what is wrong where the spreadsheet shows it.

Made by LibreOffice, by openpyxl and python-docx, and by hand, byte for byte as spreadsheets write them.
"""

import csv
import random
import tracemalloc
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.corpus.check import check_corpus
from indexer.corpus.corpus import open_corpus
from indexer.corpus.imports.bring_in import prepare_import
from indexer.corpus.tables.rows import column_letter
from indexer.corpus.tables.xlsx_file import read_xlsx_sheets
from indexer.errors import CorpusError
from indexer.records import Answer, Severity
from server.batch.question_files import look_at
from tests.workbooks import write_workbook

TABLES = Path(__file__).parents[2] / "data/tables"
DELAY = Answer("delai", "Trois jours.", ("Quel délai ?",), {"thematique": ("Délais",)})
PRICE = Answer("coute", "C'est gratuit ; toujours.", ("Combien ça coûte ?",), {"thematique": ("Prix",)})
BOTH = [DELAY, PRICE]
TWO_QUESTIONS = ("Quel délai ?", "Combien de jours ?")
LINK = "https://a.fr/delai"

READ: dict[str, list[Answer]] = {
    **dict.fromkeys(
        (
            *("excel-utf8-bom.csv", "excel-cp1252.csv", "excel-mac.csv", "mac-line-ends-utf8.csv", "sep-line.csv"),
            *("sep-line-quoted-comma.csv", "comma.csv", "tabs.tsv", "surplus-columns.csv", "headings-odd.csv"),
            *("missing-trailing-cells.csv", "english.csv", "title-above.csv", "libreoffice.csv", "libreoffice.xlsx"),
            *("libreoffice.ods", "faq.JSONL"),
        ),
        BOTH,
    ),
    "ids.csv": [DELAY, Answer("prix", PRICE.text, PRICE.questions, PRICE.facets)],
    "numbered.csv": [
        Answer("1", DELAY.text, DELAY.questions, DELAY.facets),
        Answer("2", PRICE.text, PRICE.questions, PRICE.facets),
    ],
    "openpyxl.xlsx": [Answer("delai", DELAY.text, DELAY.questions, DELAY.facets, LINK), PRICE],
    "sheets.xlsx": [Answer("delai", DELAY.text, DELAY.questions), Answer("coute", PRICE.text, PRICE.questions)],
    "line-breaks.csv": [Answer("delai", "Trois jours.\n\n- un\n- deux", TWO_QUESTIONS)],
    "bars.csv": [Answer("delai", "Trois jours.", TWO_QUESTIONS)],
    "variants-in-columns.csv": [Answer("delai", "Trois jours.", TWO_QUESTIONS)],
    "keywords-link.csv": [Answer("delai", "Trois jours.", ("Quel délai ?",), {}, LINK, keywords=("délai durée",))],
    "html-cells.csv": [
        Answer(
            "qu-est-ce-que-l-ete",
            "Une saison\xa0: **chaude**.\n\n- un\n- deux\n\n[Voir](https://a.fr/b)",
            ("Qu'est-ce que l'été ?",),
        )
    ],
    "same-question.csv": [
        Answer("coute", "Rien.", PRICE.questions, PRICE.facets),
        Answer("delai", "Trois jours.\n\nCinq en été.", DELAY.questions, {"thematique": ("Délais", "Été")}),
    ],
    "libreoffice-links.ods": [Answer("7", "Voyez [la carte](https://a.fr/carte).\nOu demandez.", ("Où ?",))],
    # LibreOffice keeps one link a cell in XLSX, and not which words it was on.
    "libreoffice-links.xlsx": [Answer("7", "Voyez la carte.\nOu demandez.\n\nhttps://a.fr/carte", ("Où ?",))],
    "values.xlsx": [
        Answer("1", "01/03/2026", ("Quand ?",)),
        Answer("2", "10,5", ("Combien ?",)),
        Answer("3", "https://a.fr/ou", ("Où ?",), {}, "VRAI"),
        Answer("4", "Un mot grasA", ("Qui ?",)),
    ],
}
"""The answers of each file that can be served; what they were made with says how they came to be."""

WARNED = {
    "excel-cp1252.csv": "1: attention : le fichier n'est pas en UTF-8 : il est lu comme du Windows-1252. Si",
    "excel-mac.csv": "1: attention : le fichier n'est pas en UTF-8 : il est lu comme du Macintosh",
    "keywords-link.csv": "1: attention : la colonne E, « Auteur », n'est pas lue",
    "same-question.csv": "4: attention : cette ligne a la question de la ligne 2, leurs réponses sont réunies",
    "sheets.xlsx": ", feuille « Lisez-moi »:1: attention : cette feuille n'est pas lue",
}
REFUSED = {
    "damaged.xlsx": ["1: le fichier est abîmé ou n'est pas ce que dit son nom"],
    "old-format.xlsx": ["1: le fichier est protégé par un mot de passe, ou d'une version ancienne"],
    "no-answer-column.csv": ["1: il manque la ligne des titres, où une colonne se nomme « Réponse »"],
    "unicode-text.csv": ["1: le fichier est en UTF-16"],
    "unclosed-quote.csv": ["2: la ligne ne se lit pas comme du CSV : un guillemet droit est ouvert ici"],
    "quote-inside.csv": ["2: la ligne ne se lit pas comme du CSV : un guillemet droit ferme la cellule"],
    "mixed-encodings.csv": ["3: la ligne n'est pas en UTF-8, et d'autres le sont"],
    "missing-answers.csv": ["2: cellule B2 : la réponse n'a pas de texte", "4: cellule B4 : la réponse n'a pas"],
}
PAGES: dict[str, list[tuple[tuple[str, ...], str, str | None, str]]] = {
    "page-jsonld.html": [
        (
            ("Quel délai ?", "En combien de *temps* ?"),
            "Trois **jours**. [Voir](https://a.fr/d)",
            "https://a.fr/faq",
            "divers",
        ),
        (("Combien ça coûte ?",), "Rien.", "https://a.fr/faq", "divers"),
    ],
    "page-microdata.html": [(("Quel délai ?",), "Trois jours.\n\nOuvrés.", None, "divers")],
    "page-details.html": [
        (("Quel délai ?",), "- Trois jours\n- ouvrés", "https://a.fr/faq", "delais"),
        (("Combien ça coûte ?",), "Rien.", "https://a.fr/faq", "delais"),
    ],
    "page-list.html": [
        (("Quel délai ?",), "Trois jours.", None, "divers"),
        (("Combien ça coûte ?",), "Rien.\n\nVraiment.", None, "divers"),
    ],
    "page-headings.html": [
        (("Quel délai ?",), "Trois jours.\n\n| Mois | Jours |\n| --- | --- |\n| Mai | 3 |", None, "delais"),
        (("Combien ça coûte ?",), "Rien.", None, "delais"),
    ],
    "word-headings.docx": [
        (("Quel délai ?",), "Trois **jours ouvrés**. [la page](https://a.fr/d)\n\n- un\n- deux", None, "divers"),
        (("Combien ça coûte ?",), "Rien.", None, "divers"),
    ],
    "word-titles.docx": [(("Renouveler une carte",), "Sur le site.", None, "divers")],
}


def test_every_file_is_expected() -> None:
    """No file lies there without an expectation."""
    assert {file.name for file in TABLES.iterdir()} == {*READ, *REFUSED, *PAGES, "page-nothing.html"}
    assert len({*READ, *REFUSED, *PAGES}) >= 25


@pytest.mark.parametrize("name", sorted(READ))
def test_a_table_is_read(name: str) -> None:
    """Each gives its answers, and nothing is said but the one warning that it deserves."""
    assert list(open_corpus(TABLES / name).answers()) == READ[name]
    said = [str(problem).removeprefix(f"{TABLES / name}").lstrip(":") for problem in check_corpus(TABLES / name)]
    assert [words.startswith(WARNED.get(name, "?")) for words in said] == [True] * (name in WARNED)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_table_is_refused_with_the_cell(name: str) -> None:
    """Each says what is wrong, all faults at once, where the spreadsheet shows them, in French alone."""
    problems = check_corpus(TABLES / name)
    assert len(problems) == len(REFUSED[name])
    for problem, words in zip(problems, REFUSED[name], strict=True):
        assert str(problem).startswith(f"{TABLES / name}:{words}")
        assert problem.severity is Severity.ERROR


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_or_document_is_brought_in(name: str, tmp_path: Path) -> None:
    """Its questions, their answers as Markdown, the address of the page, and the heading above as a folder."""
    steps = prepare_import(TABLES / name, tmp_path / "answers").writes
    found = [
        (step.draft.answer.questions, step.draft.answer.text, step.draft.answer.source, step.file.parent.name)
        for step in steps
        if step.draft
    ]
    assert found == PAGES[name]


def test_a_page_without_questions_says_what_to_do(tmp_path: Path) -> None:
    """What was looked for is named, and the way around."""
    with pytest.raises(CorpusError, match=r"aucune question n'a été reconnue.*passez par un tableau"):
        prepare_import(TABLES / "page-nothing.html", tmp_path / "answers")


@settings(deadline=None, max_examples=40)
@given(rows=st.lists(st.lists(st.text("abé <&\n;,\"'|0=", max_size=6), min_size=1, max_size=4), min_size=1, max_size=5))
def test_xlsx_cells_are_those_of_another_reader(
    rows: list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each text of each cell is what openpyxl wrote, in its row and column."""
    file = write_workbook(tmp_path_factory.mktemp("xlsx") / "a.xlsx", ([f"'{cell}" for cell in row] for row in rows))
    for read in read_xlsx_sheets(file):
        cells = [(row.number, row.cells) for row in read.rows]  # type: ignore[union-attr]  # no row is unreadable here
        assert cells == [(at, tuple(f"'{cell}" for cell in row)) for at, row in enumerate(rows, start=1)]


@pytest.mark.parametrize(
    "text", ["Il a été…» dit", "l’été", "é”", "ÉTÉ»", "« à l’été »", "Où ça…", "Forêt", "fini : été"]
)
@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("ending", ["", "\n", "\r"])
def test_text_is_read_in_the_encoding_that_it_has(tmp_path: Path, text: str, encoding: str, ending: str) -> None:
    """Letters in a row that pass for one of UTF-8 make no file UTF-8, nor does a line feed make it Windows-1252."""
    content = f"Question;Réponse{ending or chr(10)}Quoi ?;{text}{ending}"
    (tmp_path / "faq.csv").write_bytes(content.encode(encoding))
    assert [answer.text for answer in open_corpus(tmp_path / "faq.csv").answers()] == [text]
    (tmp_path / "q.csv").write_bytes(content.encode(encoding))
    file = look_at(tmp_path / "q.csv")
    assert [line.cells for line in file.lines()] == [("Quoi ?", text)]


def test_a_file_of_two_encodings_is_damaged(tmp_path: Path) -> None:
    """Where a tenth of the letters are UTF-8, each row that is not is told, and none is read as what it is not."""
    rows = ["Question;Réponse".encode(), *[f"Q{number} ?;été".encode("cp1252") for number in range(4)]]
    (tmp_path / "faq.csv").write_bytes(b"\n".join(rows))
    assert [(problem.line, problem.severity) for problem in check_corpus(tmp_path / "faq.csv")] == [
        (line, Severity.ERROR) for line in range(2, 6)
    ]


@pytest.mark.parametrize(
    "heading", ["Question;;Réponse", ";Question;Réponse", "Question;Réponse;", "Question; ;Réponse"]
)
def test_a_column_without_heading_that_has_cells_is_told_once(tmp_path: Path, heading: str) -> None:
    """The first of its cells is named, wherever in the table it is; an empty one is nothing to tell."""
    at = [not name.strip() for name in heading.split(";")].index(True)
    rows = [["Où ?", "Ici."], ["Qui ?", "Moi."], ["Quand ?", "Hier."]]
    for row, note in zip(rows, ("", "sauf le lundi", "à midi"), strict=True):
        row.insert(at, note)
    (tmp_path / "faq.csv").write_text("\n".join([heading, *map(";".join, rows)]), encoding="utf-8")
    letter = column_letter(at)
    assert [str(problem) for problem in check_corpus(tmp_path / "faq.csv")] == [
        f"{tmp_path / 'faq.csv'}:3: attention : cellule {letter}3 : la colonne {letter} n'a pas de titre, et n'est pas "
        "lue : donnez-lui un titre, ou videz-la."
    ]
    assert [answer.text for answer in open_corpus(tmp_path / "faq.csv").answers()] == ["Ici.", "Moi.", "Hier."]


def test_a_sheet_of_answers_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """Though another one can; the columns are named as they are in the file. Without a column of answers it is none."""
    book = openpyxl.Workbook()
    for name, rows in {
        "FAQ": [["Question", "Réponse", "Rubrique", "Catégorie"], ["Où ?", "Ici.", "Lieux", "Paris"]],
        "Archives 2019": [["Question", "Réponse"], ["Qui ?", "Moi."]],
        "Notes": [["Question", "Vu par"], ["Quoi ?", "Lui."]],
    }.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    del book["Sheet"]
    book.save(tmp_path / "faq.xlsx")
    problems = {problem.path.rpartition(" « ")[2]: problem for problem in check_corpus(tmp_path / "faq.xlsx")}
    assert {sheet: problem.severity for sheet, problem in problems.items()} == {
        "FAQ »": Severity.ERROR,
        "Notes »": Severity.WARNING,
    }
    assert problems["FAQ »"].message == (
        "les colonnes C, « Rubrique », et D, « Catégorie », donnent deux fois « thematique » : gardez-en une, ou "
        "nommez l'une « facette:… », d'une autre clé."
    )
    with pytest.raises(CorpusError, match="Rubrique"):
        list(open_corpus(tmp_path / "faq.xlsx").answers())


def test_letters_of_columns() -> None:
    """A to Z, AA, and the last one of a spreadsheet."""
    assert [column_letter(at) for at in (0, 25, 26, 701, 702, 16_383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]


def test_rows_of_a_table_are_streamed(tmp_path: Path) -> None:
    """Ten thousand rows without ids, of a kilobyte each, are read holding a small part of them at a time."""
    draw = random.Random(3)
    with (tmp_path / "faq.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream, delimiter=";")
        rows.writerow(["Question", "Réponse"])
        for number in range(10_000):
            rows.writerow([f"Question {number} {draw.random()} ?", "mot " * 250])
    tracemalloc.start()
    assert sum(1 for _ in open_corpus(tmp_path / "faq.csv").answers()) == 10_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 9_000_000  # the texts are 10,000,000 bytes; what stays are ids, places and keys of questions
