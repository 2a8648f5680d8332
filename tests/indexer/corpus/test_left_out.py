"""What an import of a page or a document leaves out, it says."""

import zipfile
from pathlib import Path

import openpyxl
import openpyxl.chart
import pytest
from openpyxl.comments import Comment

from indexer.corpus.imports.bring_in import prepare_import
from tests.workbooks import write_workbook

SECTIONS = (
    ("Où est la piscine ?", "Rue du Bac."),
    ("Payer par carte", "Oui, dès dix euros."),
    ("Faut-il un bonnet ?", "Oui."),
    ("Horaires d'ouverture", "De neuf à midi."),
)
TITLES = "laissés : « Payer par carte », « Horaires d'ouverture ». Pour les reprendre, faites-en des questions"


def notes_of(file: Path) -> list[str]:
    return [problem.message for problem in prepare_import(file, file.parent / "answers").drafts.notes]


def page(folder: Path, body: str) -> Path:
    (folder / "page.html").write_text(f"<html><meta charset=utf-8><body>{body}</body></html>", encoding="utf-8")
    return folder / "page.html"


def test_titles_of_a_document_that_are_no_questions_are_told(tmp_path: Path) -> None:
    """Of four titles with a text, two are questions: the plan names the other two."""
    paragraphs = "".join(
        f'<w:p><w:pPr><w:outlineLvl w:val="1"/></w:pPr><w:r><w:t>{title}</w:t></w:r></w:p>'
        f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"
        for title, text in SECTIONS
    )
    with zipfile.ZipFile(tmp_path / "piscine.docx", "w") as archive:
        document = f'<w:document xmlns:w="w"><w:body>{paragraphs}</w:body></w:document>'
        archive.writestr("word/document.xml", document)
    (note,) = notes_of(tmp_path / "piscine.docx")
    assert TITLES in note


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("<h2>{}</h2><p>{}</p>",) * 2,
        ("<h3><button>{}</button></h3><div class=collapse>{}</div>",) * 2,
        ("<details><summary>{}</summary>{}</details>", "<h4>{}</h4>{}"),
    ],
    ids=["headings", "accordion", "mixed"],
)
def test_titles_of_a_page_that_are_no_questions_are_told(tmp_path: Path, question: str, other: str) -> None:
    """However the page lays them out."""
    body = "".join((question if "?" in title else other).format(title, text) for title, text in SECTIONS)
    (note,) = notes_of(page(tmp_path, body))
    assert TITLES in note


@pytest.mark.parametrize(
    "body",
    [
        "<h1>FAQ</h1><h2>Délais</h2><h3>Quel délai ?</h3><p>Trois jours.</p><h4>Sauf en mai</h4><p>Quatre.</p>",
        "<h2>Délais</h2><details><summary>Quel délai ?</summary>Trois jours.<h5>Sauf</h5>En mai.</details>",
        "<h2>Délais</h2><dl><dt>Quel délai ?<dd>Trois jours.<dt>Combien ?<dd>Rien.</dl>",
        "<h2>Quel délai ?</h2><p>Trois <b>jours</b>.</p><footer><h2>Nous écrire</h2><p>Par la poste.</p></footer>",
    ],
)
def test_what_is_read_is_not_told(tmp_path: Path, body: str) -> None:
    """Themes, headings within an answer and what stands around a page are no loss."""
    assert notes_of(page(tmp_path, body)) == []


def test_questions_that_a_page_does_not_declare_are_told(tmp_path: Path) -> None:
    """Where a site declares one of its three questions, the plan names the other two."""
    declared = (
        '{"@type": "FAQPage", "mainEntity": [{"@type": "Question", "name": "Un ?", "acceptedAnswer": '
        '{"@type": "Answer", "text": "Oui."}}]}'
    )
    shown = "".join(f"<h2>{name} ?</h2><p>Oui.</p>" for name in ("Un", "Deux", "Trois"))
    (note,) = notes_of(page(tmp_path, f"<script type='application/ld+json'>{declared}</script>{shown}"))
    assert "elles sont laissées : « Deux ? », « Trois ? »" in note


