"""Files as they are written and read."""

from pathlib import Path

import numpy as np
import pytest

from indexer.encoders.bundled.adapter import ADAPTER_FILE
from indexer.files import write_arrays, written_aside


@pytest.mark.parametrize("name", ["adapter.npz", "eight_bit.npz"])
def test_what_ships_is_written_byte_for_byte(name: str, tmp_path: Path) -> None:
    """The same numbers make the same file, in any order or layout: its sum says which encoder it makes."""
    shipped = ADAPTER_FILE.with_name(name)
    with np.load(shipped) as arrays:
        reordered = {name: np.asfortranarray(arrays[name]) for name in reversed(arrays.files)}
    write_arrays(tmp_path / name, reordered)
    assert (tmp_path / name).read_bytes() == shipped.read_bytes()


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    """What fails on the way leaves the file as it was, and nothing beside it."""
    file = tmp_path / "kept.json"
    with written_aside(file) as aside:
        aside.write_text("first", encoding="utf-8")
        assert not file.exists()
    assert file.read_text(encoding="utf-8") == "first"

    def fail() -> None:
        with written_aside(file) as aside:
            aside.write_text("sec", encoding="utf-8")
            raise ValueError("half of it")

    with pytest.raises(ValueError, match="half of it"):
        fail()
    assert file.read_text(encoding="utf-8") == "first"
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept.json"]
