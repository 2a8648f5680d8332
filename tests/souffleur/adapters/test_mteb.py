"""Souffleur as a model of MTEB, on a task of this machine, evaluated by the real library."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("mteb", reason="mteb is not installed: pip install -e '.[dev]'")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import mteb
from datasets import Dataset
from mteb.abstasks import AbsTaskRetrieval
from mteb.abstasks.task_metadata import TaskMetadata
from mteb.types import PromptType

from indexer.corpus.corpus import open_corpus
from souffleur.adapters.mteb import SouffleurEncoder, SouffleurPipeline
from tests.fakes import FakeEncoder
from tests.souffleur.adapters.conftest import ANSWER_ID, QUESTION, ROOT

pytestmark = pytest.mark.slow
_ASKED = {"q1": QUESTION, "q2": "quel code d'erreur faut-il renvoyer"}


class ShippedFaq(AbsTaskRetrieval):
    """The shipped answers without their questions; the README's question and another are asked."""

    metadata = TaskMetadata(
        type="Retrieval",
        name="ShippedFaq",
        description="Answers of a FAQ.",
        main_score="ndcg_at_10",
        dataset={"path": "none", "revision": "none"},
        eval_langs=["fra-Latn"],
        eval_splits=["test"],
        date=("2026-01-01", "2026-01-31"),
        domains=[],
        task_subtypes=[],
        license="mit",
        annotations_creators="derived",
        modalities=["text"],
        sample_creation="created",
        bibtex_citation="",
        dialect=[],
        reference=None,
    )

    def load_data(self, num_proc: int | None = None, **_: Any) -> None:  # noqa: ARG002  # as MTEB calls it
        """Make it of the corpus: nothing is fetched."""
        documents = [
            {"id": f"doc/{one.id}", "title": "", "text": one.text} for one in open_corpus(ROOT / "corpus").answers()
        ]
        split: Any = {
            "corpus": Dataset.from_list(documents),
            "queries": Dataset.from_list([{"id": name, "text": text} for name, text in _ASKED.items()]),
            "relevant_docs": {"q1": {f"doc/{ANSWER_ID}": 1}, "q2": {"doc/code-erreur-905": 1}},
            "top_ranked": None,
        }
        self.dataset = {"default": {"test": split}}
        self.data_loaded = True


@pytest.fixture(autouse=True)
def _quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept in the home of whoever runs the tests."""
    monkeypatch.setenv("MTEB_CACHE", str(tmp_path))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_pipeline_answers_the_question_of_the_readme() -> None:
    """The right answer is first, and MTEB says so."""
    task = ShippedFaq()
    pipeline = SouffleurPipeline()
    result = mteb.evaluate(pipeline, task, cache=None, show_progress_bar=False, co2_tracker=False)
    scores = result.task_results[0].scores["test"][0]
    found = pipeline.search([{"id": "q1", "text": QUESTION}], top_k=3)["q1"]
    assert max(found, key=found.__getitem__) == f"doc/{ANSWER_ID}"
    assert len(found) == 3
    assert scores["recall_at_1"] >= 0.5


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_encoder_alone_is_measured() -> None:
    """MTEB compares the vectors itself; its nearest answer is that of a product of ours."""
    task, encoder = ShippedFaq(), SouffleurEncoder()
    model: Any = encoder  # its protocol wants the arguments of a loader
    result = mteb.evaluate(model, task, cache=None, show_progress_bar=False, co2_tracker=False)
    task.load_data()
    texts = task.dataset["default"]["test"]["corpus"]["text"]
    ids = task.dataset["default"]["test"]["corpus"]["id"]
    nearest = (
        encoder.model.encode_passages(list(texts)) @ encoder.model.encode_questions([*_ASKED.values()]).T
    ).argmax(0)
    right = [ids[nearest[0]] == f"doc/{ANSWER_ID}", ids[nearest[1]] == "doc/code-erreur-905"]
    assert right[0]
    assert result.task_results[0].scores["test"][0]["recall_at_1"] == pytest.approx(np.mean(right))


def test_passages_and_questions_are_encoded_each_as_such() -> None:
    """What MTEB calls a document is a passage, in the order of the batches."""

    class Marked(FakeEncoder):
        def encode_passages(self, texts: Any) -> Any:
            return -super().encode_passages(texts)

    encoder = SouffleurEncoder(Marked())
    batches = [{"text": ["un", "deux"]}, {"text": ["trois"]}]
    plain = FakeEncoder().encode_questions(["un", "deux", "trois"])
    np.testing.assert_array_equal(encoder.encode(batches, prompt_type=PromptType.query), plain)
    np.testing.assert_array_equal(encoder.encode(batches), plain)
    np.testing.assert_array_equal(encoder.encode(batches, prompt_type=PromptType.document), -plain)


def test_given_candidates_are_refused_and_blank_texts_not_found() -> None:
    """A task that only wants them put into an order is told that this cannot be done; public corpora have blanks."""
    pipeline = SouffleurPipeline(FakeEncoder())
    with pytest.raises(ValueError, match="no corpus"):
        pipeline.search([], top_k=1)
    pipeline.index([{"id": "none", "title": "", "text": " "}, {"id": "a", "title": "Prix", "text": "dix euros"}])
    queries = [{"id": "blank", "text": " "}, {"id": "q", "text": "prix"}, {"id": "long", "text": "prix " * 1000}]
    found = pipeline.search(queries, top_k=5)
    assert {name: [*scores] for name, scores in found.items()} == {"blank": [], "q": ["a"], "long": ["a"]}
    with pytest.raises(ValueError, match="candidates"):
        pipeline.search([], top_k=1, top_ranked={})
