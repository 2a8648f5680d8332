"""The answers of an index on disk: one JSON line each, sorted by id, read one at a time by its row.

Rows follow the order of ids, so a lower row is a lower id, and no list of ids is needed in memory.
"""

import hashlib
import json
from abc import abstractmethod
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property, lru_cache, partial
from itertools import pairwise
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

from indexer.errors import IndexFolderError
from indexer.files import COPIED_UP_TO, LargeFile, read_table
from indexer.records import Answer
from indexer.terminal import command_of

ANSWERS_FILE = "answers.jsonl"
OFFSETS_FILE = "answers.offsets.npy"
_REMEMBERED = 512
_FORMER_IDS = "former_ids"
_HAS_NO_FACETS = b'"facets": {}'
_HAS_FORMER_IDS = json.dumps(_FORMER_IDS).encode()


def write_answers(folder: Path, answers: Iterable[Answer]) -> None:
    """Write *answers*, in any order, each id once, into *folder*. Only their ids are held in memory."""
    ids: list[str] = []
    ends = array("q", [0])
    unsorted = folder / f"{ANSWERS_FILE}.unsorted"
    with unsorted.open("wb") as stream:
        for answer in answers:
            ends.append(ends[-1] + stream.write(encode_answer(answer)))
            ids.append(answer.id)
    order = sorted(range(len(ids)), key=ids.__getitem__)
    starts, lengths = np.array(ends)[:-1], np.diff(np.array(ends))
    np.save(folder / OFFSETS_FILE, np.concatenate(([0], np.cumsum(lengths[order]))).astype(np.int64))
    if order == list(range(len(order))):
        unsorted.rename(folder / ANSWERS_FILE)
        return
    with unsorted.open("rb") as source, (folder / ANSWERS_FILE).open("wb") as target:
        for row in order:
            source.seek(int(starts[row]))
            target.write(source.read(int(lengths[row])))
    unsorted.unlink()


def encode_answer(answer: Answer) -> bytes:
    """Return the JSON line of an answer, its end of line included; equal answers give equal bytes."""
    record: dict[str, object] = {
        "id": answer.id,
        "text": answer.text,
        "questions": list(answer.questions),
        "facets": {key: list(answer.facets[key]) for key in sorted(answer.facets)},
        "source": answer.source,
    }
    # Left out where there are none: the bytes are what an index is known by.
    if answer.former_ids:
        record[_FORMER_IDS] = list(answer.former_ids)
    if answer.keywords:
        record["keywords"] = list(answer.keywords)
    if answer.changed_on:
        record["changed_on"] = answer.changed_on.isoformat()
    return (json.dumps(record, ensure_ascii=False) + "\n").encode()


def _open(file: Path) -> LargeFile | bytes:
    return LargeFile(file) if file.stat().st_size > COPIED_UP_TO else file.read_bytes()


def _read(lines: LargeFile | bytes, offsets: NDArray[np.int64], row: int) -> Answer:
    return decode_answer(lines[int(offsets[row]) : int(offsets[row + 1])])


def decode_answer(line: bytes) -> Answer:
    """Return the answer that `encode_answer` wrote."""
    record = json.loads(line.decode())
    return Answer(
        id=record["id"],
        text=record["text"],
        questions=tuple(record["questions"]),
        facets={key: tuple(values) for key, values in record["facets"].items()},
        source=record["source"],
        former_ids=tuple(record.get(_FORMER_IDS, ())),
        keywords=tuple(record.get("keywords", ())),
        changed_on=date.fromisoformat(changed_on) if (changed_on := record.get("changed_on")) else None,
    )


class Answers(Sequence[Answer]):
    """The answers of an index, by rising id; a row is a place among them."""

    fetched_together = 1
    """How many are fetched at once where one after the other is read."""

    @abstractmethod
    def fetch(self, rows: Sequence[int]) -> Sequence[Answer]:
        """Return the answers of *rows*, in their order."""

    @abstractmethod
    def row_of(self, answer_id: str) -> int | None:
        """Return the row of an answer, None where no answer has this id."""

    @property
    @abstractmethod
    def renamed(self) -> Mapping[str, str]:
        """What answers were called before, and are called now; the first of two that claim one name has it."""

    @abstractmethod
    def expect(self, rows: Iterable[int]) -> None:
        """Be told which rows are asked for next: where reading one takes a journey, all are fetched in one."""

    def pick(self, rows: NDArray[np.int64]) -> Sequence[Answer]:
        """Return the answers of *rows*, in their order, each read when it is asked for."""
        return _Picked(self, rows)

    @overload
    def __getitem__(self, row: int) -> Answer: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Answer]: ...
    def __getitem__(self, row: int | slice) -> Answer | Sequence[Answer]:
        """Return an answer, or some of them, which are read when they are asked for."""
        if isinstance(row, slice):
            return self.pick(np.arange(*row.indices(len(self))))
        if not 0 <= row < len(self):
            raise IndexError(row)
        return self.fetch([row])[0]

    def __iter__(self) -> Iterator[Answer]:
        return iter(self.pick(np.arange(len(self))))


