"""From a published page to answers."""

import re
from pathlib import Path

import pytest

from indexer.corpus import open_corpus
from indexer.errors import CorpusError
from indexer.front_matter import parse_markdown_text
from indexer.importing import CLOSING_LINE, import_page

CORPUS = Path(__file__).parents[1] / "corpus"
PAGE = CORPUS / "sources" / "faq-des-industriels.txt"


def test_every_word_of_the_page_is_in_the_corpus() -> None:
    """The twenty shipped answers hold the page verbatim, without guided search and closing lines."""
    page = PAGE.read_text(encoding="utf-8")
    parts = [re.sub(r"Votre question concerne.*\n", "", part).split() for part in page.split(CLOSING_LINE)]
    published = sorted(" ".join(part) for part in parts if part)
    shipped = sorted(" ".join(answer.text.split()) for answer in open_corpus(CORPUS).answers())
    assert len(shipped) == 20
    assert shipped == published


def test_importing_again_changes_nothing() -> None:
    """Renamed, moved and given questions, each answer is still known by its words."""
    before = {file: file.read_bytes() for file in (CORPUS / "answers").rglob("*.md")}
    summary = import_page(PAGE, CORPUS / "answers")
    assert (len(summary.created), len(summary.present), summary.left_alone) == (0, 20, ())
    assert before == {file: file.read_bytes() for file in (CORPUS / "answers").rglob("*.md")}


def test_fresh_import_makes_twenty_readable_files(tmp_path: Path) -> None:
    """Slugs are plain and unique, themes are folders, and every file parses with facets of the definitions."""
    summary = import_page(PAGE, tmp_path)
    assert len(summary.created) == 20
    assert (tmp_path / "certificats" / "certificat-delivre-ans-duree-validite.md") in summary.created
    known = {facet.key: set(facet.values) for facet in open_corpus(CORPUS).facets}
    for file in summary.created:
        assert re.fullmatch(r"[a-z0-9-]{3,80}", file.stem)
    for answer in open_corpus(tmp_path).answers():
        assert all(set(values) <= known[key] for key, values in answer.facets.items())


def test_edited_file_is_left_alone(tmp_path: Path) -> None:
    """A file whose text an editor changed keeps its name and its words; the page's version is not put beside it."""
    page = tmp_path / "page.txt"
    page.write_text(f"Un certificat dure trois ans.\n{CLOSING_LINE}\n", encoding="utf-8")
    file = import_page(page, tmp_path / "answers").created[0]
    file.write_text("Un certificat dure quatre ans.", encoding="utf-8")
    summary = import_page(page, tmp_path / "answers")
    assert summary.created == ()
    assert file.stem in summary.left_alone[0]
    assert file.read_text(encoding="utf-8") == "Un certificat dure quatre ans."


def test_edited_and_renamed_file_is_left_alone(tmp_path: Path) -> None:
    """An answer that was corrected, renamed and given questions is not made again; one much like it is another."""
    text = "Le formulaire 413 sert à commander un certificat DMP pour une personne morale, par la poste ou en ligne."
    page = tmp_path / "page.txt"
    page.write_text(f"{text}\n{CLOSING_LINE}\n", encoding="utf-8")
    file = import_page(page, tmp_path / "answers").created[0]
    file.unlink()
    renamed = tmp_path / "answers" / "formulaire.md"
    renamed.write_text(f"---\nquestions:\n  - Quel formulaire ?\n---\n{text.replace('413', '414')}", encoding="utf-8")
    summary = import_page(page, tmp_path / "answers")
    assert summary.created == ()
    assert "formulaire.md en semble une version corrigée" in summary.left_alone[0]

    both = f"{text}\n{CLOSING_LINE}\n{text.replace('413', '414')}\n{CLOSING_LINE}\n"
    page.write_text(both, encoding="utf-8")
    summary = import_page(page, tmp_path / "answers")
    assert summary.present == (renamed,)
    assert len(summary.created) == 1


def test_answers_that_begin_alike_get_names_of_their_own(tmp_path: Path) -> None:
    """The second of two answers with the same first words has a number."""
    page = tmp_path / "page.txt"
    start = "Le certificat logiciel ORG personne morale"
    ends = ("sert au DMP, une fois pour toutes.", "expire au bout de trois ans.", "se commande en ligne.")
    page.write_text("".join(f"{start} {end}\n{CLOSING_LINE}\n" for end in ends), encoding="utf-8")
    names = [file.stem for file in import_page(page, tmp_path / "answers").created]
    assert names[1:] == [f"{names[0]}-2", f"{names[0]}-3"]


def test_words_are_kept_to_the_last_sign(tmp_path: Path) -> None:
    """No-break spaces stay, in the text and in the closing line; guided search goes, above the first answer only."""
    page = tmp_path / "page.txt"
    body = "Est-ce « possible\xa0» ?\nVotre question concerne quel couloir\xa0? Demandez-le."
    closing = CLOSING_LINE.replace(" ?", "\xa0?")
    page.write_text(f"Votre question concerne quel dispositif ?\n\n{body}\n{closing}\n", encoding="utf-8")
    import_page(page, tmp_path / "answers")
    assert [answer.text for answer in open_corpus(tmp_path / "answers").answers()] == [body]


def test_nothing_is_imported_beside_unreadable_answers(tmp_path: Path) -> None:
    """What cannot be read cannot be compared: its problems are told, and no file is made."""
    page = tmp_path / "page.txt"
    page.write_text(f"Un.\n{CLOSING_LINE}\n", encoding="utf-8")
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "a.md").write_text("---\nsource: x\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="pas fermé"):
        import_page(page, tmp_path / "answers")
    assert [file.name for file in (tmp_path / "answers").rglob("*.md")] == ["a.md"]


def test_page_of_another_system(tmp_path: Path) -> None:
    """A byte order mark and Windows line ends are nothing, and lines of an answer stay lines."""
    page = tmp_path / "page.txt"
    page.write_bytes(f"\ufeffUn.\r\nDeux.\r\n{CLOSING_LINE}\r\n".encode())
    file = import_page(page, tmp_path / "answers").created[0]
    entry = parse_markdown_text(file.read_text(encoding="utf-8"), path=str(file))
    assert entry.answer.text == "Un.\nDeux."  # type: ignore[union-attr]  # it parses, or the test fails here


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "aucune ligne"),
        (b"Un texte quelconque.", "aucune ligne"),
        (f"Un.\n{CLOSING_LINE}\n\nReste".encode(), r"page\.txt:4: .*après la dernière ligne"),
        ("é".encode("latin-1"), "UTF-8"),
        ("Un.".encode("utf-16"), "UTF-16"),
    ],
)
def test_what_is_no_page_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    """Nothing is written where the page cannot be understood."""
    (tmp_path / "page.txt").write_bytes(content)
    with pytest.raises(CorpusError, match=words):
        import_page(tmp_path / "page.txt", tmp_path / "answers")
    assert not (tmp_path / "answers").exists()
