"""An editor who undoes a build reads in French what is in service now, and what is left to do."""

import re
from pathlib import Path

import pytest

from indexer.index import encoder
from indexer.index.folder import IndexFolder
from souffleur.cli import main
from tests.fakes import FakeEncoder

FAILED, DONE = 2, 0


def test_a_version_is_undone_in_french(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From when the version in service is, how large it is, and that the files still have the mistake."""
    monkeypatch.setattr(encoder, "load_configured_encoder", lambda _: FakeEncoder())
    monkeypatch.chdir(tmp_path)
    rows = "Question;Réponse\nOù ?;Ici.\n"
    for more in ("", "Quand ?;Demain.\n"):
        (tmp_path / "faq.csv").write_text(rows + more, encoding="utf-8")
        assert main(["build", "--corpus", "faq.csv"]) == DONE
    capsys.readouterr()
    assert main(["rollback"]) == DONE
    french, english = capsys.readouterr().out.splitlines()
    assert re.fullmatch(
        r"C'est fait : la version du \d\d/\d\d/\d{4} à \d\d:\d\d, de 1 réponse, est en service\. Les fichiers sont "
        r"comme ils étaient : corrigez-les avant le prochain « souffleur build »\.",
        french,
    )
    current = IndexFolder(Path("build/index")).current_id()
    assert english == f"Index {current} is in service."
    assert main(["rollback"]) == FAILED
    said = capsys.readouterr().err
    assert said.startswith(
        "Il n'y a pas de version d'avant à remettre : corrigez les fichiers, puis lancez « souffleur"
    )
    assert f"There is no index older than {current} in build/index to go back to." in said
