"""Symbolic links in a corpus, and names that command a terminal."""

from pathlib import Path

import pytest

from indexer.corpus.companion_files import FILES, read_companions
from indexer.corpus.entries import Entry, Unreadable
from indexer.corpus.markdown_folder import read_folder
from indexer.records import Problem, Severity

ANSWER = "---\nquestions:\n  - Quel est le délai ?\n---\nLe délai est de trois mois.\n"


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """The folder of a corpus with one answer."""
    answers = tmp_path / "corpus" / "answers"
    answers.mkdir(parents=True)
    (answers / "delai.md").write_text(ANSWER, encoding="utf-8")
    (tmp_path / "secret").write_text("root:x:0:0", encoding="utf-8")
    return answers


def problems(answers: Path) -> list[str]:
    found = read_folder(answers, corpus=answers.parent)
    return [str(problem) for one in found if isinstance(one, Unreadable) for problem in one.problems]


@pytest.mark.parametrize("target", ["../../secret", "/etc/passwd", "sub/../../../secret", "chain.md"])
def test_a_link_that_leads_out_of_the_corpus_is_an_error(answers: Path, target: str) -> None:
    """What it leads to is neither read nor told, by however many steps."""
    (answers / "chain.md").symlink_to("../../secret")
    (answers / "x.md").symlink_to(target)
    told = [problem for problem in problems(answers) if "x.md" in problem]
    assert told == [f"{answers / 'x.md'}:1: ce lien mène hors du corpus : mettez ici le fichier lui-même."]
    assert "root:" not in "".join(problems(answers))


def test_a_link_within_the_corpus_is_read(answers: Path) -> None:
    """As where a volume is made of links into a hidden folder of its own."""
    hidden = answers / "..data"
    hidden.mkdir()
    (answers / "delai.md").rename(hidden / "delai.md")
    (answers / "delai.md").symlink_to("..data/delai.md")
    assert problems(answers) == []
    assert [one.answer.text for one in read_folder(answers) if isinstance(one, Entry)] == [
        "Le délai est de trois mois."
    ]


def test_a_name_cannot_command_a_terminal() -> None:
    """Escape sequences, C1 codes and line breaks of a path or a message are shown, not sent."""
    problem = Problem("a\x1b[2J\nb\u009b31m.md", 3, "mot\x07 é", Severity.ERROR)
    assert str(problem) == "a\\x1b[2J\\x0ab\\x9b31m.md:3: mot\\x07 é"


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_companion_that_leads_out_is_an_error(answers: Path, name: str) -> None:
    """The facets, the acronyms and the questions beside the answers: what is outside is not read."""
    (answers.parent / name).symlink_to("../secret")
    found = read_companions(answers.parent)
    place = answers.parent / name
    assert [str(problem) for problem in found.problems] == [
        f"{place}:1: ce lien mène hors du corpus : mettez ici le fichier lui-même."
    ]
    assert (found.facets, found.acronyms, found.off_topic) == ((), (), ())
