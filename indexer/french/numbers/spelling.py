"""One spelling for what differs in spaces and points alone, whatever it means."""

import re

from indexer.french.numbers.mention import START
from indexer.french.numbers.units import UNIT

_DIGIT = re.compile(r"\d")
# Begins with the point: nothing is found faster than one character.
_INITIAL = re.compile(r"\. ?\w(?!\w)")
_DOTTED = re.compile(
    # In small letters with the last point only: x.y.z is a path.
    r"(?<![\w.])(?:[A-ZÀ-Ý](?:\.[A-ZÀ-Ý]){1,10}(?:\.(?!\w)|(?![\w.]))|[a-z](?:\.[a-z]){2,10}\.(?!\w))"
    # Apart, three at least: « M. A. Dupont » has two.
    r"|(?<![\w.])(?:[A-ZÀ-Ý](?:\. [A-ZÀ-Ý]){2,10}|[a-z](?:\. [a-z]){2,10})\.(?!\w)"
)
_LAW = re.compile(r"(?<![\w.'-])(?:([LRD])\. ?(?=\d)|([LRDlrd])(?:\. ?| ?)(?=\d{3,4}-\d))")
_GROUPED = re.compile(
    rf"{START}(?<!\d )[1-9]\d{{0,2}}([ .])\d{{3}}(?:\1\d{{3}}){{0,4}}(?!\d)(?![ .,/-]?\d{{3}}\b)(?![./-]\d)"
)
_UNIT_NEXT = re.compile(rf" ?(?:{UNIT})(?!\w)")
_GLUED = re.compile(rf"{START}(\d{{1,12}}(?:[.,]\d{{1,4}})?)({UNIT})(?!\w)")


def respell(text: str) -> str:
    """Return a normalised text in one spelling: acronyms without points, law articles, grouped digits and units.

    Respelling twice changes nothing.
    """
    if _INITIAL.search(text):
        text = _DOTTED.sub(_without_points, text)
    if _DIGIT.search(text):
        text = _LAW.sub(r"\1\2.", text)
        text = _GROUPED.sub(_ungrouped, text)
        text = _GLUED.sub(r"\1 \2", text)
    return text


def _without_points(dotted: re.Match[str]) -> str:
    return dotted[0].replace(".", "").replace(" ", "")


def _ungrouped(grouped: re.Match[str]) -> str:
    groups = grouped[0].split(grouped[1])
    # « les codes 905 906 » are two, « 905 000 » and « 905 906 euros » one.
    is_one = (
        grouped[1] == "."
        or len(groups[0]) < 3
        or groups[-1] == "000"
        or _UNIT_NEXT.match(grouped.string, grouped.end())
    )
    return "".join(groups) if is_one else grouped[0]
