"""The command line of the server: serve over HTTP, or ask one question in the terminal."""

from typing import TYPE_CHECKING

from indexer.terminal import run_command
from server.cli import main

if TYPE_CHECKING:
    pass


if __name__ == "__main__":
    run_command(main)
