"""Sums, durations, sizes and shares: a number and its unit, in one unit for all that can be told exactly."""

import re
from collections.abc import Iterator
from decimal import Decimal

from indexer.french.numbers.mention import MENTION, START, Mention
from indexer.french.numbers.units import TIMES, UNIT, UNITS, WORD, WORDED

_NUMBER = rf"\d{{1,12}}(?:[.,]\d{{1,4}})?|(?:{WORD})(?= )"
_QUANTITY = re.compile(
    rf"{START}(?:(?P<first>{_NUMBER})(?: ?- ?| [àa] | ou ))?(?P<number>{_NUMBER})(?: ?\(\d{{1,4}}\))?\)?"
    rf"(?: (?P<times>mille|million|milliard)s?(?: de| d')?)? ?(?P<unit>{UNIT})(?!\w)"
)
COUNTED_ONE = {"an", "année", "annee", "mois", "semaine", "heure"}
"""What « un » counts: « un jour » is no duration."""


def find_quantities(text: str) -> Iterator[Mention]:
    """Yield what the numbers before a unit measure, both ends of a range."""
    for found in _QUANTITY.finditer(text):
        if found["number"] in {"un", "une"} and found["unit"] not in COUNTED_ONE:
            continue
        unit, factor = UNITS[found["unit"]]
        for name in ("first", "number"):
            if written := found[name]:
                value = _value(written) * TIMES.get(found["times"] or "", 1) * factor
                # A number in letters has no code of its own that could mislead.
                yield Mention(
                    f"{MENTION}{_plain(value)} {unit}",
                    found.span(name),
                    (found.end("number"), found.end()),
                    is_strict=written[0].isdigit(),
                )


def _value(written: str) -> Decimal:
    return Decimal(WORDED[written]) if written in WORDED else Decimal(written.replace(",", "."))


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")
