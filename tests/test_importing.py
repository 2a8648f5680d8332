"""From a published page to answers."""

import re
from pathlib import Path

import pytest

from indexer.corpus import open_corpus
from indexer.errors import CorpusError
from indexer.front_matter import parse_markdown_answer
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


def test_page_of_another_system(tmp_path: Path) -> None:
    """A byte order mark and Windows line ends are nothing, and lines of an answer stay lines."""
    page = tmp_path / "page.txt"
    page.write_bytes(f"\ufeffUn.\r\nDeux.\r\n{CLOSING_LINE}\r\n".encode())
    file = import_page(page, tmp_path / "answers").created[0]
    entry = parse_markdown_answer(file.read_bytes(), path=str(file))
    assert entry.answer.text == "Un.\nDeux."  # type: ignore[union-attr]  # it parses, or the test fails here


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "aucune ligne"),
        (b"Un texte quelconque.", "aucune ligne"),
        (f"Un.\n{CLOSING_LINE}\n\nReste".encode(), r"page\.txt:4: .*après la dernière ligne"),
        ("é".encode("latin-1"), "UTF-8"),
    ],
)
def test_what_is_no_page_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    """Nothing is written where the page cannot be understood."""
    (tmp_path / "page.txt").write_bytes(content)
    with pytest.raises(CorpusError, match=words):
        import_page(tmp_path / "page.txt", tmp_path / "answers")
    assert not (tmp_path / "answers").exists()
