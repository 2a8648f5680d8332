"""The command line of the server: serve over HTTP, ask one question in the terminal, export or erase what was kept."""

from indexer.terminal import run_command
from server.cli import main

if __name__ == "__main__":
    run_command(main)
