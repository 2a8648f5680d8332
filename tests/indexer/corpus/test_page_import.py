"""From a published page to answers."""

import re
import resource
from pathlib import Path

import pytest

from indexer.cli import main
from indexer.corpus.corpus import open_corpus
from indexer.corpus.imports.bring_in import carry_out, prepare_import
from indexer.corpus.imports.plan import Change, Plan
from indexer.corpus.imports.text_page import CLOSING_LINE
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


def bring_in(page: Path, folder: Path) -> Plan:
    prepared = prepare_import(page, folder)
    if prepared.changes_anything:
        carry_out(prepared)
    return prepared.plan


def created(plan: Plan) -> list[Path]:
    return [step.file for step in plan.of(Change.NEW)]


def test_importing_again_changes_nothing() -> None:
    """Renamed, moved and given questions, each answer is still known by its words."""
    before = {file: file.read_bytes() for file in (CORPUS / "answers").rglob("*.md")}
    plan = bring_in(PAGE, CORPUS / "answers")
    assert [step.change for step in plan.steps] == 20 * [Change.PRESENT]
    assert before == {file: file.read_bytes() for file in (CORPUS / "answers").rglob("*.md")}


def test_fresh_import_makes_twenty_readable_files(tmp_path: Path) -> None:
    """Slugs are plain and unique, themes are folders, and every file parses with facets of the definitions."""
    files = created(bring_in(PAGE, tmp_path))
    assert len(files) == 20
    assert (tmp_path / "certificats" / "certificat-delivre-ans-duree-validite.md") in files
    known = {facet.key: set(facet.values) for facet in open_corpus(CORPUS).facets}
    for file in files:
        assert re.fullmatch(r"[a-z0-9-]{3,80}", file.stem)
    for answer in open_corpus(tmp_path).answers():
        assert answer.source == "FAQ des industriels"
        assert all(set(values) <= known[key] for key, values in answer.facets.items())


def test_the_page_of_somebody_else_gets_no_facets(tmp_path: Path) -> None:
    """Another site asks whether an answer was useful too: neither our facets nor our source are put to its words."""
    page = tmp_path / "piscine.txt"
    page.write_text(f"Un certificat médical est demandé aux nageurs.\n{CLOSING_LINE}\n", encoding="utf-8")
    assert created(bring_in(page, tmp_path / "answers"))[0].parent.name == "divers"
    (answer,) = open_corpus(tmp_path / "answers").answers()
    assert (answer.text, dict(answer.facets), answer.source) == (
        "Un certificat médical est demandé aux nageurs.",
        {},
        None,
    )


def test_the_command_asks_before_it_writes_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A page saved as text is shown first, as a table is: without --yes nothing is written."""
    page = _page_of_two(tmp_path)
    assert main(["import", str(page), str(tmp_path / "answers")]) == 2
    said = capsys.readouterr().out
    assert "2 réponses lues" in said
    assert "+ divers/certificat.md" in said
    assert _files(tmp_path) == {"page.txt"}
    assert main(["import", str(page), str(tmp_path / "answers"), "--yes"]) == 0
    assert len(list(open_corpus(tmp_path / "answers").answers())) == 2


def test_edited_file_is_left_alone(tmp_path: Path) -> None:
    """A file whose text an editor changed keeps its name and its words; the page's version is not put beside it."""
    page = tmp_path / "page.txt"
    page.write_text(f"Un certificat dure trois ans.\n{CLOSING_LINE}\n", encoding="utf-8")
    (file,) = created(bring_in(page, tmp_path / "answers"))
    file.write_text("Un certificat dure quatre ans.", encoding="utf-8")
    assert [(step.change, step.file) for step in bring_in(page, tmp_path / "answers").steps] == [(Change.KEPT, file)]
    (tmp_path / "answers" / ".imports.json").unlink()
    assert [(step.change, step.file) for step in bring_in(page, tmp_path / "answers").steps] == [(Change.ALIKE, file)]
    assert file.read_text(encoding="utf-8") == "Un certificat dure quatre ans."


def test_edited_and_renamed_file_is_left_alone(tmp_path: Path) -> None:
    """An answer that was corrected, renamed and given questions is not made again; one much like it is another."""
    text = "Le formulaire 413 sert à commander un certificat DMP pour une personne morale, par la poste ou en ligne."
    page = tmp_path / "page.txt"
    page.write_text(f"{text}\n{CLOSING_LINE}\n", encoding="utf-8")
    renamed = tmp_path / "answers" / "formulaire.md"
    renamed.parent.mkdir()
    renamed.write_text(f"---\nquestions:\n  - Quel formulaire ?\n---\n{text.replace('413', '414')}", encoding="utf-8")
    plan = bring_in(page, tmp_path / "answers")
    assert [(step.change, step.file) for step in plan.steps] == [(Change.ALIKE, renamed)]

    both = f"{text}\n{CLOSING_LINE}\n{text.replace('413', '414')}\n{CLOSING_LINE}\n"
    page.write_text(both, encoding="utf-8")
    plan = bring_in(page, tmp_path / "answers")
    assert [step.change for step in plan.steps] == [Change.NEW, Change.PRESENT]


