"""The life of the indexes in a Milvus: copied there beside the one in service, tried, and switched to by one alias.

An index is complete once its manifest is there, which is written last. What a build that was killed left is known by
that: it has no manifest, and nobody has said for a while that he is at work on it.
"""

import dataclasses
import json
import logging
import os
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from indexer.answers.store import Answers
from indexer.errors import IndexFolderError, StoreError, StoreUnavailableError
from indexer.index.folder import IndexFolder
from indexer.index.index import Index
from indexer.index.indexes import Indexes
from indexer.index.manifest import Manifest, StoreInfo
from indexer.records import Vectors
from indexer.search.contents import IndexContents
from indexer.store.embedded import EmbeddedStore
from indexer.store.milvus import collections
from indexer.store.milvus.client import Milvus, vectors_of
from indexer.store.milvus.collections import (
    ABOUT,
    ANSWERS,
    KINDS,
    MANIFEST,
    MANIFEST_ROWS,
    PASSAGES,
    SPANS,
    UPLOAD_ROW,
    VECTOR,
    Names,
)
from indexer.store.milvus.store import MilvusStore
from indexer.store.milvus.stored_rows import StoredIndex
from indexer.store.milvus.upload import create, has_words, put_about, upload
from indexer.terminal import command_of

logger = logging.getLogger(__name__)

LEAST_KEPT = 2
"""Servers ask the index before for another moment after a switch, until they have opened the new one."""
_SILENT = timedelta(minutes=10)
"""After which a build elsewhere that said nothing is taken for killed: it says something every 20 seconds."""
_LOAD_SECONDS = 300.0
_TRIED = 20
_ALIKE = 1e-4
_LEAST_ALIKE = 0.99
_VECTORS_AT_ONCE = 2_000


