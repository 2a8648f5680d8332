"""What the errors of a Milvus and of its client mean, and what is told of them."""

import subprocess
import sys
from pathlib import Path

import grpc
import pytest

from indexer.errors import StoreError, StoreUnavailableError
from indexer.store.milvus.failures import is_of_absence, may_pass, no_connection, refusal
from indexer.store_address import StoreAddress

ROOT = Path(__file__).parents[4]
ADDRESS = StoreAddress.parse("milvus://faq.example:19530")


class Failed(grpc.RpcError):  # type: ignore[misc]  # gRPC has no types
    """An error of gRPC with a status."""

    def __init__(self, status: grpc.StatusCode, details: str = "") -> None:
        self._status = status
        self._details = details

    def code(self) -> grpc.StatusCode:
        return self._status

    def details(self) -> str:
        return self._details


@pytest.mark.parametrize("missing", [("grpc", "pymilvus"), ("pymilvus",)])
def test_without_the_extra_it_is_told_what_to_install(missing: tuple[str, ...], tmp_path: Path) -> None:
    """By the command that names a Milvus, in one sentence: gRPC comes with the client alone."""
    code = (
        f"import sys\nfor name in {missing}:\n    sys.modules[name] = None\n"
        "from souffleur.cli import main\n"
        f"sys.exit(main(['describe', '--index', {str(tmp_path)!r}, '--store', 'milvus://localhost:19530']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr == (
        "An index in Milvus needs its client, which is not installed. Run \"pip install 'souffleur-faq[milvus]'\".\n"
    )


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (Failed(grpc.StatusCode.UNAVAILABLE), True),
        (Failed(grpc.StatusCode.UNAUTHENTICATED), False),
        (RuntimeError("collection not fully loaded"), True),
        (RuntimeError("quota exceeded: rate limit"), False),
        (RuntimeError("connection refused: auth check failure"), False),
        (RuntimeError("field not exist"), False),
        (StoreError("the server is unavailable"), False),
    ],
)
def test_what_may_pass_by_itself(error: Exception, passes: bool) -> None:
    """A server that starts or is busy; not a full disk or a wrong token, whatever else the sentence says."""
    assert may_pass(error) is passes


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("disk quota exceeded", "takes nothing more: disk quota exceeded. Free space there"),
        ("permission denied for root", "refuses the token. Set SOUFFLEUR_STORE_TOKEN"),
        ("can't find collection faq_about", "has lost a collection of this index: can't find collection faq_about."),
        ("no\n  such field.", "refuses: no such field."),
    ],
)
def test_an_error_that_stays_is_told_with_what_to_do(said: str, told: str) -> None:
    """On one line, by words that the server's sentence has."""
    assert str(refusal(RuntimeError(said), ADDRESS)).startswith(f"{ADDRESS} {told}")


def test_that_nothing_answers_is_told_apart_from_being_gone() -> None:
    """Only a server that answers can say that it has no such thing."""
    assert is_of_absence(refusal(RuntimeError("alias not found"), ADDRESS))
    silent = no_connection(RuntimeError("server not found"), ADDRESS, seconds=5)
    assert isinstance(silent, StoreUnavailableError)
    assert not is_of_absence(silent)


def test_a_first_connection_says_why_it_failed() -> None:
    """The cause says more than what the client raises."""
    error = RuntimeError("Fail connecting to server")
    error.__cause__ = Failed(grpc.StatusCode.UNAVAILABLE, "failed; last error: SSL handshake: wrong version number")
    told = str(no_connection(error, ADDRESS, seconds=5))
    assert told.startswith(f"{ADDRESS} and this machine do not agree on TLS: SSL handshake: wrong version number.")
