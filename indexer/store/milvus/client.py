"""Speaks with a Milvus: the only module that knows pymilvus, its errors and how long one waits for it.

Every call has a deadline. What may pass by itself, such as a server that starts again, is tried again until then, after
longer and longer waits; then the server counts as gone, and for a moment nobody waits for it any more.
"""

import logging
import random
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Any, TypeVar

import grpc
import numpy as np
from numpy.typing import NDArray

from indexer.errors import StoreError, StoreUnavailableError
from indexer.records import Vectors
from indexer.store_address import StoreAddress
from indexer.terminal import command_of

try:
    import pymilvus
except ImportError as error:
    raise StoreError(
        "An index in Milvus needs its client, which is not installed. Run \"pip install 'souffleur-faq[milvus]'\"."
    ) from error

logger = logging.getLogger(__name__)

# Its client logs each error with a traceback, though it raises it too; the embedded server what it does not know.
logging.getLogger("pymilvus").setLevel(logging.CRITICAL + 1)
logging.getLogger("grpc._server").setLevel(logging.CRITICAL + 1)
logging.getLogger("milvus_lite").setLevel(logging.CRITICAL + 1)

LOOKED_UP = "looked up"
"""The kind of index of a field of counts that conditions name; what it is called changed with the version."""

MOST_FOUND = 16_384
"""The most rows that a Milvus gives at once."""

_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.05, 0.8
_BETWEEN_TRIES_SECONDS = 5.0
"""How long a server that is gone is left alone before a question tries it again, unless somebody checks it."""
_CHECK_SECONDS = 1.0
_LEAST_SECONDS = 0.2
_SPARSE_SINCE = (2, 4)
_CHANNEL = {
    # Else a server that comes back is looked for after up to two minutes.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.min_reconnect_backoff_ms": 500,
    "grpc.max_reconnect_backoff_ms": 1000,
}
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

_Result = TypeVar("_Result")
_deadline: ContextVar[float | None] = ContextVar("_deadline", default=None)


