"""A Word document as people write it: what an answer says beside its words stays, or is told."""

import zipfile
from pathlib import Path

import pytest

from indexer.corpus.imports.bring_in import prepare_import
from indexer.errors import CorpusError

NAMES = " ".join(f'xmlns:{name}="{name}"' for name in ("w", "wp", "a", "r", "mc", "v", "adec"))
QUESTION = '<w:p><w:pPr><w:outlineLvl w:val="1"/></w:pPr><w:r><w:t>Comment faire ?</w:t></w:r></w:p>'
NUMBERING = (
    f"<w:numbering {NAMES}>"
    '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:numFmt w:val="lowerLetter"/></w:lvl></w:abstractNum>'
    '<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="4"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="5"><w:abstractNumId w:val="1"/></w:num>'
    "</w:numbering>"
)


def item(text: str, number: int, level: int = 0) -> str:
    place = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
    return f"<w:p><w:pPr>{place}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def document(folder: Path, answer: str, *, question: str = QUESTION, **parts: str) -> Path:
    file = folder / "faq.docx"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", f"<w:document {NAMES}><w:body>{question}{answer}</w:body></w:document>")
        for name, content in parts.items():
            archive.writestr(f"word/{name}.xml", content)
    return file


def read(file: Path) -> tuple[str, list[str]]:
    """Return the text of the one answer, and what is told of it."""
    prepared = prepare_import(file, file.parent / "answers")
    (draft,) = prepared.drafts.drafts
    return draft.answer.text, [note.message for note in prepared.drafts.notes]


def test_steps_keep_their_numbers(tmp_path: Path) -> None:
    """Lists that count do so in the answer, from where they were, and what is deeper stays within its step."""
    answer = "".join(
        (
            *(item("Ouvrez.", 4), item("La porte.", 4, 1), item("La fenêtre.", 4, 1), item("Entrez.", 4)),
            "<w:p><w:r><w:t>Attendez.</w:t></w:r></w:p>",
            *(item("Sortez.", 4), item("Manteau", 5), item("Chapeau", 5), item("Fin.", 0)),
        )
    )
    text, notes = read(document(tmp_path, answer, numbering=NUMBERING))
    assert text == (
        "1. Ouvrez.\n   1. La porte.\n   2. La fenêtre.\n2. Entrez.\n\nAttendez.\n\n3. Sortez.\n\n- Manteau\n"
        "- Chapeau\n\nFin."
    )
    assert notes == []


def test_pictures_and_notes_are_told(tmp_path: Path) -> None:
    """With what they say, where that is known; a picture that only adorns is none."""
    drawing = "<w:r><w:drawing><wp:inline><wp:docPr {}>{}</wp:docPr><a:blip/></wp:inline></w:drawing></w:r>"
    answer = (
        "<w:p><w:r><w:t>Cliquez.</w:t></w:r>"
        + drawing.format('descr="Le bouton Envoyer"', "")
        + drawing.format('descr=""', "")
        + drawing.format('descr="Un trait"', '<adec:decorative adec:val="1"/>')
        + '<w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
    )
    note = '<w:footnote w:id="2"><w:p><w:r><w:t> Sauf en mai.</w:t></w:r></w:p></w:footnote>'
    notes = f"<w:footnotes {NAMES}>{note}</w:footnotes>"
    assert read(document(tmp_path, answer, footnotes=notes)) == (
        "Cliquez.",
        [
            "« Comment faire ? » : 2 images ne sont pas gardées (« Le bouton Envoyer »). Écrivez dans la réponse ce "
            "qu'elles disent, ou mettez-y un lien.",
            "« Comment faire ? » : une note de bas de page n'est pas gardée (« Sauf en mai. »). Écrivez dans la "
            "réponse ce qu'elle dit, ou mettez-y un lien.",
        ],
    )


def test_the_text_of_a_box_is_read_once(tmp_path: Path) -> None:
    """Word keeps it twice, for programs of today and for older ones."""
    box = "<w:txbxContent><w:p><w:r><w:t>Gratuit.</w:t></w:r></w:p></w:txbxContent>"
    answer = (
        "<w:p><w:r><w:t>Ici.</w:t></w:r><w:r><mc:AlternateContent><mc:Choice><w:drawing>"
        f"{box}</w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r></w:p>"
    )
    assert read(document(tmp_path, answer)) == ("Ici.\n\nGratuit.", [])


def field(instruction: str, shown: str) -> str:
    """Return runs as Word writes a field: its signs, its instruction in two pieces, and what it shows, in bold."""
    half = len(instruction) // 2
    parts = (
        '<w:fldChar w:fldCharType="begin"/>',
        f"<w:instrText>{instruction[:half]}</w:instrText>",
        f"<w:instrText>{instruction[half:]}</w:instrText>",
        '<w:fldChar w:fldCharType="separate"/>',
        f"<w:t>{shown}</w:t>",
        '<w:fldChar w:fldCharType="end"/>',
    )
    return "".join(f"<w:r><w:rPr><w:b/></w:rPr>{part}</w:r>" for part in parts)


def test_links_that_are_fields_are_kept_or_told(tmp_path: Path) -> None:
    """As Word writes those of a text pasted from a page; other fields show what they show, on into a paragraph too."""
    begun = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> TOC </w:instrText></w:r>'
    ended = '<w:r><w:t>fin</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    simple = '<w:fldSimple w:instr="HYPERLINK &quot;mailto:a@b.fr&quot;"><w:r><w:t>écrivez</w:t></w:r></w:fldSimple>'
    paragraphs = (
        field(' HYPERLINK "https://a.fr/carte" ', "la carte") + "<w:r><w:t> ou </w:t></w:r>" + simple,
        field('HYPERLINK "plan.pdf"', "le plan"),
        field(" PAGE ", "3"),
        begun + "<w:r><w:t>Suite</w:t></w:r>",
        ended,
    )
    text, notes = read(document(tmp_path, "".join(f"<w:p>{runs}</w:p>" for runs in paragraphs)))
    assert text == (
        "[**la carte**](https://a.fr/carte) ou [écrivez](mailto:a@b.fr)\n\n**le plan**\n\n**3**\n\nSuite\n\nfin"
    )
    assert [note.split(" : ", 1)[1] for note in notes] == [
        "le lien « le plan » mène à « plan.pdf », sans adresse entière : il n'est pas gardé. Écrivez-le dans la "
        "réponse, avec « https:// »."
    ]


def test_questions_in_bold_say_which_style_is_wanted(tmp_path: Path) -> None:
    """In the words of Word, not in those of a web page."""
    bold = "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>Comment faire ?</w:t></w:r></w:p>"
    with pytest.raises(CorpusError) as error:
        read(document(tmp_path, "<w:p><w:r><w:t>Ainsi.</w:t></w:r></w:p>", question=bold))
    assert "Du gras ne suffit pas : donnez à chaque question le style « Titre 1 » ou « Titre 2 »" in str(error.value)
    assert "schema.org" not in str(error.value)
