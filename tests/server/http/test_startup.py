"""What the server says before it can answer, and that it can be stopped then."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import pytest
from fastapi.testclient import TestClient

from indexer.encoders.bundled.layout import folder_name
from indexer.encoders.loading import load_encoder
from indexer.index.build import build_index
from indexer.index.folder import CURRENT, IndexFolder
from server.answering.answering import Answering
from server.app import create_api
from server.cli import main
from server.http import startup
from server.http.startup import Loaded, LoadingApp, LoadingServer, _step_back
from server.serve import _listen
from tests.conftest import CORPUS
from tests.corpora import ANSWERS, MemoryCorpus

ROOT = Path(__file__).parents[3]
READY = "Uvicorn running on"
DESCRIPTION = "souffleur.json"
MODEL_FOLDER = folder_name(None)


@pytest.mark.parametrize(
    ("method", "address"),
    [("GET", "/readyz"), ("GET", "/"), ("GET", "/metrics"), ("POST", "/v1/search"), ("GET", "/nothing")],
)
def test_everything_but_livez_is_unavailable_until_the_application_is_there(method: str, address: str) -> None:
    """A 503 problem document says when to come back; /livez is 200."""
    client = TestClient(LoadingApp())
    reply = client.request(method, address)
    assert reply.status_code == 503
    assert reply.headers["content-type"] == "application/problem+json"
    assert int(reply.headers["retry-after"]) > 0
    assert reply.headers["cache-control"] == "no-store"
    assert reply.json()["status"] == 503
    assert client.get("/livez").json() == {"status": "ok"}


def test_what_is_done_after_loading_leaves_the_processor_to_questions() -> None:
    """The thread that did it has the least priority from then on; those that answer keep theirs."""
    seen: list[int] = []

    def work() -> None:
        _step_back()
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [19]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


@contextlib.contextmanager
def asked_while_loading() -> Iterator[threading.Event]:
    """A server that somebody has asked before it was loaded. Gives what is set by what it does afterwards."""
    asked, done = threading.Event(), threading.Event()

    def load() -> Loaded:
        asked.wait()
        return Loaded(LoadingApp(), done.set, lambda _: None)

    with contextlib.closing(_listen("127.0.0.1", 0)) as listener:
        server = LoadingServer(load, listener, log_config=None)
        thread = threading.Thread(target=server.run)
        thread.start()
        assert get(listener.getsockname()[1], "/readyz")[0] == 503
        asked.set()
        try:
            yield done
        finally:
            server.should_exit = True
            thread.join()


def test_what_is_done_after_loading_waits_for_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waited for the server to start is answered first."""
    monkeypatch.setattr(startup, "_QUIET_SECONDS", 3600.0)
    with asked_while_loading() as done:
        assert not done.wait(0.5)
        monkeypatch.setattr(startup, "_QUIET_SECONDS", 0.0)
        assert done.wait(60)


def test_what_is_done_after_loading_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is asked without a pause is sped up as well."""
    monkeypatch.setattr(startup, "_QUIET_SECONDS", 3600.0)
    monkeypatch.setattr(startup, "_PATIENCE_SECONDS", 0.5)
    with asked_while_loading() as done:
        assert done.wait(60)


def test_the_application_answers_once_handed_over(answering: Answering) -> None:
    """The same address that was a 503 is what the application makes of it."""
    loading_app = LoadingApp()
    client = TestClient(loading_app)
    assert client.get("/readyz").status_code == 503
    loading_app.hand_over(create_api(answering))
    assert client.get("/readyz").json()["index"] == answering.index_info.id
    assert client.get("/v1/search", params={"q": "erreur 905"}).json()["hits"][0]["id"] == "code-erreur-905"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the bundled encoder, for a server in a process of its own."""
    path = tmp_path_factory.mktemp("starting") / "index"
    build_index(CORPUS, path, encoder=load_encoder("bundled"))
    return path


