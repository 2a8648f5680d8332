"""What another index of the folder would answer that the one in service does not, answer by answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from indexer.errors import IndexFolderError
from indexer.index.indexes import Indexes
from indexer.records import Answer

MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Some:
    """How many answers, and the first of them."""

    count: int
    first: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Which answers one would gain, lose, or have otherwise, as the other index has them; `lost` as they are now."""

    gained: Some
    lost: Some
    changed: Some

    @property
    def is_none(self) -> bool:
        """Whether both have the same answers."""
        return not (self.gained.count or self.lost.count or self.changed.count)


def difference_to(now: Sequence[Answer], indexes: Indexes, index_id: str) -> Difference:
    """Return how the answers of another index differ from those *now* in service, which are sorted by id.

    IndexFolderError if it is damaged.
    """
    indexes.manifest(index_id)
    try:
        pairs = list(_differing(iter(now), iter(indexes.answers(index_id))))
    except (OSError, ValueError, KeyError) as error:
        raise IndexFolderError(f"The answers of {index_id} cannot be read: {error}.") from error
    return Difference(
        gained=_some([other for one, other in pairs if one is None and other]),
        lost=_some([one for one, other in pairs if other is None and one]),
        changed=_some([other for one, other in pairs if one and other]),
    )


def _some(answers: Sequence[Answer]) -> Some:
    return Some(len(answers), tuple(answers[:MOST_NAMED]))


def _differing(ours: Iterator[Answer], theirs: Iterator[Answer]) -> Iterator[tuple[Answer | None, Answer | None]]:
    """Yield what is not the same on both sides; both are sorted by id."""
    one, other = next(ours, None), next(theirs, None)
    while one or other:
        if one and (other is None or one.id < other.id):
            yield one, None
            one = next(ours, None)
        elif other and (one is None or other.id < one.id):
            yield None, other
            other = next(theirs, None)
        else:
            if one != other:
                yield one, other
            one, other = next(ours, None), next(theirs, None)
