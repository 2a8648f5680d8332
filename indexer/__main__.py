"""The command line of the indexer: import, check, build, describe, rollback, prune. Prints; everything else returns."""

from indexer.cli import main
from indexer.terminal import run_command

if __name__ == "__main__":
    run_command(main)
