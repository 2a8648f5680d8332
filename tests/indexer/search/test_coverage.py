"""What of a question an answer knows."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from indexer.index.build import build_index
from indexer.index.index import Found, Index
from indexer.records import Acronym, Advice, Answer, Status
from indexer.search.coverage import COLUMNS, COVERAGE, named_coverage
from indexer.search.verifier import Trees, shipped_verifier
from tests.corpora import MemoryCorpus
from tests.fakes import FakeEncoder

ANSWERS = (
    Answer(
        "code-905",
        "Le code d'erreur 905 doit être renvoyé au médecin.",
        questions=("Quel code d'erreur renvoyer ?", "Que veut dire l'erreur 905 ?"),
    ),
    Answer("bal", "La boîte aux lettres est créée par un gestionnaire.", questions=("Qui crée une BAL ?",)),
    Answer("export", "L'export des données est gratuit pour le logiciel RIS."),
    Answer("certificat", "Le certificat est valable 3 ans.", questions=("Combien de temps est-il valable ?",)),
    Answer(
        "certificat-perdu", "Un certificat perdu est révoqué.", questions=("Mon certificat est perdu, que faire ?",)
    ),
)
CORPUS = MemoryCorpus(ANSWERS, acronyms=(Acronym("BAL", "boîte aux lettres"),))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """A few answers, with the fake encoder."""
    path = tmp_path_factory.mktemp("coverage") / "index"
    build_index(CORPUS, path, encoder=FakeEncoder())
    return Index.open(path)


def ask(index: Index, question: str) -> Found:
    (found,) = index.search([question], FakeEncoder().encode_questions([question]), limit=5)
    return found


def seen(index: Index, question: str, answer_id: str) -> dict[str, float]:
    """Return what is seen of one of the hits, by name."""
    (hit,) = [hit for hit in ask(index, question).hits if hit.answer.id == answer_id]
    return {name.removeprefix(COVERAGE): value for name, value in named_coverage(hit).items()}


@pytest.mark.parametrize(
    ("question", "answer_id", "missing"),
    [
        ("que faire de l'erreur 905", "code-905", ()),
        ("que faire de l'erreur 906", "code-905", ("906",)),
        ("QUE FAIRE DE L'ERREUR 906", "code-905", ("906",)),
        ("l'export du logiciel RIS", "export", ()),
        ("l'export du logiciel LGC", "export", ("LGC",)),
        ("qui crée la BAL", "bal", ()),
        ("qui crée la boîte aux lettres", "bal", ()),
        ("le certificat est valable 4 ans ?", "certificat", ()),
    ],
)
def test_missing_names_what_the_answer_does_not_know(
    index: Index, question: str, answer_id: str, missing: tuple[str, ...]
) -> None:
    """Numbers, codes and acronyms, read out or not; a number of one or two digits may count anything."""
    (hit,) = [hit for hit in ask(index, question).hits if hit.answer.id == answer_id]
    assert hit.missing == missing
    assert hit.status is not Status.ANSWERED or not missing


def test_columns_by_hand(index: Index) -> None:
    """What the question has and the answer has not, and what it asks for."""
    known = seen(index, "quel code d'erreur renvoyer", "code-905")
    assert known["same_words"] == 1
    assert known["covered_any"] == pytest.approx(1)
    assert known["open_unknown"] == known["open_elsewhere"] == 0
    other = seen(index, "le certificat du médecin est gratuit", "code-905")
    assert 0 < other["covered_any"] < 1
    assert other["open_elsewhere"] == pytest.approx(1 - other["covered_any"])
    priced = seen(index, "quel est le prix du certificat", "certificat")
    assert priced["type_asked"] == 1
    assert priced["type_open_any"] == 1
    assert seen(index, "combien de temps le certificat est-il valable", "certificat")["type_open_any"] == 0
    assert seen(index, "le certificat n'est pas perdu", "certificat-perdu")["negation"] == 1


def test_a_synonym_counts_nearly_as_much(index: Index) -> None:
    """A physician for a doctor, from the lines of words that stand for each other."""
    assert seen(index, "le docteur a une erreur", "code-905")["covered_body"] > 0.8


def test_words_of_another_language_count_neither_for_nor_against(index: Index) -> None:
    """Where the small words are foreign, a word that the corpus does not know says nothing."""
    assert seen(index, "how is the export of this thing done", "export")["open_unknown"] == 0
    assert seen(index, "how is the export of this thing 906", "export")["open_numbers"] == 1


def test_a_broad_word_is_said_to_mean_several(index: Index) -> None:
    """No verdict on any of them, and no refusal."""
    found = ask(index, "certificat")
    assert found.advice is Advice.SEVERAL
    assert found.status is Status.UNCERTAIN
    assert ask(index, "certificat perdu révoqué").advice is None
    assert ask(index, "export").advice is None


def test_asked_word_for_word_is_answered_with_any_encoder(index: Index) -> None:
    """An editor says that it is right; nothing else is sure where nothing was taught."""
    assert not index.manifest.calibration.is_calibrated
    found = ask(index, "qui crée une bal")
    assert found.hits[0].answer.id == "bal"
    assert found.status is Status.ANSWERED
    assert found.hits[0].confidence >= 0.99
    assert ask(index, "qui a créé cette boîte").status is not Status.ANSWERED


def test_trees_by_hand() -> None:
    """Each leads from its root to a leaf, and the leaves add up."""
    trees = Trees.of(
        columns=np.array([[0, 0, 0], [1, 0, 0]], dtype=np.int16),
        limits=np.array([[0.2, 0, 0], [0.7, 0, 0]], dtype=np.float32),
        left=np.array([[1, 1, 2], [1, 1, 2]], dtype=np.int16),
        right=np.array([[2, 1, 2], [2, 1, 2]], dtype=np.int16),
        values=np.array([[0, -1, 1], [0, -2, 2]], dtype=np.float32),
        depth=1,
    )
    found = dataclasses.replace(shipped_verifier(), base=0.5, trees=trees)
    rows = np.zeros((3, len(COLUMNS)))
    rows[:, 0], rows[:, 1] = (0.1, 0.3, 0.3), (0.7, 0.7, 0.8)
    coverage = type("Rows", (), {"rows": rows})
    assert found.logits(coverage).tolist() == [0.5 - 1 - 2, 0.5 + 1 - 2, 0.5 + 1 + 2]  # type: ignore[arg-type]  # rows are all that is read


def test_more_covered_never_means_less_sure() -> None:
    """The shipped trees are monotone in what can speak only for an answer."""
    verifier = shipped_verifier()
    generator = np.random.default_rng(0)
    rows = generator.random((200, len(COLUMNS)))
    more = rows.copy()
    for name in ("covered_any", "covered_body", "question", "similarity"):
        more[:, COLUMNS.index(name)] += 0.2
    for name in ("open_unknown", "open_numbers", "type_open_any"):
        more[:, COLUMNS.index(name)] -= 0.2
    few, many = (verifier.logits(type("Rows", (), {"rows": some})) for some in (rows, more))  # type: ignore[arg-type]  # see above
    assert (many >= few - 1e-6).all()


def test_weights_are_small_and_of_these_columns() -> None:
    """They come with the package."""
    import indexer.search.verifier as module

    file = Path(module.__file__).with_name("verifier.npz")
    assert file.stat().st_size < 3_000_000
    with np.load(file) as stored:
        assert tuple(stored["names"].tolist()) == COLUMNS
