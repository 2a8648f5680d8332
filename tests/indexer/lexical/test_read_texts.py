"""What is read of texts, taken over from earlier ones."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from indexer.lexical import LexicalIndex, ReadTexts, read_texts
from indexer.lexical.read_texts import NumberedStrings

TEXTS = [
    "un certificat de 3 ans",
    "le 905, trois années",
    "",
    "É.N.T. 10 000 euros",
    "a\x85b\u2028c\nd",
    "\ud800 le mot",
]


def assert_equal(some: ReadTexts, others: ReadTexts) -> None:
    """Numbers, types and order."""
    for ours, theirs in ((some.strings, others.strings), (some.mentioned, others.mentioned)):
        assert list(ours.different) == list(theirs.different)
        assert_array_equal(ours.numbers, theirs.numbers, strict=True)
        assert_array_equal(ours.ends, theirs.ends, strict=True)


@pytest.fixture(autouse=True)
def _few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_texts, "_AT_ONCE", 2)
    monkeypatch.setattr(read_texts, "_NUMBERS_AT_ONCE", 3)


@given(st.lists(st.sampled_from(TEXTS), max_size=8), st.lists(st.one_of(st.sampled_from(TEXTS), st.text(max_size=9))))
def test_texts_taken_over_are_as_if_they_were_read(earlier: list[str], now: list[str]) -> None:
    """Whatever was removed, added, repeated or moved."""
    same = np.array([earlier.index(text) if text in earlier else -1 for text in now], dtype=np.int64)
    fresh = ReadTexts.of(text for text in now if text not in earlier)
    assert_equal(ReadTexts.of(earlier).continued(same, fresh), ReadTexts.of(now))


@pytest.mark.parametrize("texts", [[], [""], TEXTS], ids=["none", "empty", "some"])
def test_what_is_saved_is_read_back(texts: list[str], tmp_path: Path) -> None:
    """And the same texts make the same bytes, and the same index as when they are read there."""
    for name in ("a", "b"):
        ReadTexts.of(texts).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    read = ReadTexts.load(tmp_path / "a")
    assert_equal(read, ReadTexts.of(texts))
    for question in ("trois ans", "10000 €", "905", "certifcat"):
        assert_array_equal(
            LexicalIndex.of_read(read).search(question).values, LexicalIndex.build(texts).search(question).values
        )


def test_strings_are_numbered_in_the_order_in_which_they_come() -> None:
    """Each once."""
    read = ReadTexts.of(["un mot un", "", "mot autre"]).strings
    assert read.different == ["un", "mot", "autre"]
    assert read.numbers.tolist() == [0, 1, 0, 1, 2]
    assert read.ends.tolist() == [3, 3, 5]
    assert isinstance(read, NumberedStrings)