class _Picked(Sequence[Answer]):
    """Some of the answers."""

    def __init__(self, every: Answers, rows: NDArray[np.int64]) -> None:
        self._every = every
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Answer: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Answer]: ...
    def __getitem__(self, place: int | slice) -> Answer | Sequence[Answer]:
        if isinstance(place, slice):
            return _Picked(self._every, self._rows[place])
        return self._every[int(self._rows[place])]

    def __iter__(self) -> Iterator[Answer]:
        together = self._every.fetched_together
        for start in range(0, len(self._rows), together):
            yield from self._every.fetch(self._rows[start : start + together].tolist())


class AnswerStore(Answers):
    """Reads answers from their file; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._offsets = read_table(folder / OFFSETS_FILE)
        self._lines = _open(folder / ANSWERS_FILE)
        if len(self._lines) != int(self._offsets[-1]):
            raise IndexFolderError(
                f'{folder / ANSWERS_FILE} and {OFFSETS_FILE} do not fit. Run "{command_of("build")}".'
            )
        self._read = partial(_read, self._lines, self._offsets)
        # The same few answers are given again and again.
        self._remembered = lru_cache(_REMEMBERED)(self._read)

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def fetch(self, rows: Sequence[int]) -> Sequence[Answer]:
        """Return the answers of *rows*, in their order."""
        return [self._remembered(row) for row in rows]

    def expect(self, rows: Iterable[int]) -> None:
        """Do nothing: a file is read as fast one answer at a time."""

    def __iter__(self) -> Iterator[Answer]:
        return (self._read(row) for row in range(len(self)))

    def facets(self) -> Iterator[Mapping[str, Sequence[str]]]:
        """Yield the facets of each answer, in order."""
        # As of `renamed`: a line that says it has none is not parsed.
        return ({} if _HAS_NO_FACETS in line else decode_answer(line).facets for line in self._every_line())

    def same_rows(self, other: "AnswerStore") -> NDArray[np.int64]:
        """Return for each answer the row of *other* that has the same answer in every respect, -1 where none has."""
        mine, others = self._line_keys(), other._line_keys()
        if not len(others):
            return np.full(len(mine), -1)
        # By the first half of the keys, which are sorted as numbers: as strings they would take longer than all else.
        order = np.argsort(others[:, 0])
        at = order[np.minimum(np.searchsorted(others[:, 0], mine[:, 0], sorter=order), len(others) - 1)]
        return np.where((others[at] == mine).all(axis=1), at, -1)

    @cached_property
    def renamed(self) -> Mapping[str, str]:
        """What answers were called before, and are called now; the first of two that claim one name has it."""
        # In a text the quotes have a backslash before them: only lines that have the field are parsed.
        renamed: dict[str, str] = {}
        for row, line in enumerate(self._every_line()):
            if _HAS_FORMER_IDS in line:
                answer = self._read(row)
                for former_id in answer.former_ids:
                    renamed.setdefault(former_id, answer.id)
        return renamed

    def _line_keys(self) -> NDArray[np.uint64]:
        """Return 128 bits that stand for each line, shape (answers, 2)."""
        keys = b"".join(hashlib.blake2b(line, digest_size=16).digest() for line in self._every_line())
        return np.frombuffer(keys, dtype=np.uint64).reshape(-1, 2)

    def _every_line(self) -> Iterator[bytes]:
        return (self._lines[start:end] for start, end in pairwise(self._offsets.tolist()))

    def row_of(self, answer_id: str) -> int | None:
        """Return the row of an answer, None where no answer has this id."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._read(middle).id < answer_id:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self) and self._read(low).id == answer_id else None
