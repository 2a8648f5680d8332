"""The commands with an index in a Milvus Lite, as docs/milvus.md shows them."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SHOWN = (ROOT / "docs/milvus.md").read_text(encoding="utf-8")


def run(*words: str, folder: Path, variables: dict[str, str] | None = None) -> str:
    """Return what a command prints, which must succeed."""
    environment = {**os.environ, "SOUFFLEUR_INDEX": str(folder / "index"), "COLUMNS": "80", **(variables or {})}
    done = subprocess.run(
        [sys.executable, "-m", "souffleur", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_lines_of_the_guide_work(tmp_path: Path) -> None:
    """Built into a file, and asked from it, whatever is in the folder."""
    lines = [line for line in re.findall(r"^souffleur (.*)$", SHOWN, re.MULTILINE) if "milvus+lite" in line]
    assert len(lines) == 2
    build, ask = (shlex.split(line.replace("/tmp/faq.db", str(tmp_path / "faq.db"))) for line in lines)
    assert "en service" in run(*build, folder=tmp_path)
    (tmp_path / "index").rename(tmp_path / "moved")
    assert "3 ans" in run(*ask, folder=tmp_path)


def test_an_index_is_described_rolled_back_and_pruned_there(tmp_path: Path) -> None:
    """By the setting too; the manifest says where it is."""
    store = {"SOUFFLEUR_STORE": f"milvus+lite://{tmp_path / 'faq.db'}"}
    (tmp_path / "faq.jsonl").write_text('{"id": "a", "text": "Le guichet ouvre à neuf heures."}\n', encoding="utf-8")
    first = json.loads(
        run("build", "--corpus", str(tmp_path / "faq.jsonl"), "--json", folder=tmp_path, variables=store)
    )
    assert first["store"]["address"] == store["SOUFFLEUR_STORE"]
    (tmp_path / "faq.jsonl").write_text('{"id": "a", "text": "Le guichet ouvre à dix heures."}\n', encoding="utf-8")
    run("publish", "--corpus", str(tmp_path / "faq.jsonl"), folder=tmp_path, variables=store)
    second = json.loads(run("describe", "--json", folder=tmp_path, variables=store))
    assert second["replaced"] == first["id"]
    asked = ("ask", "quand ouvre le guichet")
    assert "dix heures" in run(*asked, folder=tmp_path, variables=store)
    assert first["id"] in run("rollback", folder=tmp_path, variables=store)
    assert "neuf heures" in run(*asked, folder=tmp_path, variables=store)
    assert "Essai" in run(
        "publish", "--dry-run", "--corpus", str(tmp_path / "faq.jsonl"), folder=tmp_path, variables=store
    )
    assert "neuf heures" in run(*asked, folder=tmp_path, variables=store)
    # The folder is the workshop: what is in service there is asked without the setting.
    assert "dix heures" in run(*asked, folder=tmp_path)
    assert "Nothing to remove" in run("prune", "--keep", "1", folder=tmp_path, variables=store)
