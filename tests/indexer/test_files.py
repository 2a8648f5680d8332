"""Files as they are written and read."""

from pathlib import Path

import numpy as np
import pytest

from indexer.encoders.bundled.adapter import ADAPTER_FILE
from indexer.files import write_arrays


@pytest.mark.parametrize("name", ["adapter.npz", "eight_bit.npz"])
def test_what_ships_is_written_byte_for_byte(name: str, tmp_path: Path) -> None:
    """The same numbers make the same file, in any order or layout: its sum says which encoder it makes."""
    shipped = ADAPTER_FILE.with_name(name)
    with np.load(shipped) as arrays:
        reordered = {name: np.asfortranarray(arrays[name]) for name in reversed(arrays.files)}
    write_arrays(tmp_path / name, reordered)
    assert (tmp_path / name).read_bytes() == shipped.read_bytes()
