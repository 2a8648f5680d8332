"""What `import souffleur` gives, as a program uses it."""

import asyncio
import itertools
import os
import pickle
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import souffleur
from evaluation.records import QuerySetError
from indexer.encoders import loading
from indexer.encoders.bundled.layout import TAUGHT_NAME
from indexer.errors import CorpusError, IndexFolderError, QuestionError, QuestionFault, SouffleurError, Wording
from indexer.index.encoder import keep_adapter
from indexer.index.folder import IndexFolder
from souffleur import Answer, Problem, Status
from souffleur.adapters.faq import open_faq
from souffleur.adapters.served_faq import ServedFaqError
from tests.corpora import ANSWERS
from tests.fakes import FakeEncoder
from tests.stores import connected

HEAVY = ("faiss", "openvino", "fastapi", "torch", "numpy", "sqlite3")


@pytest.fixture(scope="module")
def faq(tmp_path_factory: pytest.TempPathFactory) -> souffleur.Souffleur:
    """Answers from an index that the library built."""
    folder = tmp_path_factory.mktemp("library") / "index"
    encoder = FakeEncoder()
    souffleur.build_index(souffleur.open_corpus(ANSWERS), folder, encoder=encoder)
    return souffleur.open(str(folder), encoder=encoder)


def test_import_loads_nothing() -> None:
    """What reads, encodes or searches comes with the first call that needs it, and no logging or thread is set."""
    code = (
        f"import sys, logging, threading, souffleur; print([name for name in {HEAVY} if name in sys.modules],"
        " logging.getLogger().handlers, threading.active_count())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[] [] 1"


@pytest.mark.parametrize("file", ["server.py", "server/__init__.py", "indexer.py"])
def test_a_module_of_the_program_that_hides_ours_is_named(tmp_path: Path, file: str) -> None:
    """`uvicorn server:app` is how many begin: not a question later, and not as a module that is missing in ours."""
    own = tmp_path / file
    own.parent.mkdir(exist_ok=True)
    own.write_text("import souffleur\n")
    environment = os.environ | {"PYTHONPATH": str(Path(souffleur.__file__).parents[1])}
    command = [sys.executable, "-c", f"import {own.relative_to(tmp_path).parts[0].removesuffix('.py')}"]
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert f"Python finds {own}. Give that module of yours another name" in ended.stderr


def test_every_name_is_there() -> None:
    """What the library promises can be had, and nothing else is made up."""
    for name in souffleur.__all__:
        assert getattr(souffleur, name) is not None
    assert set(dir(souffleur)) == set(souffleur.__all__)
    with pytest.raises(AttributeError, match="no attribute 'bild_index'"):
        souffleur.bild_index  # type: ignore[attr-defined]  # noqa: B018  # that it raises is the test


def test_question_to_answer(faq: souffleur.Souffleur) -> None:
    """A reply names its status, its confidence, and the answers with the passage that matched."""
    reply = faq.answer("Combien de temps un certificat est-il valable ?", limit=2)
    first = reply.hits[0]
    assert first.answer == ANSWERS[0]
    assert len(reply.hits) == 2
    assert reply.confidence == first.confidence
    assert isinstance(reply.status, Status)
    assert first.answer.text[first.passage.start : first.passage.end] == first.passage.text


def test_many_questions_are_answered_as_one_by_one(faq: souffleur.Souffleur) -> None:
    """In their order, with the same hits."""
    questions = ["Quel code d'erreur renvoyer ?", "Quels types de boîte aux lettres y a-t-il ?"]
    many = faq.answer_many(questions)
    for question, reply in zip(questions, many, strict=True):
        alone = faq.answer(question)
        assert [hit.answer.id for hit in reply.hits] == [hit.answer.id for hit in alone.hits]
        assert reply.confidence == pytest.approx(alone.confidence, abs=1e-5)


def test_two_questions_in_one_message(faq: souffleur.Souffleur) -> None:
    """It is said which was answered, and which are to be asked by themselves."""
    first, second = "Combien de temps un certificat est-il valable ?", "Quels types de boîte aux lettres y a-t-il ?"
    reply = faq.answer(f"Bonjour, {first} {second}")
    assert reply.hits[0].answer.id == "validite-certificat"
    assert (reply.asked, reply.also_asked) == (first, (second,))
    assert faq.answer(first).asked is None


def test_unknown_facet_is_a_callers_mistake(faq: souffleur.Souffleur) -> None:
    """It is told, not ignored."""
    with pytest.raises(ValueError, match="produit"):
        faq.answer("certificat", filters={"produit": ["IGC-Santé"]})


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_of_no_hits_is_a_callers_mistake(faq: souffleur.Souffleur, limit: int) -> None:
    """Nothing found would be "no answer", and from the end of a list one would count by a negative number."""
    for ask in (faq.answer, faq.suggest):
        with pytest.raises(ValueError, match=f"limit is {limit}, at least 1 is needed"):
            ask("certificat", limit=limit)
    with pytest.raises(ValueError, match=f"limit is {limit}, at least 1 is needed"):
        faq.answer_many(["certificat"], limit=limit)


def test_one_text_in_place_of_several_is_a_callers_mistake(faq: souffleur.Souffleur) -> None:
    """A type checker does not see it, and each letter would be asked, or looked for among the values of a facet."""
    with pytest.raises(ValueError, match=r"questions is the text 'certificat'; a sequence of texts is needed"):
        faq.answer_many("certificat")
    with pytest.raises(ValueError, match=r"filters\['thematique'\] is the text 'Certificats'.*\['Certificats'\]"):
        faq.answer("certificat", filters={"thematique": "Certificats"})


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({"risk": 5}, "risk is 5; a share from 0 to 1 is needed, such as 0.05"),
        ({"risk": -0.01}, "risk is -0.01"),
        ({"keep": 0}, "keep is 0, at least 1 is needed"),
        ({"memory_megabytes": 0}, "the memory for the vectors is 0 bytes; None is without a bound"),
    ],
)
def test_bounds_of_a_build_are_looked_at_before_it(tmp_path: Path, bounds: dict[str, Any], words: str) -> None:
    """By a risk of 5, meant in percent, whatever is found would be sure; nothing is built, and nothing encoded."""
    encoder = FakeEncoder()
    with pytest.raises(ValueError, match=words):
        souffleur.build_index(souffleur.open_corpus(ANSWERS), tmp_path / "index", encoder=encoder, **bounds)
    assert encoder.encoded == []
    assert not (tmp_path / "index").exists()


