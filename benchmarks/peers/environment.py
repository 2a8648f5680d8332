"""The virtual environment of the peers, made on first use, and what is said of the machine."""

import os
import platform
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
WORK = Path("build/peers")
PYTHON = WORK / ".venv/bin/python"


def make_environment() -> None:
    """Install the peers into an environment of their own, where the requirements changed since it was made.

    subprocess.CalledProcessError if they cannot be installed; what went wrong was printed.
    """
    digest, mark = sha256(REQUIREMENTS.read_bytes()).hexdigest(), WORK / ".installed"
    if PYTHON.exists() and mark.exists() and mark.read_text(encoding="ascii") == digest:
        return
    print(f"Installing the peers into {PYTHON.parents[1]} (about 1.5 GB, once) …", file=sys.stderr)
    WORK.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", str(PYTHON.parents[1])], check=True)
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "--requirement", str(REQUIREMENTS)], check=True)
    mark.write_text(digest, encoding="ascii")


def describe_machine() -> dict[str, object]:
    """Return the processor, its cores, the memory and the system."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "load_at_start": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text(encoding="utf-8").splitlines() if information.exists() else []
    values = dict(reversed([[part.strip() for part in line.split(":", 1)] for line in lines if ":" in line]))
    if "model name" not in values:
        return platform.processor() or platform.machine()
    extensions = [
        flag for flag in ("avx2", "avx512_vnni", "avx512_bf16", "amx_tile") if flag in values["flags"].split()
    ]
    return f"{values['model name']} ({', '.join(extensions)})"
