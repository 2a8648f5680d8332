"""Speaks with a Milvus: what is asked of it and written to it, in records of ours. Owns the only import of pymilvus.

How long one waits for it is in `patience`, what its errors mean in `failures`.
"""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from indexer.errors import StoreError, StoreUnavailableError
from indexer.records import Vectors
from indexer.store.milvus.failures import NO_CLIENT, is_of_absence, no_connection
from indexer.store.milvus.patience import Patience
from indexer.store_address import StoreAddress

try:
    import pymilvus
except ImportError as error:
    raise StoreError(NO_CLIENT) from error

# Its client logs each error with a traceback, though it raises it too; the embedded server what it does not know.
logging.getLogger("pymilvus").setLevel(logging.CRITICAL + 1)
logging.getLogger("grpc._server").setLevel(logging.CRITICAL + 1)
logging.getLogger("milvus_lite").setLevel(logging.CRITICAL + 1)

LOOKED_UP = "looked up"
"""The kind of index of a field of counts that conditions name; what it is called changed with the version."""

MOST_FOUND = 16_384
"""The most rows that a Milvus gives at once."""

_CHECK_SECONDS = 1.0
_SPARSE_SINCE = (2, 4)
_CHANNEL = {
    # Else a server that comes back is looked for after up to two minutes.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.min_reconnect_backoff_ms": 500,
    "grpc.max_reconnect_backoff_ms": 1000,
}


