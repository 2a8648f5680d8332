"""Where the words of a part of a text begin and end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.encoders.parts import whole_words

TEXT = "Ce domaine.Ces procédés ont\nété 🎉 étudiés."


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ((0, len(TEXT)), TEXT),
        ((0, 11), "Ce domaine.Ces"),
        ((11, 23), "domaine.Ces procédés"),
        ((2, 12), "domaine.Ces"),
        ((23, 29), "ont\nété"),
        ((32, 33), "🎉"),
        ((len(TEXT) - 1, len(TEXT)), "étudiés."),
        ((24, 24 + 1), "ont"),
    ],
)
def test_a_part_is_widened_to_whole_words(part: tuple[int, int], words: str) -> None:
    """White space around it is left out, also where it lies inside one word or at the very end."""
    start, end = whole_words(TEXT, part)
    assert TEXT[start:end] == words


@given(st.text(), st.data())
def test_words_of_any_part_stand_between_spaces(text: str, data: st.DataObject) -> None:
    """Nothing but a space, a line end or an end of the text is beside the words, which hold all signs of the part."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    if not text[start:end].strip():
        with pytest.raises(ValueError, match="is blank"):
            whole_words(text, (start, end))
        return
    first, after = whole_words(text, (start, end))
    assert first == 0 or text[first - 1] in " \n"
    assert after == len(text) or text[after] in " \n"
    assert text[start:end].strip() in text[first:after]
