"""What editors decide is carried out all or nothing, and nothing personal reaches a corpus."""

import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.corpus import open_corpus
from indexer.corpus.phrasings.memory import key_of, read_decided
from indexer.errors import CorpusError
from server.learning.decisions import apply_decisions
from server.learning.records import Decision, Verdict

DAY = date(2026, 11, 29)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus of one answer."""
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "un.md").write_text("Le texte.\n", encoding="utf-8")
    return tmp_path


def test_decisions_are_carried_out(corpus: Path) -> None:
    """Accepted into the answer, refused and off topic remembered, each with all that means the same."""
    decisions = [
        Decision(Verdict.ACCEPT, " A  ? ", "un", "jugée utile", (key_of("a"), key_of("aa"))),
        Decision(Verdict.REFUSE, "B ?", "un", "jugée utile", (key_of("b"), key_of("bb"))),
        Decision(Verdict.OFF_TOPIC, "C ?", "", "sans réponse", (key_of("c"),)),
    ]
    done = apply_decisions(decisions, open_corpus(corpus), day=DAY)
    assert str(done) == "1 question acceptée, 1 refusée, 1 hors sujet."
    assert (corpus / "answers" / "un.md").read_text(encoding="utf-8") == "---\nquestions:\n  - A ?\n---\nLe texte.\n"
    assert (corpus / "hors-sujet.txt").read_text(encoding="utf-8") == "C ?\n"
    decided = read_decided(corpus)
    assert decided.refused_places == {(key_of("b"), "un"), (key_of("bb"), "un"), (key_of("c"), "")}
    assert [one.asked for one in decided.accepted] == [(key_of("a"), key_of("aa"))]


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        (
            Decision(Verdict.ACCEPT, "Mon numéro est le 06 12 34 56 78 ?", "un", "", place="a.csv", line=3),
            "personnelle",
        ),
        (Decision(Verdict.ACCEPT, "Pour [NOM], combien ?", "un", "", place="a.csv", line=3), "personnelle"),
        (Decision(Verdict.OFF_TOPIC, "Je suis Mme Durand", "", "", place="a.csv", line=3), "personnelle"),
        (Decision(Verdict.ACCEPT, "A ?", "", "", place="a.csv", line=3), "à quelle réponse"),
        (Decision(Verdict.ACCEPT, "x" * 501, "un", "", place="a.csv", line=3), "501 caractères"),
        (Decision(Verdict.ACCEPT, " ", "un", "", place="a.csv", line=3), "vide"),
        (Decision(Verdict.ACCEPT, "A ?", "divers/un.md", "", place="a.csv", line=3), "voulez-vous dire « un »"),
        (Decision(Verdict.ACCEPT, "A ?", "zzz", "", place="a.csv", line=3), "« zzz » : corrigez son identifiant"),
    ],
)
def test_what_cannot_be_accepted_is_told(corpus: Path, decision: Decision, said: str) -> None:
    """With its line, and nothing is written, not even what could be."""
    good = Decision(Verdict.ACCEPT, "B ?", "un", "")
    with pytest.raises(CorpusError, match=said) as caught:
        apply_decisions([good, decision], open_corpus(corpus), day=DAY)
    assert (caught.value.problems[0].path, caught.value.problems[0].line) == ("a.csv", 3)
    assert [file.name for file in corpus.rglob("*") if file.is_file()] == ["un.md"]


@pytest.mark.parametrize(
    ("decisions", "said"),
    [
        ([(Verdict.OFF_TOPIC, "C ?", ""), (Verdict.ACCEPT, "c", "un")], "hors sujet ligne 2 : gardez l'un des deux"),
        ([(Verdict.REFUSE, "C ?", "un"), (Verdict.ACCEPT, "c", "un")], "refusée ligne 2 : gardez l'un des deux"),
        ([(Verdict.REFUSE, "C ?", "un"), (Verdict.ACCEPT, "bonjour !", "un")], "est dans hors-sujet.txt"),
        ([(Verdict.REFUSE, "C ?", "un"), (Verdict.OFF_TOPIC, "quand ?", "")], "est une question de « un »"),
    ],
)
def test_a_contradiction_is_refused(corpus: Path, decisions: list[tuple[Verdict, str, str]], said: str) -> None:
    """No question is off topic and an answer's, or accepted and refused: such a corpus is in nobody's service."""
    (corpus / "hors-sujet.txt").write_text("Bonjour\n", encoding="utf-8")
    (corpus / "answers" / "un.md").write_text("---\nquestions:\n  - Quand ?\n---\nLe texte.\n", encoding="utf-8")
    rows = [Decision(*one, "", place="a.csv", line=line) for line, one in enumerate(decisions, start=2)]
    before = {file: file.read_bytes() for file in corpus.rglob("*") if file.is_file()}
    with pytest.raises(CorpusError, match=said) as caught:
        apply_decisions(rows, open_corpus(corpus), day=DAY)
    assert [(one.path, one.line) for one in caught.value.problems] == [("a.csv", 3)]
    assert {file: file.read_bytes() for file in corpus.rglob("*") if file.is_file()} == before


def test_accepting_twice_is_accepting_once(corpus: Path) -> None:
    """A file that is carried out again changes nothing."""
    decisions = [Decision(Verdict.ACCEPT, "A ?", "un", "", ("0" * 16,)), Decision(Verdict.REFUSE, "B ?", "un", "")]
    apply_decisions(decisions, open_corpus(corpus), day=DAY)
    before = {file: file.read_bytes() for file in corpus.rglob("*") if file.is_file()}
    apply_decisions(decisions, open_corpus(corpus), day=DAY)
    assert {file: file.read_bytes() for file in corpus.rglob("*") if file.is_file()} == before


HEADERS = [
    "",
    "---\n# relu\nquestions:\n- A ?\nsource: s\n---\n",
    "---\nsource: 's'\nquestions: [A, B]\n---\n",
    "---\n---\n",
]
DECISIONS = st.lists(
    st.builds(
        Decision,
        st.sampled_from(Verdict),
        st.text(st.sampled_from("abé ?:#-'"), min_size=3, max_size=20).filter(lambda text: any(map(str.isalpha, text))),
        st.sampled_from(["un", "deux"]),
        st.just("jugée utile"),
        st.just(()),
    ),
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(HEADERS), min_size=2, max_size=2), st.sampled_from(["\n", "\r\n"]), DECISIONS)
def test_nothing_an_editor_wrote_is_lost(headers: list[str], newline: str, decisions: list[Decision]) -> None:
    """Accepting puts lines in, refusing changes no answer; every line of every file stays, in its order."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder)
        for name, header in zip(("un", "deux"), headers, strict=True):
            (corpus / f"{name}.md").write_bytes(f"{header}Le texte.\n\n- fin".replace("\n", newline).encode())
        (corpus / "hors-sujet.txt").write_bytes(b"# note\nBonjour")
        before = {file: file.read_bytes() for file in corpus.iterdir()}
        try:
            apply_decisions(decisions, open_corpus(corpus), day=DAY)
        except CorpusError:
            assert {file: file.read_bytes() for file in corpus.iterdir()} == before
            return
        for file, content in before.items():
            remaining = iter(file.read_bytes())
            assert all(byte in remaining for byte in content)
            name = file.stem
            if not any(one.verdict is Verdict.ACCEPT and one.answer_id == name for one in decisions) and name in (
                "un",
                "deux",
            ):
                assert file.read_bytes() == content
