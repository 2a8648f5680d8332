"""Tuning with the bundled model itself, to a small FAQ whose editors have words of their own."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from indexer.corpus import open_corpus
from indexer.encoders.loading import load_encoder
from indexer.index.build import build_index
from indexer.index.encoder import adapter_in_service, load_configured_encoder
from indexer.index.index import Index
from indexer.records import Answer
from indexer.settings import BUNDLED_BASE, IndexerSettings
from training.cli import main
from training.tuning import command
from training.tuning.course import TUNING, tune
from training.tuning.halves import as_taught, halve

TOPICS = ("certificat", "carte", "compte", "adresse", "facture", "retard", "colis", "badge", "contrat", "serveur")
ACTS = {
    "zorguer": "remplacé au guichet bleu",
    "bliffer": "prolongé par courrier",
    "trumer": "réglé en trois fois",
    "gavonner": "rendu au gardien",
    "flonquer": "transmis à un proche",
    "prider": "archivé pour dix ans",
}


@pytest.fixture
def faq(tmp_path: Path) -> Path:
    """An FAQ of one question an answer, in a jargon that no encoder knows and that returns from answer to answer."""
    file = tmp_path / "faq.jsonl"
    lines = [
        {"id": f"{topic}-{act}", "text": f"Le {topic} est {done}.", "questions": [f"Comment {act} mon {topic} ?"]}
        for topic in TOPICS
        for act, done in ACTS.items()
    ]
    file.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    return file


@pytest.mark.slow
def test_what_is_gained_is_published(
    faq: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The jargon is learnt; the index in service is of the tuned encoder, which every command then takes by itself."""
    monkeypatch.setattr(command, "tune", partial(tune, plan=replace(TUNING, steps=12, rate=0.006)))
    path = tmp_path / "index"
    untaught = load_encoder(BUNDLED_BASE)
    build_index(open_corpus(faq), path, encoder=untaught)
    assert adapter_in_service(path) is None
    options = ["tune", "--corpus", str(faq), "--index", str(path), "--cache", str(tmp_path / "cache")]
    assert main([*options, "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "30 questions, laissées de côté" in told
    assert "Le gain dépasse le hasard." in told
    assert adapter_in_service(path) is None
    assert main(options) == 0
    told = capsys.readouterr().out
    assert "redémarrez-le" in told
    assert not (path / "tuning").exists()
    settings = IndexerSettings(index=path, cache=tmp_path / "cache")
    tuned = load_configured_encoder(settings)
    index = Index.open(path)
    assert index.manifest.encoder.fingerprint == tuned.fingerprint != untaught.fingerprint
    # The next build keeps what was learnt.
    assert build_index(open_corpus(faq), path, encoder=tuned).unchanged


def test_half_of_the_questions_is_asked_of_answers_without_them(faq: Path) -> None:
    """None is lost, none is on both sides, and what teaches is each question with the text of its answer."""
    answers = list(open_corpus(faq).answers())
    halves = halve(answers)
    kept = {text for answer in halves.answers for text in answer.questions}
    asked = {one.text: one.answer_ids for one in halves.asked}
    assert len(asked) == 30
    assert not kept & asked.keys()
    assert kept | asked.keys() == {text for answer in answers for text in answer.questions}
    assert all({text} == {*answer.questions} for answer in answers for text in asked if answer.id in asked[text])
    taught = as_taught(halves.answers)
    assert {(one.text, taught.answers[one.right[0]]) for one in taught.questions} == {
        (text, answer.text) for answer in halves.answers for text in answer.questions
    }


def test_a_question_of_two_answers_is_left_out_of_both() -> None:
    """Whichever of them is first, it is right; and where it teaches, neither is a wrong answer to it."""
    shared = [Answer(f"a{number}", f"Texte {number}.", (f"Question {number // 2} ?",)) for number in range(8)]
    halves = halve(shared)
    assert sorted(len(one.answer_ids) for one in halves.asked) == [2, 2]
    assert sum(len(answer.questions) for answer in halves.answers) == 4
    assert sorted(question.right for question in as_taught(shared).questions) == [(0, 1), (2, 3), (4, 5), (6, 7)]


def test_too_few_questions_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In French, with what to do, before anything is encoded."""
    file = tmp_path / "faq.csv"
    file.write_text("Question;Réponse\nOù ?;Ici.\nQuand ?;Demain.\n", encoding="utf-8")
    assert main(["tune", "--corpus", str(file), "--index", str(tmp_path / "index")]) == 1
    told = capsys.readouterr().err
    assert "2 questions ne suffisent pas" in told
    assert "souffleur learn" in told


def test_another_encoder_is_not_tuned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings name one that this program cannot teach."""
    monkeypatch.setenv("SOUFFLEUR_ENCODER", "bundled-taught")
    assert main(["tune", "--index", str(tmp_path)]) == 2
    assert "pas à bundled-taught" in capsys.readouterr().err


def test_a_milvus_is_not_tuned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is where it is learnt; nothing is asked of the server that the settings name."""
    monkeypatch.setenv("SOUFFLEUR_STORE", "milvus://127.0.0.1:1")
    assert main(["tune", "--index", str(tmp_path)]) == 2
    assert "Retirez store" in capsys.readouterr().err
