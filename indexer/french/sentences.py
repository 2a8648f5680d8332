"""Where the sentences of a French Markdown text begin and end.

Rules, not a model: an answer is short, and an editor can foresee what a rule does. Offsets are exact: each sentence is
text[start:end], and only white space lies between two of them. Not pysbd: it knows neither Markdown nor the spaces that
published texts have lost.
"""

import re

from indexer.records import Excerpt

_ABBREVIATION = re.compile(
    "al|art|av|bd|cf|chap|coll|cie|dept|dir|dr|env|etc|ex|fig|hab|ill|max|mgr|min|mm|no|op|pp|pr|prof|réf|resp|rép|st|sté"
    "|suiv|sv|tél|tit|trad|vol|vs",
    re.IGNORECASE,
)
# These may also end a sentence, so a capital after them does.
_MAY_END = frozenset({"etc", "env", "max", "min", "suiv"})

_LINE = re.compile(r"[^\n]+")
_NEW_BLOCK = re.compile(r"\s*(?:#{1,6}\s|[-*+•·–—▪◦‣]\s|\d{1,3}[.)]\s|[a-z][.)]\s|>|\||```|~~~|$)")
_HEADING_OR_ROW = re.compile(r"\s*(?:#{1,6}\s|\||```|~~~|(?:[-*_]\s*){3,}$)")
_MARKER = re.compile(r"\s*(?:(?:[-*+•·–—▪◦‣>]|\d{1,3}[.)]|[a-z][.)]|#{1,6})\s+)+")
_STOP = re.compile(
    r"""(?<![.!?…])(?P<mark>[.!?…]++)      # the end of a sentence,
        (?P<close>[»”"'’)\]*_]*+(?:\s?»)?)  # what closes with it,
        (?: (?P<gap>\s+) | (?=[A-ZÀ-Ý]) )  # then a space, or, as is published at times, nothing""",
    re.VERBOSE,
)
_OPENING = "«“\"'‘([*_-–—• \t\u00a0\u202f"
_LAST_WORD = re.compile(r"[^\W_]++$")
# How far around a stop it is judged: more than any address has, and a text of stops alone still costs linear time.
_NEAR = 500
_CAPITALISED = re.compile(r"[A-ZÀ-Ý](?:['’ ]|[a-zà-ÿ]{2})")
_ADDRESS = re.compile(r"(?:https?://|www\.|@)\S*$", re.IGNORECASE)


def split_sentences(text: str) -> list[Excerpt]:
    """Return the sentences of *text* in order, headings, list items and table rows as sentences of their own.

    Every character that is not white space is in exactly one sentence; a sentence neither begins nor ends with white
    space, and holds a letter or a digit unless the whole text has none. A list marker belongs to its item.
    """
    spans = [span for start, end in _blocks(text) for span in _trimmed(text, _cut_at_stops(text, start, end)) if span]
    return [Excerpt(text[start:end], start, end) for start, end in _joined_to_words(text, spans)]


def _blocks(text: str) -> list[tuple[int, int]]:
    """Return the spans that a sentence never crosses: paragraphs, items, headings, table rows."""
    blocks: list[tuple[int, int]] = []
    for line in _LINE.finditer(text):
        if blocks and _continues(text, blocks[-1], line):
            blocks[-1] = (blocks[-1][0], line.end())
        else:
            blocks.append(line.span())
    return blocks


def _continues(text: str, block: tuple[int, int], line: re.Match[str]) -> bool:
    """Whether *line* goes on with the paragraph before it: editors wrap long lines, but one never knows."""
    between = text[block[1] : line.start()]
    if between != "\n" or _NEW_BLOCK.match(line[0]):
        return False
    last_line = text[max(block[0], text.rfind("\n", block[0], block[1]) + 1) : block[1]]
    if _HEADING_OR_ROW.match(last_line) or last_line.rstrip().endswith((".", "!", "?", "…", ":", ";")):
        return False
    return line[0].lstrip()[:1].islower()


def _cut_at_stops(text: str, start: int, end: int) -> list[tuple[int, int]]:
    marker = _MARKER.match(text, start, end)
    cuts = [start]
    for stop in _STOP.finditer(text, marker.end() if marker else start, end):
        if _ends_sentence(text, stop, cuts[-1], end):
            cuts.append(stop.end())
    return list(zip(cuts, [*cuts[1:], end], strict=True))


def _ends_sentence(text: str, stop: re.Match[str], start: int, end: int) -> bool:
    following = text[stop.end() : min(end, stop.end() + _NEAR)].lstrip(_OPENING)[:1]
    before = text[max(start, stop.start() - _NEAR) : stop.start()]
    word = _LAST_WORD.search(before)
    last = word[0] if word else ""
    if stop["gap"] is None:
        # Published at times ("ce domaine.Ces procédés"), but so are "Node.Js", "S.A.R.L" and addresses.
        true_word = len(last) > 2 and last[1:].islower() if last else before[-1:] in ')»”"\u00a0\u202f '
        return true_word and _CAPITALISED.match(text, stop.end()) is not None and not _ADDRESS.search(before)
    if following == "" or following.islower():
        return following == ""
    if stop["mark"] != ".":
        return True
    if len(last) == 1 and last.isalpha() and not stop["close"]:
        return False  # M. Dupont, L. 1111-8, J.-C.
    return not _ABBREVIATION.fullmatch(last) or (last.lower() in _MAY_END and following.isupper())


def _trimmed(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return *spans* without the white space at their ends, and without those that have nothing else."""
    trimmed: list[tuple[int, int]] = []
    for start, end in spans:
        piece = text[start:end].lstrip()
        if piece:
            trimmed.append((end - len(piece), end - len(piece) + len(piece.rstrip())))
    return trimmed


def _joined_to_words(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join what has neither letter nor digit (a rule, a lone dash) to the sentence before it, or else after it."""
    joined: list[tuple[int, int]] = []
    wordless = True
    for start, end in spans:
        here = not any(character.isalnum() for character in text[start:end])
        if joined and (here or wordless):
            joined[-1] = (joined[-1][0], end)
            wordless = wordless and here
        else:
            joined.append((start, end))
            wordless = here
    return joined
