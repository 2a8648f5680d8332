"""Lines and arrays in the files of an index."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

_Number = TypeVar("_Number", bound=np.number)
_EMPTY_ARRAY_BYTES = 128


def write_lines(file: Path, lines: Sequence[str]) -> None:
    """Write *lines*, none of which has a line break in it."""
    file.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="\n")


def read_lines(file: Path) -> list[str]:
    """Return the lines that `write_lines` wrote."""
    return file.read_text(encoding="utf-8").split("\n")[:-1]


def read_array(file: Path, kind: type[_Number]) -> NDArray[_Number]:
    """Return the array saved in *file*, by memory map unless it is empty. ValueError if it is not of *kind*."""
    empty = file.stat().st_size <= _EMPTY_ARRAY_BYTES  # the system cannot map nothing
    saved = np.load(file, mmap_mode=None if empty else "r", allow_pickle=False)
    if saved.dtype != kind or saved.ndim != 1:
        raise ValueError(f"{file.name} holds {saved.dtype} of {saved.ndim} dimensions")
    # A plain view: slicing np.memmap objects costs ten times as much.
    return np.asarray(saved)


def read_mapped(file: Path) -> NDArray[Any]:
    """Return the array saved in *file*, mapped into memory, without the cost of numpy's memmap at each slice."""
    return np.asarray(np.load(file, mmap_mode="r"))
