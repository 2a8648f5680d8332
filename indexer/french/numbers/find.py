"""All that the numbers of a text mean; of what could be a date and something else, the date."""

import re
from collections.abc import Iterator

from indexer.french.numbers.dates import find_dates
from indexer.french.numbers.mention import Mention, Span
from indexer.french.numbers.quantities import find_quantities
from indexer.french.numbers.references import NUMBERED, find_long_numbers, find_ordinals, find_references
from indexer.french.numbers.units import UNIT, WORD

# Most texts without a digit have no number in letters either, and one pass tells.
_MAY_MENTION = re.compile(
    rf"\d|[Pp]remi|[Ss]econd|i[èe]me(?!\w)|(?<!\w)(?:{WORD}) (?:à |a |ou |{UNIT}|\()"
    rf"|(?<!\w)(?i:{NUMBERED})[sx]? (?:n[°ºo]\.? ?)?[IVXivx]"
)


def find_mentions(text: str) -> Iterator[Mention]:
    """Yield what the numbers of a respelt text mean."""
    if not _MAY_MENTION.search(text):
        return
    taken: list[Span] = []
    for date in find_dates(text):
        yield date
        taken += (date.number, date.counted or date.number)
    for mention in (*find_quantities(text), *find_references(text), *find_ordinals(text), *find_long_numbers(text)):
        start, end = mention.place
        if not any(first < end and start < last for first, last in taken):
            yield mention
