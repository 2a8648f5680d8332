"""What real FAQs hold is read or told, and what an editor wrote stays as it was written, byte for byte."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.cli import main
from indexer.corpus.check import check_corpus
from indexer.corpus.corpus import open_corpus
from indexer.index.build import build_index
from indexer.records import Severity
from server.answering.answering import Answering
from tests.fakes import FakeEncoder


def told(folder: Path) -> list[str]:
    """Return the problems of a corpus, without the folder."""
    return [str(problem).removeprefix(f"{folder}/") for problem in check_corpus(folder)]


def write(folder: Path, name: str, text: str) -> Path:
    """Write an answer."""
    path = folder / "answers" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Un <b>mot</b>.", "la balise « <b> » serait montrée telle quelle"),
        ("Un<br>mot.", "la balise « <br> » serait montrée telle quelle : allez à la ligne"),
        ("Un <o:p></o:p>mot.", "la balise « <o:p> » serait montrée telle quelle"),
        ("Un <span\nlang=FR\nstyle='x'>mot.", "la balise « <span lang=FR style='x'> » serait montrée telle quelle"),
        ("Voir ![le schéma](schema.png).", "l'image « ![le schéma](schema.png) » ne serait pas montrée"),
        ("Voir [le site](www.example.org).", "le lien vers « www.example.org » ne serait pas suivi"),
    ],
)
def test_what_the_page_would_not_show_is_told_with_its_place(tmp_path: Path, line: str, message: str) -> None:
    """A warning, at the line where it stands."""
    write(tmp_path, "a.md", f"---\nsource: FAQ\n---\nPremière ligne.\n{line}\n")
    (problem,) = told(tmp_path)
    assert problem.startswith(f"answers/a.md:5: attention : {message}")


def test_what_only_looks_like_a_tag_is_not_told(tmp_path: Path) -> None:
    """Addresses between angle brackets, comparisons, and a sign here with another one lines below."""
    write(tmp_path, "a.md", "Voir <https://a.fr> ou <mailto:a@b.fr>.\nSi 3 < 4.\nDe <Paris\nà Lyon\net retour>.\n")
    assert told(tmp_path) == []


def test_entities_are_read(tmp_path: Path) -> None:
    """`&eacute;` is the letter that it stands for, in the index and on the page."""
    path = write(tmp_path, "a.md", "---\nsource: FAQ\n---\nUn caf&eacute; &amp; un th&#233;.\n")
    before = path.read_bytes()
    assert told(tmp_path) == []
    (answer,) = open_corpus(tmp_path).answers()
    assert answer.text.startswith("Un café")
    assert answer.text.endswith("un thé.")
    assert path.read_bytes() == before


def test_former_names_lead_to_the_answer(tmp_path: Path) -> None:
    """An answer that was renamed is found by its old name, and has the new one."""
    write(tmp_path, "nouveau.md", "---\nanciens-noms:\n  - ancien\n---\nDu texte.\n")
    write(tmp_path, "autre.md", "---\nsource: FAQ\n---\nAutre chose.\n")
    assert told(tmp_path) == []
    build_index(open_corpus(tmp_path), tmp_path / "index", encoder=FakeEncoder())
    answering = Answering.open(tmp_path / "index", encoder=FakeEncoder())
    found = answering.get_answer("nouveau")
    assert found is not None
    assert found.former_ids == ("ancien",)


def test_a_question_that_two_answers_share_finds_both(tmp_path: Path) -> None:
    """It is a warning, and the first two hits are these answers."""
    for name, text in (("un", "Trois ans."), ("deux", "Cinq jours ouvrés, par courrier.")):
        write(tmp_path, f"{name}.md", f"---\nquestions:\n  - Combien de temps ?\n---\n{text}\n")
    write(tmp_path, "trois.md", "---\nquestions:\n  - Où est le serveur ?\n---\nÀ Paris.\n")
    (problem,) = check_corpus(tmp_path)
    assert problem.severity is Severity.WARNING
    assert "cette question est déjà celle de" in problem.message
    build_index(open_corpus(tmp_path), tmp_path / "index", encoder=FakeEncoder())
    answering = Answering.open(tmp_path / "index", encoder=FakeEncoder())
    hits = answering.answer("Combien de temps ?", limit=2).hits
    assert {hit.answer.id for hit in hits} == {"un", "deux"}


@pytest.mark.parametrize("value", ['[Combien ?, "Quand ?"]', "[Combien ?]", '["Quand ?", Combien ? ]'])
def test_a_list_in_brackets_with_a_question_mark_says_what_to_do(tmp_path: Path, value: str) -> None:
    """YAML takes « ?, » for a sign of its own; the advice shows how to write it."""
    write(tmp_path, "a.md", f"---\nquestions: {value}\n---\nDu texte.\n")
    (problem,) = told(tmp_path)
    assert problem.startswith("answers/a.md:2: ce passage ne se lit pas. Entre crochets, un texte qui finit par « ? »")
    assert '["Combien ?", "Quand ?"]' in problem


def test_ids_of_a_table_may_have_accents_and_a_file_name_not(tmp_path: Path) -> None:
    """A file's name is an address, and its message shows one that is right."""
    write(tmp_path, "élève.md", "---\nsource: FAQ\n---\nDu texte.\n")
    (problem,) = told(tmp_path)
    assert "des minuscules sans accent" in problem
    table = tmp_path / "faq.csv"
    table.write_text("id;text\nélève;Du texte.\n", encoding="utf-8")
    assert check_corpus(table) == []
    assert [answer.id for answer in open_corpus(table).answers()] == ["élève"]


