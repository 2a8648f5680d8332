"""A real Milvus that wants a password, has little room, and is spoken to through TLS."""

import asyncio
import random
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.errors import StoreError
from indexer.index.build import build_index
from indexer.index.folder import IndexFolder
from indexer.index.milvus_indexes import MilvusIndexes
from indexer.records import Answer
from indexer.store.milvus.client import Milvus
from indexer.store_address import StoreAddress
from tests.corpora import ANSWERS, MemoryCorpus
from tests.fakes import FakeEncoder
from tests.milvus_server import MilvusServer
from tests.stores import running_server

pytestmark = pytest.mark.slow

TOKEN = "root:Milvus"
ONE_MEGABYTE = (
    *("--extra-config", "quotaAndLimits.enabled=true"),
    *("--extra-config", "quotaAndLimits.limitWriting.diskProtection.enabled=true"),
    *("--extra-config", "quotaAndLimits.limitWriting.diskProtection.diskQuota=1"),
)


@pytest.fixture(scope="module")
def strict_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusServer]:
    """A server with passwords, and a megabyte of room."""
    options = ["--authorization-enabled", "true", *ONE_MEGABYTE]
    with running_server(tmp_path_factory.mktemp("strict"), options=options) as server:
        yield server


def connect(server: MilvusServer, token: str | None, *, scheme: str = "milvus") -> Milvus:
    return Milvus(StoreAddress.parse(server.address.replace("milvus", scheme)), token=token, seconds=5)


@pytest.mark.parametrize("token", [None, "root:geheimnis"])
def test_a_wrong_token_is_told_and_not_repeated(strict_server: MilvusServer, token: str | None) -> None:
    """With the variable that holds it."""
    with pytest.raises(StoreError, match=r"refuses the token\. Set SOUFFLEUR_STORE_TOKEN") as caught:
        connect(strict_server, token)
    assert "geheimnis" not in str(caught.value)


def test_tls_where_there_is_none_is_told(strict_server: MilvusServer) -> None:
    """With both ways to write the address."""
    with pytest.raises(StoreError, match=r"do not agree on TLS.*Give milvus\+tls:// where the server speaks it"):
        connect(strict_server, TOKEN, scheme="milvus+tls")


def test_a_disk_that_is_really_full(strict_server: MilvusServer, tmp_path: Path) -> None:
    """The index before stays in service, and what to do is told."""
    indexes = MilvusIndexes(connect(strict_server, TOKEN))
    build_index(MemoryCorpus(ANSWERS), tmp_path / "index", encoder=FakeEncoder())
    first = indexes.publish(IndexFolder(tmp_path / "index"), keep=3).id
    generator = random.Random(3)
    letters = [chr(ord("a") + number) for number in range(26)] + [" "] * 5
    large = [Answer(f"longue-{number}", "".join(generator.choices(letters, k=900))) for number in range(1_500)]
    build_index(MemoryCorpus(large), tmp_path / "index", encoder=FakeEncoder())

    def publish_twice() -> None:
        # What is over is noticed after some seconds: a second try is refused for sure.
        indexes.publish(IndexFolder(tmp_path / "index"), keep=3)
        indexes.publish(IndexFolder(tmp_path / "index"), keep=3)

    with pytest.raises(StoreError, match=r"takes nothing more: .*quota.*Free space there"):
        publish_twice()
    assert indexes.current_id() == first
    indexes.close()


@pytest.fixture
def tls_address(strict_server: MilvusServer, tmp_path: Path) -> Iterator[str]:
    """Where the server is spoken to through TLS, by a certificate of an authority of our own."""
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"),
        ],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("openssl is not on this machine")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    context.set_alpn_protocols(["h2"])
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while content := await reader.read(65_536):
            writer.write(content)
        writer.close()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", strict_server.port)
        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer), return_exceptions=True)

    starting = asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=context)
    server = asyncio.run_coroutine_threadsafe(starting, loop).result()
    yield f"milvus+tls://localhost:{server.sockets[0].getsockname()[1]}"

    async def end() -> None:
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    asyncio.run_coroutine_threadsafe(end(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_tls_and_token_come_from_the_settings(tls_address: str, tmp_path: Path) -> None:
    """The command finds the index through them; of an authority that it does not know it says so."""
    said = {}
    for roots in ("cert.pem", None):
        environment = {
            "PATH": "/usr/bin:/bin",
            "SOUFFLEUR_STORE": tls_address,
            "SOUFFLEUR_STORE_TOKEN": TOKEN,
            **({"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(tmp_path / roots)} if roots else {}),
        }
        command = [sys.executable, "-m", "souffleur", "describe"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
        said[roots] = (done.returncode, done.stdout + done.stderr)
        assert TOKEN not in said[roots][1]
    assert said["cert.pem"][0] == 0
    assert "every row counted" in said["cert.pem"][1]
    assert said[None][0] == 2
    assert "do not agree on TLS" in said[None][1]
