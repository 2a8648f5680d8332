"""The guided search."""

from pathlib import Path

import numpy as np
import pytest

from indexer.answers.facets import FacetTable
from indexer.records import Answer, Facet

FACETS = [
    Facet("couloir", "Quel couloir ?", ("Hôpital", "Officine", "Biologie")),
    Facet("produit", "Quel produit ?", ("DMP",)),
]
ANSWERS = [
    Answer("a", "…", facets={"couloir": ("Hôpital",), "produit": ("DMP",)}),
    Answer("b", "…", facets={"couloir": ("Hôpital", "Officine")}),
    Answer("c", "…"),
    Answer("d", "…", facets={"couloir": ("Biologie",), "autre": ("x",)}),
]


@pytest.fixture
def table(tmp_path: Path) -> FacetTable:
    FacetTable.build(FACETS, (answer.facets for answer in ANSWERS)).save(tmp_path)
    return FacetTable.load(tmp_path)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"couloir": ["Hôpital"]}, "abc"),
        ({"couloir": ["Ho\u0302pital"]}, "abc"),
        ({"couloir": [" Hôpital\u200b"]}, "abc"),
        ({"couloir": ["Officine", "Biologie"]}, "bcd"),
        ({"couloir": ["Hôpital"], "produit": ["DMP"]}, "abc"),
        ({"autre": ["x"], "couloir": ["Officine"]}, "bc"),
    ],
)
def test_any_value_of_every_facet(table: FacetTable, filters: dict[str, list[str]], expected: str) -> None:
    """Values of one facet are alternatives, facets are joined, and an answer without a value applies to all."""
    allowed = table.allowed(filters)
    assert allowed is not None
    assert "".join(ANSWERS[row].id for row in np.flatnonzero(allowed)) == expected


def test_a_facet_may_apply_to_none_without_a_value(tmp_path: Path) -> None:
    """What its definition says holds for filters and for counts, and is kept; the others are as they were."""
    closed = Facet("produit", "Quel produit ?", ("DMP",), open_to_all=False)
    FacetTable.build([FACETS[0], closed], (answer.facets for answer in ANSWERS)).save(tmp_path)
    table = FacetTable.load(tmp_path)
    assert table.facets[1] == closed
    allowed = table.allowed({"produit": ["DMP"]})
    assert allowed is not None
    assert np.flatnonzero(allowed).tolist() == [0]
    assert table.count(np.arange(4))["produit"] == {"DMP": 1}
    assert table.count(np.arange(4))["couloir"] == {"Hôpital": 3, "Officine": 2, "Biologie": 2}


def test_known_filters_are_spelt_as_defined(table: FacetTable) -> None:
    """Decomposed accents are the same value; what there is not is left out."""
    asked = {"autre": ["z"], "couloir": ["Officine", "Ho\u0302pital", "absent"], "rien": ["x"]}
    assert table.known(asked) == {"couloir": ["Hôpital", "Officine"]}


def test_no_filter_allows_all(table: FacetTable) -> None:
    """Neither no facet nor a facet without values filters anything."""
    assert table.allowed({}) is None
    assert table.allowed({"couloir": []}) is None


def test_counts_are_over_the_given_answers(table: FacetTable) -> None:
    """Only the given answers are counted, and a value of none of them is left out."""
    assert table.count(np.array([0, 1]))["couloir"] == {"Hôpital": 2, "Officine": 1}
    assert table.count(np.array([0, 1]))["produit"] == {"DMP": 2}
    assert table.count(np.zeros(0, dtype=np.int64)) == {}


def test_undefined_facets_are_added_after_the_defined(table: FacetTable) -> None:
    """A facet that only answers name is known too, worded by its key."""
    assert [facet.key for facet in table.facets] == ["couloir", "produit", "autre"]
    assert table.facets[2] == Facet("autre", "autre", ("x",))


def test_unknown_facet_or_value_is_told_with_the_known(table: FacetTable) -> None:
    """The message names what is wrong and what there is."""
    key, value = table.unknown({"coulor": ["Hôpital"]}), table.unknown({"couloir": ["Hopital"]})
    assert key is not None
    assert value is not None
    assert "pas de facette 'coulor'" in key.french
    assert "no facet 'coulor'" in key.english
    assert "Valeurs connues : Hôpital, Officine, Biologie" in value.french
    assert "Hôpital, Officine, Biologie" in value.english
    with pytest.raises(ValueError, match="no facet"):
        table.allowed({"coulor": ["x"]})