@contextlib.contextmanager
def server_process(index: Path, *options: str, cache: Path | None = None) -> Iterator["subprocess.Popen[str]"]:
    """Run `python -m server serve` on a free port; it is killed at the end of the block, if it still runs."""
    command = [sys.executable, "-m", "server", "serve", "--port", "0", "--index", str(index), *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SOUFFLEUR_")}
    if cache or "SOUFFLEUR_CACHE" in os.environ:
        environment["SOUFFLEUR_CACHE"] = str(cache or os.environ["SOUFFLEUR_CACHE"])
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@dataclass(frozen=True)
class Held:
    """A cache in which the description of the model is a pipe: who reads it waits until somebody has written to it."""

    cache: Path
    description: bytes

    def let_go(self) -> None:
        """Let the server read on, once it reads."""
        (self.cache / MODEL_FOLDER / DESCRIPTION).write_bytes(self.description)


@pytest.fixture
def held(tmp_path: Path) -> Held:
    """Keeps a server loading; where an index is built, the model has been unpacked."""
    unpacked = Path(os.environ.get("SOUFFLEUR_CACHE") or platformdirs.user_cache_path("souffleur")) / MODEL_FOLDER
    folder = tmp_path / "cache" / MODEL_FOLDER
    folder.mkdir(parents=True)
    for entry in unpacked.iterdir():
        if entry.name != DESCRIPTION:
            (folder / entry.name).symlink_to(entry)
    os.mkfifo(folder / DESCRIPTION)
    return Held(tmp_path / "cache", (unpacked / DESCRIPTION).read_bytes())


def read_until(process: "subprocess.Popen[str]", words: str) -> list[str]:
    """Return the messages of the log up to the first that holds *words*."""
    assert process.stderr
    messages: list[str] = []
    for line in process.stderr:
        messages.append(json.loads(line)["message"])
        if words in messages[-1]:
            return messages
    raise AssertionError(f"{words!r} was never logged, but {messages}")


def get(port: int, address: str) -> tuple[int, dict[str, str], dict[str, object]]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{address}", timeout=30) as reply:
            return reply.status, dict(reply.headers), json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), json.load(error)


def port_in(messages: list[str]) -> int:
    return int(messages[-1].split("port ")[1].split(",")[0])


@pytest.mark.slow
def test_the_server_listens_while_it_loads(built: Path, held: Held) -> None:
    """/livez is 200 and /readyz 503 while the index loads; then all answer, and SIGTERM ends it with 0."""
    with server_process(built, cache=held.cache) as process:
        before = read_until(process, "Listening on port")
        assert not [message for message in before if READY in message]
        port = port_in(before)
        assert get(port, "/livez")[0] == 200
        for address in ("/readyz", "/v1/search?q=certificat", "/"):
            status, headers, body = get(port, address)
            assert status == 503
            assert headers["content-type"] == "application/problem+json"
            assert headers["retry-after"]
            assert body["status"] == 503
        held.let_go()
        assert f"Uvicorn running on http://127.0.0.1:{port}" in read_until(process, READY)[-1]
        status, _, body = get(port, "/readyz")
        assert (status, body["status"]) == (200, "ready")
        assert get(port, "/v1/search?q=certificat")[0] == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


