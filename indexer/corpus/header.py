"""Where the header of a Markdown answer begins and ends, or why it does not: the lines of three hyphens.

A header that is not found would be shown to visitors as part of the text, and its questions never searched: so what
looks like one is told wherever it stands, with its line. Lists and rules of Markdown are no headers.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from indexer.corpus.text_files import FORMAT_CHARACTERS
from indexer.records import Problem, Severity

FENCE = "---"
FORMER_NAMES = "anciens-noms"
KEYWORDS = "mots-cles"
CHANGED_ON = "modifie-le"
KEYS = ("questions", "facettes", "source", KEYWORDS, FORMER_NAMES, CHANGED_ON)
_JSON_KEY = re.compile(r'\A\s*\{\s*"[^"]+"\s*:')
_UNSEEN = re.compile(f"[{FORMAT_CHARACTERS}]")
_MEANT_FOR_A_FENCE = re.compile(r"[-‐‑‒–—_=*]{2,}|[‒–—]")
_CODE_FENCE = re.compile(r"```|~~~")
_ITEM = re.compile(r"\s*[-‐‑‒–—•*]\s*\S")
_INDENTED = re.compile(r"\s+\S")
_KEY = re.compile(r"(?:questions?|facettes?|sources?)\s*:", re.IGNORECASE)
_KEY_AS_TAUGHT = re.compile(rf"(?:{'|'.join(KEYS)})\s*:")
_KEY_OF_A_LIST = re.compile(r"(?:questions?|facettes?)\s*:\s*", re.IGNORECASE)
_KEY_WITH_VALUE = re.compile(r"questions:|facettes:")
# Under a rule, people also write « Source : », but with a space before the colon.
_KEY_OF_A_CLOSED_HEADER = re.compile(r"(?:questions?|facettes?|source):", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HeaderLines:
    """The lines, from 0, that open and close the header; both 0 where there is none. *problem*: with finding them."""

    opening: int = 0
    closing: int = 0
    problem: Problem | None = None


def find_header(lines: Sequence[str], *, path: str) -> HeaderLines:
    """Return where the header of a file is. Only without an error are its lines those of a header and a text."""
    seen = [_UNSEEN.sub("", line).rstrip() for line in lines]
    opening = next((at for at, line in enumerate(seen) if line), 0)
    if seen[opening].strip() != FENCE:
        return HeaderLines(problem=_problem_without_opening(seen, opening, path) or _problem_in_text(seen, 0, path))
    if lines[opening].rstrip() != FENCE:
        return HeaderLines(problem=_not_alone(path, opening))
    closing = next((at for at in range(opening + 1, len(seen)) if _MEANT_FOR_A_FENCE.fullmatch(seen[at].strip())), 0)
    if not closing:
        message = f"l'en-tête ouvert ici n'est pas fermé : ajoutez une ligne « {FENCE} » après lui."
        return HeaderLines(problem=Problem(path, opening + 1, message))
    if seen[closing].strip() != FENCE:
        message = f"cette ligne doit être « {FENCE} », trois tirets, pour fermer l'en-tête."
        return HeaderLines(problem=Problem(path, closing + 1, message))
    if lines[closing].rstrip() != FENCE:
        return HeaderLines(problem=_not_alone(path, closing))
    return HeaderLines(opening, closing, _problem_in_text(seen, closing, path))


def _not_alone(path: str, at: int) -> Problem:
    message = f"un caractère invisible ou une espace est sur cette ligne : effacez-la et retapez « {FENCE} »."
    return Problem(path, at + 1, message)


def _problem_without_opening(seen: Sequence[str], opening: int, path: str) -> Problem | None:
    """Return what is wrong at the beginning of a file that has no line of three hyphens there."""
    first = seen[opening]
    is_json = first.lstrip().startswith("{") and _JSON_KEY.search("\n".join(seen[opening : opening + 3]))
    if is_json or first.strip() in ("+++", ";;;"):
        message = (
            f"cet en-tête est celui d'un autre programme : ici, il est entre deux lignes « {FENCE} », trois tirets, et "
            f"ses clés sont {', '.join(KEYS)}."
        )
        return Problem(path, opening + 1, message)
    below = next((at for at in range(opening + 1, len(seen)) if seen[at]), opening)
    if _CODE_FENCE.match(first.strip()):
        if seen[below].strip() == FENCE:
            return Problem(path, opening + 1, "retirez cette ligne et celle qui lui répond plus bas.")
        if _is_header(seen, below):
            message = f"mettez « {FENCE} », trois tirets, au lieu de cette ligne et de celle qui lui répond plus bas."
            return Problem(path, opening + 1, message)
        return None
    at = below if _MEANT_FOR_A_FENCE.fullmatch(first.strip()) else opening
    if _KEY_AS_TAUGHT.match(seen[at]) or _is_header(seen, at):
        message = (
            f"l'en-tête doit commencer par une ligne « {FENCE} », trois tirets, et finir de même ; ses clés sont "
            f"{', '.join(KEYS)}."
        )
        return Problem(path, opening + 1, message)
    if _KEY_OF_A_CLOSED_HEADER.match(first):
        message = f"cette ligne ferait partie du texte : si c'est l'en-tête, mettez-le entre deux lignes « {FENCE} »."
        return Problem(path, opening + 1, message, Severity.WARNING)
    return None


def _problem_in_text(seen: Sequence[str], start: int, path: str) -> Problem | None:
    """Return that a header begins further down; *start*: the line that closes the first one, 0 if there is none."""
    at = next((at for at in _lines_outside_code(seen, start) if _begins_header(seen, at)), None)
    if at is None:
        return None
    message = (
        f"l'en-tête doit être tout au début du fichier, entre deux lignes « {FENCE} » : mettez après lui ce qui "
        "précède cette ligne ; si ce sont deux réponses, faites-en deux fichiers."
    )
    if start:
        message = (
            "un second en-tête commence ici : si ce sont deux réponses, faites-en deux fichiers ; sinon, réunissez "
            f"leurs clés au début, entre deux lignes « {FENCE} »."
        )
    return Problem(path, at + 1, message)


def _begins_header(seen: Sequence[str], at: int) -> bool:
    """Whether this line opens a header, or is a key as it is taught with a list below, and not what Markdown has."""
    if seen[at].strip() != FENCE:
        return bool(_KEY_WITH_VALUE.match(seen[at])) and _begins_a_list(seen, at)
    return at + 1 < len(seen) and (bool(_KEY_WITH_VALUE.match(seen[at + 1])) or _is_header(seen, at + 1))


def _is_header(seen: Sequence[str], start: int) -> bool:
    """Whether keys stand here with a list under one of them, or with a line that closes them: no text looks so."""
    begin = next((at for at in range(start, len(seen)) if seen[at]), start)
    if not _KEY.match(seen[begin]):
        return False
    end = begin + sum(1 for _ in takewhile(_may_be_of_a_header, seen[begin:]))
    if any(_begins_a_list(seen, at) for at in range(begin, end)):
        return True
    closed = end < len(seen) and (seen[end].strip() == FENCE or bool(_CODE_FENCE.match(seen[end].strip())))
    return closed and bool(_KEY_OF_A_CLOSED_HEADER.match(seen[begin]))


def _may_be_of_a_header(line: str) -> bool:
    if line.strip() == FENCE:
        return False
    return not line or bool(_KEY.match(line) or _ITEM.match(line) or _INDENTED.match(line))


def _begins_a_list(seen: Sequence[str], at: int) -> bool:
    below = seen[at + 1] if at + 1 < len(seen) else ""
    return bool(_KEY_OF_A_LIST.fullmatch(seen[at]) and (_ITEM.match(below) or _INDENTED.match(below)))


def _lines_outside_code(seen: Sequence[str], start: int) -> Iterator[int]:
    """Yield the lines that are no part of an example: between two lines of back quotes."""
    inside = False
    for at in range(start, len(seen)):
        if _CODE_FENCE.match(seen[at].strip()):
            inside = not inside
        elif not inside:
            yield at
