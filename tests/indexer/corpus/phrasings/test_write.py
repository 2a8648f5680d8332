"""What is decided reaches the corpus whole, and nothing else of it changes."""

import stat
from pathlib import Path

import pytest

from indexer.corpus import open_corpus
from indexer.corpus.phrasings.memory import (
    AcceptedQuestion,
    DecidedQuestions,
    RefusedQuestion,
    decided_file,
    key_of,
    read_decided,
)
from indexer.corpus.phrasings.write import CorpusAdditions, with_off_topic, write_decisions
from indexer.errors import CorpusError

ANSWER = b'---\r\n# relu\r\nquestions:\r\n  - "A ?"\r\n---\r\nLe texte.\r\n'


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus of two answers, one of which nobody else may read."""
    answers = tmp_path / "corpus" / "answers"
    answers.mkdir(parents=True)
    (answers / "un.md").write_bytes(ANSWER)
    (answers / "deux.md").write_bytes(b"Un autre texte.\n")
    (answers / "un.md").chmod(0o640)
    (tmp_path / "corpus" / "hors-sujet.txt").write_bytes(b"# rien\nBonjour")
    return tmp_path / "corpus"


def test_a_question_is_written_and_remembered(corpus: Path) -> None:
    """The file gets a line, keeps its line ends and its rights; what is beside it is as it was."""
    accepted = AcceptedQuestion(key_of("B ?"), "un", "jugée utile", "2026-11-29", (key_of("b"),))
    additions = CorpusAdditions({"un": ["B ?"]}, ["Quel temps ?"])
    written = write_decisions(open_corpus(corpus), additions, DecidedQuestions((accepted,)))
    file = corpus / "answers" / "un.md"
    assert file.read_bytes() == ANSWER.replace(b'  - "A ?"\r\n', b'  - "A ?"\r\n  - B ?\r\n')
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert (corpus / "hors-sujet.txt").read_bytes() == b"# rien\nBonjour\nQuel temps ?\n"
    assert {path.name for path in written.files} == {"un.md", "hors-sujet.txt"}
    assert read_decided(corpus).accepted == (accepted,)
    assert "B ?" not in decided_file(corpus).read_text(encoding="utf-8")
    assert sorted(path.name for path in corpus.iterdir()) == [".apprentissage.json", "answers", "hors-sujet.txt"]
    assert sorted(path.name for path in file.parent.iterdir()) == ["deux.md", "un.md"]


def test_doing_it_again_changes_nothing(corpus: Path) -> None:
    """A question that is there is not written a second time, however it is spelt."""
    for question in ("B ?", "b"):
        write_decisions(open_corpus(corpus), CorpusAdditions({"un": [question]}), DecidedQuestions())
    assert (corpus / "answers" / "un.md").read_bytes().count(b"\r\n  - ") == 2


def test_all_or_nothing(corpus: Path) -> None:
    """Where one answer is not there, no file is written, and its name is told."""
    before = {file: file.read_bytes() for file in corpus.rglob("*") if file.is_file()}
    with pytest.raises(CorpusError, match="« trois »"):
        write_decisions(open_corpus(corpus), CorpusAdditions({"un": ["B ?"], "trois": ["C"]}), DecidedQuestions())
    assert {file: file.read_bytes() for file in corpus.rglob("*") if file.is_file()} == before


def test_a_table_is_left_to_its_editor(tmp_path: Path) -> None:
    """Where the answers are rows, the place and the question are told; refusals are remembered beside the file."""
    table = tmp_path / "faq.csv"
    table.write_text("id;question;réponse\nun;A ?;Le texte.\n", encoding="utf-8")
    refused = DecidedQuestions(refused=(RefusedQuestion(key_of("C"), "un", "2026-11-29"),))
    written = write_decisions(open_corpus(table), CorpusAdditions({"un": ["B ?"]}), refused)
    assert [(problem.path, problem.line) for problem in written.by_hand] == [(str(table), 2)]
    assert "« B ? »" in written.by_hand[0].message
    assert table.read_text(encoding="utf-8") == "id;question;réponse\nun;A ?;Le texte.\n"
    assert read_decided(table) == refused


def test_what_is_decided_later_counts() -> None:
    """Accepting takes a refusal back, of all questions that mean the same; a refusal stays once."""
    refused = DecidedQuestions().with_more(refused=[RefusedQuestion("k1", "un", "a"), RefusedQuestion("k2", "un", "a")])
    assert refused.refused_places == {("k1", "un"), ("k2", "un")}
    after = refused.with_more(accepted=[AcceptedQuestion("k3", "un", "o", "b", ("k1", "k2"))])
    assert after.refused == ()


def test_a_damaged_memory_is_told(corpus: Path) -> None:
    """It is not taken for an empty one: what was refused would be proposed again without a word."""
    decided_file(corpus).write_text("{", encoding="utf-8")
    with pytest.raises(CorpusError, match="accepté et refusé"):
        read_decided(corpus)


def test_off_topic_keeps_its_file() -> None:
    """Mark, line ends and the lack of a last one are kept."""
    assert with_off_topic(b"\xef\xbb\xbfA\r\nB", ["C", "a"], path="h") == b"\xef\xbb\xbfA\r\nB\r\nC\r\n"
    assert with_off_topic(b"", ["C"], path="h") == b"C\n"
    assert with_off_topic(b"A\n", ["a ?"], path="h") == b"A\n"
