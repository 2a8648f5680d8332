"""Dates as the French write them, day before month, and as machines do. The terms are those of ISO 8601."""

import re
from collections.abc import Iterator

from indexer.french.numbers.mention import CODE, MENTION, START, Mention, Span
from indexer.french.text import fold

MONTHS = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
_SHORT = ["janv", "fevr", "mars", "avr", "mai", "juin", "juil", "aout", "sept", "oct", "nov", "dec"]
_MONTH_OF = {fold(name): number for names in (MONTHS, _SHORT) for number, name in enumerate(names, start=1)}
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
        if (read := _read(found)) is not None:
            day, month, year = read
            last = next((name for name in ("year_last", "year_beside") if found[name]), None)
            # A string that hangs together has one meaning; what slashes part has the year's too.
            beside = found.span(last) if last and "/" in found[0] else None
            yield _date(day, month, year, (found.start(), beside[0] if beside else found.end()), beside)


def spell_dates(text: str) -> str:
    """Return a normalised text with its dates in digits as most answers have them, « 1er mars 2025 »."""
    return _DATE.sub(_spelt, text)


def _spelt(found: re.Match[str]) -> str:
    if (read := _read(found)) is None:
        return found[0]
    day, month, year = read
    return " ".join([*(["1er" if day == 1 else str(day)] if day else []), MONTHS[month - 1], year])


def _read(found: re.Match[str]) -> tuple[int, int, str] | None:
    """Return day, 0 for none, month and year of a date in digits; None if there is no such day."""
    written = found["day"] or found["day_first"]
    day = int(written or 0)
    month = int(found["month"] or found["month_second"] or found["month_alone"])
    year = found["year"] or found["year_last"] or found["year_beside"]
    if len(year) == 2:
        year = ("20" if year < "70" else "19") + year
    return (day, month, year) if 1 <= month <= 12 and (written is None or 1 <= day <= 31) else None


def _date(day: int, month: int, year: str, number: Span, counted: Span | None) -> Mention:
    """Return a day, or a month where *day* is 0; year: empty where it is not said, of a day alone."""
    of_month, of_year = f"{MENTION}{year}-{month:02}", f"{CODE}{year}"
    # As ISO 8601:2000 writes a day of any year.
    of_any_year = f"{MENTION}--{month:02}-{day:02}"
    if not day:
        return Mention(of_month, number, counted, (of_year,), is_strict=True)
    if not year:
        return Mention(of_any_year, number, counted, is_strict=True)
    of_day = f"{MENTION}{year}-{month:02}-{day:02}"
    return Mention(of_day, number, counted, (of_any_year, of_month, of_year), is_strict=True)
