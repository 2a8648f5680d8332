"""How French is printed: its spaces and apostrophes. The source stays as it is written."""

import re


def french_spaces(text: str) -> str:
    """Return *text* as it is printed in French.

    That is with no-break spaces before ? ! ; : », after « and in amounts, and curved apostrophes.
    """
    return as_printed(re.sub(r"(?<=«)[ \u00a0\u202f]+|[ \u00a0\u202f]+(?=[?!;:»])", " ", text))


def grouped(number: int) -> str:
    """Return *number* with a no-break space before each three digits, « 14 801 »."""
    return f"{number:,}".replace(",", "\u202f")


def as_printed(text: str) -> str:
    """Return *text* likewise, each character in its place."""
    text = re.sub(r"(?<=\w)'(?=\w)", "’", text)
    text = re.sub(r"[ \u00a0\u202f](?=[?!;])|(?<=\d) (?=\d{3}(?!\d))", "\u202f", text)
    return re.sub(r"[ \u00a0\u202f](?=[:»])|(?<=«)[ \u00a0\u202f]|(?<=\d) (?=[€%])", "\u00a0", text)
