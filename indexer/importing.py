"""From a page saved from the site, as text, to one Markdown file an answer. Never overwrites a file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer.entries import Entry, Unreadable
from indexer.errors import CorpusError
from indexer.front_matter import format_markdown_answer, parse_markdown_answer
from indexer.records import Answer, Problem
from indexer.text import fold
from indexer.words import content_words, split_words

CLOSING_LINE = "Cette réponse vous a-t-elle été utile ?"
_GUIDED = re.compile(r"Votre question concerne quel(?:le)? .*\?\s*")
_SOURCE = "FAQ des industriels"
_SLUG_WORDS = 5
_NO_THEME = "divers"

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


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an import did: files made, answers that were there already, and answers left alone with the reason."""

    created: tuple[Path, ...]
    present: tuple[Path, ...]
    left_alone: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{len(self.created)} réponses créées, {len(self.present)} déjà présentes."]
        lines += [f"  créée : {path}" for path in self.created]
        lines += [f"  laissée : {reason}" for reason in self.left_alone]
        return "\n".join(lines)


def import_page(page: Path, folder: Path) -> ImportSummary:
    """Write each answer of *page* that *folder* does not have yet to a file of its own, in the folder of its theme.

    An answer is known by its words, whatever its file is called now and whatever was added around it. CorpusError if
    the page cannot be read as one.
    """
    texts = list(_answers_of(page))
    known = {_words(entry.answer.text): Path(entry.path) for entry in _existing(folder)}
    taken = {path.stem: path for path in folder.rglob("*.md")} if folder.is_dir() else {}
    created: list[Path] = []
    present: list[Path] = []
    left_alone: list[str] = []
    for text in texts:
        at = known.get(_words(text))
        if at is not None:
            present.append(at)
            continue
        slug = _slug(text)
        if slug in taken and taken[slug] not in created:
            left_alone.append(f"« {slug} » : {taken[slug]} porte déjà ce nom avec un autre texte ; comparez-les.")
            continue
        while slug in taken:
            slug += "-bis"
        facets = _facets(text)
        theme = fold(facets["thematique"][0]) if "thematique" in facets else _NO_THEME
        file = folder / re.sub(r"[^a-z0-9]+", "-", theme) / f"{slug}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(format_markdown_answer(Answer(slug, text, facets=facets, source=_SOURCE)))
        created.append(file)
        taken[slug] = known[_words(text)] = file
    return ImportSummary(tuple(created), tuple(present), tuple(left_alone))


def _answers_of(page: Path) -> Iterator[str]:
    """Yield the texts of the answers: what stands between the closing lines, without the guided search."""
    try:
        text = page.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CorpusError([Problem(str(page), 1, f"la page ne peut pas être lue ({error.strerror}).")]) from error
    except UnicodeDecodeError as error:
        message = "la page n'est pas en UTF-8 : enregistrez-la à nouveau en « texte, UTF-8 »."
        raise CorpusError([Problem(str(page), 1, message)]) from error
    *parts, rest = text.replace("\r\n", "\n").replace("\xa0?", " ?").split(CLOSING_LINE)
    if not parts:
        message = (
            f"la page n'a aucune ligne « {CLOSING_LINE} » : est-ce bien une page de la FAQ, enregistrée en texte ?"
        )
        raise CorpusError([Problem(str(page), 1, message)])
    if rest.strip():
        line = text.count("\n", 0, text.rfind(CLOSING_LINE)) + 2
        message = (
            f"le texte après la dernière ligne « {CLOSING_LINE} » n'est d'aucune réponse : complétez ou retirez-le."
        )
        raise CorpusError([Problem(str(page), line, message)])
    for part in parts:
        lines = [line.rstrip() for line in part.strip().split("\n") if not _GUIDED.fullmatch(line.strip())]
        body = "\n".join(lines).strip()
        if body:
            yield body


def _existing(folder: Path) -> Iterator[Entry]:
    for file in sorted(folder.rglob("*.md")) if folder.is_dir() else ():
        entry = parse_markdown_answer(file.read_bytes(), path=str(file))
        if isinstance(entry, Unreadable):
            raise CorpusError(entry.problems)
        yield entry


def _words(text: str) -> str:
    return " ".join(text.split())


def _slug(text: str) -> str:
    """Return the first telling words of an answer, as an address has them."""
    words = [fold(word.surface) for word in content_words(split_words(text[:400]))]
    slug = re.sub(r"[^a-z0-9]+", "-", " ".join(list(dict.fromkeys(words))[:_SLUG_WORDS])).strip("-")
    return slug or "reponse"


def _facets(text: str) -> dict[str, tuple[str, ...]]:
    found = {
        key: tuple(value for value, expression in values if re.search(expression, text, re.IGNORECASE))
        for key, values in _EVIDENCE.items()
    }
    found["thematique"] = found["thematique"][:1]
    return {key: values for key, values in found.items() if values}