def test_a_page_that_lost_its_first_answer(tmp_path: Path) -> None:
    """Answers without a question are told apart by their words: what follows the one that is gone stays as it is."""
    page = _page_of_two(tmp_path)
    bring_in(page, tmp_path / "answers")
    page.write_text(page.read_text(encoding="utf-8").partition(f"{CLOSING_LINE}\n")[2], encoding="utf-8")
    assert [step.change for step in bring_in(page, tmp_path / "answers").steps] == [Change.SAME, Change.GONE]


def test_answers_that_begin_alike_get_names_of_their_own(tmp_path: Path) -> None:
    """The second of two answers with the same first words has a number."""
    page = tmp_path / "page.txt"
    start = "Le certificat logiciel ORG personne morale"
    ends = ("sert au DMP, une fois pour toutes.", "expire au bout de trois ans.", "se commande en ligne.")
    page.write_text("".join(f"{start} {end}\n{CLOSING_LINE}\n" for end in ends), encoding="utf-8")
    names = [file.stem for file in created(bring_in(page, tmp_path / "answers"))]
    assert names[1:] == [f"{names[0]}-2", f"{names[0]}-3"]


def test_words_are_kept_to_the_last_sign(tmp_path: Path) -> None:
    """No-break spaces stay, in the text and in the closing line; guided search goes, above the first answer only."""
    page = tmp_path / "page.txt"
    body = "Est-ce « possible\xa0» ?\nVotre question concerne quel couloir\xa0? Demandez-le."
    closing = CLOSING_LINE.replace(" ?", "\xa0?")
    page.write_text(f"Votre question concerne quel dispositif ?\n\n{body}\n{closing}\n", encoding="utf-8")
    bring_in(page, tmp_path / "answers")
    assert [answer.text for answer in open_corpus(tmp_path / "answers").answers()] == [body]


def test_nothing_is_imported_beside_unreadable_answers(tmp_path: Path) -> None:
    """What cannot be read cannot be compared: its problems are told, and no file is made."""
    page = tmp_path / "page.txt"
    page.write_text(f"Un.\n{CLOSING_LINE}\n", encoding="utf-8")
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "a.md").write_text("---\nsource: x\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="pas fermé"):
        bring_in(page, tmp_path / "answers")
    assert [file.name for file in (tmp_path / "answers").rglob("*.md")] == ["a.md"]


def test_page_of_another_system(tmp_path: Path) -> None:
    """A byte order mark and Windows line ends are nothing, and lines of an answer stay lines."""
    page = tmp_path / "page.txt"
    page.write_bytes(f"\ufeffUn.\r\nDeux.\r\n{CLOSING_LINE}\r\n".encode())
    (file,) = created(bring_in(page, tmp_path / "answers"))
    entry = parse_markdown_text(file.read_text(encoding="utf-8"), path=str(file))
    assert entry.answer.text == "Un.\nDeux."  # type: ignore[union-attr]  # it parses, or the test fails here


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "ce fichier est vide"),
        (f"{CLOSING_LINE}\n".encode(), "ne contient aucune réponse"),
        (b"Un texte quelconque.", "aucune ligne .* ne sépare ici des réponses : enregistrez la page en .html"),
        (f"Un.\n{CLOSING_LINE}\n\nReste".encode(), r"page\.txt:4: .*après la dernière ligne"),
        ("é".encode("latin-1"), "UTF-8"),
        ("Un.".encode("utf-16"), "UTF-16"),
    ],
)
def test_what_is_no_page_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    """Nothing is written where the page cannot be understood."""
    (tmp_path / "page.txt").write_bytes(content)
    with pytest.raises(CorpusError, match=words):
        bring_in(tmp_path / "page.txt", tmp_path / "answers")
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
        bring_in(page, tmp_path / place)
    assert _files(tmp_path) == {"page.txt", "theme/divers"}


def test_a_full_disk_leaves_no_answer(tmp_path: Path) -> None:
    """The second answer finds no room: that is told, and neither it nor the first is there, whole or half."""
    page = _page_of_two(tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
    try:
        with pytest.raises(CorpusError, match=r"answers:1: rien ne peut être écrit ici \(File too large\) : vérifiez"):
            bring_in(page, tmp_path / "answers")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert _files(tmp_path) == {"page.txt"}
    assert len(created(bring_in(page, tmp_path / "answers"))) == 2


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
        ".": ":1: c'est un dossier : donnez le chemin du fichier à importer.",
        "lien.txt": "lien.txt:1: ce lien ne mène à aucun fichier : donnez le chemin du fichier à importer.",
    }
    for name, words in said.items():
        assert main(["import", str(tmp_path / name), str(tmp_path / "answers")]) == 1
        errors = capsys.readouterr().err
        assert words in errors
        assert errors.endswith("1 problème : rien n'a été importé.\n")


@pytest.mark.parametrize("name", ["faq.xls", "faq.doc", "faq.odt", "faq.pdf", "FAQ.PDF", "faq"])
def test_other_formats_are_refused_with_those_that_are_read(tmp_path: Path, name: str) -> None:
    """What no reader knows is said by its ending, with what to save it as; its bytes are no text to look at."""
    (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    with pytest.raises(
        CorpusError, match=r"pas ici : enregistrez un tableau en \.xlsx, \.ods ou \.csv, un document en"
    ):
        prepare_import(tmp_path / name, tmp_path / "answers")
    assert not (tmp_path / "answers").exists()
