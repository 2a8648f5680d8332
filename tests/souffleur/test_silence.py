"""Nothing leaves the machine: each command runs with a listener as its proxy and an empty home."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.encoders.loading import load_encoder

PATIENCE_SECONDS = 60


class Listener:
    """Takes every connection to a port of this machine, and remembers what it was first told."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.heard: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection:
                    connection.settimeout(5)
                    self.heard.append(connection.recv(1000).decode("latin-1").split("\r\n")[0])

    def close(self) -> None:
        """End listening."""
        self._socket.close()


@pytest.fixture(scope="module")
def cache() -> Path:
    """Where the model is unpacked already, so that a command in another home finds it."""
    import platformdirs

    load_encoder()
    return Path(os.environ.get("SOUFFLEUR_CACHE") or platformdirs.user_cache_path("souffleur"))


@pytest.fixture(scope="module")
def quiet_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which nothing is, and nothing should be afterwards."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    """Listens as long as the commands run."""
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a FAQ and a query set."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "faq.jsonl").write_text(
        '{"id": "delai", "text": "Le délai est de trois mois."}\n{"id": "prix", "text": "Le prix est de dix euros."}\n',
        encoding="utf-8",
    )
    (folder / "questions.txt").write_text("quel est le délai\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def environment(cache: Path, quiet_home: Path, listener: Listener) -> dict[str, str]:
    """What an operator's shell may have: a proxy for everything, and no sign of a build server."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LD_LIBRARY_PATH")}
    proxies = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    return {
        **kept,
        **dict.fromkeys(proxies, listener.address),
        "no_proxy": "",
        "HOME": str(quiet_home),
        "SOUFFLEUR_CACHE": str(cache),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def souffleur(*arguments: str) -> list[str]:
    """Return the command line of the command, of this interpreter."""
    return [sys.executable, "-m", "souffleur", *arguments]


def status_of(address: str) -> int:
    """Return the status of a page of this machine, 0 where nobody answers; no proxy is asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=5) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["config"],
        ["check", "--corpus", "faq.jsonl"],
        ["build", "--corpus", "faq.jsonl"],
        ["build", "--corpus", "faq.jsonl", "--index", "build/by-workers", "--dask", "local:2"],
        ["describe"],
        ["ask", "quel est le prix"],
        ["evaluate", "run", "questions.txt", "--out", "build/run"],
        ["evaluate", "report", "build/run"],
        ["prune"],
        ["completion", "bash"],
    ],
    ids=" ".join,
)
def test_command_tells_nobody(
    arguments: list[str], environment: dict[str, str], workplace: Path, quiet_home: Path, listener: Listener
) -> None:
    """No connection is made, and no file appears in the home of who runs it."""
    done = subprocess.run(
        souffleur(*arguments), cwd=workplace, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    assert done.returncode == 0, done.stderr
    assert listener.heard == []
    assert list(quiet_home.iterdir()) == []


@pytest.mark.slow
def test_server_tells_nobody_and_leaves_its_port(
    environment: dict[str, str], workplace: Path, quiet_home: Path, listener: Listener
) -> None:
    """It starts, answers and stops; then nobody holds its port, no child of it either."""
    subprocess.run(souffleur("build", "--corpus", "faq.jsonl"), cwd=workplace, env=environment, check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        souffleur("serve", "--port", str(port)), cwd=workplace, env=environment, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while status_of(f"http://127.0.0.1:{port}/v1/search?q=prix") != 200:
            assert time.monotonic() < until
            time.sleep(0.05)
        # Whoever is not there cannot outlive the server.
        threads = Path(f"/proc/{process.pid}/task")
        assert {children.read_text() for children in threads.glob("*/children")} <= {""}
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
    socket.create_server(("127.0.0.1", port)).close()
    assert listener.heard == []
    assert list(quiet_home.iterdir()) == []
