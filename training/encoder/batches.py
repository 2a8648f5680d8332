"""Batches of questions with an answer each, made of neighbourhoods.

Answers that search confuses stand side by side, so that the other answers of a batch are hard negatives, at no cost.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from training.encoder.questions import Question


class Batches:
    """Endless batches of (question, answer row), the same for the same seed; an answer is in a batch once."""

    def __init__(
        self,
        questions: Sequence[Question],
        neighbours: NDArray[np.int64],
        *,
        size: int,
        neighbourhood: int = 4,
        seed: int = 0,
    ) -> None:
        """neighbours: shape (answers, k), the rows that search confuses with each answer, nearest first."""
        self._questions = questions
        self._neighbours = neighbours
        self._size = size
        self._neighbourhood = neighbourhood
        self._seed = seed

    def __iter__(self) -> Iterator[list[tuple[Question, int]]]:
        """Yield batches; an epoch asks each question about once."""
        random = np.random.default_rng(self._seed)
        waiting: dict[int, list[int]] = {}
        while True:
            if len(waiting) < self._size:
                waiting = self._shuffled(random)
            yield self._batch(waiting, random)

    def _shuffled(self, random: np.random.Generator) -> dict[int, list[int]]:
        waiting: dict[int, list[int]] = defaultdict(list)
        for at in random.permutation(len(self._questions)).tolist():
            waiting[int(random.choice(self._questions[at].right))].append(at)
        return dict(waiting)

    def _batch(self, waiting: dict[int, list[int]], random: np.random.Generator) -> list[tuple[Question, int]]:
        chosen: list[int] = []
        taken: set[int] = set()
        for seed in random.permutation(sorted(waiting)).tolist():
            if seed in taken:
                continue
            near = [row for row in self._neighbours[seed].tolist() if row in waiting and row not in taken]
            near = near[: 2 * (self._neighbourhood - 1)]
            some = random.permutation(near).astype(int).tolist()[: self._neighbourhood - 1]
            for row in (seed, *some):
                taken.add(row)
                chosen.append(row)
            if len(chosen) >= self._size:
                break
        batch = []
        for row in chosen[: self._size]:
            batch.append((self._questions[waiting[row].pop()], row))
            if not waiting[row]:
                del waiting[row]
        return batch
