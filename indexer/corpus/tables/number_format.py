"""A number of a spreadsheet in the format of its cell, as a French spreadsheet shows it.

Excel keeps formats with English signs: a comma parts thousands, a point begins decimals. Known are sections,
conditions, digit masks, thousands, decimals, %, quoted words, currency, dates and times. Years always have four digits,
and a day, month and year are in French order. What else there is (fractions, powers of ten, eras) is not guessed at.
Source: ECMA-376, part 1, 18.8.30 and 18.8.31.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple

GENERAL = "General"
BUILT_IN: dict[int, str] = {
    **dict(enumerate((GENERAL, "0", "0.00", "#,##0", "#,##0.00"))),
    **dict.fromkeys((5, 6, 42), '#,##0\\ "€"'),
    **dict.fromkeys((7, 8, 44), '#,##0.00\\ "€"'),
    **dict(enumerate(("0%", "0.00%", "0.00E+00", "# ?/?", "# ??/??", "dd/mm/yyyy", "dd/mm/yyyy"), start=9)),
    **dict(enumerate(("d mmm", "mmm yyyy", "hh:mm", "hh:mm:ss", "hh:mm", "hh:mm:ss", "dd/mm/yyyy hh:mm"), start=16)),
    **dict.fromkeys((*range(27, 37), *range(50, 59)), "dd/mm/yyyy"),
    **dict.fromkeys((37, 38, 41), "#,##0"),
    **dict.fromkeys((39, 40, 43), "#,##0.00"),
    **dict(enumerate(("mm:ss", "[h]:mm:ss", "mm:ss.0", "##0.0E+0", "@"), start=45)),
}
"""The formats that a file names by number alone, in French; those from East Asia as days."""
_TOKEN = re.compile(
    r"""(?P<literal>"[^"]*"?|\\.|_.)|(?P<filled>\*.)|\[(?P<bracket>[^\]]*)\]|(?P<general>General|Standard|@)
    |(?P<halves>AM/PM|A/P)|(?P<moment>y+|aa+|m+|d+|j+|h+|s+(?:\.0+)?)|(?P<digit>[0\#?])|(?P<point>\.)|(?P<comma>,)
    |(?P<percent>%)|(?P<slash>/)|(?P<section>;)|(?P<unknown>[a-z])|(?P<sign>.)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?(?:[0-9]+\.?[0-9]*|\.[0-9]+))")
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda number, limit: number < limit,
    ">": lambda number, limit: number > limit,
    "=": lambda number, limit: number == limit,
    "<=": lambda number, limit: number <= limit,
    ">=": lambda number, limit: number >= limit,
    "<>": lambda number, limit: number != limit,
}
_USUAL_CONDITIONS = {2: ((">=", 0.0),), 3: ((">", 0.0), ("<", 0.0))}
"""How many sections to the conditions of the first, where they have none of their own."""
_COLOUR = re.compile(r"(?:black|blue|cyan|green|magenta|red|white|yellow|colou?r ?\d+)", re.IGNORECASE)
_SYSTEM_FORMATS = {"$-F800": "dddd d mmmm yyyy", "$-F400": "hh:mm:ss"}
_MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)
_SHORT_MONTHS = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")
_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_EPOCHS = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}  # noqa: DTZ001  # spreadsheets know no time zone
_MOST = 10**20
_THIN_SPACE, _HARD_SPACE = "\u202f", "\xa0"


class _Token(NamedTuple):
    kind: str
    text: str


class _Section(NamedTuple):
    tokens: tuple[_Token, ...]
    condition: tuple[str, float] | None = None


def show_number(number: float, code: str, *, counts_from_1904: bool = False) -> str | None:
    """Return *number* as a cell of format *code* shows it; None where the format, or a date, is not understood."""
    section, has_own_sign = _section_for(number, _sections(code))
    kinds = {token.kind for token in section.tokens}
    if "unknown" in kinds:
        return None
    if "digit" in kinds and kinds & {"moment", "general"}:
        return None
    if "moment" in kinds:
        shown = _moment(number, section.tokens, counts_from_1904=counts_from_1904)
    else:
        number = abs(number) if has_own_sign else number
        is_general = "general" in kinds
        shown = _general(number, section.tokens) if is_general else _digits(Decimal(f"{number:.15g}"), section.tokens)
    return None if shown is None else re.sub(" {2,}", " ", shown).strip(" ")


def day_of(number: float, code: str, *, counts_from_1904: bool = False) -> date | None:
    """Return the day that a cell of format *code* is, whatever it shows of it beside a year; None otherwise."""
    section, _ = _section_for(number, _sections(code))
    texts = [token.text for token in section.tokens if token.kind == "moment"]
    if number < 1 or not any(text[0] in "dml" for text in texts):
        return None
    moment = _moment_of(_seconds(number), counts_from_1904=counts_from_1904)
    return moment.date() if moment else None