def test_question_that_cannot_be_asked_is_told_in_french(faq: souffleur.Souffleur) -> None:
    """The message is for a visitor."""
    with pytest.raises(souffleur.QuestionError, match="question"):
        faq.answer("   ")


def test_asking_from_asyncio(faq: souffleur.Souffleur) -> None:
    """As the documentation says: in a thread, several at once."""

    async def ask() -> list[str]:
        questions = [question for answer in ANSWERS for question in answer.questions]
        replies = await asyncio.gather(*(asyncio.to_thread(faq.answer, question) for question in questions))
        return [reply.hits[0].answer.id for reply in replies]

    assert asyncio.run(ask()) == [answer.id for answer in ANSWERS for _ in answer.questions]


def test_what_an_index_was_taught_is_found_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by the commands: opened, built again or given to a framework, it is asked with the encoder that made it."""
    taught = FakeEncoder(name=TAUGHT_NAME)
    untaught = FakeEncoder()
    monkeypatch.setattr(loading, "load_encoder", lambda _, *, adapter: taught if adapter else untaught)
    corpus = souffleur.open_corpus(ANSWERS)
    souffleur.build_index(corpus, tmp_path, encoder=taught)
    with pytest.raises(souffleur.IndexFolderError, match=f"taught is adapters/{taught.fingerprint[:16]}.npz of"):
        souffleur.open(tmp_path)
    keep_adapter(tmp_path, b"own", fingerprint=taught.fingerprint)
    assert souffleur.open(str(tmp_path)).encoder is taught
    assert souffleur.build_index(corpus, str(tmp_path)).unchanged
    faq = open_faq(tmp_path)
    assert faq.ask("Combien de temps un certificat est-il valable ?", limit=1).hits[0].id == ANSWERS[0].id
    assert souffleur.build_index(corpus, tmp_path, encoder=untaught).manifest.encoder.name == untaught.name
    assert souffleur.open(tmp_path).encoder is untaught


def test_pickling_is_refused_with_the_way_out(faq: souffleur.Souffleur) -> None:
    """It holds threads and open files; another process opens the index itself."""
    with pytest.raises(TypeError, match=r"souffleur\.open"):
        pickle.dumps(faq)


@pytest.mark.parametrize(
    "error",
    [
        QuestionError(QuestionFault.BLANK, Wording("La question est vide.", "The question is blank.")),
        CorpusError([Problem("faq.csv", 1, "vide"), Problem("faq.csv", 2, "deux fois")]),
        QuerySetError([Problem("queries.jsonl", 3, "no text")]),
        IndexFolderError("There is no index."),
        ServedFaqError("refused", type="urn:souffleur:problem:question-blank"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_reaches_the_process_that_waits_for_it(error: SouffleurError) -> None:
    """A pool that cannot make it again is broken by it, or waits for ever."""
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # of Python, from 3.12 on
def test_a_forked_process_is_refused_with_the_way_out(faq: souffleur.Souffleur) -> None:
    """It has not the threads that others were asking in, and would wait for what they began."""
    ended = threading.Event()

    def ask() -> None:
        for number in itertools.count():
            if ended.is_set():
                return
            faq.answer(f"certificat {number}")

    thread = threading.Thread(target=ask)
    thread.start()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        try:
            for forked in (lambda: faq.answer("certificat"), lambda: faq.suggest("certificat", limit=1)):
                with pytest.raises(RuntimeError, match=r"souffleur\.open") as refused:
                    forked()
                os.write(writing, f"{refused.value}\n".encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        told = said.read().splitlines()
    os.waitpid(child, 0)
    ended.set()
    thread.join()
    assert [line.partition(",")[0] for line in told] == [
        "This process was forked from the one that opened the index"
    ] * 2


def test_in_memory_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of answers is enough, and no folder stays."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    faq = souffleur.open_in_memory(
        [Answer("delai", "Le délai est de 3 mois."), Answer("prix", "Le prix est de 10 euros.")], encoder=FakeEncoder()
    )
    assert list(tmp_path.iterdir()) == []
    assert faq.answer("quel est le délai").hits[0].answer.id == "delai"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([], "no answer"),
        ([Answer("a", "x"), Answer("a", "y")], "two answers have the id 'a'"),
        ([Answer("a", " ")], "'a' has no id or no text"),
        ([Answer("a", "x", questions="Quand ?")], r"questions of the answer 'a' is the text 'Quand \?'; a sequence"),  # type: ignore[arg-type]
        ([Answer("a", "x", keywords="délai")], r"keywords of the answer 'a' .* such as \['délai'\]"),  # type: ignore[arg-type]
        ([Answer("a", "x", former_ids="b")], "former_ids of the answer 'a' is the text 'b'"),  # type: ignore[arg-type]
        ([Answer("a", "x", facets={"produit": "DLU"})], r"facets\['produit'\] of the answer 'a' is the text"),  # type: ignore[dict-item]
        ([Answer("a", "x", questions=("Quand ?", " "))], "questions of the answer 'a' has ' ', which is no text"),
        ([Answer("a", "x", questions=(3,))], "questions of the answer 'a' has 3, which is no text"),  # type: ignore[arg-type]
    ],
)
def test_bad_lists_are_refused(answers: list[Answer], words: str) -> None:
    """A caller's mistake is a ValueError that says which."""
    with pytest.raises(ValueError, match=words):
        souffleur.open_corpus(answers)


