"""The command of the teaching: prints how far it is; everything else returns."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from indexer.encoders import Encoder
from indexer.encoders.loading import load_encoder
from indexer.errors import SouffleurError
from indexer.terminal import DONE, FAILED, show_progress
from training.verifier.vectors import KeptVectors

_WEIGHTS = Path("indexer/search/verifier.npz")
_WORK = Path("build/training")


def main(arguments: Sequence[str] | None = None, *, encoder: Encoder | None = None) -> int:
    """Run one command; return 0 when done, 2 when it could not run. encoder: the bundled one if None."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("training").setLevel(logging.INFO)
    try:
        return _teach_verifier(options, encoder)
    except ModuleNotFoundError as error:
        print(f"{error.name} is not installed. Run: pip install 'souffleur-faq[training]'", file=sys.stderr)
    except (SouffleurError, OSError, ValueError) as error:
        print(f"{error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("Interrupted. The same command encodes nothing twice.", file=sys.stderr)
    return FAILED


def _parser() -> argparse.ArgumentParser:
    program = argparse.ArgumentParser(prog="python -m training", description="Teaches the weights that ship.")
    commands = program.add_subparsers(title="commands", required=True, metavar="COMMAND")
    command = commands.add_parser("verifier", help="teach the verifier", description="Teaches the verifier.")
    command.add_argument("--data", type=Path, action="append", required=True, help="a BEIR folder; may be repeated")
    command.add_argument("--out", type=Path, default=_WEIGHTS, help="the file of the weights (default: %(default)s)")
    command.add_argument("--corpus", type=Path, default=Path("corpus"), help="the shipped FAQ (default: %(default)s)")
    command.add_argument("--work", type=Path, default=_WORK, help="vectors and indexes (default: %(default)s)")
    command.add_argument("--report", type=Path, help="the report, in Markdown (default: report.md in --work)")
    command.add_argument("--trees", type=int, default=200, help="how many (default: %(default)s)")
    return program


def _teach_verifier(options: argparse.Namespace, encoder: Encoder | None) -> int:
    from training.verifier.course import Teaching, teach  # what needs scikit-learn

    teaching = Teaching(options.data, options.corpus, options.out, options.work, options.trees)
    folders = " ".join(f"--data {folder.name}" for folder in options.data)
    with show_progress("Encoding") as progress:
        kept = KeptVectors(encoder or load_encoder(), options.work, progress=progress)
        report = teach(teaching, kept, command=f"python -m training verifier {folders}").markdown()
    file = options.report or options.work / "report.md"
    file.write_text(report, encoding="utf-8")
    print(f"{options.out} is written, and {file} tells how it fares.")
    return DONE
