"""What a Milvus, its client and gRPC raise: whether it may pass by itself, and in words what it is and what to do.

Owns the only import of grpc. A Milvus says what is wrong in sentences, which differ from version to version: they are
known by some of their words. Nothing of what was asked gets into ours.
"""

import re

from indexer.errors import StoreError, StoreUnavailableError
from indexer.store_address import StoreAddress
from indexer.terminal import command_of

NO_CLIENT = "An index in Milvus needs its client, which is not installed. Run \"pip install 'souffleur-faq[milvus]'\"."

try:
    import grpc
except ImportError as error:  # comes with the client, and is imported before it
    raise StoreError(NO_CLIENT) from error

_PASSING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)
_REFUSED = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)
_TLS_WORDS = re.compile(r"\bTLS|SSL|certificate|handshake", re.IGNORECASE)
_PASSING_WORDS = re.compile(
    r"unavailable|deadline|timeout|timed out|not ready|not serving|not healthy|not loaded|not fully loaded|no available"
    r"|shard leader|channel not available|node not (found|match)|connect|rate limit|recovering|context canceled|EOF",
    re.IGNORECASE,
)
_FULL_WORDS = re.compile(r"quota|no space left|disk (is )?full|force ?deny|memory limit|insufficient", re.IGNORECASE)
_SECRET_WORDS = re.compile(
    r"unauthenticated|auth check|permission den|privilege|credential|access denied|invalid (api )?(key|token)",
    re.IGNORECASE,
)
_GONE_WORDS = re.compile(r"(not found|n't find|not exist)", re.IGNORECASE)


def said_by(error: Exception) -> str:
    """Return what an error says, on one line, without what only a programmer reads; never what was asked."""
    if isinstance(error, grpc.RpcError):
        code = getattr(error, "code", lambda: None)()
        return str(code.name if code else error).lower().replace("_", " ")
    message = getattr(error, "message", None) or str(error) or type(error).__name__
    return re.sub(r"\s+", " ", str(message)).strip(" .")[:300]


def may_pass(error: Exception) -> bool:
    """Whether the same may succeed a moment later, as with a server that starts again."""
    if isinstance(error, StoreError):
        return False
    if isinstance(error, grpc.RpcError):
        return error.code() in _PASSING
    said = said_by(error)
    return bool(_PASSING_WORDS.search(said)) and not _FULL_WORDS.search(said) and not _SECRET_WORDS.search(said)


def is_of_absence(error: StoreError) -> bool:
    """Whether the server, which answers, says that it has nothing of that name."""
    return not isinstance(error, StoreUnavailableError) and bool(_GONE_WORDS.search(str(error)))


def refusal(error: Exception, address: StoreAddress) -> StoreError:
    """Return what is told of an error that does not pass, with what to do."""
    if isinstance(error, StoreError):
        return error
    said = said_by(error)
    if _FULL_WORDS.search(said):
        return StoreError(
            f"{address} takes nothing more: {said}. Free space there ({command_of('prune --keep 2')} removes "
            f'old indexes) or raise its quota, and run "{command_of("build")}" again; the index in service stays.'
        )
    if _SECRET_WORDS.search(said):
        return _refused_secret(address)
    if _GONE_WORDS.search(said) and "collection" in said:
        return StoreError(f"{address} has lost a collection of this index: {said}.")
    return StoreError(f"{address} refuses: {said}.")


def no_connection(error: Exception, address: StoreAddress, *, seconds: float) -> StoreError:
    """Return what is told where the first connection fails. seconds: how long it was tried."""
    said = said_by(error)
    # What the client raises first says less than why it does.
    reason = error.__cause__ or error.__context__
    details = str(getattr(reason, "details", lambda: "")())
    if (isinstance(reason, grpc.RpcError) and reason.code() in _REFUSED) or _SECRET_WORDS.search(said):
        return _refused_secret(address)
    if _TLS_WORDS.search(details):
        return StoreError(
            f"{address} and this machine do not agree on TLS: {details.rpartition('last error: ')[2][:200]}. "
            "Give milvus+tls:// where the server speaks it, milvus:// where not. The variable "
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH names the certificate of an authority that is not known here."
        )
    if address.kind == "lite":
        return StoreError(
            f"{address} cannot be opened: {said}. Its folder must be writable, and one process opens it at a "
            "time: end the other, or serve from a Milvus server."
        )
    tls = " with TLS" if address.kind == "tls" else ""
    return StoreUnavailableError(
        f"No Milvus answers at {address}{tls} within {seconds:g} s. Check the address, that the server "
        "runs, and that this machine may reach it (milvus+tls:// where it speaks TLS)."
    )


def _refused_secret(address: StoreAddress) -> StoreError:
    return StoreError(
        f"{address} refuses the token. Set SOUFFLEUR_STORE_TOKEN to user:password, or to a key, of somebody "
        "who may read and write there."
    )
