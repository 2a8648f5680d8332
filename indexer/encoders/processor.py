"""What the processor of this machine is called."""

import platform
import re
from pathlib import Path


def processor_name() -> str:
    """Return the name of the processor, as the system tells it to people."""
    try:
        described = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine()
    name = re.search(r"^model name\s*: (.*)$", described, re.MULTILINE)
    return name[1].strip() if name else platform.machine()
