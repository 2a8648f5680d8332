"""Postal addresses: a number, the kind of a street, and how far its name goes.

Known by number and street alone; a town without them is no address. Of the kinds that are everyday words too (places,
cours, voies), only what goes on like an address counts.
"""

import re
from collections.abc import Iterator

from server.privacy.names import PersonalData
from server.privacy.patterns import LETTER, PersonalKind, ignoring_case

_STREET = (
    r"(?:rue|avenue|av\.?|boulevard|bd\.?|bld\.?|boul\.|impasse|imp\.|all[eé]e|chemin|quai|faubourg"
    r"|fbg?\.?|square|ruelle"
    r"|sentier|esplanade|promenade|rond-point|lotissement|r[eé]sidence|hameau|mont[eé]e|traverse|venelle)"
)
_STREET_OR_WORD = r"(?:place|pl\.|cours|route|rte\.?|voie|passage|cit[eé]|villa|cour|parc|mail)"
_PARTICLE = (
    r"(?:(?:de|du|des|la|le|les|aux?|à|en|sur|sous|et|saint|sainte|st|ste|dr|docteur|g[eé]n[eé]ral|pr[eé]sident)"
    r" {1,2}|[dl]')"
)
_A_WORD = rf"[{LETTER}\d][{LETTER}\d'.\-]{{0,40}}"
_BEGINNING = ignoring_case(
    rf"(?<![\d{LETTER}.,\-])\d{{1,4}}(?: ?(?:bis|ter|quater|[a-d])(?![{LETTER}]))? ?,? {{0,2}}"
    rf"(?:(?P<sure>{_STREET})|{_STREET_OR_WORD})(?![{LETTER}]) {{1,2}}{_PARTICLE}{{0,3}}(?P<name>{_A_WORD})"
)
_MORE_OF_NAME = re.compile(rf" {{1,2}}(?P<particles>{_PARTICLE}{{0,3}})(?P<name>{_A_WORD})")
_TOWN = ignoring_case(
    rf"[ ,\-]{{0,4}}(?:\r?\n)? ?(?<!\d)(?:[a-z]-)?(?:\d{{5}}|2[ab]\d{{3}}) {{1,2}}(?P<town>{_A_WORD})"
    r"(?P<cedex> cedex(?: \d{1,2})?)?"
)
_MOST_WORDS = 5


def find_addresses(text: str) -> Iterator[PersonalData]:
    """Yield the postal addresses in *text*, in order; *text* is canonical, as `redaction` makes it."""
    for match in _BEGINNING.finditer(text):
        end = match.end() - (match["name"][-1] in ".-'")
        for _ in range(_MOST_WORDS):
            more = _MORE_OF_NAME.match(text, end)
            if more is None or not more["name"][0].isupper():
                break
            end = more.end() - (more["name"][-1] in ".-'")
        town = _TOWN.match(text, end)
        # « 3 cours Dupont » has a capital, « 3 cours de formation » has none.
        if town or match["sure"] or match["name"][0].isupper():
            yield PersonalData(PersonalKind.ADDRESS, match.start(), _end_of_town(town) if town else end)


def _end_of_town(town: re.Match[str]) -> int:
    end = town.end()
    return end - (town["cedex"] is None and town["town"][-1] in ".-'")
