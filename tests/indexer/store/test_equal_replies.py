"""Twenty thousand passages, searched by candidates alone: the same replies from a Milvus as from files."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.index.build import build_index
from indexer.index.index import Index
from indexer.records import Acronym, Answer, Facet
from server.answering.answering import Answering
from tests.corpora import MemoryCorpus
from tests.fakes import FakeEncoder
from tests.stores import Stored, assert_same_replies

pytestmark = pytest.mark.slow

ANSWERS, QUESTIONS_EACH = 5_000, 3
SYLLABLES = ("ba", "cer", "do", "fi", "gran", "lu", "mé", "no", "par", "ri", "so", "ti", "vel", "zon")
_GENERATOR = random.Random(7)
WORDS = sorted({"".join(_GENERATOR.choices(SYLLABLES, k=_GENERATOR.randint(2, 4))) for _ in range(4_000)})
COULOIRS = ("Hôpital", "Officine", "Ville")


def make_sentence(generator: random.Random) -> str:
    # A few words are in many texts, most in few, as in any language.
    words = [WORDS[int(len(WORDS) * generator.random() ** 3)] for _ in range(generator.randint(5, 9))]
    return " ".join(words).capitalize() + "."


def make_answers() -> Iterator[Answer]:
    generator = random.Random(11)
    for number in range(ANSWERS):
        yield Answer(
            f"reponse-{number:05}",
            " ".join(make_sentence(generator) for _ in range(1 + number % 3)) + f" Dossier {number} du code E{number}.",
            questions=tuple(make_sentence(generator)[:-1] + " ?" for _ in range(QUESTIONS_EACH)),
            facets={"couloir": (COULOIRS[number % 3],)} if number % 4 else {},
            former_ids=(f"ancienne-{number}",) if number % 1000 == 0 else (),
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("generated") / "index"
    corpus = MemoryCorpus(
        list(make_answers()),
        facets=(Facet("couloir", "Quel couloir ?", COULOIRS),),
        acronyms=(Acronym("BAF", f"{WORDS[3]} {WORDS[5]}"),),
        off_topic=("Quel temps fait-il ?", "Où manger une pizza ?"),
    )
    manifest = build_index(corpus, path, encoder=FakeEncoder()).manifest
    assert manifest.counts.passages == ANSWERS * (1 + QUESTIONS_EACH)
    return path


@pytest.fixture(scope="module")
def found(folder: Path, stored: Stored) -> Answering:
    return Answering.open(stored(folder), encoder=FakeEncoder())


def make_questions(count: int) -> list[str]:
    """Curated questions with a word changed, sentences, codes, misspelt words, and what nothing has."""
    generator = random.Random(13)
    answers = list(make_answers())
    questions = ["BAF ?", "quelle est la capitale du Pérou", "E4711", "dossier 12 du code E12", "xxxxx yyyyy"]
    while len(questions) < count:
        answer = generator.choice(answers)
        words = generator.choice([*answer.questions, *answer.text.split(". ")]).split()
        words[generator.randrange(len(words))] = generator.choice(WORDS)
        at = generator.randrange(len(words))
        words[at] = words[at][1:] or words[at]
        questions.append(" ".join(words))
    return questions


def test_replies_are_the_same(folder: Path, found: Answering) -> None:
    """Hits, order, scores to 1e-4, confidence, status, what was read of the question, and the facet counts."""
    files = Answering.open(folder, encoder=FakeEncoder())
    assert_same_replies(files, found, make_questions(60))


@pytest.mark.parametrize("values", [("Officine",), ("Hôpital", "Ville")])
def test_filtered_replies_are_the_same(folder: Path, found: Answering, values: tuple[str, ...]) -> None:
    """Nearest passages among those of answers that apply, however few."""
    files = Answering.open(folder, encoder=FakeEncoder())
    assert_same_replies(files, found, make_questions(15), filters={"couloir": values})


def test_everything_else_is_the_same(folder: Path, found: Answering) -> None:
    """What pages and editors ask of an index: answers by id, those that filters leave, counts, suggestions."""
    files, index = Index.open(folder), found.index
    assert len(index) == ANSWERS
    assert index.get_answer("reponse-00017") == files.get_answer("reponse-00017")
    assert index.get_answer('absente" or row >= 0 or key == "') is None
    assert index.current_id("ancienne-3000") == "reponse-03000"
    assert index.count_facets() == files.count_facets()
    filters = {"couloir": ["Ville"]}
    assert index.count_facets(filters) == files.count_facets(filters)
    left, expected = index.answers_left(filters), files.answers_left(filters)
    assert len(left) == len(expected)
    assert [left[0], left[777], left[-1]] == [expected[0], expected[777], expected[-1]]
    assert found.suggest(WORDS[0][:3], limit=5) == Answering.open(folder, encoder=FakeEncoder()).suggest(
        WORDS[0][:3], limit=5
    )