def test_links_without_an_address_are_told(tmp_path: Path) -> None:
    """A link of the site itself leads nowhere where the page does not say its address; one that stays is not told."""
    links = (
        "<a href='/reglement.pdf'>le règlement</a>, <a href='https://a.fr'>là</a>, <a href='#haut'>haut</a>, "
        "<a href='TEL:+33123456789'>01 23 45 67 89</a>, <a href='tel:+33123456789'>un appel</a>, "
        "<a href='sms:36111?body=oui'>36 111</a>, <a href='SMS:36111'>un message</a>, <a href='ftp://a.fr/b.zip'>l'archive</a>"
    )
    assert notes_of(page(tmp_path, f"<h2>Où ?</h2><p>{links}</p>")) == [
        "« Où ? » : le lien « le règlement » mène à « /reglement.pdf », sans adresse entière : il n'est pas gardé. "
        "Écrivez-le dans la réponse, avec « https:// ».",
        "« Où ? » : le lien « un appel » appelle « tel:+33123456789 » : il n'est pas gardé. Écrivez le numéro dans la "
        "réponse.",
        "« Où ? » : le lien « un message » appelle « SMS:36111 » : il n'est pas gardé. Écrivez le numéro dans la "
        "réponse.",
        "« Où ? » : le lien « l'archive » mène à « ftp://a.fr/b.zip », qui n'est ni une page ni un courriel : il n'est "
        "pas gardé. Écrivez dans la réponse comment y aller.",
    ]
    known = "<link rel=canonical href=https://a.fr/faq>"
    assert len(notes_of(page(tmp_path, f"{known}<h2>Où ?</h2><p>{links}</p>"))) == 3


def test_pictures_of_a_page_are_told(tmp_path: Path) -> None:
    """What they say is lost; what only adorns, counts visits or stands around the text is none."""
    shown = (
        "<p>Cliquez.</p><a href='https://a.fr/plan.pdf'><img src=plan.png alt='Le plan'></a><img src=x.png>"
        "<img src=ligne.png alt=''><img src=point.gif width=1 height=1><img class=emoji alt='😀'>"
        "<noscript><img src=x.png></noscript><svg></svg><iframe src='https://a.fr' title='La carte'></iframe>"
    )
    assert notes_of(page(tmp_path, f"<img src=logo.png alt=Logo><h2>Où ?</h2>{shown}")) == [
        "« Où ? » : 2 images ne sont pas gardées (« Le plan »). Écrivez dans la réponse ce qu'elles disent, ou mettez"
        "-y un lien.",
        "« Où ? » : une vidéo ou une carte n'est pas gardée (« La carte »). Écrivez dans la réponse ce qu'elle dit, ou "
        "mettez-y un lien.",
    ]


def test_pictures_over_the_cells_of_a_workbook_are_told(tmp_path: Path) -> None:
    """They lie on the sheet and are in no cell; a note of a cell, which is drawn too, is none."""
    rows = [["Question", "Réponse"], ["Où ?", "Voyez le plan."]]
    file = write_workbook(tmp_path / "faq.xlsx", rows)
    book = openpyxl.load_workbook(file)
    book.worksheets[0]["A1"].comment = Comment("À relire", "Marie")
    book.save(file)
    assert notes_of(file) == []
    chart = openpyxl.chart.BarChart()
    chart.add_data(openpyxl.chart.Reference(book.worksheets[0], min_col=1, min_row=1))
    book.worksheets[0].add_chart(chart, "D4")
    book.save(file)
    (note,) = notes_of(file)
    assert note.startswith("cette feuille a des images ou des graphiques : ils ne sont pas lus.")


def test_pictures_over_the_cells_of_an_ods_are_told(tmp_path: Path) -> None:
    """Anchored to a cell, or to the sheet; the other sheet has none."""
    cells = "".join(
        f"<t:table-row>{''.join(f'<t:table-cell><x:p>{text}</x:p></t:table-cell>' for text in row)}</t:table-row>"
        for row in (("Question", "Réponse"), ("Où ?", "Voyez le plan."))
    )
    shapes = "<t:shapes><d:frame><d:image/></d:frame></t:shapes>"
    sheets = (
        f"<t:table t:name='Un'>{cells}</t:table><t:table t:name='Deux'>{shapes}{cells.replace('Où', 'Là')}</t:table>"
    )
    with zipfile.ZipFile(tmp_path / "faq.ods", "w") as archive:
        archive.writestr("content.xml", f"<o xmlns:t='t' xmlns:x='x' xmlns:d='d'>{sheets}</o>")
    (note,) = prepare_import(tmp_path / "faq.ods", tmp_path / "answers").drafts.notes
    assert note.path.endswith("faq.ods, feuille « Deux »")
    assert note.message.startswith("cette feuille a des images ou des graphiques")


def test_pictures_in_the_cells_of_a_table_are_told(tmp_path: Path) -> None:
    """With the cell; a cell with nothing but a picture has no text left, and that is told too."""
    file = tmp_path / "faq.csv"
    file.write_text(
        "Question;Réponse\nOù ?;<p>Ici :</p><img src=x.png alt=Plan>\nQuand ?;Le « <img » de HTML.\n"
        "Qui ?;<img src=y>\n",
        encoding="utf-8",
    )
    assert notes_of(file) == [
        "cellule B2 : une image n'est pas gardée (« Plan »). Écrivez dans la réponse ce qu'elle dit, ou mettez-y un "
        "lien.",
        "cellule B4 : une image n'est pas gardée. Écrivez dans la réponse ce qu'elle dit, ou mettez-y un lien.",
        "cellule B4 : la réponse n'a pas de texte : écrivez-le, ou retirez-la.",
    ]