def test_what_stands_beside_a_beir_row_is_read_or_named(tmp_path: Path) -> None:
    """Questions and facets mean something, in metadata too; what does not is named once with its place."""
    rows = (
        '{"_id": "d1", "title": "Délai", "text": "Trois ans.", "questions": ["Combien ?"], "note": "x"}\n'
        '{"_id": "d2", "text": "Cinq jours.", "note": "y"}\n'
    )
    (tmp_path / "corpus.jsonl").write_text(rows, encoding="utf-8")
    assert [answer.questions for answer in open_corpus(tmp_path).answers()] == [("Combien ?",), ()]
    (problem,) = told(tmp_path)
    assert problem.startswith("corpus.jsonl:1: attention : champ inconnu « note »")


LINES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=30)
BODIES = st.lists(LINES, min_size=1, max_size=5).map("\n".join)


@settings(max_examples=40, deadline=None)
@given(body=BODIES, ending=st.sampled_from(("", "\n", "\r\n", "\n\n  ")), bom=st.booleans())
def test_no_action_changes_a_file_of_an_editor(body: str, ending: str, bom: bool) -> None:
    """Checking, importing beside it and importing again leave it as it was, however it was written."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        answers = folder / "answers"
        answers.mkdir()
        mine = answers / "ma-reponse.md"
        written = ("\ufeff" if bom else "") + f"---\nsource:   'FAQ'   # gardé\n---\n{body}{ending}"
        mine.write_bytes(written.encode())
        table = folder / "faq.csv"
        table.write_text("Question;Réponse\nOù ?;Ici.\nQuand ?;Demain.\n", encoding="utf-8")
        before = mine.read_bytes()
        check_corpus(folder)
        main(["import", str(table), str(answers), "--yes"])
        imported = {path: path.read_bytes() for path in answers.rglob("*.md") if path != mine}
        table.write_text("Question;Réponse\nOù ?;Ici.\nQuand ?;Après-demain.\n", encoding="utf-8")
        edited = next(path for path, text in imported.items() if b"Ici." in text)
        edited.write_bytes(imported[edited] + b"\n<!-- une note -->\n")
        kept = edited.read_bytes()
        main(["import", str(table), str(answers), "--yes"])
        assert mine.read_bytes() == before
        assert edited.read_bytes() == kept
        changed = next(path for path in imported if path != edited)
        assert "Après-demain." in changed.read_text(encoding="utf-8")
