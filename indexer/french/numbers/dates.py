"""Dates as the French write them, day before month, and as machines do. The terms are those of ISO 8601."""

import re
from collections.abc import Iterator

from indexer.french.numbers.mention import CODE, MENTION, START, Mention, Span
from indexer.french.text import fold

_MONTHS = (
    "janvier janv",
    "fevrier fevr",
    "mars",
    "avril avr",
    "mai",
    "juin",
    "juillet juil",
    "aout",
    "septembre sept",
    "octobre oct",
    "novembre nov",
    "decembre dec",
)
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()}
_MONTH = (
    "janv(?:ier)?|f[ée]vr(?:ier)?|mars|avr(?:il)?|mai|juin|juil(?:let)?|ao[ûu]t"
    "|sept(?:embre)?|oct(?:obre)?|nov(?:embre)?|d[ée]c(?:embre)?"
)
_NAMED_DATE = re.compile(
    rf"{START}(?:(?P<day>\d{{1,2}}|1er|premier) )?(?P<month>{_MONTH})(?!\w)\.?(?: (?P<year>(?:19|20)\d\d)(?!\w))?",
    re.IGNORECASE,
)
_DATE = re.compile(
    rf"{START}(?:(?P<day>\d{{1,2}}|1er|premier) )?(?P<month>{_MONTH})(?!\w)\.?(?: (?P<year>(?:19|20)\d\d)(?!\w))?",
    re.IGNORECASE,
)
_DATE = re.compile(
    rf"{START}(?:(?P<year>(?:19|20)\d\d)(?P<mark>[/-])(?P<month>\d{{1,2}})(?P=mark)(?P<day>\d{{1,2}})"
    r"|(?P<day_first>\d{1,2})(?P<point>[/.-])(?P<month_second>\d{1,2})(?P=point)(?P<year_last>(?:19|20)\d\d|(?<=/)\d\d)"
    r"|(?P<month_alone>\d{1,2})/(?P<year_beside>(?:19|20)\d\d))(?![\w/-]|[.,]\d)"
)


def find_dates(text: str) -> Iterator[Mention]:
    """Yield the days, with or without a year, and the months of a year."""
    for found in _NAMED_DATE.finditer(text):
        day = 1 if found["day"] and not found["day"].isdigit() else int(found["day"] or 0)
        if found["year"] if found["day"] is None else 1 <= day <= 31:
            at = found.span("day") if day else (found.start(), found.start())
            counted = (found.start("month"), found.end())
            yield _date(day, _MONTH_OF[fold(found["month"])], found["year"] or "", at, counted)
    for found in _DATE.finditer(text):
        written = found["day"] or found["day_first"]
        day = int(written or 0)
        month = int(found["month"] or found["month_second"] or found["month_alone"])
        year = found["year"] or found["year_last"] or found["year_beside"]
        if 1 <= month <= 12 and (written is None or 1 <= day <= 31):
            last = next((name for name in ("year_last", "year_beside") if found[name]), None)
            # A string that hangs together has one meaning; what slashes part has the year's too.
            beside = found.span(last) if last and "/" in found[0] else None
            yield _date(day, month, year, (found.start(), beside[0] if beside else found.end()), beside)


def _date(day: int, month: int, year: str, number: Span, counted: Span | None) -> Mention:
    """Return a day, or a month where *day* is 0; year: empty where it is not said, of a day alone."""
    if len(year) == 2:
        year = ("20" if year < "70" else "19") + year
    of_month, of_year = f"{MENTION}{year}-{month:02}", f"{CODE}{year}"
    # As ISO 8601:2000 writes a day of any year.
    of_any_year = f"{MENTION}--{month:02}-{day:02}"
    if not day:
        return Mention(of_month, number, counted, (of_year,), is_strict=True)
    if not year:
        return Mention(of_any_year, number, counted, is_strict=True)
    of_day = f"{MENTION}{year}-{month:02}-{day:02}"
    return Mention(of_day, number, counted, (of_any_year, of_month, of_year), is_strict=True)