@dataclass(frozen=True, slots=True)
class Near:
    """A row that a search found: its number, how near it is (an inner product), and the fields asked for."""

    row: int
    score: float
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A field of a collection, beside its number. kind: text, count, number, counts, vector or words.

    most: the bytes of a text, the dimension of a vector, or how many counts there may be.
    """

    name: str
    kind: str
    most: int = 0


class NoCollectionError(StoreError):
    """A collection is not there: it was removed."""


class Milvus:
    """A connection that opens itself again; safe to use from several threads."""

    def __init__(self, address: StoreAddress, *, token: str | None = None, seconds: float = 5.0) -> None:
        """seconds: most that one call may take, all its tries together. StoreError where nothing answers."""
        self.address = address
        self._seconds = seconds
        self._lock = threading.Lock()
        self._try_again_at = 0.0
        self.unavailable: str | None = None
        """Why the server counts as gone, None while it answers."""
        options: dict[str, Any] = {"token": token or "", "grpc_options": _CHANNEL, "dedicated": True}
        if address.kind == "lite":
            uri = str(Path(address.place).absolute())
        elif address.kind == "tls":
            uri = f"https://{address.place}"
            options["secure"] = True
        else:
            uri = f"http://{address.place}"
        self._client = self._connect(uri, options)
        self.version: str = self.call(lambda seconds: self._client.get_server_version(timeout=seconds))
        numbers = re.search(r"(\d+)\.(\d+)", self.version)
        self.has_sparse_vectors = address.kind == "lite" or (
            numbers is not None and (int(numbers[1]), int(numbers[2])) >= _SPARSE_SINCE
        )

    def _connect(self, uri: str, options: Mapping[str, Any]) -> "pymilvus.MilvusClient":
        try:
            if self.address.kind == "lite":
                Path(uri).parent.mkdir(parents=True, exist_ok=True)
            return pymilvus.MilvusClient(uri, timeout=self._seconds, **options)
        except Exception as error:  # the client raises what it likes; grpc, OSError of a file and its own
            raise self._first_failure(error) from error

    def _first_failure(self, error: Exception) -> StoreError:
        said = _said(error)
        # What the client raises first says less than why it does.
        reason = error.__cause__ or error.__context__
        details = str(getattr(reason, "details", lambda: "")())
        if (isinstance(reason, grpc.RpcError) and reason.code() in _REFUSED) or _SECRET_WORDS.search(said):
            return self._refused_secret()
        if _TLS_WORDS.search(details):
            return StoreError(
                f"{self.address} and this machine do not agree on TLS: {details.rpartition('last error: ')[2][:200]}. "
                "Give milvus+tls:// where the server speaks it, milvus:// where not. The variable "
                "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH names the certificate of an authority that is not known here."
            )
        if self.address.kind == "lite":
            return StoreError(
                f"{self.address} cannot be opened: {said}. Its folder must be writable, and one process opens it at a "
                "time: end the other, or serve from a Milvus server."
            )
        tls = " with TLS" if self.address.kind == "tls" else ""
        return StoreUnavailableError(
            f"No Milvus answers at {self.address}{tls} within {self._seconds:g} s. Check the address, that the server "
            "runs, and that this machine may reach it (milvus+tls:// where it speaks TLS)."
        )

    def _refused_secret(self) -> StoreError:
        return StoreError(
            f"{self.address} refuses the token. Set SOUFFLEUR_STORE_TOKEN to user:password, or to a key, of somebody "
            "who may read and write there."
        )

    def close(self) -> None:
        """Let go of the server, or of the file."""
        self._client.close()

    # What it waits for

    @contextmanager
    def one_deadline(self) -> Iterator[None]:
        """Within the block, the calls of this thread take together what one call may take."""
        token = _deadline.set(time.monotonic() + self._seconds)
        try:
            yield
        finally:
            _deadline.reset(token)

    def call(
        self, ask: Callable[[float], _Result], *, seconds: float | None = None, in_any_case: bool = False
    ) -> _Result:
        """Return what *ask*, given the seconds left, returns; tried again where it fails for what may pass.

        in_any_case: also while the server counts as gone; for all others that is a StoreUnavailableError at once.
        NoCollectionError where a collection is not there; StoreError for the rest.
        """
        if not in_any_case:
            self._refuse_while_gone()
        deadline = time.monotonic() + (seconds or self._seconds)
        if seconds is None and (together := _deadline.get()) is not None:
            deadline = min(deadline, together)
        wait = _FIRST_WAIT_SECONDS
        while True:
            try:
                result = ask(max(_LEAST_SECONDS, deadline - time.monotonic()))
            except Exception as error:  # see `_connect`
                pause = wait * random.uniform(0.5, 1.0)
                if not _may_pass(error):
                    raise self._failure(error) from error
                if time.monotonic() + pause >= deadline:
                    raise self._gone(error) from error
                time.sleep(pause)
                wait = min(2 * wait, _LONGEST_WAIT_SECONDS)
                continue
            return result

    def check(self, collections: Iterable[str]) -> None:
        """Find out whether each of *collections* answers: one that starts again knows its names before its rows.

        From then on it does not count as gone. StoreUnavailableError, StoreError.
        """
        for name in collections:
            self.call(
                lambda seconds, name=name: self._client.query(  # type: ignore[misc]  # each its own
                    name, filter="row == 0", output_fields=["row"], consistency_level="Eventually", timeout=seconds
                ),
                seconds=_CHECK_SECONDS,
                in_any_case=True,
            )
        self._answers_again()

    def _answers_again(self) -> None:
        if self.unavailable is not None:
            logger.warning("%s answers again.", self.address)
            self.unavailable = None

    def _refuse_while_gone(self) -> None:
        with self._lock:
            if self.unavailable is None:
                return
            if time.monotonic() < self._try_again_at:
                raise StoreUnavailableError(self.unavailable)
            # One tries, the others do not wait for it.
            self._try_again_at = time.monotonic() + _BETWEEN_TRIES_SECONDS

    def _gone(self, error: Exception) -> StoreUnavailableError:
        with self._lock:
            if self.unavailable is None:
                logger.error("%s does not answer: %s", self.address, _said(error))
            self.unavailable = f"{self.address} does not answer: {_said(error)}. Check that it runs."
            self._try_again_at = time.monotonic() + _BETWEEN_TRIES_SECONDS
        return StoreUnavailableError(self.unavailable)

    def _failure(self, error: Exception) -> StoreError:
        said = _said(error)
        if isinstance(error, StoreError):
            return error
        if _FULL_WORDS.search(said):
            return StoreError(
                f"{self.address} takes nothing more: {said}. Free space there ({command_of('prune --keep 2')} removes "
                f'old indexes) or raise its quota, and run "{command_of("build")}" again; the index in service stays.'
            )
        if _SECRET_WORDS.search(said):
            return self._refused_secret()
        if _GONE_WORDS.search(said) and "collection" in said:
            return NoCollectionError(f"{self.address} has lost a collection of this index: {said}.")
        return StoreError(f"{self.address} refuses: {said}.")

    # What is there

    def collections(self) -> list[str]:
        """Return the names of all collections."""
        return list(self.call(lambda seconds: self._client.list_collections(timeout=seconds)))

    def alias_target(self, alias: str) -> str | None:
        """Return the collection that *alias* names, None where there is no such alias."""
        try:
            found = self.call(lambda seconds: self._client.describe_alias(alias, timeout=seconds))
        except StoreError as error:
            if isinstance(error, StoreUnavailableError) or not _GONE_WORDS.search(str(error)):
                raise
            return None
        return str(found["collection_name"])

    def point_alias(self, alias: str, collection: str) -> None:
        """Have *alias* name *collection*, at once and for everybody."""
        try:
            self.call(lambda seconds: self._client.alter_alias(collection, alias, timeout=seconds))
        except StoreError as error:
            # It may also name a collection that somebody removed: then it is there, and is not.
            if isinstance(error, StoreUnavailableError) or self.alias_target(alias) is not None:
                raise
            self.call(lambda seconds: self._client.create_alias(collection, alias, timeout=seconds))

    # Collections

    def create(self, name: str, columns: Iterable[Column], *, indexes: Mapping[str, str], seconds: float) -> None:
        """Create an empty collection with an index for each vector field: of its name, the kind; and load it."""
        kinds = pymilvus.DataType
        schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("row", kinds.INT64, is_primary=True)
        for column in columns:
            match column.kind:
                case "text":
                    schema.add_field(column.name, kinds.VARCHAR, max_length=column.most)
                case "count":
                    schema.add_field(column.name, kinds.INT64)
                case "number":
                    schema.add_field(column.name, kinds.FLOAT)
                case "counts":
                    schema.add_field(
                        column.name, kinds.ARRAY, element_type=kinds.INT64, max_capacity=max(1, column.most)
                    )
                case "vector":
                    schema.add_field(column.name, kinds.FLOAT_VECTOR, dim=column.most)
                case "words":
                    schema.add_field(column.name, kinds.SPARSE_FLOAT_VECTOR)
        parameters = self._client.prepare_index_params()
        for field, kind in indexes.items():
            if kind == LOOKED_UP:
                parameters.add_index(field, index_type="INVERTED" if self.has_sparse_vectors else "STL_SORT")
            else:
                parameters.add_index(field, index_type=kind, metric_type="IP")

        def make(seconds_left: float) -> None:
            if not self._client.has_collection(name, timeout=seconds_left):
                self._client.create_collection(
                    name, schema=schema, consistency_level="Eventually", timeout=seconds_left
                )
            self._client.create_index(name, parameters, timeout=seconds_left)

        self.call(make, seconds=seconds)
        # Loaded while it is empty: what is inserted then is found at once.
        self.load(name, seconds=seconds)

    def load(self, name: str, *, seconds: float) -> None:
        """Have the server keep a collection in the memory of its query nodes; nothing where it does."""
        self.call(lambda seconds_left: self._client.load_collection(name, timeout=seconds_left), seconds=seconds)

    def release(self, name: str) -> None:
        """Have the server free the memory of a collection, which stays on its disk."""
        self.call(lambda seconds: self._client.release_collection(name, timeout=seconds))

    def drop(self, name: str) -> None:
        """Remove a collection; nothing where there is none."""
        self.call(lambda seconds: self._client.drop_collection(name, timeout=seconds))

    def insert(self, name: str, rows: Sequence[Mapping[str, Any]], *, seconds: float) -> None:
        """Add *rows*, none of which is there."""
        data = [dict(row) for row in rows]
        # Of a try that failed nobody knows whether the rows are there: the next replaces them.
        ways = chain([self._client.insert], repeat(self._client.upsert))
        self.call(lambda seconds_left: next(ways)(name, data, timeout=seconds_left), seconds=seconds)

    def put(self, name: str, rows: Sequence[Mapping[str, Any]], *, seconds: float) -> None:
        """Add *rows*, or replace those of the same number."""
        data = [dict(row) for row in rows]
        self.call(lambda seconds_left: self._client.upsert(name, data, timeout=seconds_left), seconds=seconds)

    def flush(self, name: str, *, seconds: float) -> None:
        """Return once all that was inserted lies in the storage of the server."""
        self.call(lambda seconds_left: self._client.flush(name, timeout=seconds_left), seconds=seconds)

    # Reading

    def count(self, name: str, condition: str = "", *, newest: bool = True) -> int:
        """Return how many rows fulfil *condition*. newest: see `rows`."""
        found = self._query(name, condition, fields=["count(*)"], consistency="Strong" if newest else "Eventually")
        return int(found[0]["count(*)"])

    def rows(self, name: str, condition: str, fields: Sequence[str], *, newest: bool = False) -> list[dict[str, Any]]:
        """Return the rows that fulfil *condition*, at most MOST_FOUND, by rising number.

        newest: also those inserted a moment ago, by whomever; it takes a fifth of a second.
        """
        found = self._query(
            name, condition, fields=["row", *fields], consistency="Strong" if newest else "Eventually", limit=MOST_FOUND
        )
        return sorted(map(dict, found), key=lambda row: int(row["row"]))

    def rows_by_number(self, name: str, numbers: Sequence[int], fields: Sequence[str]) -> list[dict[str, Any]]:
        """Return the rows of these numbers in their order, at most MOST_FOUND. NoCollectionError if one is missing."""
        found: list[Any] = []
        if numbers:
            found = list(self._query(name, "", fields=["row", *fields], ids=list(numbers)))
        by_number = {int(row["row"]): dict(row) for row in found}
        if missing := [number for number in numbers if number not in by_number]:
            raise NoCollectionError(f"{self.address} has no row {missing[0]} in {name}; it was damaged or removed.")
        return [by_number[number] for number in numbers]

    def _query(
        self, name: str, condition: str, *, fields: Sequence[str], consistency: str = "Eventually", **how: Any
    ) -> Sequence[Mapping[str, Any]]:
        asked = {"output_fields": list(fields), "consistency_level": consistency, **how}
        if "ids" not in how:
            asked["filter"] = condition
        found: Sequence[Mapping[str, Any]] = self.call(
            lambda seconds: self._client.query(name, timeout=seconds, **asked)
        )
        self._answers_again()
        return found

    def search(
        self,
        name: str,
        field: str,
        vectors: Vectors | Sequence[Mapping[int, float]],
        *,
        limit: int,
        condition: str = "",
        fields: Sequence[str] = (),
    ) -> list[list[Near]]:
        """Return for each vector the rows nearest to it that fulfil *condition*, best first, at most *limit*."""
        data = list(vectors) if isinstance(vectors, np.ndarray) else [dict(vector) for vector in vectors]
        found = self.call(
            lambda seconds: self._client.search(
                name,
                data=data,
                anns_field=field,
                limit=limit,
                filter=condition,
                output_fields=list(fields),
                search_params={"metric_type": "IP"},
                consistency_level="Eventually",
                timeout=seconds,
            )
        )
        # An older server does not say what the number is called.
        return [
            [
                Near(int(hit["row"] if "row" in hit else hit["id"]), float(hit["distance"]), hit.get("entity", {}))
                for hit in hits
            ]
            for hits in found
        ]


def vectors_of(rows: Sequence[Mapping[str, Any]], field: str, dimension: int) -> NDArray[np.float32]:
    """Return the vectors that *rows* have in *field*, shape (rows, dimension)."""
    found = np.empty((len(rows), dimension), dtype=np.float32)
    for place, row in zip(found, rows, strict=True):
        place[:] = row[field]
    return found


def _may_pass(error: Exception) -> bool:
    if isinstance(error, StoreError):
        return False
    if isinstance(error, grpc.RpcError):
        return error.code() in _PASSING
    said = _said(error)
    return bool(_PASSING_WORDS.search(said)) and not _FULL_WORDS.search(said) and not _SECRET_WORDS.search(said)


def _said(error: Exception) -> str:
    """Return what an error says, on one line, without what only a programmer reads; never what was asked."""
    if isinstance(error, grpc.RpcError):
        code = getattr(error, "code", lambda: None)()
        return str(code.name if code else error).lower().replace("_", " ")
    message = getattr(error, "message", None) or str(error) or type(error).__name__
    return re.sub(r"\s+", " ", str(message)).strip(" .")[:300]
