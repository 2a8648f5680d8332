"""The learning curve: no index knows what it is asked, and the figures are those of a count."""

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from evaluation.cli import main
from evaluation.curve import commands
from evaluation.curve.learning_curve import LearningCurve, measure_curve
from evaluation.curve.page import draw_curve, render_curve, render_page
from evaluation.curve.plan import asking, corpus_of, left_out
from evaluation.queries.query_sets import open_query_set
from evaluation.records import EvaluationError
from indexer.french.text import question_key
from indexer.index.build import build_index
from indexer.index.index import Index
from indexer.records import Answer, Vectors
from indexer.terminal import DONE, FAILED
from server.answering.answering import Answering
from tests.corpora import MemoryCorpus
from tests.fakes import FakeEncoder

THEMES = ("certificat perdu", "guichet fermé", "colis abîmé", "facture double", "carte refusée")
STARTS = ("Que faire d'un", "À qui parler d'un", "Mon", "Comment signaler un", "Urgent :", "Aide pour")
CORPUS = MemoryCorpus(
    (
        *(
            Answer(
                f"a{number}",
                f"Pour un {theme}, écrivez au service {number}.",
                questions=tuple(f"{start} {theme}" for start in STARTS[: 2 + number]),
            )
            for number, theme in enumerate(THEMES)
        ),
        Answer("seul", "Une réponse à part.", questions=("La seule question ?",)),
        Answer("nu", "Sans question aucune."),
    ),
    off_topic=("Quel temps fera-t-il ?",),
)


class Counting(FakeEncoder):
    """Counts the passages that it encodes."""

    def __init__(self) -> None:
        super().__init__()
        self.passages = 0

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        self.passages += len(texts)
        return super().encode_passages(texts)


def measure(folder: Path, *, kept: tuple[int | None, ...] = (0, 1, 3, None), folds: int = 3) -> LearningCurve:
    """The curve of the corpus."""
    return measure_curve(
        CORPUS,
        left_out(CORPUS, folds=folds),
        kept,
        folder,
        encoder=FakeEncoder(),
        risk=0.05,
        corpus="petit",
        asked_from="left-out questions",
        own_questions=True,
    )


@pytest.mark.parametrize("folds", [2, 3, 5, 50])
def test_no_question_is_asked_of_an_index_that_knows_it(folds: int) -> None:
    """On no rung; each is asked once in all, but for an answer's only one, which always stays."""
    plan = left_out(CORPUS, folds=folds)
    asked = [question.text for fold in plan for question in fold.asked]
    everything = [question for answer in CORPUS.entries for question in answer.questions if answer.id != "seul"]
    assert sorted(asked) == sorted(everything)
    for fold in plan:
        keys = {question_key(question.text) for question in fold.asked}
        for most in (0, 1, 3, None):
            answers = fold.kept(most)
            assert [answer.id for answer in answers] == [answer.id for answer in CORPUS.entries]
            for answer, whole in zip(answers, CORPUS.entries, strict=True):
                assert not keys & {question_key(question) for question in answer.questions}
                stays = tuple(one for one in whole.questions if question_key(one) not in keys)
                assert answer.questions == stays[:most]


def test_a_question_that_two_answers_have_is_left_out_of_both() -> None:
    """In other signs and case too; and either answer is right, as nobody could tell which is meant."""
    corpus = MemoryCorpus((Answer("a", "Un.", ("Qui es-tu ?", "Toi ?")), Answer("b", "Deux.", ("qui ES-TU", "Quoi ?"))))
    for fold in left_out(corpus, folds=2):
        if any(question.text == "Qui es-tu ?" for question in fold.asked):
            assert not {"Qui es-tu ?", "qui ES-TU"} & {one for answer in fold.answers for one in answer.questions}
    asked = [question for fold in left_out(corpus, folds=2) for question in fold.asked]
    assert {question.text: question.expected for question in asked} == {
        "Qui es-tu ?": ("a", "b"),
        "qui ES-TU": ("b", "a"),
        "Toi ?": ("a",),
        "Quoi ?": ("b",),
    }


def test_figures_are_those_of_asking_each_index_by_hand(tmp_path: Path) -> None:
    """A second way: an index of its own folder for each rung and fold, asked one question at a time."""
    curve = measure(tmp_path / "curve")
    plan = left_out(CORPUS, folds=3)
    assert (curve.questions, curve.answers, curve.builds) == (20, 5, 12)
    for rung in curve.rungs:
        right, answered, wrong, known = [], [], [], []
        for at, fold in enumerate(plan):
            path = tmp_path / f"{rung.kept}-{at}"
            build_index(corpus_of(fold.kept(rung.kept), CORPUS), path, encoder=FakeEncoder())
            answering = Answering.open(path, encoder=FakeEncoder())
            for question in fold.asked:
                reply = answering.answer(question.text)
                right.append(reply.hits[0].answer.id in question.expected)
                answered.append(reply.status == "answered")
                wrong.append(answered[-1] and not right[-1])
                owner = answering.get_answer(question.expected[0])
                assert owner is not None
                known.append(len(owner.questions))
        assert rung.first_right.value == pytest.approx(np.mean(right))
        assert rung.answered.value == pytest.approx(np.mean(answered))
        assert rung.wrong.value == pytest.approx(np.mean(wrong))
        assert rung.really == pytest.approx(np.mean(known))
        assert rung.first_right.low <= rung.first_right.value <= rung.first_right.high
        assert (rung.wrong_answered is None) == (not any(answered))
    for before, after in zip(curve.rungs, curve.rungs[1:], strict=False):
        gain = after.gains["first_right"]
        assert gain.value == pytest.approx(after.first_right.value - before.first_right.value)
    assert curve.rungs[0].gains == {}