@dataclass(frozen=True, slots=True)
class Near:
    """A row that a search found: its number, how near it is (an inner product), and the fields asked for."""

    row: int
    score: float
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A field of a collection, beside its number.

    most: the bytes of a text, the dimension of a vector, or how many counts there may be.
    """

    name: str
    kind: Literal["text", "count", "number", "counts", "vector", "words"]
    most: int = 0


class Milvus:
    """A connection that opens itself again; safe to use from several threads."""

    def __init__(self, address: StoreAddress, *, token: str | None = None, seconds: float = 5.0) -> None:
        """seconds: most that one call may take, all its tries together. StoreError where nothing answers."""
        self.address = address
        self._seconds = seconds
        self._patience = Patience(address, seconds=seconds)
        self._call = self._patience.call
        options: dict[str, Any] = {"token": token or "", "grpc_options": _CHANNEL, "dedicated": True}
        if address.kind == "lite":
            uri = str(Path(address.place).absolute())
        elif address.kind == "tls":
            uri = f"https://{address.place}"
            options["secure"] = True
        else:
            uri = f"http://{address.place}"
        self._client = self._connect(uri, options)
        self.version: str = self._call(lambda seconds: self._client.get_server_version(timeout=seconds))
        numbers = re.search(r"(\d+)\.(\d+)", self.version)
        self.has_sparse_vectors = address.kind == "lite" or (
            numbers is not None and (int(numbers[1]), int(numbers[2])) >= _SPARSE_SINCE
        )

    def _connect(self, uri: str, options: Mapping[str, Any]) -> "pymilvus.MilvusClient":
        try:
            if self.address.kind == "lite":
                Path(uri).parent.mkdir(parents=True, exist_ok=True)
            return pymilvus.MilvusClient(uri, timeout=self._seconds, **options)
        except Exception as error:  # see `Patience.call`
            raise no_connection(error, self.address, seconds=self._seconds) from error

    def close(self) -> None:
        """Let go of the server, or of the file."""
        self._client.close()

    @property
    def unavailable(self) -> str | None:
        """Why the server counts as gone, None while it answers."""
        return self._patience.unavailable

    def one_deadline(self) -> AbstractContextManager[None]:
        """Within the block, the calls of this thread take together what one call may take."""
        return self._patience.one_deadline()

    def check(self, collections: Iterable[str]) -> None:
        """Find out whether each of *collections* answers: one that starts again knows its names before its rows.

        From then on it does not count as gone. StoreUnavailableError, StoreError.
        """
        for name in collections:
            self._call(
                lambda seconds, name=name: self._client.query(  # type: ignore[misc]  # each its own
                    name, filter="row == 0", output_fields=["row"], consistency_level="Eventually", timeout=seconds
                ),
                seconds=_CHECK_SECONDS,
                in_any_case=True,
            )
        self._patience.answers_again()

    # What is there

    def collections(self) -> list[str]:
        """Return the names of all collections."""
        return list(self._call(lambda seconds: self._client.list_collections(timeout=seconds)))

    def alias_target(self, alias: str) -> str | None:
        """Return the collection that *alias* names, None where there is no such alias."""
        try:
            found = self._call(lambda seconds: self._client.describe_alias(alias, timeout=seconds))
        except StoreError as error:
            if not is_of_absence(error):
                raise
            return None
        return str(found["collection_name"])

    def point_alias(self, alias: str, collection: str) -> None:
        """Have *alias* name *collection*, at once and for everybody."""
        try:
            self._call(lambda seconds: self._client.alter_alias(collection, alias, timeout=seconds))
        except StoreError as error:
            # It may also name a collection that somebody removed: then it is there, and is not.
            if isinstance(error, StoreUnavailableError) or self.alias_target(alias) is not None:
                raise
            self._call(lambda seconds: self._client.create_alias(collection, alias, timeout=seconds))

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

        self._call(make, seconds=seconds)
        # Loaded while it is empty: what is inserted then is found at once.
        self.load(name, seconds=seconds)

    def load(self, name: str, *, seconds: float) -> None:
        """Have the server keep a collection in the memory of its query nodes; nothing where it does."""
        self._call(lambda seconds_left: self._client.load_collection(name, timeout=seconds_left), seconds=seconds)

    def release(self, name: str) -> None:
        """Have the server free the memory of a collection, which stays on its disk."""
        self._call(lambda seconds: self._client.release_collection(name, timeout=seconds))

    def drop(self, name: str) -> None:
        """Remove a collection; nothing where there is none."""
        self._call(lambda seconds: self._client.drop_collection(name, timeout=seconds))

    def insert(self, name: str, rows: Sequence[Mapping[str, Any]], *, seconds: float) -> None:
        """Add *rows*, none of which is there."""
        data = [dict(row) for row in rows]
        # Of a try that failed nobody knows whether the rows are there: the next replaces them.
        ways = chain([self._client.insert], repeat(self._client.upsert))
        self._call(lambda seconds_left: next(ways)(name, data, timeout=seconds_left), seconds=seconds)

    def put(self, name: str, rows: Sequence[Mapping[str, Any]], *, seconds: float) -> None:
        """Add *rows*, or replace those of the same number."""
        data = [dict(row) for row in rows]
        self._call(lambda seconds_left: self._client.upsert(name, data, timeout=seconds_left), seconds=seconds)

    def flush(self, name: str, *, seconds: float) -> None:
        """Return once all that was inserted lies in the storage of the server."""
        self._call(lambda seconds_left: self._client.flush(name, timeout=seconds_left), seconds=seconds)

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
        """Return the rows of these numbers in their order, at most MOST_FOUND. StoreError if one is missing."""
        found: list[Any] = []
        if numbers:
            found = list(self._query(name, "", fields=["row", *fields], ids=list(numbers)))
        by_number = {int(row["row"]): dict(row) for row in found}
        if missing := [number for number in numbers if number not in by_number]:
            raise StoreError(f"{self.address} has no row {missing[0]} in {name}; it was damaged or removed.")
        return [by_number[number] for number in numbers]

    def _query(
        self, name: str, condition: str, *, fields: Sequence[str], consistency: str = "Eventually", **how: Any
    ) -> Sequence[Mapping[str, Any]]:
        asked = {"output_fields": list(fields), "consistency_level": consistency, **how}
        if "ids" not in how:
            asked["filter"] = condition
        found: Sequence[Mapping[str, Any]] = self._call(
            lambda seconds: self._client.query(name, timeout=seconds, **asked)
        )
        self._patience.answers_again()
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
        found = self._call(
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
