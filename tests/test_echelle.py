"""The sums of docs/echelle.md are run: what they print is what the page says."""

import contextlib
import io
import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "echelle.md").read_text(encoding="utf-8")
MEASURES = (ROOT / "docs" / "mesures.md").read_text(encoding="utf-8")


def sums() -> tuple[dict[str, object], list[str]]:
    """Run the block of the page; return its names and the lines it prints."""
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, object] = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block, "docs/echelle.md", "exec"), names)
    return names, printed.getvalue().splitlines()


def test_the_table_is_what_the_sums_give() -> None:
    """Every row, from a thousand passages to a thousand million."""
    _, printed = sums()
    assert [line for line in PAGE.splitlines() if re.match(r"\| 10[³⁴⁵⁶⁷⁸⁹] \|", line)] == printed
    assert len(printed) == 7


def test_measured_figures_are_those_of_the_measures() -> None:
    """What the sums begin with stands where it was measured."""
    names, _ = sums()
    growth = {one["answers"]: one for one in json.loads((ROOT / "benchmarks/results/growth.json").read_text("utf-8"))}
    searching = names["SEARCH_MS"]
    assert isinstance(searching, dict)
    for power, took in searching.items():
        assert abs(took - growth[10**power]["search_p50_ms"]) < 0.5
    for name, column in (("SERVING_GB_A_MILLION", "search_megabytes"), ("BUILDING_GB_A_MILLION", "build_megabytes")):
        measured = (growth[1_000_000][column] - growth[100][column]) / 1000
        assert abs(float(str(names[name])) - measured) < 0.1, (name, measured)
    assert f"| **{names['TEXTS_A_SECOND']}** | **{names['QUESTIONS_A_SECOND']}** |" in MEASURES
