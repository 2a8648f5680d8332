"""The verifier: the chance that a hit answers the question, from what `coverage` sees of it.

Small boosted trees (Friedman, 2001), monotone in every column that can speak only for or only against, taught on
several FAQs at once with questions in which a number, a name, an action, a profession or the thing asked for was
swapped. What one corpus adds to it is for `thresholds`: here nothing depends on the corpus.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.search.coverage import COLUMNS, Coverage

IN_SCOPE, LEFT_OUT, OFF_TOPIC, SWAPPED = range(4)
"""What a reference question is: answered by the FAQ, its answer left out, of another subject, with a word swapped."""

TAUGHT_ON = ("multilingual-e5-small", "multilingual-e5-small, taught")
"""The encoder whose cosines it was taught on, and the one that holds those of two questions as they are there; with
another its columns mean something else."""

_FILE = "verifier.npz"
_SURE = 0.99


@dataclass(frozen=True, slots=True)
class Reference:
    """First hits of questions to FAQs whose verifier had not seen that FAQ: what thresholds start from.

    All shape (questions,). logits: of the verifier; of an FAQ without curated questions moved by its ease. right:
    whether the first hit answers. kinds: see `IN_SCOPE`. curated: curated questions an answer of that FAQ, 0, 1, or 3
    for more. faq: which FAQ.
    """

    logits: NDArray[np.float32]
    right: NDArray[np.bool_]
    kinds: NDArray[np.int8]
    curated: NDArray[np.int8]
    faq: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Ease:
    """How easy an FAQ is, and what follows: the log-odds that are missing where it is asked its own curated questions.

    Each of them is asked with itself left out. That says little of how often a visitor's question is answered, for such
    a question leans on the one that was left out; but where the first hits are right more often than the trees
    believe, they are so with a visitor's question too. mean, spread: of the FAQs that taught it. lowest, highest: among
    them. pull: how far one of ease moves the offset of the line. rest: the spread of offsets that is left then.
    """

    mean: float
    spread: float
    lowest: float
    highest: float
    pull: float
    rest: float

    def moved(self, ease: float) -> float:
        """Return how far the offset of the line is moved; beyond all FAQs that taught, no further."""
        return self.pull * (min(max(ease, self.lowest), self.highest) - self.mean)


@dataclass(frozen=True, slots=True)
class Trees:
    """Trees whose leaves are added up, their nodes in one row: to look one up by its number is quicker than by tree.

    roots: shape (trees,). columns, limits, values: shape (nodes,). children: shape (2 * nodes,), of each node where to
    go beyond its limit, and where up to it; a leaf leads to itself. depth: of the deepest tree.
    """

    roots: NDArray[np.int64]
    columns: NDArray[np.int64]
    limits: NDArray[np.float32]
    children: NDArray[np.int64]
    values: NDArray[np.float32]
    depth: int

    @classmethod
    def of(
        cls,
        columns: NDArray[np.int16],
        limits: NDArray[np.float32],
        left: NDArray[np.int16],
        right: NDArray[np.int16],
        values: NDArray[np.float32],
        *,
        depth: int,
    ) -> "Trees":
        """Return trees given one by one, all shape (trees, nodes): left is where to go up to the limit."""
        roots = np.arange(len(columns)) * columns.shape[1]
        children = np.stack([right, left], axis=2) + roots[:, np.newaxis, np.newaxis]
        return cls(
            roots,
            columns.ravel().astype(np.int64),
            limits.ravel(),
            children.ravel().astype(np.int64),
            values.ravel(),
            depth,
        )

    def total(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what the leaves of each row add up to, shape (rows,); rows: shape (rows, columns)."""
        seen = rows.ravel()
        first_columns = np.tile(np.arange(len(rows)) * rows.shape[1], len(self.roots))
        at = np.repeat(self.roots, len(rows))
        for _ in range(self.depth):
            goes_left = seen.take(self.columns.take(at) + first_columns) <= self.limits.take(at)
            at = self.children.take(2 * at + goes_left)
        return np.asarray(self.values.take(at).reshape(len(self.roots), len(rows)).sum(axis=0))


@dataclass(frozen=True, slots=True)
class Verifier:
    """Trees whose leaves add up to log-odds, and what is known of these.

    base: the log-odds before any tree. line: offset and slope of the best line through the logits, the mean over FAQs
    that were left out of the teaching; spread: their standard deviations between FAQs. ease, reference: see there.
    """

    base: float
    trees: Trees
    line: NDArray[np.float64]
    spread: NDArray[np.float64]
    ease: Ease
    reference: Reference

    @classmethod
    def load(cls, file: Path) -> "Verifier":
        """Return the verifier saved in *file*; ValueError where it is of another set of columns."""
        with np.load(file) as stored:
            if tuple(stored["names"].tolist()) != COLUMNS:
                raise ValueError(f"{file} was taught with other columns")
            of_trees = (stored[name] for name in ("columns", "limits", "left", "right", "values"))
            of_reference = ("logits", "right", "kinds", "curated", "faq")
            return cls(
                base=float(stored["base"]),
                trees=Trees.of(*of_trees, depth=int(stored["depth"])),
                line=stored["line"],
                spread=stored["spread"],
                ease=Ease(*stored["ease"].tolist()),
                reference=Reference(*(stored[f"reference_{name}"] for name in of_reference)),
            )

    def logits(self, coverage: Coverage) -> NDArray[np.float64]:
        """Return the log-odds of each hit, shape (hits,)."""
        return np.asarray(self.base + self.trees.total(coverage.rows.astype(np.float32)), dtype=np.float64)


def surely_right(confidence: NDArray[np.float64], coverage: Coverage) -> NDArray[np.float64]:
    """Return the confidences, near 1 where the question is a curated one word for word: an editor says it is right."""
    return np.where(coverage.same_words, np.maximum(confidence, _SURE), confidence)


@lru_cache(maxsize=1)
def shipped_verifier() -> Verifier:
    """Return the verifier of this program."""
    with as_file(files("indexer.search").joinpath(_FILE)) as file:
        return Verifier.load(file)
