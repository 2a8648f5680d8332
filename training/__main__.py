"""`python -m training`."""

from indexer.terminal import run_command
from training.cli import main

if __name__ == "__main__":
    run_command(main)
