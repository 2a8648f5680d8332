"""Vectors of the bodies of answers and of their finer parts, from one pass: a sentence is read in its context.

A body beyond the encoder's window is several pieces. Further windows then bridge the cuts between them, and each part
takes its vector from the window where most stands around it. An encoder that was not taught to read parts in the whole
of a text makes them all alike there: with it, each is read by itself.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from indexer.answers.passage_table import PassageTable
from indexer.answers.passages import make_bridges
from indexer.answers.store import AnswerStore
from indexer.encoders import Encoder
from indexer.encoders.parts import Part
from indexer.index.encode import KnownVectors, Piece, Plan
from indexer.records import PassageKind, Vectors
from indexer.workforce import EncoderCall

_AT_ONCE = 64
"""Answers between two entries of the journal: a few seconds of work, lost at worst."""

_BLOCK = 4096
"""Answers sorted by length at once, so that a file of them is read from its beginning to its end."""


@dataclass(frozen=True, slots=True)
class BodiesToEncode:
    """The bodies of answers, among the rows of *table*, and their finer parts, the rows of *spans*.

    Answers of the same text are encoded once. into, spans_into: where the vectors of both tables go, shape (rows,
    dimension).
    """

    answers: AnswerStore
    table: PassageTable
    into: Vectors
    spans: PassageTable
    spans_into: Vectors

    def plan(self, known: KnownVectors) -> Plan:
        """Write the vectors that are known to their places; return what is to be done for the others.

        An answer of which one vector is not known is encoded whole.
        """
        rows, span_rows = np.flatnonzero(self.table.are(PassageKind.BODY)), np.arange(len(self.spans))
        is_known = known.fill(self.table.rows["key"], rows, self.into)
        is_span_known = known.fill(self.spans.rows["key"], span_rows, self.spans_into)
        owners, span_owners = self.table.answers[rows], self.spans.answers
        is_missing = np.zeros(len(self.answers), dtype=np.bool_)
        is_missing[owners[~is_known]] = is_missing[span_owners[~is_span_known]] = True
        first: dict[bytes, int] = {}
        todo: list[int] = []
        repeated: list[tuple[int, int]] = []
        for answer in np.flatnonzero(is_missing).tolist():
            same_as = first.setdefault(self._key(answer), answer)
            if same_as == answer:
                todo.append(answer)
            else:
                repeated.append((same_as, answer))
        fresh = sum(self.count(answer) for answer in todo)
        reused = int((~is_missing[owners]).sum() + (~is_missing[span_owners]).sum())
        return _PlanOfBodies(self, todo, repeated, fresh, reused)

    def windows(self, some: Sequence[int], encoder: Encoder) -> "list[_Window]":
        """Return what is read for the vectors of some answers."""
        return [window for answer in some for window in self._windows(answer, encoder) if window.is_of_use]

    def place(self, windows: "Sequence[_Window]", of_windows: Sequence[Vectors]) -> None:
        """Write the vectors of windows, and of what is in each, to their places."""
        pooled = sorted({row for window in windows for row in window.rows})
        self.spans_into[pooled] = 0
        for window, vectors in zip(windows, of_windows, strict=True):
            if window.body is not None:
                self.into[window.body] = vectors[0]
            if window.span is not None:
                self.spans_into[window.span] = vectors[0]
            for row, (start, end), vector in zip(window.rows, window.parts, vectors[1:], strict=True):
                self.spans_into[row] += (end - start) * vector
        self.spans_into[pooled] /= np.linalg.norm(self.spans_into[pooled], axis=1, keepdims=True)

    def copy(self, source: int, target: int) -> None:
        """Write the vectors of one answer to the places of another that has the same text."""
        self.into[self._rows(target)] = self.into[self._rows(source)]
        self.spans_into[self._span_rows(target)] = self.spans_into[self._span_rows(source)]

    def keyed(self, some: Sequence[int]) -> tuple[NDArray[np.bytes_], Vectors]:
        """Return the keys and the vectors of some answers."""
        rows = np.concatenate([np.r_[self._rows(answer)] for answer in some])
        span_rows = np.concatenate([np.r_[self._span_rows(answer)] for answer in some])
        keys = np.concatenate((self.table.rows["key"][rows], self.spans.rows["key"][span_rows]))
        return keys, np.concatenate((self.into[rows], self.spans_into[span_rows]))

    def count(self, answer: int) -> int:
        """Return how many vectors an answer has here."""
        rows, span_rows = self._rows(answer), self._span_rows(answer)
        return len(range(rows.start, rows.stop)) + len(range(span_rows.start, span_rows.stop))

    def length(self, answer: int) -> int:
        """Return about how many characters the text of an answer has."""
        return int(self.table.rows["end"][self._rows(answer).stop - 1])

    def _windows(self, answer: int, encoder: Encoder) -> "list[_Window]":
        text = self.answers[answer].text
        rows = range(self._rows(answer).start, self._rows(answer).stop)
        pieces = [_Window.of(text, self.table.place(row), body=row) for row in rows]
        span_rows = self._span_rows(answer)
        spans = range(span_rows.start, span_rows.stop)
        if not encoder.reads_parts_in_whole:
            return [*pieces, *(_Window.of(text, self.spans.place(row), span=row) for row in spans)]
        places = [piece.place for piece in pieces]
        bridges = make_bridges(text, places, count_tokens=encoder.count_tokens, max_tokens=encoder.max_tokens)
        windows = [*pieces, *(_Window.of(text, place) for place in bridges)]
        for row in spans:
            place = self.spans.place(row)
            whole = [window for window in windows if window.holds(place)]
            # One that no window holds is read in several pieces: its vector is the mean, by length, of what is there.
            for window in [max(whole, key=lambda one: one.context(place))] if whole else pieces:
                window.take(row, place)
        return windows

    def _rows(self, answer: int) -> slice:
        """The rows of the bodies of an answer."""
        return slice(int(self.table.first_rows[answer]), int(self.table.later_rows[answer]))

    def _span_rows(self, answer: int) -> slice:
        return slice(int(self.spans.first_rows[answer]), int(self.spans.first_rows[answer + 1]))

    def _key(self, answer: int) -> bytes:
        keys = (
            self.table.rows["key"][self._rows(answer)].tobytes()
            + self.spans.rows["key"][self._span_rows(answer)].tobytes()
        )
        return hashlib.sha256(keys).digest()


@dataclass(slots=True)
class _Window:
    """A text that is encoded, and the spans that take their vectors from it.

    place: in the text of the answer, of *length* characters. body, span: the row of what it is, None for others and for
    a bridge. rows, parts: which spans, and where they are in the window.
    """

    text: str
    place: Part
    length: int
    body: int | None
    span: int | None
    rows: list[int]
    parts: list[Part]

    @classmethod
    def of(cls, text: str, place: Part, *, body: int | None = None, span: int | None = None) -> "_Window":
        return cls(text[slice(*place)], place, len(text), body, span, [], [])

    @property
    def is_of_use(self) -> bool:
        """Whether it has a vector of its own, or some span takes its vector from it."""
        return self.body is not None or self.span is not None or bool(self.rows)

    def holds(self, place: Part) -> bool:
        return self.place[0] <= place[0] and place[1] <= self.place[1]

    def context(self, place: Part) -> int:
        """Return how many characters stand around a part, on the poorer side; an end of the text is no bound."""
        before = place[0] - self.place[0] if self.place[0] else self.length
        behind = self.place[1] - place[1] if self.place[1] < self.length else self.length
        return min(before, behind)

    def take(self, row: int, place: Part) -> None:
        """Give a vector to the part of a span that is in here, if any is."""
        start, end = max(place[0], self.place[0]), min(place[1], self.place[1])
        if self.text[start - self.place[0] : end - self.place[0]].strip() and start < end:
            self.rows.append(row)
            self.parts.append((start - self.place[0], end - self.place[0]))


@dataclass(frozen=True, slots=True)
class _PlanOfBodies:
    """Which answers to encode, and pairs of answers the second of which has the text of the first."""

    bodies: BodiesToEncode
    todo: Sequence[int]
    repeated: Sequence[tuple[int, int]]
    fresh: int
    reused: int

    def pieces(self, encoder: Encoder) -> Iterator[Piece]:
        for block in range(0, len(self.todo), _BLOCK):
            by_length = sorted(self.todo[block : block + _BLOCK], key=lambda answer: -self.bodies.length(answer))
            for start in range(0, len(by_length), _AT_ONCE):
                some = by_length[start : start + _AT_ONCE]
                windows = self.bodies.windows(some, encoder)
                call = EncoderCall(
                    tuple(window.text for window in windows), tuple(tuple(window.parts) for window in windows)
                )
                yield Piece(call, partial(self._place, some, windows))

    def finish(self) -> None:
        for source, target in self.repeated:
            self.bodies.copy(source, target)

    def _place(
        self, some: Sequence[int], windows: Sequence[_Window], vectors: Sequence[Vectors]
    ) -> tuple[NDArray[np.bytes_], Vectors]:
        self.bodies.place(windows, vectors)
        return self.bodies.keyed(some)
