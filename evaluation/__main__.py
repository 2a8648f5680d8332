"""The command line of the evaluation: run, compare, gate, report. Prints; everything else returns."""

from evaluation.cli import main
from indexer.terminal import run_command

if __name__ == "__main__":
    run_command(main)
