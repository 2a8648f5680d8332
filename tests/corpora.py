"""Small corpora for tests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from indexer.records import Acronym, Answer, Facet

ANSWERS = (
    Answer(
        "validite-certificat",
        "Un certificat a une durée de validité de 3 ans. Une notification part 60 jours avant la fin.",
        questions=("Combien de temps un certificat est-il valable ?", "Suis-je prévenu avant la fin ?"),
        facets={"thematique": ("Certificats",)},
        source="FAQ",
    ),
    Answer(
        "code-erreur-905",
        "Le code d'erreur 905 doit être envoyé.",
        questions=("Quel code d'erreur renvoyer ?",),
        facets={"thematique": ("Interopérabilité",), "couloir": ("Hôpital",)},
    ),
    Answer(
        "types-de-bal",
        "Il existe trois types de boîtes aux lettres MSSanté : nominative, organisationnelle et applicative.",
        questions=("Quels types de boîte aux lettres y a-t-il ?",),
        facets={"couloir": ("Officine",)},
    ),
    Answer("sans-question", "L'export des données doit être réalisé sous un format standard et documenté."),
)


@dataclass(frozen=True)
class MemoryCorpus:
    """A corpus that is in no file."""

    entries: Sequence[Answer]
    facets: Sequence[Facet] = ()
    acronyms: Sequence[Acronym] = ()
    off_topic: Sequence[str] = ()

    def answers(self) -> Iterator[Answer]:
        return iter(self.entries)
