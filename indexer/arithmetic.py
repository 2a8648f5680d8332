"""In which arithmetic an encoder multiplies where it encodes passages."""

from enum import StrEnum


class Arithmetic(StrEnum):
    """What can be asked of the bundled encoder, by the bits of a number in its products.

    MEASURED: the one that is faster on this processor, once enough texts are expected for it to pay.
    """

    FOUR_BIT = "4-bit"
    EIGHT_BIT = "8-bit"
    MEASURED = "auto"
