"""An index says which corpus it was built from, and another takes its place only when asked to."""

import dataclasses
from pathlib import Path

import pytest

from indexer.index import encoder
from indexer.index.folder import IndexFolder
from indexer.index.manifest import CorpusInfo
from souffleur.cli import main
from tests.fakes import FakeEncoder

FAILED, DONE = 2, 0


def test_another_corpus_needs_replace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Named by an option, a variable or the settings alike: refused in French, with what to type."""
    monkeypatch.setattr(encoder, "load_configured_encoder", lambda _: FakeEncoder())
    monkeypatch.chdir(tmp_path)
    for name, place in (("une.csv", "Ici"), ("autre faq.csv", "Là-bas")):
        (tmp_path / name).write_text(f"Question;Réponse\nOù ?;{place}.\nQuand ?;Demain.\n", encoding="utf-8")
    assert main(["build", "--corpus", "une.csv"]) == DONE
    (tmp_path / "souffleur.toml").write_text('corpus = "autre faq.csv"\n', encoding="utf-8")
    capsys.readouterr()
    assert main(["build"]) == FAILED
    said = capsys.readouterr().err
    assert "vient de « une.csv » : « autre faq.csv » prendrait sa place" in said
    assert "« souffleur build --corpus 'autre faq.csv' --replace »" in said
    assert main(["build", "--replace"]) == DONE
    assert main(["build"]) == DONE


def test_the_same_answers_elsewhere_are_known_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A corpus that was moved is replaced once: the index stays, says where it is from now on, and is whole."""
    monkeypatch.setattr(encoder, "load_configured_encoder", lambda _: FakeEncoder())
    monkeypatch.chdir(tmp_path)
    for name in ("une.csv", "autre.csv"):
        (tmp_path / name).write_text("Question;Réponse\nOù ?;Ici.\nQuand ?;Demain.\n", encoding="utf-8")
    assert main(["build", "--corpus", "une.csv"]) == DONE
    folder = IndexFolder(Path("build/index"))
    built = folder.verify(folder.current_id())
    capsys.readouterr()
    assert main(["build", "--corpus", "autre.csv", "--replace"]) == DONE
    assert capsys.readouterr().out.splitlines() == [
        "Rien n'a changé : 2 réponses en service.",
        f"Nothing has changed; index {built.id} stays in service.",
    ]
    assert main(["build", "--corpus", "autre.csv"]) == DONE
    assert folder.ids() == [built.id]
    assert folder.verify(built.id) == dataclasses.replace(
        built, corpus=CorpusInfo("table", "autre.csv", "../../autre.csv")
    )
    assert main(["build", "--corpus", "une.csv"]) == FAILED


def test_a_build_tells_of_warnings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """How many there are and what shows them is told by each build; never among the JSON, nor where there is none."""
    monkeypatch.setattr(encoder, "load_configured_encoder", lambda _: FakeEncoder())
    monkeypatch.chdir(tmp_path)
    table = tmp_path / "faq.csv"
    table.write_text(
        "ID;Question;Réponse\na;Où ?;Ici.\nb;Où ?;Là.\nc;Quand ?;Demain.\nd;Quand ?;Hier.\n", encoding="utf-8"
    )
    for _ in range(2):
        assert main(["build", "--corpus", "faq.csv"]) == DONE
        said = capsys.readouterr()
        assert "Le corpus a 2 avertissements, à lire avec « souffleur check --corpus faq.csv ».\n" in said.err
    assert main(["check", "--corpus", "faq.csv"]) == DONE
    assert "2 avertissements" in capsys.readouterr().out
    assert main(["build", "--corpus", "faq.csv", "--json"]) == DONE
    assert "avertissement" not in "".join(capsys.readouterr())
    table.write_text("Question;Réponse\nOù ?;Ici.\n", encoding="utf-8")
    assert main(["build", "--corpus", "faq.csv"]) == DONE
    assert "avertissement" not in "".join(capsys.readouterr())
