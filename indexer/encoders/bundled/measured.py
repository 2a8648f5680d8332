"""Which arithmetic is faster on this processor, measured once and remembered in the cache."""

import contextlib
import json
import os
import statistics
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

from indexer.arithmetic import Arithmetic
from indexer.encoders.processor import processor_name
from indexer.files import written_aside
from indexer.records import Vectors

_FILE = "arithmetic.json"
_ROUNDS = 5
_MUST_GAIN = 1.15
"""How many times faster the 8-bit products must be to be worth rounding."""
_MUST_AGREE = 0.998
"""The least cosine of a vector to its more exact one: 0.9992 is usual, and less is a processor that loses sums."""


def faster(four_bit: Callable[[], Vectors], eight_bit: Callable[[], Vectors], *, cache_folder: Path) -> Arithmetic:
    """Return which of two ways to encode the same texts is to be used here; measured in turns where it is not known.

    cache_folder: what was measured is kept there, if it can be written. EncoderError of either way.
    """
    key = f"{processor_name()}, {len(os.sched_getaffinity(0))} cores, openvino {version('openvino')}"
    known = _read(cache_folder / _FILE)
    if key not in known:
        known = {**known, key: _measure(four_bit, eight_bit)}
        _write(cache_folder / _FILE, known)
    return known[key]


def _measure(four_bit: Callable[[], Vectors], eight_bit: Callable[[], Vectors]) -> Arithmetic:
    agree = float((four_bit() * eight_bit()).sum(axis=1).min()) >= _MUST_AGREE
    ratios = []
    for _ in range(_ROUNDS):
        exact, rounded = _seconds(four_bit), _seconds(eight_bit)
        ratios.append(exact / rounded)
    pays = agree and statistics.median(ratios) >= _MUST_GAIN
    return Arithmetic.EIGHT_BIT if pays else Arithmetic.FOUR_BIT


def _seconds(work: Callable[[], Vectors]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _read(file: Path) -> Mapping[str, Arithmetic]:
    """Return what was measured earlier; nothing where the file is absent or of another kind."""
    try:
        return {str(key): Arithmetic(value) for key, value in json.loads(file.read_bytes()).items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _write(file: Path, known: Mapping[str, Arithmetic]) -> None:
    """Keep what was measured; where that cannot be, it is measured again."""
    with contextlib.suppress(OSError), written_aside(file) as aside:
        aside.write_text(json.dumps(known, indent=1), encoding="utf-8")
