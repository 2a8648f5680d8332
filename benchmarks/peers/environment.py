"""The virtual environments of the peers, made on first use, and what is said of the machine."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements")
WORK = Path("build/peers")
_EXTENSIONS = ("avx2", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16")
"""What the kernels of bytes and of bfloat16 choose by, as /proc/cpuinfo names it."""


def python_of(environment: str) -> Path:
    """Return the interpreter of an environment."""
    return WORK / environment / ".venv/bin/python"


def make_environments(names: Iterable[str]) -> dict[str, str]:
    """Install the peers, each set into an environment of its own, where its requirements changed since it was made.

    Returned: by environment, why it could not be installed; those that can be used are not in it.
    """
    problems = {}
    for name in sorted(set(names)):
        try:
            _make(name)
        except subprocess.CalledProcessError as error:
            said = (error.stderr or "").strip().splitlines()
            problems[name] = f"It cannot be installed: {said[-1] if said else error}"
    return problems


def _make(name: str) -> None:
    requirements, mark = REQUIREMENTS / f"{name}.txt", WORK / name / ".installed"
    digest = sha256(requirements.read_bytes()).hexdigest()
    python = python_of(name)
    if python.exists() and mark.exists() and mark.read_text(encoding="ascii") == digest:
        return
    print(f"Installing {requirements.name} into {python.parents[1]} (about 1.5 GB, once) …", file=sys.stderr)
    mark.parent.mkdir(parents=True, exist_ok=True)
    # From nothing: what the requirements before wanted may stand in the way of those of now.
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(python.parents[1])], check=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    install = [*pip, "install", "--requirement", str(requirements)]
    subprocess.run(install, check=True, stderr=subprocess.PIPE, text=True)
    mark.write_text(digest, encoding="ascii")


def describe_machine() -> dict[str, object]:
    """Return the processor, what it has for bytes and bfloat16, its cores, the memory and the system."""
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
    flags = set(values.get("flags", "").split())
    has = [flag for flag in _EXTENSIONS if flag in flags]
    amx = [] if any(flag.startswith("amx") for flag in has) else ["no AMX"]
    # A virtual machine often says no more than "AMD EPYC": family and model tell which.
    family = f"family {values.get('cpu family')}, model {values.get('model')}"
    return f"{values['model name']} ({family}; {', '.join([*has, *amx])})"
