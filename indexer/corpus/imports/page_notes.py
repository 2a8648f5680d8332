"""What is said, in French, of a page or a document of which nothing is read, or not all."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from indexer.corpus.imports.page_reading import OF_NUMBERS, PageReading

DOCUMENTS = (".docx", ".docm")
SHOWN = 80
"""Characters that are shown of a question or a title."""
_OR_A_TABLE = "ou passez par un tableau à deux colonnes, « Question » et « Réponse »"


def no_question(file: Path) -> str:
    """Return that no question was recognised in a file, and how to write them."""
    if file.suffix.lower() in DOCUMENTS:
        return (
            "aucune question n'a été reconnue : ce document n'a pas de titre avec un texte dessous, ni de tableau à "
            "deux colonnes dont la première finit par « ? ». Du gras ne suffit pas : donnez à chaque question le style "
            f"« Titre 1 » ou « Titre 2 », {_OR_A_TABLE}."
        )
    return (
        "aucune question n'a été reconnue : ni FAQ balisée (schema.org), ni rubriques à déplier, ni listes de "
        f"définitions, ni titres. Mettez chaque question en titre, {_OR_A_TABLE}."
    )


def not_read(reading: PageReading) -> Iterator[str]:
    """Yield what was seen and is in no answer: titles, pictures, links that lead nowhere from elsewhere."""
    questions = [title for title in reading.left_out if title.rstrip(' »")').endswith("?")]
    others = [title for title in reading.left_out if title not in questions]
    if others:
        yield (
            f"ces titres ont un texte, mais ne finissent pas par « ? » ; ils sont laissés : {_listed(others)}. Pour "
            f"les reprendre, faites-en des questions, {_OR_A_TABLE}."
        )
    if questions:
        yield (
            "ces questions se voient, mais pas là où les autres ont été lues ; elles sont laissées : "
            f"{_listed(questions)}. Pour les reprendre, écrivez-les vous-même, {_OR_A_TABLE}."
        )
    for one in reading.answers:
        yield from (f"« {one.question[:SHOWN]} » : {sentence}" for sentence in one.not_kept)
        for words, address in one.lost_links:
            link = f"« {one.question[:SHOWN]} » : le lien « {words[:SHOWN]} »"
            address = address[:SHOWN]
            scheme = re.match(r"[a-z][a-z0-9+.-]*(?=:)", address, re.IGNORECASE)
            if scheme and scheme[0].lower() in OF_NUMBERS:
                yield f"{link} appelle « {address} » : il n'est pas gardé. Écrivez le numéro dans la réponse."
            elif scheme:
                yield (
                    f"{link} mène à « {address} », qui n'est ni une page ni un courriel : il n'est pas gardé. Écrivez "
                    "dans la réponse comment y aller."
                )
            else:
                yield (
                    f"{link} mène à « {address} », sans adresse entière : il n'est pas gardé. Écrivez-le dans la "
                    "réponse, avec « https:// »."
                )


def _listed(titles: Iterable[str]) -> str:
    return ", ".join(f"« {title[:SHOWN]} »" for title in titles)
