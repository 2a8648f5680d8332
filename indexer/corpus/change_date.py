"""When an answer was last changed, as editors and spreadsheets write a day."""

import re
from datetime import date

from indexer.french.numbers.dates import find_dates

_ISO_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ]\d\d:\d\d.*)?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")
_AROUND_A_DAY = re.compile(
    r"\A(?:lun|mar|mer|jeu|ven|sam|dim)[a-z]*\.?,? |(?<=\d)(?: à)? \d\d?(?::| ?h ?)\d\d(?::\d\d)?\Z", re.IGNORECASE
)
_WORDS_OF_A_DAY = 3


def read_change_date(text: str) -> date | None:
    """Return the day in *text*, as 2026-03-31, 31/03/2026 or 31 mars 2026; None where it is nothing but one day."""
    iso = _ISO_DAY.fullmatch(text.strip())
    if iso:
        return _day(iso[1])
    text = _AROUND_A_DAY.sub("", text.strip())
    found = list(find_dates(text))
    days = [day for mention in found if (day := _DAY.search(mention.term))]
    if len(found) != 1 or not days or len(text.split()) > _WORDS_OF_A_DAY:
        return None
    return _day(days[0][0])


def not_a_date(text: str) -> str:
    """Return what to tell of a text that is no day, in French."""
    return f"« {text[:40]} » n'est pas un jour : écrivez-le comme 2026-03-31, ou 31/03/2026."


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
