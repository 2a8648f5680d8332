"""What has a number in it and is written in many ways: sums, durations, dates, references, ordinals, dotted acronyms.

Two steps, the same for texts and questions. `respell` gives one spelling to what differs in spaces and points alone:
« L. 1111-8 », « 10.000 », « 3mois », « R. P. P. S. ». `find_mentions` then says what a number means with the word that
it counts: « 36 mois » and « 3 ans » are the term `#36 mois`, « annexe IV » is `#annexe 4`. Rules of French alone, no
corpus. No pattern can read the same characters in two ways, so that the time grows with the text.
"""

from indexer.french.numbers.dates import spell_dates
from indexer.french.numbers.find import find_mentions
from indexer.french.numbers.mention import MENTION, Mention, Span
from indexer.french.numbers.spelling import respell

__all__ = ["MENTION", "Mention", "Span", "find_mentions", "respell", "spell_dates"]
