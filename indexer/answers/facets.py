"""The guided search: which values each answer applies to. For one without a value, the facet says: to all, or none."""

import dataclasses
import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.errors import Wording
from indexer.files import read_table
from indexer.french.text import normalise
from indexer.records import Facet

DEFINITIONS_FILE = "facets.json"
TABLE_FILE = "facets.npy"


@dataclass(frozen=True, slots=True)
class FacetTable:
    """Which answers apply to which values: *applies* has shape (answers, all values of all facets, in their order)."""

    facets: tuple[Facet, ...]
    applies: NDArray[np.bool_]

    @classmethod
    def build(cls, facets: Sequence[Facet], of_answers: Iterable[Mapping[str, Sequence[str]]]) -> "FacetTable":
        """Return the table of answers with these facets, in order.

        Facets and values that are not defined are added, sorted, after the others.
        """
        pair_ids: dict[tuple[str, str], int] = {}
        rows, pairs = array("i"), array("i")
        count = 0
        for row, of_answer in enumerate(of_answers):
            count = row + 1
            for key, values in of_answer.items():
                for value in values:
                    rows.append(row)
                    pairs.append(pair_ids.setdefault((key, value), len(pair_ids)))
        complete = _complete(facets, pair_ids)
        columns = _columns(complete)
        open_columns = [facet.open_to_all for facet in complete for _ in facet.values]
        applies = np.tile(np.array(open_columns, dtype=np.bool_), (count, 1))
        column_of = np.array([columns[pair] for pair in pair_ids], dtype=np.int64)
        used_rows, used_columns = np.array(rows, dtype=np.int64), column_of[np.array(pairs, dtype=np.int64)]
        for facet in complete:
            first = columns[facet.key, facet.values[0]] if facet.values else 0
            last = first + len(facet.values)
            applies[used_rows[(used_columns >= first) & (used_columns < last)], first:last] = False
        applies[used_rows, used_columns] = True
        return cls(complete, applies)

    @classmethod
    def load(cls, folder: Path) -> "FacetTable":
        """Return the table saved in *folder*."""
        records = json.loads((folder / DEFINITIONS_FILE).read_text(encoding="utf-8"))
        return cls(read_facets(records), read_table(folder / TABLE_FILE))

    def save(self, folder: Path) -> None:
        """Write the table into *folder*."""
        records = [_record(facet) for facet in self.facets]
        (folder / DEFINITIONS_FILE).write_text(
            json.dumps(records, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        np.save(folder / TABLE_FILE, self.applies)

    def known(self, filters: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Return what of *filters* there is, in the order and the spelling of the definitions; see `allowed`."""
        chosen: dict[str, list[str]] = {}
        for facet in self.facets:
            asked = {_defined(facet, value) for value in filters.get(facet.key, ())}
            if values := [value for value in facet.values if value in asked]:
                chosen[facet.key] = values
        return chosen

    def unknown(self, filters: Mapping[str, Sequence[str]]) -> Wording | None:
        """Return what is wrong with *filters*: the first unknown facet or value; None if all are known."""
        known = {facet.key: facet for facet in self.facets}
        for key, values in filters.items():
            if key not in known:
                keys = ", ".join(sorted(known))
                return Wording(
                    f"Il n'y a pas de facette {key!r}. Facettes connues : {keys or 'aucune'}.",
                    f"There is no facet {key!r}. Known are: {keys or 'none'}.",
                )
            for value in values:
                if _defined(known[key], value) is None:
                    values_known = ", ".join(known[key].values)
                    return Wording(
                        f"La facette {key!r} n'a pas de valeur {value!r}. Valeurs connues : {values_known}.",
                        f"The facet {key!r} has no value {value!r}. Known are: {values_known}.",
                    )
        return None

    def allowed(self, filters: Mapping[str, Sequence[str]]) -> NDArray[np.bool_] | None:
        """Return shape (answers,): any of the values of a facet, and every facet. None if nothing is filtered.

        Composed or not, accents are the same. ValueError for an unknown facet or value.
        """
        masks = [self.applies[:, columns].any(axis=1) for columns in self.columns_of(filters)]
        return np.logical_and.reduce(masks) if masks else None

    def columns_of(self, filters: Mapping[str, Sequence[str]]) -> list[list[int]]:
        """Return the columns of *applies* of which an answer must have one, for each facet. Errors as `allowed`."""
        if wrong := self.unknown(filters):
            raise ValueError(wrong.english)
        known = {facet.key: facet for facet in self.facets}
        columns = _columns(self.facets)
        return [
            [columns[key, _defined(known[key], value) or value] for value in values]
            for key, values in filters.items()
            if values
        ]

    def count(self, rows: NDArray[np.int64]) -> dict[str, dict[str, int]]:
        """Return how many of the answers *rows* apply to each value; values that none applies to are left out."""
        return self.named(self.applies[rows].sum(axis=0).tolist())

    def named(self, totals: Sequence[int]) -> dict[str, dict[str, int]]:
        """Return counts of all columns by facet and value; values that none applies to are left out."""
        remaining = iter(totals)
        counts = {
            facet.key: {value: count for value in facet.values if (count := next(remaining))} for facet in self.facets
        }
        return {key: values for key, values in counts.items() if values}


def _complete(facets: Sequence[Facet], used: Iterable[tuple[str, str]]) -> tuple[Facet, ...]:
    values: dict[str, dict[str, None]] = {facet.key: dict.fromkeys(facet.values) for facet in facets}
    for key, value in sorted(used):
        values.setdefault(key, {})[value] = None
    defined = {facet.key: facet for facet in facets}
    return tuple(
        dataclasses.replace(defined.get(key, Facet(key, key, ())), values=tuple(some)) for key, some in values.items()
    )


def _record(facet: Facet) -> dict[str, object]:
    record: dict[str, object] = {"key": facet.key, "question": facet.question, "values": facet.values}
    return record if facet.open_to_all else {**record, "open_to_all": False}


def read_facets(records: Sequence[Mapping[str, Any]]) -> tuple[Facet, ...]:
    """Return the facets of the records in DEFINITIONS_FILE."""
    return tuple(map(_facet, records))


def _facet(record: Mapping[str, Any]) -> Facet:
    return Facet(record["key"], record["question"], tuple(record["values"]), record.get("open_to_all", True))


def _columns(facets: Sequence[Facet]) -> dict[tuple[str, str], int]:
    pairs = [(facet.key, value) for facet in facets for value in facet.values]
    return {pair: column for column, pair in enumerate(pairs)}


def _defined(facet: Facet, value: str) -> str | None:
    """Return *value* as the facet has it: a client may send its accents or spaces in another form."""
    if value in facet.values:
        return value
    asked = normalise(value)
    return next((one for one in facet.values if normalise(one) == asked), None)
