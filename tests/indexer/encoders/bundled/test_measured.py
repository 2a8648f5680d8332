"""Which arithmetic is chosen, and that the choice is kept."""

import time
from pathlib import Path

import numpy as np
import pytest

from indexer.arithmetic import Arithmetic
from indexer.encoders.bundled.measured import faster
from indexer.records import Vectors

EXACT: Vectors = np.eye(3, 5, dtype=np.float32)


class Way:
    """Encodes in a time of its own, and counts how often."""

    def __init__(self, seconds: float, vectors: Vectors = EXACT) -> None:
        self.times = 0
        self._seconds = seconds
        self._vectors = vectors

    def __call__(self) -> Vectors:
        self.times += 1
        time.sleep(self._seconds)
        return self._vectors


@pytest.mark.parametrize(
    ("four_bit", "eight_bit", "chosen"),
    [
        (Way(0.05), Way(0), Arithmetic.EIGHT_BIT),
        (Way(0), Way(0.05), Arithmetic.FOUR_BIT),
        (Way(0.05), Way(0, np.roll(EXACT, 1, axis=0)), Arithmetic.FOUR_BIT),
    ],
    ids=["faster", "slower", "faster, but wrong on this processor"],
)
def test_what_is_faster_and_right_is_chosen_once(
    tmp_path: Path, four_bit: Way, eight_bit: Way, chosen: Arithmetic
) -> None:
    """Measured in turns; asked again, neither way is tried."""
    assert faster(four_bit, eight_bit, cache_folder=tmp_path) is chosen
    before = (four_bit.times, eight_bit.times)
    assert before[0] == before[1] > 1
    assert faster(four_bit, eight_bit, cache_folder=tmp_path) is chosen
    assert (four_bit.times, eight_bit.times) == before


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"a": "16-bit"}', b'{"a": 8}'])
def test_a_damaged_file_is_made_anew(tmp_path: Path, content: bytes) -> None:
    """What another program left there, or a cut file, is nothing that is known."""
    (tmp_path / "arithmetic.json").write_bytes(content)
    for _ in range(2):
        assert faster(Way(0.05), eight_bit := Way(0), cache_folder=tmp_path) is Arithmetic.EIGHT_BIT
    assert eight_bit.times == 0


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    """It is measured again each time."""
    nowhere = tmp_path / "file"
    nowhere.write_bytes(b"")
    for _ in range(2):
        eight_bit = Way(0)
        assert faster(Way(0.05), eight_bit, cache_folder=nowhere) is Arithmetic.EIGHT_BIT
        assert eight_bit.times > 1
