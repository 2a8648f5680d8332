"""What the comparison with peers says of its figures and of the machine. No peer is needed."""

import json
from pathlib import Path

import pytest

from benchmarks.peers import environment
from benchmarks.peers.lineup import ENTRANTS
from benchmarks.peers.results import Figure, Row, Run, Spread, markdown_of, save, table_of


def _figure() -> Figure:
    def of(value: float) -> Spread:
        return Spread(value, value, value)

    rows = [
        Row("Souffleur", of(3)),
        Row("slow", of(12), of(4)),
        Row("fast", of(6), of(2)),
        Row("absent", None, note="ImportError: not here"),
    ]
    return Figure("question", "One question", "ms", 3, rows)


def test_best_peer_is_the_one_least_behind(tmp_path: Path) -> None:
    """Table, Markdown and JSON name the peer that Souffleur is least ahead of, and keep the ratio of each."""
    run = Run("2026-01-01", {"processor": "P (no AMX)", "cores": 2}, figures=[_figure()])
    save(run, tmp_path / "peers.json")
    assert json.loads((tmp_path / "peers.json").read_text("utf-8"))["figures"][0]["best_peer"] == "fast"
    assert table_of(run.figures[0]).splitlines()[-1] == "  best of the peers: fast, 6 ms, Souffleur is 2.00 ×"
    assert markdown_of(run).splitlines() == [
        "P (no AMX), 2 cores, 2026-01-01.",
        "",
        "| | One question, ms |",
        "| --- | --- |",
        "| Souffleur | 3 |",
        "| slow | 12 (4.00×) |",
        "| fast | 6 (2.00×) |",
        "| absent |  |",
        "| Souffleur beside the best | 2.00×, fast |",
    ]


def test_peer_that_is_absent_keeps_its_own_words() -> None:
    """A peer that could not be installed or loaded is in the table, with its error."""
    assert "  absent         ImportError: not here" in table_of(_figure()).splitlines()


def test_best_of_values_without_ratios_is_the_highest() -> None:
    """Of shares there are no ratios: the best peer is that with the highest."""
    rows = [Row("Souffleur", Spread(60, 60, 60)), Row("a", Spread(50, 50, 50)), Row("b", Spread(55, 55, 55))]
    best = Figure("first_right", "First answer right", "%", 1, rows).best_peer
    assert best is not None
    assert best.engine == "b"


@pytest.mark.parametrize("name", [name for name in ENTRANTS if ENTRANTS[name].environment])
def test_every_peer_has_requirements(name: str) -> None:
    """The environment of each peer is a file of requirements, whose torch is a build for any processor."""
    file = environment.REQUIREMENTS / f"{ENTRANTS[name].environment}.txt"
    assert "torch==2.13.0" in file.read_text("utf-8")


def test_processor_says_whether_it_has_amx() -> None:
    """The machine is named with what it has for bytes and bfloat16, and says so where it has no AMX."""
    flags = Path("/proc/cpuinfo").read_text("utf-8") if Path("/proc/cpuinfo").exists() else ""
    if "model name" not in flags:
        pytest.skip("There is no /proc/cpuinfo with a model name here.")
    processor = str(environment.describe_machine()["processor"])
    assert ("no AMX" in processor) == ("amx" not in flags)
    assert ("avx512_bf16" in processor) == ("avx512_bf16" in flags)
