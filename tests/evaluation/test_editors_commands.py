"""`souffleur learn`, `publish` and `digest`, as they are typed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluation.publication import commands as publishing
from indexer.corpus import check_corpus
from indexer.index.folder import IndexFolder
from indexer.terminal import DONE, FAILED, FOUND
from server.learning import commands as learning
from server.learning.records import Origin, Proposal, Proposals
from souffleur.cli import main
from tests.fakes import FakeEncoder


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a corpus of one answer."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "un.md").write_text("Le texte.\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("command", ["learn", "digest"])
def test_without_feedback_the_next_step_is_named(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is begun, and no file is made where one was misspelt."""
    assert main([command, "--feedback", "gone.sqlite"]) == FAILED
    assert "--feedback" in capsys.readouterr().err
    assert not Path("gone.sqlite").exists()


def test_a_ticked_file_needs_no_index(capsys: pytest.CaptureFixture[str]) -> None:
    """What was decided is carried out at once, and the next step is named; faults are told and nothing is written."""
    Path("a.csv").write_text("Décision;Question;Réponse;Clé\noui;A ?;un;k0123456789abcdef\n", encoding="utf-8")
    assert main(["learn", "--accept", "a.csv"]) == 0
    assert Path("corpus/un.md").read_text(encoding="utf-8") == "---\nquestions:\n  - A ?\n---\nLe texte.\n"
    said = capsys.readouterr().out
    assert "1 question acceptée" in said
    assert "publish" in said
    Path("a.csv").write_text("Décision;Question;Réponse;Clé\noui;B ?;deux;k1\n", encoding="utf-8")
    assert main(["learn", "--accept", "a.csv"]) == FOUND
    assert "« deux »" in capsys.readouterr().err
    assert main(["learn", "--accept", "none.csv"]) == FOUND


