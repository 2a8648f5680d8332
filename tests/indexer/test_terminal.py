"""How the command lines end."""

import os
import subprocess
import sys

import pytest

PRINTS_TWICE = """
import sys
from indexer.terminal import run_command

def main():
    print("first", flush=True)
    sys.stdin.read()
    print("second")
    return 3

run_command(main)
"""


@pytest.mark.parametrize(("is_read", "status"), [(True, 3), (False, 141)])
def test_a_reader_that_has_gone_is_no_mistake(is_read: bool, status: int) -> None:
    """As with `| head -1`: no traceback, and the status of a command that a closed pipe ended."""
    reading, writing = os.pipe()
    with (
        os.fdopen(reading, "rb") as output,
        subprocess.Popen(
            [sys.executable, "-c", PRINTS_TWICE], stdin=subprocess.PIPE, stdout=writing, stderr=subprocess.PIPE
        ) as command,
    ):
        os.close(writing)
        assert output.readline() == b"first\n"
        if not is_read:
            output.close()
        _, complaints = command.communicate(timeout=30)
        if is_read:
            assert output.read() == b"second\n"
    assert (command.returncode, complaints) == (status, b"")
