"""A file to tick: whatever a spreadsheet makes of it, what was decided is read, and faults have their cell."""

import csv
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import CorpusError
from server.learning.records import Decision, NearAnswer, Origin, Proposal, Proposals, Verdict
from server.learning.sheets import read_sheet, write_sheet

KEYS = ("0123456789abcdef", "fedcba9876543210")


def proposals(*questions: str) -> Proposals:
    """Return proposals of phrasings for one answer."""
    answer = NearAnswer("validite-certificat", "Combien de temps ?")
    some = tuple(Proposal(Origin.JUDGED, one, answer, 2, 3, 0.41, 1.0, KEYS) for one in questions)
    theme = Proposal(Origin.UNANSWERED, "Un badge ?", None, 1, 1, 0.05, 0.9, KEYS[:1], nearest=(answer,))
    return Proposals(some, (theme,), (), (), 3, 3)


def test_nothing_ticked_is_nothing_decided(tmp_path: Path) -> None:
    """Nothing is accepted by itself."""
    for name in ("a.csv", "a.md"):
        write_sheet(proposals("A ?"), tmp_path / name)
        assert read_sheet(tmp_path / name) == ()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_a_spreadsheet_may_save_it_as_it_likes(tmp_path: Path, encoding: str, delimiter: str) -> None:
    """Separator, encoding and the order of lines do not matter, nor a question that was reworded."""
    file = tmp_path / "a.csv"
    write_sheet(proposals("=A ?", "B été ?"), file)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        head, first, second, theme = csv.reader(stream, delimiter=";")
    first[0], second[0], second[1] = "Oui", "NON", "B reformulée, été ?"
    theme[0], theme[2] = "o", "validite-certificat"
    with file.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows([head, theme, second, first])
    found = read_sheet(file)
    assert [(one.verdict, one.question, one.answer_id, one.keys) for one in found] == [
        (Verdict.ACCEPT, "Un badge ?", "validite-certificat", KEYS[:1]),
        (Verdict.REFUSE, "B reformulée, été ?", "validite-certificat", KEYS),
        (Verdict.ACCEPT, "=A ?", "validite-certificat", KEYS),
    ]
    assert found[0].line == 2


@pytest.mark.parametrize("question", ["＠accueil, comment vous écrire ?", "＝ ou ≠ ?", "'Quoi' ?", "-18 ans ?"])
def test_a_question_is_read_as_it_was_before_it_was_made_harmless(question: str, tmp_path: Path) -> None:
    """What a spreadsheet would run has an apostrophe in the file alone, whatever sign it begins with."""
    file = tmp_path / "a.csv"
    write_sheet(proposals(question), file)
    file.write_text(file.read_text(encoding="utf-8").replace('"";', '"oui";', 1), encoding="utf-8")
    assert [one.question for one in read_sheet(file)] == [question]


def test_it_may_be_saved_as_a_workbook(tmp_path: Path) -> None:
    """An .xlsx is read as the .csv is."""
    write_sheet(proposals("A ?"), tmp_path / "a.csv")
    book = openpyxl.Workbook()
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.reader(stream, delimiter=";"):
            book.active.append(row)
    book.active["A2"] = "x"
    book.save(tmp_path / "a.xlsx")
    (one,) = read_sheet(tmp_path / "a.xlsx")
    assert (one.verdict, one.question, one.keys) == (Verdict.ACCEPT, "A ?", KEYS)


def test_markdown_is_ticked_between_brackets(tmp_path: Path) -> None:
    """x accepts, - refuses, h is off topic; after the arrow is the answer."""
    file = tmp_path / "a.md"
    write_sheet(proposals("A → B ?", "C ?", "D ?"), file)
    text = file.read_text(encoding="utf-8")
    text = text.replace("[ ] A", "[x] A").replace("[ ] C", "[-] C").replace("[ ] D", "[h] D")
    file.write_text(text.replace("[ ] Un badge ? → ?", "[X] Un badge ? → sans-question"), encoding="utf-8")
    assert [(one.verdict, one.question, one.answer_id) for one in read_sheet(file)] == [
        (Verdict.ACCEPT, "A → B ?", "validite-certificat"),
        (Verdict.REFUSE, "C ?", "validite-certificat"),
        (Verdict.OFF_TOPIC, "D ?", "validite-certificat"),
        (Verdict.ACCEPT, "Un badge ?", "sans-question"),
    ]


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    """With its cell or its line, in French."""
    file = tmp_path / "a.csv"
    file.write_text("Décision;Question;Réponse;Clé\npeut-être;A;r;k1\nbof;B;r;k1\n", encoding="utf-8")
    with pytest.raises(CorpusError) as caught:
        read_sheet(file)
    assert [problem.message.split(" : ")[0] for problem in caught.value.problems] == ["cellule A2", "cellule A3"]
    file.write_text("a;b\n1;2\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="ligne de titres"):
        read_sheet(file)
    marked = tmp_path / "a.md"
    marked.write_text("- [x] A ?\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="depuis la flèche"):
        read_sheet(marked)
    with pytest.raises(CorpusError, match=r"en \.csv"):
        write_sheet(proposals("A ?"), tmp_path / "a.xlsx")
    with pytest.raises(CorpusError, match="learn --out"):
        read_sheet(tmp_path / "none.csv")


QUESTIONS = (
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40)
    .map(lambda text: " ".join(text.split()))
    .filter(bool)
)


@settings(max_examples=60, deadline=None)
@given(question=QUESTIONS)
def test_a_question_comes_back_as_it_went(tmp_path_factory: pytest.TempPathFactory, question: str) -> None:
    """Whatever a visitor typed on one line, in a spreadsheet and in Markdown; a sign of formulas starts nothing."""
    folder = tmp_path_factory.mktemp("sheet")
    for name in ("a.csv", "a.md"):
        file = folder / name
        write_sheet(proposals(question), file)
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace('"";', '"oui";', 1).replace("[ ]", "[x]", 1), encoding="utf-8")
        found = read_sheet(file)
        assert [one.question for one in found if isinstance(one, Decision)] == [question], name
