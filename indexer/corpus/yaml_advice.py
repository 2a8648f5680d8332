"""What is meant by YAML that cannot be read, and what to do about it, in French: one advice for each common mistake."""

import re
from collections.abc import Callable

QUOTE_IT = 'mettez tout le texte entre guillemets droits : "…".'
SEE_EXAMPLE = "Comparez avec l'exemple de LISEZMOI.md : alignement, tirets, guillemets fermés."


def diagnose(lines: list[str], at: int) -> tuple[int, str]:
    """Return the line to mend, from 0, and what to do: YAML complains at it or further on."""
    at = min(at, len(lines) - 1)
    for number in range(at, -1, -1):
        value = re.sub(r"\A *(- +)?([\w-]+:(?= |\Z))? *", "", lines[number].rstrip())
        for is_made, advice in _MISTAKES:
            if value and is_made(lines[number], value):
                return number, advice
    return at, SEE_EXAMPLE


_Check = Callable[[str, str], bool]
"""Takes a line as written, and its value: without dash and key."""

# A text that goes on behind its closing sign, with neither a comment nor a value.
_GOES_ON = r"(?!\s*(?:#.*|:(?: .*)?)?\Z)"
_CLOSED_BY_APOSTROPHE = re.compile(r"'(?:[^']|'')*'" + _GOES_ON)
_CLOSED_BY_QUOTE = re.compile(r'"(?:[^"\\]|\\.)*"' + _GOES_ON + r'.*"\Z')


def _unclosed(opening: str, closing: str) -> _Check:
    return lambda _, value: value.startswith(opening) and value.count(closing) <= (opening == closing)


_MISTAKES: tuple[tuple[_Check, str], ...] = (
    (lambda line, _: "\t" in line, "Remplacez la tabulation par des espaces."),
    (
        lambda line, _: bool(re.match(r" *\*\s", line)),
        "Mettez un tiret « - » au lieu de « * » au début de cette ligne.",
    ),
    (lambda line, _: bool(re.match(r" *-[^\s-]", line)), "Mettez une espace après le tiret."),
    (lambda line, _: bool(re.match(r" *[\w-]+:[^\s/]", line)), "Mettez une espace après les deux-points."),
    (_unclosed('"', '"'), 'Fermez les guillemets : il manque " à la fin.'),
    (
        lambda _, value: bool(_CLOSED_BY_APOSTROPHE.match(value)),
        "L'apostrophe du texte ferme celle du début : " + QUOTE_IT,
    ),
    (
        lambda _, value: bool(_CLOSED_BY_QUOTE.match(value)),
        "Un guillemet droit du texte ferme celui du début : mettez « » à la place de ceux du texte.",
    ),
    (_unclosed("'", "'"), "Fermez l'apostrophe ouverte au début, ou " + QUOTE_IT),
    (
        lambda _, value: value.startswith("[") and bool(re.search(r"[^\s\"'] \?\s*[,\]]", value)),
        "Entre crochets, un texte qui finit par « ? » se met entre guillemets droits, comme "
        '["Combien ?", "Quand ?"] ; ou mettez chaque question sur sa ligne, après un tiret.',
    ),
    (_unclosed("[", "]"), "Fermez le crochet : il manque ] à la fin."),
    (_unclosed("{", "}"), "Fermez l'accolade, ou " + QUOTE_IT),
    (
        lambda _, value: value[:1] in tuple("\"'[{") and not re.search(r"[\"'\]}]\s*(#.*)?\Z", value),
        "Le texte continue après le signe fermant : effacez les guillemets du début, ou "
        "mettez tout le texte entre apostrophes : '…'.",
    ),
    (
        lambda _, value: value[:1] in tuple("*&!@`%|>]},?#"),
        "Un texte ne peut pas commencer par ce signe : " + QUOTE_IT,
    ),
    (lambda _, value: ": " in value or value.endswith(":"), "Si le texte contient deux-points, " + QUOTE_IT),
    (
        lambda line, _: bool(re.match(r"\w[^:]*\Z", line)),
        "Cette ligne n'a ni clé ni tiret : si elle est d'une liste, mettez un tiret devant ; si le texte de la réponse "
        "commence ici, mettez une ligne « --- » avant.",
    ),
)
