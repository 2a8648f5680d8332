"""A real Milvus for tests, on loopback alone: it listens on every address, so that it runs in a network of its own.

`build/milvus` is its environment, which `make test` makes. Run as a program, this module is what stands between: it
listens on 127.0.0.1, then leaves for an empty network, starts the server there, and passes on what it accepts.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ENVIRONMENT = Path(__file__).parents[1] / "build" / "milvus"
_SERVER = ENVIRONMENT / "bin" / "milvus-server"
_BINARIES = ENVIRONMENT / "unpacked"
_INNER_PORT = 19530
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_SET_FLAGS, _UP_AND_RUNNING = 0x8914, 0x41
_DIE_WITH_PARENT = 1
_CANNOT = 77
_START_SECONDS = 90


class CannotStartError(Exception):
    """Why there is no server to test with."""


class MilvusServer:
    """A server with its data in *folder*, that can be killed and started again at the same address."""

    def __init__(self, folder: Path, *, options: Sequence[str] = ()) -> None:
        """options: of `milvus-server`, beside those of place and port."""
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    @property
    def address(self) -> str:
        """The address of the server, as `--store` takes it."""
        return f"milvus://127.0.0.1:{self.port}"

    @property
    def group(self) -> int | None:
        """The number of the group of its processes, None while it does not run."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Return once it answers. CannotStartError says why it does not."""
        if not _SERVER.exists():
            raise CannotStartError(f"{_SERVER} is not there: make test installs it.")
        self._folder.mkdir(parents=True, exist_ok=True)
        _BINARIES.mkdir(exist_ok=True)
        with contextlib.suppress(FileExistsError):
            (self._folder / "bin").symlink_to(_BINARIES)
        with (self._folder / "said.txt").open("w") as said:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(self.port), str(self._folder), *self._options],
                stdin=subprocess.PIPE,  # closed when this process ends, however it does
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                start_new_session=True,
            )
        if self._process.stdout is None or self._process.stdout.readline().strip() != "ready":
            status = self._process.wait()
            reason = (self._folder / "said.txt").read_text()[-500:]
            raise CannotStartError(f"no network of its own: {reason}" if status == _CANNOT else f"it failed: {reason}")

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()
            self._process = None

    def freeze(self) -> None:
        """Let it answer nothing, as one does that has far too much to do; `thaw` lets it go on."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process:
            os.killpg(self._process.pid, number)


def _run(port: int, folder: Path, options: Sequence[str]) -> int:
    listener = socket.create_server(("127.0.0.1", port), backlog=128)
    try:
        _leave_for_an_empty_network()
    except OSError as error:
        print(error, file=sys.stderr)
        return _CANNOT
    server = subprocess.Popen(
        [str(_SERVER), "--data", str(folder), "--proxy-port", str(_INNER_PORT), *options],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        env={**os.environ, "HOME": str(folder)},
        preexec_fn=lambda: ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL),
    )
    try:
        _wait_until_healthy(server)
        asyncio.run(_pass_on(listener))
    finally:
        os.killpg(0, signal.SIGKILL)
    return 0


def _leave_for_an_empty_network() -> None:
    """Sockets that are open stay in the network that they are of; new ones are of a new one, with loopback alone."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_NETWORK | (0 if os.geteuid() == 0 else _NEW_USER)):
        raise OSError(ctypes.get_errno(), "unshare")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", _UP_AND_RUNNING))


def _wait_until_healthy(server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", 9091), timeout=2) as health:
            health.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            if b"OK" in health.makefile("rb").read().split(b"\r\n\r\n", 1)[-1]:
                return
        time.sleep(0.1)
    raise SystemExit("the server did not become healthy")


async def _pass_on(listener: socket.socket) -> None:
    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", _INNER_PORT)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))

    server = await asyncio.start_server(pass_on, sock=listener, limit=2**20)
    print("ready", flush=True)
    # Until whoever started it ends.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while content := await reader.read(2**20):
            writer.write(content)
            await writer.drain()
    writer.close()


def remove(folder: Path) -> None:
    """Remove the data of a server, but not what it was unpacked from."""
    with contextlib.suppress(OSError):
        (folder / "bin").unlink()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(_run(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
