"""Trees as arrays."""

from pathlib import Path

import numpy as np
import pytest

from indexer.search.coverage import COLUMNS, Coverage
from indexer.search.verifier import IN_SCOPE
from training.verifier.cases import Cases
from training.verifier.export import lines_of, reference_of, save
from training.verifier.faqs import Kind
from training.verifier.teaching import fit, left_out_logits, seen_by_trees, weights_of


def random_cases(count: int = 1200) -> Cases:
    """Return cases of two FAQs in which what is covered decides, mostly."""
    generator = np.random.default_rng(1)
    rows = generator.random((count, len(COLUMNS)), dtype=np.float32)
    right = rows[:, COLUMNS.index("covered_any")] + generator.normal(0, 0.2, count) > 0.5
    empty = np.full(count, "")
    return Cases(
        rows=rows,
        right=right,
        missing=np.zeros(count, dtype=np.bool_),
        broad=np.zeros(count, dtype=np.bool_),
        curated=np.arange(count) // 400 % 2,
        kinds=np.array([str(Kind.REAL if at % 2 else Kind.OFF_TOPIC) for at in range(count)]),
        faq=np.array(["one" if at % 3 else "two" for at in range(count)]),
        label=empty,
        query_set=empty,
        text=empty,
    )


@pytest.mark.slow
def test_exported_trees_say_what_the_fitted_ones_say(tmp_path: Path) -> None:
    """The arrays give the log-odds of scikit-learn to a millionth, for rows that were seen and for others."""
    cases = random_cases()
    models = fit(cases, trees=30)
    logits, _ = left_out_logits(cases, trees=5)
    lines = lines_of(cases, logits)
    verifier = save(tmp_path / "new" / "verifier.npz", models, lines, reference_of(cases, logits, lines))
    for seen in (cases, Cases.join([cases.pick(np.arange(50))] * 2)):
        coverage = Coverage(seen.rows.astype(np.float64), ((),) * len(seen), is_broad=False)
        said = [model.decision_function(seen_by_trees(seen)) for model in models]
        np.testing.assert_allclose(verifier.logits(coverage), np.mean(said, axis=0), rtol=0, atol=1e-6)
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["verifier.npz"]


@pytest.mark.slow
def test_the_same_cases_make_the_same_file(tmp_path: Path) -> None:
    """Byte for byte."""
    cases = random_cases()
    logits, _ = left_out_logits(cases, trees=5)
    lines = lines_of(cases, logits)
    files = [tmp_path / "first.npz", tmp_path / "second.npz"]
    for file in files:
        save(file, fit(cases, trees=10), lines, reference_of(cases, logits, lines))
    assert files[0].read_bytes() == files[1].read_bytes()


def test_every_faq_and_shape_counts_the_same() -> None:
    """However many questions it has, and the weights are 1 on average."""
    cases = random_cases()
    weights = weights_of(cases)
    assert weights.mean() == pytest.approx(1)
    of_one, of_two = (weights[(cases.faq == faq) & (cases.curated == 0)].sum() for faq in ("one", "two"))
    assert of_one == pytest.approx(of_two)


def test_one_that_is_left_out_has_no_say() -> None:
    """Lines and questions of reference of an FAQ that is left out are those of the others."""
    cases = random_cases()
    logits = np.linspace(-3, 3, len(cases))
    assert len(lines_of(cases, logits).of_groups) == 4
    lines = lines_of(cases, logits, without="one")
    assert len(lines.of_groups) == 2
    reference = reference_of(cases, logits, lines, without="one")
    assert set(reference.faq.tolist()) == {1}
    assert (reference.kinds == IN_SCOPE).sum() == 2 * 60 or (reference.kinds == IN_SCOPE).sum() <= 2 * 120
    with pytest.raises(ValueError, match="give more --data"):
        lines_of(cases.pick(np.arange(50)), logits[:50])