def show_general(number: float) -> str:
    """Return a number as a cell without a format of its own shows it."""
    shown = f"{number:.0f}" if number.is_integer() and abs(number) < 1e15 else f"{number:.12g}"
    return shown.replace(".", ",").replace("e", "E")


@lru_cache(maxsize=256)
def _sections(code: str) -> tuple[_Section, ...]:
    for name, shown in _SYSTEM_FORMATS.items():
        code = shown if f"[{name}]" in code else code
    sections = [_Section(())]
    for found in _TOKEN.finditer(code):
        tokens, condition = sections[-1]
        kind = found.lastgroup or ""
        if kind == "section":
            sections.append(_Section(()))
            continue
        if kind == "bracket" and (compared := _CONDITION.fullmatch(found[kind])):
            sections[-1] = _Section(tokens, (compared[1], float(compared[2])))
        elif token := _token(kind, found[kind]):
            sections[-1] = _Section((*tokens, token), condition)
    for_numbers = [one for one in sections[1:] if ("general", "@") not in one.tokens]  # one behind another is of texts
    sections = [sections[0], *for_numbers]
    usual = _USUAL_CONDITIONS.get(min(len(sections), 3), ())
    return tuple(
        _Section(_in_french_order(_with_minutes(tokens)), condition or default)
        for (tokens, condition), default in zip_longest(sections, usual)
    )


def _token(kind: str, text: str) -> _Token | None:
    if kind == "literal":
        return _Token("literal", text.strip('"') if text[0] == '"' else " " if text[0] == "_" else text[1:])
    if kind == "filled":
        return None
    if kind == "bracket":
        if text[:1] == "$":
            return _Token("literal", text[1:].partition("-")[0])
        if re.fullmatch("h+|m+|s+", text, re.IGNORECASE):
            return _Token("moment", f"[{text[0].lower()}]")
        return None if _COLOUR.fullmatch(text) else _Token("unknown", text)
    if kind == "moment":  # some programs write jj/mm/aaaa into their files
        text = text.lower().replace("j", "d").replace("a", "y")
        return _Token(kind, text if text[0] == "s" else text[: 2 if text[0] == "h" else 4])
    return _Token("literal" if kind == "sign" else kind, text)


def _with_minutes(tokens: Sequence[_Token]) -> list[_Token]:
    """Return the tokens with `n` for minutes, which formats write as months: they follow hours or precede seconds."""
    told = list(tokens)
    moments = [at for at, token in enumerate(tokens) if token.kind == "moment"]
    for place, at in enumerate(moments):
        before = tokens[moments[place - 1]].text if place else ""
        after = tokens[moments[place + 1]].text if place + 1 < len(moments) else ""
        if tokens[at].text in ("m", "mm") and (before[:1] == "h" or before == "[h]" or after[:1] == "s"):
            told[at] = _Token("moment", tokens[at].text.replace("m", "n"))
    return told


def _in_french_order(tokens: list[_Token]) -> tuple[_Token, ...]:
    moments = [at for at, token in enumerate(tokens) if token.kind == "moment"]
    for first, middle, last in zip(moments, moments[1:], moments[2:], strict=False):
        texts = [tokens[at].text for at in (first, middle, last)]
        month = next((text for text in texts if text[0] == "m"), "")
        if sorted(text[0] for text in texts) == ["d", "m", "y"] and not {"ddd", "dddd"} & set(texts):
            date = _Token("moment", "long date" if len(month) == 4 else "date")
            return (*tokens[:first], date, *tokens[last + 1 :])
    return tuple(tokens)


def _section_for(number: float, sections: Sequence[_Section]) -> tuple[_Section, bool]:
    """Return the section for a number, and whether no positive one comes to it: then its minus is written in it."""
    at = next(
        (at for at, (_, one) in enumerate(sections) if one is None or _COMPARE[one[0]](number, one[1])),
        len(sections) - 1,
    )
    own = sections[at].condition
    is_of_negatives = own is not None and own[0] in ("<", "<=", "=") and own[1] <= 0
    are_taken = any(one and one[0] in (">", ">=", "<>") and one[1] <= 0 for _, one in sections[:at])
    return sections[at], is_of_negatives or are_taken


def _general(number: float, tokens: Sequence[_Token]) -> str:
    shown = "".join(show_general(abs(number)) if token.kind == "general" else token.text for token in tokens)
    return f"-{shown}" if number < 0 else shown