def test_intervals_are_of_answers_drawn_not_of_questions(tmp_path: Path) -> None:
    """Drawn by hand, with the seed of all intervals; the index of everything stays in service, and no text is new."""
    encoder = Counting()
    plan = left_out(CORPUS, folds=2)
    folder = tmp_path / "curve"
    build_index(CORPUS, folder, encoder=encoder)
    texts = encoder.passages
    curve = measure_curve(
        *(CORPUS, plan, (0, None), folder),
        encoder=encoder,
        risk=0.05,
        corpus="petit",
        asked_from="left-out questions",
        own_questions=True,
    )
    assert encoder.passages == texts
    assert len(Index.open(folder)) == len(CORPUS.entries)
    assert [path.name for path in folder.iterdir() if path.suffix == ".partial"] == []
    narrow = curve.rungs[0].first_right
    assert narrow.high - narrow.low >= 0
    assert json.loads(curve.to_json())["rungs"][1]["gains"].keys() == {"first_right", "answered", "wrong"}


def test_a_query_set_is_asked_of_all_questions_but_its_own(tmp_path: Path) -> None:
    """Those in scope; a curated question that is asked too is left out; off-topic ones are passed over."""
    queries = tmp_path / "q.csv"
    queries.write_text(
        "question;expected\nMON certificat perdu;a0\nOù est le guichet ?;a1\nEt demain ?;\n", encoding="utf-8"
    )
    (fold,) = asking(open_query_set(queries), CORPUS)
    assert [question.expected for question in fold.asked] == [("a0",), ("a1",)]
    assert "Que faire d'un certificat perdu" in fold.answers[0].questions
    off = tmp_path / "off.csv"
    off.write_text("question;expected\nEt demain ?;\n", encoding="utf-8")
    with pytest.raises(EvaluationError, match="judges no question as answered by this corpus"):
        asking(open_query_set(off), CORPUS)


def test_a_corpus_without_questions_says_what_to_do() -> None:
    """Nothing can be left out."""
    with pytest.raises(EvaluationError, match="Name a query set to ask instead with --queries"):
        left_out(MemoryCorpus((Answer("a", "Un.", ("Une ?",)),)), folds=5)


def test_a_corpus_without_any_question_has_nothing_to_leave_out(tmp_path: Path) -> None:
    """Whatever set is asked."""
    (tmp_path / "q.csv").write_text("question;expected\nUn ?;a\n", encoding="utf-8")
    with pytest.raises(EvaluationError, match="nothing to leave out"):
        asking(open_query_set(tmp_path / "q.csv"), MemoryCorpus((Answer("a", "Un."),)))


def test_it_can_be_read_in_a_terminal_and_looked_at(tmp_path: Path) -> None:
    """A line a rung within 80 columns or a little more; a drawing that is a file; a page with both."""
    curve = measure(tmp_path / "curve")
    text = render_curve(curve)
    assert max(map(len, text.splitlines())) <= 120
    table = text.split("\n\n")[1].splitlines()
    assert [line.split()[0] for line in table[1:]] == ["0", "1", "3", "all"]
    assert "From 3 to all: first right " in text
    root = ElementTree.fromstring(draw_curve(curve, alone=True))
    assert len(root.findall(".//{*}circle")) == 12
    assert "has no width: 0.150 may still be" in " ".join(text.split())
    assert render_page(curve).count("<tr>") == 5


def test_the_command_leaves_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """JSON, SVG and a page; options that make no sense are refused before anything is built."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(commands, "load_configured_encoder", lambda _: FakeEncoder())
    lines = [
        json.dumps({"id": answer.id, "text": answer.text, "questions": list(answer.questions)})
        for answer in CORPUS.entries
    ]
    Path("faq.jsonl").write_text("\n".join(lines), encoding="utf-8")
    command = ["learning-curve", "--corpus", "faq.jsonl", "--folds", "2"]
    assert main([*command, "--kept", "0,all", "--out", "curve", "--json"]) == DONE
    assert capsys.readouterr().out == Path("curve/learning-curve.json").read_text(encoding="utf-8")
    assert {file.name for file in Path("curve").iterdir()} == {
        f"learning-curve.{one}" for one in ("json", "svg", "html")
    }
    assert main(["learning-curve", "--corpus", "absent"]) == FAILED
    for wrong in (["--kept", "3,1"], ["--kept", "all,3"], ["--kept", "x"], ["--kept", "-1,2"], ["--folds", "1"]):
        with pytest.raises(SystemExit) as ended:
            main([*command, *wrong])
        assert ended.value.code == FAILED