@pytest.mark.slow
def test_settings_are_read_again_on_a_hangup(built: Path, held: Held, tmp_path: Path) -> None:
    """One sent while the server loads is obeyed once it serves; a bad file is told, and the server goes on."""
    file = tmp_path / "souffleur.toml"
    file.write_text("", encoding="utf-8")
    with server_process(built, "--config", str(file), cache=held.cache) as process:
        port = port_in(read_until(process, "Listening on port"))
        file.write_text('[site]\nname = "Une autre FAQ"\n', encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        held.let_go()
        assert "name from none to Une autre FAQ" in read_until(process, "read again")[-1]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as page:
            assert "Une autre FAQ" in page.read().decode()
        file.write_text("no settings", encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        assert "cannot be read" in read_until(process, "were not taken")[-1]
        assert get(port, "/readyz")[0] == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


HANGUP_BEFORE_ALL = """
import os, signal, sys
from indexer.terminal import run_command

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup, if the tests run under it, is not meant

def main():
    os.kill(os.getpid(), signal.SIGHUP)
    return 0

run_command(main)
"""


@pytest.mark.parametrize(("command", "status"), [("serve", 0), ("build", -signal.SIGHUP)])
def test_a_hangup_before_a_server_has_loaded_does_not_end_it(command: str, status: int) -> None:
    """The settings are not read yet. Other commands end with their terminal, as they always do."""
    done = subprocess.run([sys.executable, "-c", HANGUP_BEFORE_ALL, command], check=False)
    assert done.returncode == status


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_loads_can_be_stopped(built: Path, held: Held, number: signal.Signals) -> None:
    """It ends with 0, without waiting for the index, and without having called itself ready."""
    with server_process(built, cache=held.cache) as process:
        read_until(process, "Listening on port")
        process.send_signal(number)
        assert process.wait(timeout=60) == 0
        assert process.stderr
        assert READY not in process.stderr.read()


@pytest.mark.slow
def test_a_server_that_cannot_load_ends_with_the_reason(tmp_path: Path) -> None:
    """Without an index the exit code is 2, and the last line says what is wrong and what to do."""
    with server_process(tmp_path / "absent") as process:
        assert process.stderr
        lines = process.stderr.read().splitlines()
        assert process.wait(timeout=60) == 2
    assert lines[-1] == (
        f"Il n'y a pas encore d'index dans {tmp_path / 'absent'} : lancez « make index ». (There is no index.)"
    )
    assert not [line for line in lines if READY in line]


@pytest.mark.slow
def test_without_an_index_nobody_is_let_in(tmp_path: Path) -> None:
    """It is found before the port is opened, and before the encoder is loaded."""
    with server_process(tmp_path) as process:
        assert process.stderr
        assert "Listening" not in process.stderr.read()
        assert process.wait(timeout=60) == 2


@pytest.mark.slow
def test_a_damaged_index_makes_room_for_the_one_before(built: Path, tmp_path: Path) -> None:
    """The server starts, says that it is degraded and why, deletes nothing, and takes the next good index."""
    folder = Path(shutil.copytree(built, tmp_path / "index"))
    whole = (folder / CURRENT).read_text().strip()
    build_index(MemoryCorpus(ANSWERS[:2]), folder, encoder=load_encoder("bundled"))
    damaged = (folder / CURRENT).read_text().strip()
    (folder / damaged / "answers.jsonl").write_bytes(b"")
    with server_process(folder) as process:
        messages = read_until(process, READY)
        port = int(messages[-1].split(":")[2].split(" ")[0])
        status, _, body = get(port, "/readyz")
        assert (status, body["status"], body["index"]) == (200, "degraded", whole)
        assert get(port, "/v1/search?q=certificat")[0] == 200
        (told,) = (message for message in messages if "serves instead" in message)
        assert "answers.jsonl is damaged" in told
        build_index(MemoryCorpus(ANSWERS[:3]), folder, encoder=load_encoder("bundled"))
        read_until(process, "is in service")
        assert get(port, "/readyz")[2]["status"] == "ready"
    assert {whole, damaged} <= set(IndexFolder(folder).ids())


@pytest.mark.slow
def test_a_taken_port_is_told_before_anything_loads(built: Path, held: Held) -> None:
    """The second server on a port ends with an error and the address, without touching the index."""
    with server_process(built, cache=held.cache) as first:
        port = port_in(read_until(first, "Listening on port"))
        command = [sys.executable, "-m", "server", "serve", "--port", str(port), "--index", str(built)]
        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert second.returncode == 2
    assert f"Cannot listen on 127.0.0.1, port {port}: Address already in use" in second.stderr
    assert "loading" not in second.stderr


def test_a_forked_child_does_not_keep_the_port() -> None:
    """Whatever a library may start, the port is free once the server has let go of it."""
    listener = _listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    reading, writing = os.pipe()
    born, giving_birth = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(giving_birth, b"1")
        os.close(writing)
        os.read(reading, 1)  # lives until the test has ended
        os._exit(0)
    os.close(reading)
    try:
        os.read(born, 1)
        listener.close()
        _listen("127.0.0.1", port).close()
    finally:
        for descriptor in (writing, born, giving_birth):
            os.close(descriptor)
        os.waitpid(child, 0)


def test_workers_are_refused_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    """Other servers have them; here one process uses all cores."""
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--workers", "4"])
    assert ended.value.code == 2
    assert "there is one process" in capsys.readouterr().err
