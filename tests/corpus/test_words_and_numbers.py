"""Answers that differ in a number alone, asked with the shipped encoder in every way that people write it."""

import pytest

from indexer.encoders.loading import load_encoder
from indexer.index.build import build_index
from indexer.records import Answer
from server.answering.answering import Answering
from tests.corpora import MemoryCorpus

pytestmark = pytest.mark.slow

SENTENCES = {
    "L'aide est versée dans la limite d'un plafond de {} par établissement.": ("10 000 €", "1 000 €", "100 000 €"),
    "L'équipement subventionné coûte au plus {} hors taxes.": ("20000 €", "2000 €", "200 €"),
    "L'hébergement des données de santé relève de l'article {} du code.": ("L. 1111-8", "L. 1111-9", "R. 1111-8"),
    "Les scénarios de test sont décrits dans l'annexe {} du dossier.": ("IV", "IX", "VI"),
    "La version publiée est obligatoire depuis le {} pour les éditeurs.": (
        "1er mars 2025",
        "1er mai 2025",
        "1er mars 2024",
    ),
    "La convention signée avec l'agence dure {} et peut être reconduite.": ("36 mois", "3 mois", "6 mois"),
    "Le rapport est à remettre dans un délai de {} après la visite.": ("3 mois", "3 jours", "13 mois"),
    "Le numéro {} figure sur la fiche de la structure.": ("FINESS", "RPPS", "SIRET"),
    "Le numéro {} est demandé au professionnel à l'inscription.": ("RPPS", "FINESS", "ADELI"),
}
CASES = [
    ("Plafond de 10 000 €", ["plafond 10000 €", "plafond de 10.000 €", "plafond de 10 000 euros"]),
    ("équipement à 20000 €", ["équipement à 20 000 €", "équipement à 20.000 euros"]),
    ("article L. 1111-8", ["article L1111-8", "article L.1111-8", "article L 1111-8"]),
    ("scénarios de l'annexe IV", ["scénarios de l'annexe 4", "scénarios de l'annexe n° 4"]),
    (
        "obligatoire depuis le 1er mars 2025",
        [f"obligatoire depuis le {day}" for day in ("premier mars 2025", "1/3/2025", "01/03/25")],
    ),
    ("convention de 36 mois", ["convention de 36mois"]),
    ("remettre le rapport sous 3 mois", ["remettre le rapport sous 3mois"]),
    ("numéro FINESS de la structure", ["numéro F.I.N.E.S.S. de la structure"]),
    ("numéro RPPS du professionnel", ["numéro R. P. P. S. du professionnel"]),
]


@pytest.fixture(scope="module")
def answering(tmp_path_factory: pytest.TempPathFactory) -> Answering:
    answers = [
        Answer(f"{number}-{place}", sentence.format(value))
        for number, (sentence, values) in enumerate(SENTENCES.items())
        for place, value in enumerate(values)
    ]
    encoder = load_encoder("bundled")
    path = tmp_path_factory.mktemp("numbers") / "index"
    build_index(MemoryCorpus(tuple(answers)), path, encoder=encoder)
    return Answering.open(path, encoder=encoder)


@pytest.mark.parametrize(("alike", "question"), [(alike, question) for alike, others in CASES for question in others])
def test_a_number_is_found_however_it_is_written(answering: Answering, alike: str, question: str) -> None:
    """The right answer comes first, about as sure as for the question written as the answer is."""
    number = [alike for alike, _ in CASES].index(alike)
    same, reply = answering.answer(alike), answering.answer(question)
    assert same.hits[0].answer.id == reply.hits[0].answer.id == f"{number}-0"
    assert reply.confidence > 0.8 * same.confidence


@pytest.mark.parametrize("question", ["convention de 3 ans", "convention de trois ans", "CONVENTION DE 3 ANS"])
def test_three_years_are_thirty_six_months(answering: Answering, question: str) -> None:
    """And not three months, though the encoder finds these nearer."""
    first, second = answering.answer(question).hits[:2]
    assert "36 mois" in first.answer.text
    assert first.confidence > 1.1 * second.confidence


@pytest.mark.parametrize(
    "question", ["numéro RPPS du professionnel", "convention signée avec l'agence", "remettre le rapport"]
)
def test_capitals_change_no_reply(answering: Answering, question: str) -> None:
    """The same answers in the same order, as sure, as in small letters."""
    small, capitals = answering.answer(question.lower()), answering.answer(question.upper())
    assert [(hit.answer.id, hit.confidence) for hit in capitals.hits] == [
        (hit.answer.id, hit.confidence) for hit in small.hits
    ]
