"""An index says which corpus it was built from, and another takes its place only when asked to."""

from pathlib import Path

import pytest

from indexer.encoders import loading
from souffleur.cli import main
from tests.fakes import FakeEncoder

FAILED, DONE = 2, 0


def test_another_corpus_needs_replace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Named by an option, a variable or the settings alike: refused in French, with what to type."""
    monkeypatch.setattr(loading, "load_configured_encoder", lambda _: FakeEncoder())
    monkeypatch.chdir(tmp_path)
    for name, place in (("une.csv", "Ici"), ("autre.csv", "Là-bas")):
        (tmp_path / name).write_text(f"Question;Réponse\nOù ?;{place}.\nQuand ?;Demain.\n", encoding="utf-8")
    assert main(["build", "--corpus", "une.csv"]) == DONE
    (tmp_path / "souffleur.toml").write_text('corpus = "autre.csv"\n', encoding="utf-8")
    capsys.readouterr()
    assert main(["build"]) == FAILED
    said = capsys.readouterr().err
    assert "vient de « une.csv » : « autre.csv » prendrait sa place" in said
    assert "--corpus autre.csv --replace" in said
    assert main(["build", "--replace"]) == DONE
    assert main(["build"]) == DONE