def test_questions_off_topic_are_a_sequence() -> None:
    """One alone would be taken letter by letter."""
    with pytest.raises(ValueError, match="off_topic is the text 'Bonjour'; a sequence of texts is needed"):
        souffleur.open_corpus([Answer("a", "x")], off_topic="Bonjour")


def test_what_stands_beside_a_folder_is_not_given_twice(tmp_path: Path) -> None:
    """The folder has it in files."""
    with pytest.raises(ValueError, match="read beside the answers"):
        souffleur.open_corpus(tmp_path, off_topic=["Bonjour"])


def test_problems_of_files_come_with_their_line(tmp_path: Path) -> None:
    """As the command `check` lists them."""
    (tmp_path / "faq.jsonl").write_text('{"id": "a", "text": "Oui."}\nnon\n', encoding="utf-8")
    problems = souffleur.check_corpus(tmp_path / "faq.jsonl")
    assert [problem.line for problem in problems] == [2]
    with pytest.raises(souffleur.CorpusError):
        list(souffleur.open_corpus(tmp_path / "faq.jsonl").answers())


def test_an_index_in_a_milvus_is_opened_by_its_address(tmp_path: Path) -> None:
    """It answers as the folder that it was copied from."""
    corpus = souffleur.open_corpus([souffleur.Answer("guichet", "Le guichet ouvre à neuf heures.")])
    souffleur.build_index(corpus, tmp_path / "index", encoder=FakeEncoder())
    address = f"milvus+lite://{tmp_path / 'faq.db'}"
    indexes = connected(address)
    indexes.publish(IndexFolder(tmp_path / "index"), keep=3)
    indexes.close()
    found = souffleur.open(address, encoder=FakeEncoder()).answer("quand ouvre le guichet")
    expected = souffleur.open(tmp_path / "index", encoder=FakeEncoder()).answer("quand ouvre le guichet")
    assert found.hits == expected.hits
    with pytest.raises(ValueError, match="a host is needed"):
        souffleur.open("milvus://", encoder=FakeEncoder())
    with pytest.raises(ValueError, match="an index is built in a folder, and 'milvus://faq' is the address"):
        souffleur.build_index(corpus, "milvus://faq", encoder=FakeEncoder())
