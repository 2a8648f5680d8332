"""Which rows have which term, and how much that says of a row: the inverted file behind lexical search.

Plain NumPy arrays. Not bm25s: what a question matched (coverage, codes, the best of a word's variants) needs the rows
of each term, and its score is one sum over the same arrays.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.files import read_array, read_lines, write_lines

_TERMS = "terms.txt"
_STARTS = "starts.npy"
_ROWS = "rows.npy"
_IMPACTS = "impacts.npy"


@dataclass(frozen=True, slots=True)
class TextTerms:
    """What is indexed of consecutive texts.

    terms, texts: the number of each occurring term, as often as it occurs, and that of its text among these, from 0;
    shape (occurrences,). lengths: of each text in words, shape (texts,).
    """

    terms: NDArray[np.int64]
    texts: NDArray[np.int64]
    lengths: NDArray[np.float64]


class Postings:
    """Term to rows, with the BM25 weight of the term in the row but for its idf.

    impact = tf / (tf + k1 (1 - b + b length / mean length)), idf = ln(1 + (rows - df + 0.5) / (df + 0.5)): the variant
    of Lucene in Kamphuis et al., Which BM25 Do You Mean? (ECIR 2020).
    """

    def __init__(
        self,
        terms: Sequence[str],
        aliases: Mapping[str, int],
        starts: NDArray[np.int64],
        rows: NDArray[np.int32],
        impacts: NDArray[np.float32],
        *,
        row_count: int,
    ) -> None:
        """aliases: other names of terms. rows[starts[i] : starts[i + 1]]: the rows of terms[i], ascending."""
        self.row_count = row_count
        self._terms = terms
        self._aliases = aliases
        self._ids = dict(zip(terms, range(len(terms)), strict=True))
        self._ids.update(aliases)
        self._starts = starts
        self._rows = rows
        self._impacts = impacts

    @classmethod
    def build(
        cls, terms: Sequence[str], texts: Iterable[TextTerms], *, aliases: Mapping[str, str], k1: float, b: float
    ) -> "Postings":
        """Return the postings of *texts*, one row each, in order.

        terms: by their numbers, complete once all texts are read. aliases: other names, each with the term it means.
        """
        found: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]] = []
        lengths = [np.zeros(0)]
        row_count = 0
        for part in texts:
            # One number a (term, text), so that one sort groups, orders and counts.
            pairs, often = np.unique(part.terms * len(part.lengths) + part.texts, return_counts=True)
            number, text = np.divmod(pairs, len(part.lengths))
            found.append((number.astype(np.int32), (text + row_count).astype(np.int32), often.astype(np.int32)))
            lengths.append(part.lengths)
            row_count += len(part.lengths)
        numbers, rows, frequencies = (
            np.concatenate([np.zeros(0, dtype=np.int32), *parts])
            for parts in (zip(*found, strict=True) if found else [()] * 3)
        )
        names = sorted(terms)
        ranks = np.empty(len(terms), dtype=np.int32)
        at_rank = {name: rank for rank, name in enumerate(names)}
        ranks[:] = [at_rank[name] for name in terms]
        ranked = ranks[numbers]
        order = np.argsort(ranked, kind="stable")  # rows of one term stay ascending
        rows = rows[order]
        starts = np.searchsorted(ranked[order], np.arange(len(names) + 1))
        length = np.concatenate(lengths)
        relative = length / max(float(length.mean()), 1.0) if row_count else length
        impacts = frequencies[order] / (frequencies[order] + k1 * (1 - b + b * relative[rows]))
        others = {alias: at_rank[term] for alias, term in sorted(aliases.items()) if alias != term and term in at_rank}
        return cls(names, others, starts.astype(np.int64), rows, impacts.astype(np.float32), row_count=row_count)

    def save(self, folder: Path) -> None:
        """Write the postings to *folder*, which exists. The same postings make the same bytes."""
        lines = list(self._terms)
        for alias, at in self._aliases.items():
            lines[at] += "\t" + alias
        write_lines(folder / _TERMS, lines)
        np.save(folder / _STARTS, self._starts)
        np.save(folder / _ROWS, self._rows)
        np.save(folder / _IMPACTS, self._impacts)

    @classmethod
    def load(cls, folder: Path, *, row_count: int, has_rows: bool = True) -> "Postings":
        """Return the postings saved in *folder*, see `read_table`. OSError or ValueError if they do not fit.

        has_rows: False where somebody else keeps which rows have a term: only what is known of terms is loaded then.
        """
        terms = read_lines(folder / _TERMS)
        aliases: dict[str, int] = {}
        # Few have other names; to take a million lines apart takes half a second.
        for at in [at for at, line in enumerate(terms) if "\t" in line]:
            terms[at], *others = terms[at].split("\t")
            aliases.update(dict.fromkeys(others, at))
        starts = read_array(folder / _STARTS, np.int64)
        rows = read_array(folder / _ROWS, np.int32) if has_rows else np.zeros(0, dtype=np.int32)
        impacts = read_array(folder / _IMPACTS, np.float32) if has_rows else np.zeros(0, dtype=np.float32)
        expected = (int(starts[-1]) if has_rows else 0,)
        if starts.shape != (len(terms) + 1,) or rows.shape != impacts.shape or rows.shape != expected:
            raise ValueError("its arrays have not the same length")
        return cls(terms, aliases, starts, rows, impacts, row_count=row_count)

    def __contains__(self, term: str) -> bool:
        return term in self._ids

    def canonical(self, term: str) -> str | None:
        """Return the term that *term* is a name of, None for an unknown one."""
        at = self._ids.get(term)
        return None if at is None else self._terms[at]

    def row_frequency(self, term: str) -> int:
        """Return how many rows have *term*."""
        at = self._ids.get(term)
        return 0 if at is None else int(self._starts[at + 1] - self._starts[at])

    def number_of(self, term: str) -> int:
        """Return the place of a known *term*, or of that which it is a name of, among all. KeyError for another."""
        return self._ids[term]

    def by_row(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Return the numbers of the terms of each row, one row after the other, where each begins, and their impacts.

        The terms of row i are terms[starts[i] : starts[i + 1]].
        """
        order = np.argsort(self._rows, kind="stable")
        terms = np.repeat(np.arange(len(self._terms)), np.diff(self._starts))[order]
        starts = np.searchsorted(self._rows[order], np.arange(self.row_count + 1))
        return terms, starts.astype(np.int64), self._impacts[order]

    def idf(self, row_frequency: int) -> float:
        """Return the weight of a term that *row_frequency* rows have; the rarer the higher, never negative."""
        return math.log1p((self.row_count - row_frequency + 0.5) / (row_frequency + 0.5))

    def of(self, term: str) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the rows of a known *term*, ascending, and its impact in each. KeyError for an unknown one."""
        at = self._ids[term]
        span = slice(int(self._starts[at]), int(self._starts[at + 1]))
        return self._rows[span], self._impacts[span]