def _digits(number: Decimal, tokens: Sequence[_Token]) -> str | None:
    """Return a number in a mask of digits; None where the mask has two points, is of a fraction, or too narrow."""
    kinds = [token.kind for token in tokens]
    if "slash" in kinds or kinds.count("point") > 1 or "halves" in kinds or abs(number) > _MOST:
        return None
    point = kinds.index("point") if "point" in kinds else len(tokens)
    wholes = [at for at in range(point) if kinds[at] == "digit"]
    decimals = [at for at in range(point, len(tokens)) if kinds[at] == "digit"]
    commas = [at for at, kind in enumerate(kinds) if kind == "comma" and "digit" in kinds[:at]]
    are_parted = any("digit" in kinds[at:point] for at in commas)
    # Behind the last digit, or the last before the point, a comma leaves thousands out.
    shrinking = sum("digit" not in kinds[at : point if at < point else None] for at in commas)
    number = number.scaleb(2 * kinds.count("percent") - 3 * shrinking)
    with localcontext(prec=25 + 2 * len(tokens)):  # enough for the most, with two digits more for each percent sign
        rounded = number.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)
    whole, _, part = f"{rounded.copy_abs():f}".partition(".")
    least = next((len(wholes) - place for place, at in enumerate(wholes) if tokens[at].text == "0"), 0)
    whole = whole.lstrip("0").rjust(least, "0")
    while part and part[-1] == "0" and tokens[decimals[len(part) - 1]].text != "0":
        part = part[:-1]
    shown = ["-" if rounded < 0 and "digit" in kinds else ""]
    for at, token in enumerate(tokens):
        if at in wholes:
            behind = len(wholes) - wholes.index(at) - 1
            start = 0 if at == wholes[0] else max(0, len(whole) - behind - 1)
            for place in range(start, len(whole) - behind):
                rest = len(whole) - place - 1
                shown.append(whole[place] + (_THIN_SPACE if are_parted and rest and rest % 3 == 0 else ""))
        elif at in decimals:
            shown.append(part[decimals.index(at) : decimals.index(at) + 1])
        elif token.kind == "point":
            shown.append(("" if wholes else whole) + ("," if part else ""))
        elif token.kind == "percent":
            shown.append(
                "%" if at and tokens[at - 1].text[-1:] in (" ", _HARD_SPACE, _THIN_SPACE) else f"{_HARD_SPACE}%"
            )
        elif token.kind != "comma":
            shown.append(token.text)
    return "".join(shown)


def _moment(number: float, tokens: Sequence[_Token], *, counts_from_1904: bool) -> str | None:
    texts = [token.text for token in tokens if token.kind == "moment"]
    is_of_hours = any(token.kind == "halves" for token in tokens) and not any(text[0] == "n" for text in texts)
    if number < 0 or is_of_hours:
        return None
    seconds = _seconds(number)
    moment = _moment_of(seconds, counts_from_1904=counts_from_1904)
    if moment is None:
        return None
    if number < 1 and any(text[0] in "dmyl" for text in texts):  # an hour without a day
        return f"{moment:%H:%M}"
    return "".join(
        _part_of(moment, seconds, token.text) if token.kind == "moment" else token.text
        for token in tokens
        if token.kind != "halves"  # French hours are counted to 24
    )


def _seconds(days: float) -> float:
    return round(days * 86_400, 3)  # a spreadsheet has milliseconds; what a format leaves out of them is cut


def _moment_of(seconds: float, *, counts_from_1904: bool) -> datetime | None:
    try:
        return _EPOCHS[counts_from_1904] + timedelta(seconds=seconds)
    except OverflowError:  # behind the year 9999
        return None


def _part_of(moment: datetime, seconds: float, text: str) -> str:
    if text[0] == "[":
        return str(int(seconds // {"h": 3600, "m": 60, "s": 1}[text[1]]))
    if text[0] == "s":
        decimals = len(text.partition(".")[2])
        fraction = f",{moment.microsecond:06}"[: decimals + 1] if decimals else ""
        return f"{moment.second:0{len(text.partition('.')[0])}}{fraction}"
    month, day = moment.month, _DAYS[moment.weekday()]
    return {
        "date": f"{moment:%d/%m/%Y}",
        "long date": f"{moment.day} {_MONTHS[month - 1]} {moment.year}",
        "d": str(moment.day),
        "dd": f"{moment:%d}",
        "ddd": f"{day[:3]}.",
        "dddd": day,
        "m": str(month),
        "mm": f"{moment:%m}",
        "mmm": _SHORT_MONTHS[month - 1],
        "mmmm": _MONTHS[month - 1],
        "h": str(moment.hour),
        "hh": f"{moment:%H}",
        "n": str(moment.minute),
        "nn": f"{moment:%M}",
    }.get(text, str(moment.year) if text[0] == "y" else "")
