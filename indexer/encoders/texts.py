"""What happens to a text before any tokenizer sees it."""

import re
from collections.abc import Sequence

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def cleaned(texts: Sequence[str]) -> list[str]:
    """Return each text with U+0000 as a space and lone surrogates as U+FFFD, so that any tokenizer can read it.

    ValueError for a text that is blank: it would get the vector of the prompt alone, which is near to everything.
    """
    readable = [_LONE_SURROGATE.sub("\ufffd", text).replace("\0", " ") for text in texts]
    for position, text in enumerate(readable):
        if not text.strip():
            raise ValueError(f"text {position} of {len(readable)} is blank")
    return readable
