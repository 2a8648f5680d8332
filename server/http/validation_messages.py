"""What the framework finds wrong with a request, in French; its own words are English.

Owns the words for each sort of mistake that our requests can have, not where they are told.
"""

from collections.abc import Mapping
from typing import Any

from indexer.errors import Wording

_TEXTS = {
    "missing": "le champ est obligatoire",
    "extra_forbidden": "ce champ n'est pas prévu",
    "string_type": "la valeur doit être un texte",
    "string_unicode": "la valeur doit être un texte en Unicode",
    "string_too_short": "le texte doit compter au moins {min_length} caractère(s)",
    "string_too_long": "le texte doit compter au plus {max_length} caractère(s)",
    "string_pattern_mismatch": "le texte doit avoir la forme {pattern}",
    "int_type": "la valeur doit être un nombre entier",
    "int_parsing": "la valeur doit être un nombre entier",
    "int_parsing_size": "le nombre est trop grand",
    "int_from_float": "la valeur doit être un nombre entier, sans partie décimale",
    "finite_number": "le nombre doit être fini",
    "greater_than_equal": "la valeur doit être au moins {ge}",
    "less_than_equal": "la valeur doit être au plus {le}",
    "bool_type": "la valeur doit être vraie ou fausse",
    "bool_parsing": "la valeur doit être vraie ou fausse",
    "list_type": "la valeur doit être une liste",
    "dict_type": "la valeur doit être un objet",
    "model_type": "la valeur doit être un objet",
    "model_attributes_type": "la valeur doit être un objet avec les champs prévus",
    "too_short": "il en faut au moins {min_length}, et non {actual_length}",
    "too_long": "il en faut au plus {max_length}, et non {actual_length}",
    "too_many_fields": "l'objet a {fields} champs, {most} au plus sont acceptés",
}
"""By the name that pydantic gives a mistake."""
_JSON = {
    "Expecting value": "une valeur est attendue",
    "Expecting property name enclosed in double quotes": "un nom entre guillemets droits est attendu",
    "Expecting ':' delimiter": "un deux-points est attendu",
    "Expecting ',' delimiter": "une virgule est attendue",
    "Extra data": "il reste du texte après la fin",
    "Unterminated string starting at": "un texte n'est pas fermé",
    "Invalid control character at": "un caractère de commande est dans un texte",
    "Invalid \\escape": "une barre oblique inverse n'introduit rien de connu",
    "Invalid \\uXXXX escape": "quatre chiffres hexadécimaux sont attendus après \\u",
    "Illegal trailing comma before end of object": "une virgule est de trop à la fin d'un objet",
    "Illegal trailing comma before end of array": "une virgule est de trop à la fin d'une liste",
}
"""By the words of Python's decoder, of 3.11 to 3.13."""


def mistake(error: Mapping[str, Any]) -> Wording:
    """Return the words for one mistake, as `RequestValidationError.errors` has it."""
    english = str(error["msg"])
    text = _TEXTS.get(error["type"])
    # A sort that is new in a later version of the framework is told in its words rather than not at all.
    return Wording(text.format(**error.get("ctx", {})) if text else f"valeur inacceptable ({english})", english)


def json_mistake(message: str) -> str:
    """Return, in French, what the decoder of JSON found."""
    return next((text for known, text in _JSON.items() if message.startswith(known)), "la syntaxe est fausse")
