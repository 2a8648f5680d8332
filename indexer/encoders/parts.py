"""Parts of a text, for encoders that read a text once for all of its parts: where the words of a part begin and end."""

from typing import TypeAlias

Part: TypeAlias = tuple[int, int]
"""Where a part of a text starts and ends, in code points."""

_BETWEEN_WORDS = " \n"


def whole_words(text: str, part: Part) -> Part:
    """Return *part* without white space around it, widened to the whole of the words that it begins and ends in.

    Words are what spaces and line ends part: no tokenizer reads across these, so that a text cut there has the tokens
    of the whole. ValueError for a part that is blank.
    """
    start, end = part
    inside = text[start:end]
    if not inside.strip():
        raise ValueError(f"the part from {start} to {end} of a text of {len(text)} characters is blank")
    start += len(inside) - len(inside.lstrip())
    end = start + len(inside.strip())
    first = max(text.rfind(space, 0, start) for space in _BETWEEN_WORDS) + 1
    after = [at for space in _BETWEEN_WORDS if (at := text.find(space, end)) >= 0]
    return first, min(after, default=len(text))
