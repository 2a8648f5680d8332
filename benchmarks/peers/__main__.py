"""Measures Souffleur beside its peers and prints the table: make bench.

    python -m benchmarks.peers [--rounds 20] [--only question bulk http first-right] [--data ../shared/data/cnil-faq]

The peers are installed on first use into three environments in build/peers, as their versions exclude each other.
Rounds interleave, so that what else the machine does hits all alike: trust the ratios. Writes peers.json and peers.png
into benchmarks/results; 20 rounds take about half an hour. There are at most 12 of HTTP, and in bulk as many as
the answers last for: each is encoded once, and the vectors are searched for the last figure.
"""

import argparse
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.peers import encoding
from benchmarks.peers.environment import describe_machine, make_environments
from benchmarks.peers.http_load import measure_http
from benchmarks.peers.lineup import ENTRANTS, SERVERS
from benchmarks.peers.model import model_folder
from benchmarks.peers.processes import export_model
from benchmarks.peers.results import Figure, Run, markdown_of, save, table_of

FIGURES = ("question", "bulk", "http", "first-right")
RESULTS = Path("benchmarks/results")


def main() -> int:
    """Measure, print and write; return 0."""
    options = _options()
    # Ended from outside, it leaves the blocks that end its workers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    problems = make_environments(entrant.environment for entrant in ENTRANTS.values() if entrant.environment)
    model = model_folder()
    run = Run(datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), describe_machine())
    has_data = (options.data / "corpus.jsonl").is_file()
    wanted = [name for name in FIGURES if name in options.only and (has_data or name == "question")]
    for name in (name for name in FIGURES if name in options.only and name not in wanted):
        run.notes.append(f"{name} was left out: there is no corpus.jsonl in the data folder.")
        _say(run.notes[-1])
    print(" · ".join(str(value) for value in run.machine.values()))
    names = list(SERVERS if wanted == ["http"] else ENTRANTS)
    for problem in export_model(model, options.data, without=problems):
        _say(problem)
    with encoding.running(names, model=model, problems=problems, say=_say) as engines:
        run.versions.update(engines.versions)
        if "question" in wanted:
            questions = encoding.short_questions(options.data) if has_data else encoding.SHORT_QUESTIONS
            _add(run, encoding.measure_questions(engines, questions, rounds=options.rounds), out=options.out)
        if "bulk" in wanted:
            _add(
                run,
                encoding.measure_bulk(engines, encoding.bulk_texts(options.data), rounds=options.rounds),
                out=options.out,
            )
        if "http" in wanted:
            for figure in measure_http(engines, options.data, model=model, rounds=options.rounds):
                _add(run, figure, out=options.out)
        if "first-right" in wanted:
            _add(run, encoding.measure_first_right(engines, options.data), out=options.out)
    print("\n" + markdown_of(run))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="Measures Souffleur and its peers.")
    parser.add_argument("--rounds", type=int, default=20, help="interleaved rounds of each figure (default: 20)")
    parser.add_argument("--only", nargs="+", choices=FIGURES, default=FIGURES, help="which figures (default: all)")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/cnil-faq"), help="BEIR folder")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    return parser.parse_args()


def _add(run: Run, figure: Figure, *, out: Path) -> None:
    """Print a figure and write all so far: who stops the run keeps what was measured."""
    from benchmarks.peers.picture import save_picture

    run.figures.append(figure)
    # Idle engines add nothing to it: well above the cores, somebody else was at work, and spreads are wide.
    run.notes.append(f"load average after {figure.name}: {os.getloadavg()[0]:.1f}")
    print("\n" + table_of(figure), flush=True)
    save(run, out / "peers.json")
    save_picture(run, out / "peers.png")


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
