"""Which passage is which, and of which answer. A row of the table is the same row in the vectors made of it.

Its text is not in the table: it is read from its answer when it is asked for, since a large corpus does not fit into
memory.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.answers.store import AnswerStore
from indexer.files import read_table
from indexer.records import Answer, Passage, PassageKind

KINDS = tuple(PassageKind)

_QUESTION = KINDS.index(PassageKind.QUESTION)
_LATER_KINDS = (PassageKind.QUESTION, PassageKind.STRETCH)
_AT_ONCE = 10_000
_ROW = np.dtype(
    [
        ("answer", "<i4"),  # row of the answer
        ("kind", "u1"),  # position in KINDS
        ("number", "<u2"),  # the n-th of the answer's matched texts, from 0; 0 for others
        ("start", "<i4"),  # offsets in code points in the answer's text; 0, 0 for a question
        ("end", "<i4"),
        ("key", "S32"),  # see text_key, part_key
    ]
)


def text_key(text: str, *, as_question: bool) -> bytes:
    """Return 32 hexadecimal digits that stand for a text and the way it is encoded."""
    role = b"question" if as_question else b"passage"
    return hashlib.blake2b(text.encode(), digest_size=16, person=role).hexdigest().encode()


def part_key(text: bytes, part: Passage) -> bytes:
    """Return 32 hexadecimal digits that stand for a part of a text, whose key is *text*, read in its context."""
    place = f"{part.start} {part.end}".encode()
    return hashlib.blake2b(text + place, digest_size=16, person=b"part").hexdigest().encode()


@dataclass(frozen=True, slots=True)
class AnswerRows:
    """The rows of some answers in a table: two groups of each, see `PassageTable`, any of which may be empty.

    rows: shape (rows,), one answer after the other. bounds: shape (2 * answers + 1,), group g is
    rows[bounds[g] : bounds[g + 1]]. filled, starts: which groups are not empty, ascending, and where these begin.
    is_every: whether they are all rows of the table.
    """

    rows: NDArray[np.int64]
    bounds: NDArray[np.int64]
    filled: NDArray[np.int64]
    starts: NDArray[np.int64]
    is_every: bool

    def pick(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return of *values*, shape (all rows of the table, …), those of these rows; perhaps a view."""
        return values if self.is_every else values[self.rows]

    def greatest(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the greatest of *values*, shape (rows, …), in each group; -inf in an empty one."""
        return self._reduce(np.maximum, values, nothing=-np.inf)

    def sums(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the sum of *values*, shape (rows, …), in each group; 0 in an empty one."""
        return self._reduce(np.add, values, nothing=0.0)

    def _reduce(self, reduction: np.ufunc, values: NDArray[np.float32], *, nothing: float) -> NDArray[np.float32]:
        reduced = np.full((len(self.bounds) - 1, *values.shape[1:]), nothing, dtype=np.float32)
        if len(self.filled):
            reduced[self.filled] = reduction.reduceat(values, self.starts)
        return reduced


@dataclass(frozen=True, slots=True)
class PassageTable:
    """Passages grouped by answer, in the order of answer rows.

    Of each answer, bodies come before questions, and sentences before stretches.
    """

    rows: NDArray[np.void]
    first_rows: NDArray[np.int64]
    """Shape (answers + 1,): the passages of answer a are rows first_rows[a] to first_rows[a + 1]."""
    later_rows: NDArray[np.int64]
    """Shape (answers,): where the questions, or the stretches, of each answer begin."""
    lengths: NDArray[np.int64]
    """Shape (answers, 2): how many passages each answer has before that, and from there on: its two groups."""

    @classmethod
    def build(cls, passages: Iterable[Sequence[Passage]], *, parts_of: Iterable[str] | None = None) -> "PassageTable":
        """Return the table of the passages of each answer, in the order of answer rows; no text is held.

        parts_of: the whole text of each answer, where its passages are read in the context of that; None where each is
        read by itself.
        """
        parts: list[NDArray[np.void]] = []
        waiting: list[tuple[int, int, int, int, int, bytes]] = []
        answers = 0
        for of_answer, text in zip(passages, repeat(None) if parts_of is None else parts_of, strict=False):
            whole = None if text is None else text_key(text, as_question=False)
            number = 0
            for passage in of_answer:
                asked = passage.kind is PassageKind.QUESTION
                key = part_key(whole, passage) if whole else text_key(passage.text, as_question=asked)
                kind = KINDS.index(passage.kind)
                waiting.append((answers, kind, number if asked else 0, passage.start, passage.end, key))
                number += asked
            answers += 1
            if len(waiting) > _AT_ONCE:
                parts.append(np.array(waiting, dtype=_ROW))
                waiting.clear()
        parts.append(np.array(waiting, dtype=_ROW))
        return cls._of(np.concatenate(parts), answers)

    @classmethod
    def continued(cls, earlier: "PassageTable", same: NDArray[np.int64], fresh: "PassageTable") -> "PassageTable":
        """Return the table of answers most of which an earlier table has already.

        same: shape (answers,), the row of each answer there, -1 for the others, which *fresh* has in order.
        """
        is_fresh = same < 0
        # As if the fresh answers came after the earlier ones.
        source = np.where(is_fresh, len(earlier.later_rows) + np.cumsum(is_fresh) - 1, same)
        first = np.concatenate((earlier.first_rows[:-1], fresh.first_rows[:-1] + len(earlier)))[source]
        lengths = np.concatenate((np.diff(earlier.first_rows), np.diff(fresh.first_rows)))[source]
        ends = np.cumsum(lengths)
        chosen = np.arange(lengths.sum()) + np.repeat(first - (ends - lengths), lengths)
        rows = np.concatenate((earlier.rows, fresh.rows))[chosen]
        rows["answer"] = np.repeat(np.arange(len(same)), lengths)
        return cls._of(rows, len(same))

    @classmethod
    def of_places(cls, places: Sequence[NDArray[np.void]]) -> "PassageTable":
        """Return the table of the passages of each answer, given their fields but for answer and key; these are empty.

        Such a table says what a search asks of it.
        """
        rows = np.zeros(sum(map(len, places)), dtype=_ROW)
        if len(rows):
            given = np.concatenate(places)
            for field in given.dtype.names or ():
                rows[field] = given[field]
        rows["answer"] = np.repeat(np.arange(len(places)), [len(some) for some in places])
        return cls._of(rows, len(places))

    @classmethod
    def load(cls, file: Path, *, answers: int) -> "PassageTable":
        """Return the table saved in *file*."""
        return cls._of(read_table(file), answers)

    @classmethod
    def _of(cls, rows: NDArray[np.void], answers: int) -> "PassageTable":
        owners = np.ascontiguousarray(rows["answer"])
        first_rows = np.searchsorted(owners, np.arange(answers + 1)).astype(np.int64)
        earlier = ~np.isin(rows["kind"], [KINDS.index(kind) for kind in _LATER_KINDS])
        later_rows = first_rows[:-1] + np.bincount(owners[earlier], minlength=answers)
        lengths = np.stack((later_rows - first_rows[:-1], first_rows[1:] - later_rows), axis=1)
        return cls(rows, first_rows, later_rows, lengths)

    def rows_in(self, earlier: "PassageTable", same: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where each passage is in an earlier table, shape (passages,), -1 for those of fresh answers.

        same: as in `continued`.
        """
        owners = self.answers
        moved = earlier.first_rows[same] - self.first_rows[:-1]
        return np.where(same[owners] < 0, -1, np.arange(len(self)) + moved[owners])

    def save(self, file: Path) -> None:
        """Write the table to *file*."""
        np.save(file, self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def answers(self) -> NDArray[np.int32]:
        """Shape (passages,): the answer row of each passage."""
        return self.rows["answer"]

    def rows_of(self, answers: NDArray[np.int64]) -> AnswerRows:
        """Return the rows of some answers, which rise."""
        lengths = self.lengths[answers].ravel()
        bounds = np.zeros(len(lengths) + 1, dtype=np.int64)
        np.cumsum(lengths, out=bounds[1:])
        rows = np.arange(bounds[-1])
        rows += np.repeat(self.first_rows[answers] - bounds[:-1:2], bounds[2::2] - bounds[:-1:2])
        filled = np.flatnonzero(lengths)
        return AnswerRows(rows, bounds, filled, bounds[filled], is_every=len(rows) == len(self))

    def place(self, row: int) -> tuple[int, int]:
        """Return where a passage starts and ends in its answer's text."""
        # As a tuple: each field read from the row itself would take as long as all of them.
        _answer, _kind, _number, start, end, _key = self.rows[row].item()
        return start, end

    def are(self, kind: PassageKind) -> NDArray[np.bool_]:
        """Shape (passages,): whether each passage is of this kind."""
        return np.asarray(self.rows["kind"] == KINDS.index(kind))


class PassageTexts:
    """The text of every row of a table."""

    def __init__(self, answers: AnswerStore, table: PassageTable) -> None:
        self._answers = answers
        self._table = table

    def __iter__(self) -> Iterator[str]:
        """Yield the texts by row."""
        for answer, (start, end) in zip(self._answers, pairwise(self._table.first_rows.tolist()), strict=True):
            for row in range(start, end):
                yield self._text(answer, row)

    def read(self, rows: Sequence[int]) -> list[str]:
        """Return the texts of some rows, in their order."""
        return list(self.each(rows))

    def each(self, rows: Iterable[int]) -> Iterator[str]:
        """Yield the texts of some rows, in their order."""
        last, answer = -1, None
        for row in rows:
            owner = int(self._table.answers[row])
            if answer is None or owner != last:
                last, answer = owner, self._answers[owner]
            yield self._text(answer, row)

    def _text(self, answer: Answer, row: int) -> str:
        passage = self._table.rows[row]
        if passage["kind"] == _QUESTION:
            return answer.matched_texts[int(passage["number"])]
        return answer.text[int(passage["start"]) : int(passage["end"])]