@pytest.mark.parametrize("name", ["a.csv", "a.md"])
def test_a_ticked_file_is_not_written_over(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Until what it decides is carried out; a file that nobody ticked, or --force, is no question."""
    proposal = Proposal(Origin.UNANSWERED, "A ?", None, 1, 1, 0.1, 1.0, ("0123456789abcdef",))
    proposals = Proposals((), (proposal,), (), (), 1, 1)
    monkeypatch.setattr(learning, "_propose", lambda *_: proposals)
    out = ["learn", "--out", name]
    assert main(out) == main(out) == DONE
    fresh = Path(name).read_text(encoding="utf-8")
    ticked = fresh.replace('"";"A ?";""', '"oui";"A ?";"un"').replace("[ ] A ? → ?", "[x] A ? → un")
    Path(name).write_text(ticked, encoding="utf-8")
    capsys.readouterr()
    assert main(out) == FAILED
    said = capsys.readouterr().err
    assert said.startswith(f"{name} contient une décision à faire : lancez d'abord « ")
    assert f"learn --accept {name} »" in said
    assert main([*out, "--force"]) == DONE
    assert Path(name).read_text(encoding="utf-8") == fresh
    Path(name).write_text(ticked, encoding="utf-8")
    assert main(["learn", "--accept", name]) == DONE
    assert main(out) == DONE
    assert Path(name).read_text(encoding="utf-8") == fresh


def test_a_question_that_the_editor_of_a_table_wrote_is_carried_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The program writes no table, and a sheet is replaced once its questions are there."""
    monkeypatch.setattr(learning, "_propose", lambda *_: Proposals((), (), (), (), 0, 0))
    Path("faq.csv").write_text("id;Réponse;Questions\nun;Le texte.;B ?\n", encoding="utf-8")
    Path("a.csv").write_text("Décision;Question;Réponse;Clé\noui;A ?;un;k1\n", encoding="utf-8")
    out = ["learn", "--out", "a.csv", "--corpus", "faq.csv"]
    assert main(out) == FAILED
    assert "une décision à faire" in capsys.readouterr().err
    Path("faq.csv").write_text("id;Réponse;Questions\nun;Le texte.;A ?\n", encoding="utf-8")
    assert main(out) == DONE


def test_what_is_no_sheet_is_not_written_over(capsys: pytest.CaptureFixture[str]) -> None:
    """Another table, or a decision that cannot be read, is somebody's work too."""
    for text in ("nom;adresse\n", "Décision;Question;Réponse;Clé\npeut-être;A ?;un;k1\n"):
        Path("a.csv").write_text(text, encoding="utf-8")
        assert main(["learn", "--out", "a.csv"]) == FAILED
        assert "a.csv est déjà là" in capsys.readouterr().err
        assert Path("a.csv").read_text(encoding="utf-8") == text


def test_a_damaged_memory_is_not_the_fault_of_the_sheet(capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the file that is damaged: a sheet that was ticked is not to be deleted for it."""
    Path("corpus/.apprentissage.json").write_text("{", encoding="utf-8")
    Path("a.csv").write_text("Décision;Question;Réponse;Clé\noui;A ?;un;k1\n", encoding="utf-8")
    assert main(["learn", "--out", "a.csv"]) == FOUND
    said = capsys.readouterr().err
    assert ".apprentissage.json" in said
    assert "a.csv" not in said


def test_a_corpus_with_errors_is_not_published(capsys: pytest.CaptureFixture[str]) -> None:
    """All of them are told, in French."""
    Path("corpus/deux.md").write_text("---\nquestions:\n", encoding="utf-8")
    assert main(["check"]) == FOUND
    capsys.readouterr()
    assert main(["publish"]) == FOUND
    assert "rien n'a été publié" in capsys.readouterr().err
    assert not Path("build").exists()


def test_a_report_that_is_not_kept_is_a_warning(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index is in service, and the report is printed: the command has done what it was asked."""
    monkeypatch.setattr(publishing, "load_configured_encoder", lambda _: FakeEncoder())
    Path("build/index").mkdir(parents=True)
    Path("build/index/publications").write_text("in the way", encoding="utf-8")
    assert main(["publish"]) == DONE
    said = capsys.readouterr()
    assert said.out.startswith("# Mis en service")
    assert "Ce rapport n'a pas pu être gardé" in said.err
    assert IndexFolder(Path("build/index")).current_id() in said.out


def test_a_watch_goes_on_after_what_the_system_refuses(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be read now is told, and the next change is published."""
    monkeypatch.setattr(publishing, "load_configured_encoder", lambda _: FakeEncoder())
    refusals = iter([PermissionError(13, "Permission denied", "corpus/un.md")])

    def refusing_once(corpus: Path) -> object:
        if error := next(refusals, None):
            raise error
        return check_corpus(corpus)

    def two_changes(*_: object) -> Iterator[object]:
        yield from range(2)
        raise KeyboardInterrupt

    monkeypatch.setattr(publishing, "check_corpus", refusing_once)
    monkeypatch.setattr(publishing, "changes", two_changes)
    assert main(["publish", "--watch"]) == DONE
    said = capsys.readouterr()
    assert "n'a pas pu être publié : [Errno 13] Permission denied: 'corpus/un.md'" in said.err
    assert "# Mis en service" in said.out


def test_a_dry_run_leaves_what_a_store_went_back_to(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And does not say that nothing has changed; each command lets go of the store."""
    monkeypatch.setattr(publishing, "load_configured_encoder", lambda _: FakeEncoder())
    monkeypatch.setenv("SOUFFLEUR_STORE", f"milvus+lite://{tmp_path / 'faq.db'}")
    assert main(["publish"]) == DONE
    Path("corpus/un.md").write_text("Un autre texte.\n", encoding="utf-8")
    assert main(["publish"]) == DONE
    assert main(["rollback"]) == DONE
    first, *_ = IndexFolder(Path("build/index")).ids()
    capsys.readouterr()
    assert main(["publish", "--dry-run"]) == DONE
    assert capsys.readouterr().out.startswith("# Essai : ce serait mis en service")
    assert main(["describe"]) == DONE
    assert first in capsys.readouterr().out.splitlines()[0]