class MilvusIndexes(Indexes):
    """Indexes in the collections of a Milvus, and the alias that names the one in service."""

    def __init__(self, milvus: Milvus) -> None:
        self._milvus = milvus
        self._name = milvus.address.name
        self._manifests: dict[str, Manifest] = {}

    @property
    def where(self) -> str:
        return str(self._milvus.address)

    def close(self) -> None:
        """Let go of the server."""
        self._milvus.close()

    def current_id(self) -> str:
        target = self._milvus.alias_target(self._name)
        if target is None:
            raise IndexFolderError(
                f'There is no index in {self.where}. Run "{command_of(f"build --store {self.where}")}" to build one.'
            )
        index_id = collections.index_of(target, self._name)
        if index_id is None:
            raise IndexFolderError(
                f"The alias {self._name} in {self.where} names {target}, which is no index of Souffleur's. Give "
                "another name at the end of --store."
            )
        return index_id

    def stamp(self) -> object:
        """Return the id of the index in service, None where there is none. Errors as `current_id`."""
        return None if self._milvus.alias_target(self._name) is None else self.current_id()

    def ids(self) -> list[str]:
        return [index_id for index_id in self._begun() if self._has_manifest(index_id)]

    def _begun(self) -> list[str]:
        """Return the ids of all indexes of which there is anything, oldest first."""
        found = (collections.index_of(name, self._name) for name in self._milvus.collections())
        return sorted({index_id for index_id in found if index_id})

    def _has_manifest(self, index_id: str) -> bool:
        try:
            self.manifest(index_id)
        except StoreUnavailableError:
            raise
        except (IndexFolderError, StoreError):
            return False
        return True

    def manifest(self, index_id: str) -> Manifest:
        # None is ever changed, and to be sure of the newest takes a moment.
        if index_id not in self._manifests:
            about = Names.of(self._name, index_id).collection(ABOUT)
            self._milvus.load(about, seconds=_LOAD_SECONDS)
            rows = self._milvus.rows(about, f"row < {MANIFEST_ROWS}", ["content"], newest=True)
            try:
                text = collections.unpack([row["content"] for row in rows]).decode()
            except ValueError as error:
                raise IndexFolderError(f"Index {index_id} in {self.where} is not complete: {error}.") from error
            self._manifests[index_id] = Manifest.from_json(text, where=f"The manifest of {index_id} in {self.where}")
        return self._manifests[index_id]

    def verify(self, index_id: str, *, largest_bytes: int | None = None) -> Manifest:  # noqa: ARG002  # the server guards its files
        manifest = self.manifest(index_id)
        self._load(index_id)
        self._require_counts(manifest)
        return manifest

    def _require_counts(self, manifest: Manifest) -> None:
        names, counts = Names.of(self._name, manifest.id), manifest.counts
        expected_of = {ANSWERS: counts.answers, PASSAGES: counts.passages, SPANS: counts.spans}
        with ThreadPoolExecutor(len(expected_of), "count") as beside:
            totals = list(beside.map(lambda kind: self._milvus.count(names.collection(kind)), expected_of))
        for (kind, expected), found in zip(expected_of.items(), totals, strict=True):
            if found != expected:
                raise IndexFolderError(
                    f"Index {manifest.id} in {self.where} has {found} {kind}, not {expected}. "
                    f'Run "{command_of("build")}" to put it there again, or "{command_of("rollback")}" to go back.'
                )

    def _load(self, index_id: str) -> None:
        for name in Names.of(self._name, index_id).every():
            self._milvus.load(name, seconds=_LOAD_SECONDS)

    def open_store(self, manifest: Manifest) -> MilvusStore:
        store, counts = manifest.store, manifest.counts
        stored = StoredIndex(
            names=Names.of(self._name, manifest.id),
            answers=counts.answers,
            passages=counts.passages,
            spans=counts.spans,
            off_topic=counts.off_topic,
            dimension=manifest.encoder.dimension,
            has_words=store is not None and store.words == "milvus",
            cosine_scale=manifest.cosine_scale,
            sums=manifest.files,
        )
        return MilvusStore(self._milvus, stored)

    def answers(self, index_id: str) -> Answers:
        return self.open_store(self.verify(index_id)).answers

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Do nothing: the alias is changed in one step, and who removes leaves what others are at work on."""
        yield

    def switch(self, index_id: str) -> None:
        self._load(index_id)
        self._milvus.point_alias(self._name, Names.of(self._name, index_id).collection(ABOUT))
        logger.info("Index %s is in service.", index_id)

    def prune(self, *, keep: int) -> list[str]:
        """Remove as of every place, but keep at least two; and remove what builds that were killed have left."""
        removed = super().prune(keep=max(keep, LEAST_KEPT))
        orphans = self.orphans()
        self.remove(orphans)
        self._release_older()
        return sorted({*removed, *orphans})

    def remove(self, index_ids: Sequence[str]) -> None:
        current = self._milvus.alias_target(self._name)
        for index_id in index_ids:
            names = Names.of(self._name, index_id).every()
            if current in names:
                raise StoreError(f"{index_id} is in service in {self.where}, and is not removed.")
            self._manifests.pop(index_id, None)
            # The manifest first: what has none is not complete.
            for name in reversed(names):
                self._milvus.drop(name)

    def orphans(self) -> list[str]:
        """Return what builds that were killed have left, oldest first."""
        complete = self.ids()
        return [index_id for index_id in self._begun() if index_id not in complete and not self._builder(index_id)]

    def _builder(self, index_id: str) -> str | None:
        """Return who is at work on an index that is not complete, None where nobody has said so for a while."""
        try:
            about = Names.of(self._name, index_id).collection(ABOUT)
            self._milvus.load(about, seconds=_LOAD_SECONDS)
            rows = self._milvus.rows(about, f"row == {UPLOAD_ROW}", ["content"], newest=True)
            said = json.loads(rows[0]["content"])
            at, builder = datetime.fromisoformat(said["at"]), str(said["by"])
        except StoreUnavailableError:
            raise
        except (StoreError, LookupError, ValueError, TypeError):
            # Nothing was said yet: the id says when it was built.
            at, builder = datetime.strptime(index_id[:15] + "+0000", "%Y%m%d-%H%M%S%z"), "another build"
        return builder if datetime.now(UTC) - at < _SILENT else None

    def _release_older(self) -> None:
        """Free the server's memory of all but the index in service and the one before, but what says of them."""
        current = self.current_id()
        for index_id in self.ids():
            if index_id not in (current, self.before(current)):
                for kind in KINDS:
                    if kind != ABOUT:
                        self._milvus.release(Names.of(self._name, index_id).collection(kind))

    # From a folder

    def publish(self, folder: IndexFolder, *, keep: int) -> Manifest:
        """Put the index in service in *folder* into service here too, copied if need be; return its manifest here.

        Nothing changes for those who ask before all of it was counted and tried. IndexFolderError, StoreError.
        """
        with folder.lock():
            manifest = folder.manifest(folder.current_id())
            before = self.stamp()
            if before != manifest.id:
                if self._has_manifest(manifest.id):
                    self.verify(manifest.id)
                else:
                    self._copy(folder, manifest, replaced=str(before or ""))
                self.switch(manifest.id)
            self.prune(keep=keep)
        return self.manifest(manifest.id)

    def _copy(self, folder: IndexFolder, manifest: Manifest, *, replaced: str) -> None:
        names = Names.of(self._name, manifest.id)
        me = f"{socket.gethostname()}:{os.path.abspath(folder.path)}"  # noqa: PTH100  # no link is followed
        builder = self._builder(manifest.id) if manifest.id in self._begun() else None
        if builder not in (None, me, "another build"):
            raise StoreError(
                f"Index {manifest.id} is being copied to {self.where} by {builder}. Wait for it to end; if it was "
                f"killed, run this again in {_SILENT.seconds // 60} minutes."
            )
        for name in reversed(names.every()):
            self._milvus.drop(name)
        contents = IndexContents.load(folder.path / manifest.id, copied=False, cosine_scale=manifest.cosine_scale)
        create(self._milvus, names, contents)

        def beat() -> None:
            said = json.dumps({"at": datetime.now(UTC).isoformat(timespec="seconds"), "by": me})
            put_about(self._milvus, names, UPLOAD_ROW, "upload", [said])

        beat()
        upload(self._milvus, names, contents, folder.path / manifest.id, beat=beat)
        words = "milvus" if has_words(self._milvus, contents) else "souffleur"
        info = StoreInfo(address=self.where, version=self._milvus.version, words=words)
        here = dataclasses.replace(manifest, store=info, replaced=replaced)
        self._require_counts(here)
        self._try(here, contents)
        parts = collections.pack(here.to_json().encode())
        put_about(self._milvus, names, 0, MANIFEST, parts)

    def _try(self, here: Manifest, contents: IndexContents) -> None:
        """Ask the copy and the files the same: some of their own passages. StoreError where they differ."""
        vectors = contents.embeddings
        rows = np.unique(np.linspace(0, max(0, len(vectors) - 1), min(_TRIED, len(vectors)), dtype=np.int64))
        if not len(rows):
            return
        questions = [contents.answers[int(contents.table.answers[row])].text[:200] for row in rows]
        asked = np.array(vectors.pick(rows))
        original = Index(EmbeddedStore(contents), here).search(questions, asked, limit=5)
        copied = Index(self.open_store(here), here).search(questions, asked, limit=5)
        expected = [(hit.answer.id, hit.score) for found in original for hit in found.hits]
        found = [(hit.answer.id, hit.score) for one in copied for hit in one.hits]
        scores: dict[str, list[float]] = {}
        for answer_id, score in found:
            scores.setdefault(answer_id, []).append(score)
        alike = sum(any(abs(score - other) < _ALIKE for other in scores.get(one, ())) for one, score in expected)
        if alike < _LEAST_ALIKE * len(expected):
            raise StoreError(
                f"The copy of {here.id} in {self.where} answers otherwise than its files: {alike} of {len(expected)} "
                f'hits are the same. It was not put into service; run "{command_of("build")}" again, and report this '
                "if it stays."
            )

    def known_vectors(self, fingerprint: str) -> Iterator[tuple[NDArray[np.bytes_], Vectors]]:
        """Yield the vectors of the index in service by the keys of their texts, if the encoder is of *fingerprint*."""
        index_id = self.stamp()
        if not isinstance(index_id, str) or (manifest := self.verify(index_id)).encoder.fingerprint != fingerprint:
            return
        for kind, count in ((PASSAGES, manifest.counts.passages), (SPANS, manifest.counts.spans)):
            name = Names.of(self._name, index_id).collection(kind)
            for start in range(0, count, _VECTORS_AT_ONCE):
                condition = f"row >= {start} and row < {start + _VECTORS_AT_ONCE}"
                rows = self._milvus.rows(name, condition, ["key", VECTOR])
                keys = np.array([row["key"].encode("ascii") for row in rows], dtype="S32")
                yield keys, vectors_of(rows, VECTOR, manifest.encoder.dimension)
