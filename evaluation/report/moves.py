"""What became of each question from one run to another: found, lost, surer, refused, and how it is told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from evaluation.records import Result, Scope
from indexer.records import Status


class Move(StrEnum):
    """How a question fares in the second run, where it fares otherwise."""

    FOUND = "found"
    UNSAID = "unsaid"
    SHOWN = "shown"
    HELD = "held"
    SURER = "surer"
    SAID = "said"
    LOST = "lost"
    REFUSED = "refused"
    LET_IN = "let_in"
    LESS_SURE = "less_sure"


BETTER: Mapping[Move, str] = {
    Move.FOUND: "The right answer is first now",
    Move.UNSAID: "A wrong answer is not sure any more",
    Move.SHOWN: "Not refused any more",
    Move.HELD: "Off-topic, and refused now, or not sure any more",
    Move.SURER: "The right answer is sure now",
}
WORSE: Mapping[Move, str] = {
    Move.SAID: "A wrong answer is sure now",
    Move.LOST: "The right answer is not first any more",
    Move.REFUSED: "Refused now, though an answer is there",
    Move.LET_IN: "Off-topic, and not refused any more, or sure now",
    Move.LESS_SURE: "The right answer is not sure any more",
}
"""What each is called, those that weigh most first."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A question in both runs, and what became of it."""

    move: Move
    a: Result
    b: Result


def find_moves(before: Iterable[Result], after: Iterable[Result]) -> tuple[Moved, ...]:
    """Return the questions of two runs that fare otherwise, in their order; each by what weighs most."""
    moved = []
    for a, b in zip(before, after, strict=True):
        if (move := _move(a, b)) is not None:
            moved.append(Moved(move, a, b))
    return tuple(moved)


def _move(a: Result, b: Result) -> Move | None:
    if a.query.scope is Scope.UNJUDGED:
        return None
    if a.query.scope is Scope.OFF_TOPIC:
        before, after = _ORDER[a.status], _ORDER[b.status]
        return None if before == after else Move.HELD if after < before else Move.LET_IN
    said_before, said = (one.status is Status.ANSWERED and not one.right for one in (a, b))
    if said and not said_before:
        return Move.SAID
    if a.right != b.right:
        return Move.FOUND if b.right else Move.LOST
    if said_before and not said:
        return Move.UNSAID
    if Status.NO_ANSWER in (a.status, b.status) and a.status is not b.status:
        return Move.REFUSED if b.status is Status.NO_ANSWER else Move.SHOWN
    if b.right and a.status is not b.status:
        return Move.SURER if b.status is Status.ANSWERED else Move.LESS_SURE
    return None


_ORDER = {Status.NO_ANSWER: 0, Status.UNCERTAIN: 1, Status.ANSWERED: 2}
