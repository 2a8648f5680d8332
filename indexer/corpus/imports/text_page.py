"""A page of an FAQ saved as text: each answer ends with the line that asks whether it was useful.

Facets and a source are given to the FAQ of the Agence du Numérique en Santé alone, known by its guided search.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from indexer.corpus.slugs import name_of
from indexer.corpus.text_files import read_text_file
from indexer.errors import CorpusError
from indexer.french.text import words_of
from indexer.records import Answer, Problem

CLOSING_LINE = "Cette réponse vous a-t-elle été utile ?"
_CLOSING_WORDS = words_of(CLOSING_LINE)
_GUIDED = re.compile(r"votre question concerne quel.*")
_GUIDED_BY_ANS = re.compile(r"votre question concerne quel.* segur")
_SOURCE = "FAQ des industriels"
_EVIDENCE = {
    "produit": (
        ("MSSanté", r"\bMSSant[ée]\b"),
        ("DMP", r"\bDMP\b"),
        ("INS / INSi", r"\bINSi?\b|\bINSI\b"),
        ("Pro Santé Connect", r"\bPro Santé Connect"),
        ("IGC-Santé", r"\bIGC\b"),
        ("Annuaire Santé, RPPS", r"\bannuaire santé\b|\bRPPS\b"),
        ("Cartes CPx, e-CPS", r"\bCP[SA]\b|\be-CPS\b"),
        ("Labels e-santé", r"\blabels? e-santé\b"),
    ),
    "dispositif": (
        ("DPI", r"\bDPI\b"),
        ("PFI", r"\bPFI\b"),
        ("RIS", r"\bRIS\b"),
    ),
    "thematique": (
        ("Portabilité des données", r"\bexport des données\b"),
        ("Financement", r"\bSONS\b|\bSUN-ES\b"),
        ("Référencement", r"\bréférencement\b"),
        ("INS et identitovigilance", r"\btraits d.identités?\b|\bidentité INS\b"),
        ("Certificats", r"\bcertificats?\b"),
        ("Exigences et preuves", r"\bREM\b|\bDOIT être par défaut\b|\bdoit obligatoirement\b"),
        ("Interopérabilité", r"\bHL7\b|\bhl7v2\b|\bIHE_XDM\b|\bCDA\b"),
    ),
}
"""Facet values, and the words of an answer's own text that support them. Of themes, the first that holds counts."""


def read_text_page(file: Path) -> list[Answer]:
    """Return the answers of a page saved as text, in its order, none twice. CorpusError where it is no such page."""
    text = read_text_file(file)
    if isinstance(text, Problem):
        raise CorpusError([text])
    lines = [line.strip() for line in text.split("\n")]
    is_of_ans = any(_GUIDED_BY_ANS.fullmatch(words_of(line)) for line in lines)
    return [
        Answer(name_of((), text), text, facets=_facets(text), source=_SOURCE)
        if is_of_ans
        else Answer(name_of((), text), text)
        for text in dict.fromkeys(_texts(lines, file))
    ]


def _texts(lines: list[str], file: Path) -> Iterator[str]:
    """Yield what stands between the closing lines, without the guided search above them."""
    closings = [at for at, line in enumerate(lines) if words_of(line) == _CLOSING_WORDS]
    if not closings:
        message = (
            f"aucune ligne « {CLOSING_LINE} » ne sépare ici des réponses : enregistrez la page en .html, le document "
            "en .docx, ou faites-en un tableau à deux colonnes, « Question » et « Réponse »."
        )
        raise CorpusError([Problem(str(file), 1, message)])
    if any(lines[closings[-1] + 1 :]):
        at = next(at for at in range(closings[-1] + 1, len(lines)) if lines[at])
        message = f"ce texte vient après la dernière ligne « {CLOSING_LINE} » : complétez ou retirez-le."
        raise CorpusError([Problem(str(file), at + 1, message)])
    start = 0
    while start < len(lines) and (not lines[start] or _GUIDED.fullmatch(words_of(lines[start]))):
        start += 1
    for closing in closings:
        body = "\n".join(lines[start:closing]).strip()
        if body:
            yield body
        start = closing + 1


def _facets(text: str) -> dict[str, tuple[str, ...]]:
    found = {
        key: tuple(value for value, expression in values if re.search(expression, text, re.IGNORECASE))
        for key, values in _EVIDENCE.items()
    }
    found["thematique"] = found["thematique"][:1]
    return {key: values for key, values in found.items() if values}
