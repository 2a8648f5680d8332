"""The whole command, on FAQs of a few answers and with the fake encoder."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from indexer.search.verifier import Verifier
from tests.fakes import FakeEncoder
from training.cli import main

ROOT = Path(__file__).parents[2]
MATTERS = (
    *("certificat", "carte", "badge", "contrat", "mandat", "registre", "parking", "ascenseur", "cantine", "vestiaire"),
    *("scanner", "imprimante", "serveur", "clavier", "projecteur", "autocar", "calendrier", "bulletin", "casier"),
)
FORMS = (
    *("Où demander le {} ?", "Quel est le prix du {} ?", "Comment renouveler le {} ?", "Qui gère le {} ?"),
    *("Quand rendre le {} ?", "Pourquoi faut-il un {} ?"),
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A BEIR folder of an FAQ with six questions an answer."""
    folder = tmp_path / "toy"
    answers = [
        {"_id": f"d{at}", "text": f"Le {matter} se demande au guichet {at} et coûte {10 + at} euros par an."}
        for at, matter in enumerate(MATTERS)
    ]
    questions = [
        {"_id": f"q{at}-{form}", "text": text.format(matter)}
        for at, matter in enumerate(MATTERS)
        for form, text in enumerate(FORMS)
    ]
    (folder / "qrels").mkdir(parents=True)
    _write_lines(folder / "corpus.jsonl", answers)
    _write_queries(folder, questions, {str(one["_id"]): f"d{str(one['_id'])[1:].split('-')[0]}" for one in questions})
    return folder


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus of five of the shipped answers, with dev sets of its own."""
    folder = tmp_path / "corpus"
    shutil.copytree(ROOT / "corpus" / "answers", folder / "answers")
    kept = sorted((folder / "answers").rglob("*.md"), key=lambda file: file.stem)
    for file in kept[5:]:
        file.unlink()
    (folder / "hors-sujet.txt").write_text(
        "# --- Questions générales ---\nQuel temps fait-il ?\nQui a peint la Joconde ?\n"
        "# --- Près du domaine ---\nComment devenir médecin ?\n",
        encoding="utf-8",
    )
    answer = kept[0].stem
    for name in ("dev", "traps-dev", "styles-dev"):
        (folder / "queries" / name / "qrels").mkdir(parents=True)
        questions: list[dict[str, object]] = [
            {"_id": "a", "text": f"{name} durée ?", "metadata": {"language": "fr", "kind": "in_scope"}},
            {"_id": "b", "text": f"{name} couleur ?", "metadata": {"language": "fr", "kind": "near_domain"}},
        ]
        _write_queries(folder / "queries" / name, questions[: 1 if name == "styles-dev" else 2], {"a": answer})
    return folder


@pytest.mark.slow
def test_a_verifier_is_taught(
    data: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Weights that load, a report on them, and nothing encoded twice when it is done again, which gives the same."""
    out, work = tmp_path / "verifier.npz", tmp_path / "work"
    arguments = ["verifier", "--data", str(data), "--corpus", str(corpus), "--out", str(out), "--work", str(work)]
    encoder = FakeEncoder()
    assert main([*arguments, "--trees", "5"], encoder=encoder) == 0
    assert str(out) in capsys.readouterr().out
    assert any("Asked toy 0 1" in line for line in caplog.messages)
    first, encoded = out.read_bytes(), len(encoder.encoded)
    assert len(Verifier.load(out).trees.roots) == 5 * 3
    report = (work / "report.md").read_text(encoding="utf-8")
    assert "python -m training verifier --data toy" in report
    assert str(tmp_path) not in report
    assert "| traps-dev, answered |" in report
    assert "| shipped | 3 |" in report
    assert main([*arguments, "--trees", "5"], encoder=encoder) == 0
    assert out.read_bytes() == first
    assert len(encoder.encoded) == encoded


def test_what_is_missing_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that is not there ends the command with a sentence and status 2."""
    arguments = ["verifier", "--data", str(tmp_path / "none"), "--out", str(tmp_path / "out.npz")]
    assert main(arguments, encoder=FakeEncoder()) == 2
    assert "none" in capsys.readouterr().err


def _write_queries(folder: Path, questions: Sequence[Mapping[str, object]], right: dict[str, str]) -> None:
    _write_lines(folder / "queries.jsonl", questions)
    lines = [
        f"{one['_id']}\t{right.get(str(one['_id']), 'none')}\t1\n" for one in questions if str(one["_id"]) in right
    ]
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(lines), encoding="utf-8")


def _write_lines(file: Path, records: Sequence[Mapping[str, object]]) -> None:
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
