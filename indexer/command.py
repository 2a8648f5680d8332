"""What the three command lines do alike: end as other commands do where nobody reads them any more."""

import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn


def run_command(main: Callable[[], int]) -> NoReturn:
    """Run *main* and end the process with its status, or without a word where the reader of its output has gone."""
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # At the end Python would write what is left, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 128 + signal.SIGPIPE
    sys.exit(status)
