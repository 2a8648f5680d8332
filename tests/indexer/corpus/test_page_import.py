"""From a published page to answers."""

import re
import resource
from pathlib import Path

import pytest

from indexer.cli import main
from indexer.corpus.corpus import open_corpus
from indexer.corpus.imports.ans_page import CLOSING_LINE
from indexer.corpus.imports.page_import import import_page
from indexer.corpus.markdown import parse_markdown_text
from indexer.errors import CorpusError

CORPUS = Path(__file__).parents[3] / "corpus"
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


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("page.txt", r"/page\.txt:1: ce n'est pas un dossier : donnez celui des réponses"),
        (
            "page.txt/answers",
            r"/page\.txt/answers:1: ce dossier ne peut pas être lu \(Not a directory\) : vérifiez le chemin",
        ),
        ("theme", r"/theme/divers:1: il faut ici un dossier, et un fichier porte déjà ce nom"),
        ("name", r"/name/divers/reponse-longue-mot\.md:1: ce nom est déjà pris : renommez ce qui le porte"),
    ],
)
def test_a_place_that_is_taken_is_told(tmp_path: Path, place: str, words: str) -> None:
    """The folder of answers, one above it or that of a theme is a file, an answer's name a folder's: each is told."""
    page = _page_of_two(tmp_path)
    (tmp_path / "theme").mkdir()
    (tmp_path / "theme" / "divers").touch()
    (tmp_path / "name" / "divers" / "reponse-longue-mot.md").mkdir(parents=True)
    with pytest.raises(CorpusError, match=words):
        import_page(page, tmp_path / place)
    assert _files(tmp_path) == {"page.txt", "theme/divers"}


def test_a_full_disk_leaves_no_answer(tmp_path: Path) -> None:
    """The second answer finds no room: that is told, and neither it nor the first is there, whole or half."""
    page = _page_of_two(tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
    try:
        with pytest.raises(CorpusError, match=r"answers:1: rien ne peut être écrit ici \(File too large\) : vérifiez"):
            import_page(page, tmp_path / "answers")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert _files(tmp_path) == {"page.txt"}
    assert len(import_page(page, tmp_path / "answers").created) == 2


def _page_of_two(folder: Path) -> Path:
    page = folder / "page.txt"
    long = "Réponse longue. " + "Un mot. " * 200
    page.write_text(f"Certificat.\n{CLOSING_LINE}\n{long}\n{CLOSING_LINE}\n", encoding="utf-8")
    return page


def _files(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def test_the_command_says_what_is_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A page that is not there, a folder and a broken link have each their words."""
    (tmp_path / "lien.txt").symlink_to("absent")
    said = {
        "absente.txt": "absente.txt:1: il n'y a pas de fichier à cet endroit : vérifiez le chemin et le nom.",
        ".": ":1: c'est un dossier, et non un fichier",
        "lien.txt": "lien.txt:1: ce lien ne mène à aucun fichier",
    }
    for name, words in said.items():
        assert main(["import", str(tmp_path / name), str(tmp_path / "answers")]) == 1
        errors = capsys.readouterr().err
        assert words in errors
        assert errors.endswith("1 problème : rien n'a été importé.\n")
