"""What a corpus teaches, and which of its questions may."""

from pathlib import Path

import numpy as np
import pytest

from indexer.corpus import AnswerList
from indexer.index.build import build_index
from indexer.records import Answer
from indexer.search.ranking import SHIPPED_WEIGHTS
from indexer.search.thresholds import ease_of
from indexer.search.verifier import Ease
from tests.fakes import FakeEncoder

_SUBJECTS = ("eau", "gaz", "bois", "fer", "sel", "vin", "lait", "pain", "miel", "riz")
_THINGS = ("facture", "livraison", "contrat", "compteur")


def answers(questions: int, *, of_every: int = 1) -> list[Answer]:
    """Return 40 answers; every so many has so many questions, the others have one."""
    made = []
    for at in range(40):
        subject, thing = _SUBJECTS[at % 10], _THINGS[at // 10]
        wordings = (f"Où est la {thing} de {subject} ?", f"Une {thing} pour le {subject}", f"Ma {thing} : {subject} ?")
        count = questions if at % of_every == 0 else 1
        made.append(Answer(f"r{at}", f"Votre {thing} de {subject} vient chaque mois.", wordings[:count]))
    return made


@pytest.mark.parametrize(
    ("questions", "of_every", "teaches"), [(1, 1, False), (2, 1, False), (3, 1, True), (3, 3, False)]
)
def test_only_answers_with_many_questions_teach(
    tmp_path: Path, questions: int, of_every: int, *, teaches: bool
) -> None:
    """Left without its only question, an answer would teach that curated questions mislead."""
    corpus = AnswerList.of(answers(questions, of_every=of_every), off_topic=("Quel temps fait-il ?", "Bonjour"))
    manifest = build_index(corpus, tmp_path / "index", encoder=FakeEncoder()).manifest
    assert (manifest.ranking != SHIPPED_WEIGHTS) is teaches
    assert manifest.calibration.fitted is teaches


def test_ease_is_the_log_odds_that_were_not_told() -> None:
    """Of first hits right in three of four cases where a half was told, log 3; little is believed of a few."""
    right = np.arange(400) % 4 > 0
    assert ease_of(np.zeros(400), right, mean=0.0, spread=5.0) == pytest.approx(np.log(3), abs=0.01)
    assert 0 < ease_of(np.zeros(4), right[:4], mean=0.0, spread=0.1) < 0.1


def test_no_ease_moves_further_than_those_that_taught() -> None:
    """Beyond the easiest and the hardest FAQ nothing is known."""
    ease = Ease(mean=1.0, spread=1.0, lowest=-1.0, highest=3.0, pull=0.5, rest=0.4)
    assert [ease.moved(at) for at in (-9, -1, 1, 2, 3, 9)] == [-1, -1, 0, 0.5, 1, 1]
