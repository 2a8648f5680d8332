"""What a setting may be: from the text of an option, a variable or a file to its value, or in words why it is none."""

import re
from pathlib import Path

from indexer.arithmetic import Arithmetic
from indexer.store_address import StoreAddress


def parse_text(text: str) -> str:
    """Return the text; ValueError for none."""
    if not text.strip():
        raise ValueError("it is empty")
    return text


def parse_list(text: str) -> tuple[str, ...]:
    """Return the entries of a list of TOML, or of a text with commas; ValueError for none."""
    entries = tuple(entry for entry in re.split(r"[\s,;]+", re.sub(r"[\[\]'\"]", " ", text)) if entry)
    if not entries:
        raise ValueError("it is empty")
    return entries


def parse_path(text: str) -> Path:
    """Return a path, `~` being the user's home; ValueError for an empty one, which would be the current folder."""
    try:
        return Path(parse_text(text)).expanduser()
    except RuntimeError:
        raise ValueError("the home folder that ~ stands for is not known") from None


def parse_share(text: str) -> float:
    """Return a number from 0 to 1; ValueError for anything else."""
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValueError("a number from 0 to 1 is needed")
    return share


def parse_count(text: str) -> int:
    """Return a whole number from 1 up; ValueError for anything else."""
    count = _parse_whole(text)
    if count is None or count < 1:
        raise ValueError("a whole number from 1 up is needed")
    return count


def parse_port(text: str) -> int:
    """Return a TCP port, 0 for any free one; ValueError for anything else."""
    port = _parse_whole(text)
    if port is None or not 0 <= port <= 65535:
        raise ValueError("a port from 0 to 65535 is needed")
    return port


def parse_store(text: str) -> StoreAddress:
    """Return the address of a Milvus; ValueError for anything else."""
    return StoreAddress.parse(text)


def parse_arithmetic(text: str) -> Arithmetic:
    """Return what it names; ValueError for anything else."""
    try:
        return Arithmetic(text)
    except ValueError:
        raise ValueError(f"one of {', '.join(Arithmetic)} is needed") from None


def _parse_whole(text: str) -> int | None:
    # Python's own int() also reads « 1_000 » and other scripts' digits, and has words of its own for what it does not.
    return int(text) if text.strip().lstrip("+-").isdecimal() and text.isascii() and len(text) < 20 else None
