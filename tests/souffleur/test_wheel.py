"""What is installed from the wheel, in an empty environment and any folder: build, serve, answer."""

import json
import os
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tests.souffleur.test_silence import status_of

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 120


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made from the source archive, so that both are whole."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (made,) = folder.glob("*.whl")
    return made


@pytest.mark.slow
def test_wheel_carries_what_runs_and_nothing_else(wheel: Path) -> None:
    """The page, its files and the marks of types are in it; tests, corpus and benchmarks are not."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (entries,) = [name for name in names if name.endswith("entry_points.txt")]
        assert "souffleur = souffleur.cli:entry" in archive.read(entries).decode()
    assert wheel.name.startswith("souffleur_faq-")
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "souffleur",
        "indexer",
        "server",
        "evaluation",
        "training",
    }
    shipped = {path.relative_to(ROOT).as_posix() for top in ("server", "evaluation") for path in carried(ROOT / top)}
    assert len(shipped) > 20
    assert shipped <= set(names)
    assert {f"{top}/py.typed" for top in tops if not top.endswith(".dist-info")} <= set(names)
    assert "training/data/traps.jsonl" in names
    assert {Path(name).name for name in names if ".dist-info/licenses/" in name} == {"LICENSE", "NOTICE"}


def carried(folder: Path) -> list[Path]:
    """Return the files of a package that are no code, and that its code reads."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix in (".html", ".css", ".js", ".svg", ".typed")
    ]


@pytest.mark.slow
def test_installed_in_an_empty_environment_it_builds_and_serves(wheel: Path, tmp_path: Path) -> None:
    """Two commands of the README, in a folder that knows nothing of the checkout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SOUFFLEUR", "PYTHON"))}
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    command = tmp_path / "venv/bin/souffleur"
    subprocess.run(
        [tmp_path / "venv/bin/pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt", wheel],
        check=True,
        env=environment,
        timeout=500,
    )
    work = tmp_path / "work"
    work.mkdir()
    (work / "faq.jsonl").write_text(
        '{"id": "delai", "text": "Le délai est de trois mois."}\n{"id": "prix", "text": "Le prix est de dix euros."}\n',
        encoding="utf-8",
    )
    subprocess.run([command, "build", "--corpus", "faq.jsonl"], cwd=work, check=True, env=environment)
    asked = subprocess.run(
        [command, "ask", "--json", "quel est le prix"], cwd=work, check=True, env=environment, capture_output=True
    )
    assert json.loads(asked.stdout)["hits"][0]["id"] == "prix"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen([command, "serve", "--port", str(port)], cwd=work, env=environment) as process:
        try:
            until = time.monotonic() + PATIENCE_SECONDS
            while status_of(f"http://127.0.0.1:{port}/") != 200:
                assert time.monotonic() < until
                time.sleep(0.05)
            assert status_of(f"http://127.0.0.1:{port}/page/style.css") == 200
            assert status_of(f"http://127.0.0.1:{port}/docs/swagger-ui.css") == 200
        finally:
            process.terminate()
            assert process.wait(PATIENCE_SECONDS) == 0
