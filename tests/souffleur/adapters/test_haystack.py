"""The component of Haystack, in pipelines of the real library."""

from pathlib import Path

import pytest

pytest.importorskip("haystack", reason="haystack-ai is not installed: pip install -e '.[dev]'")

from souffleur.adapters.haystack import SouffleurRetriever  # isort: skip  # before Haystack, as a program should
from haystack import Pipeline
from haystack.components.builders import PromptBuilder

import souffleur
from tests.souffleur.adapters.conftest import ANSWER_ID, OFF_TOPIC, QUESTION

pytestmark = pytest.mark.slow


def pipeline_of(component: SouffleurRetriever) -> Pipeline:
    """Return a pipeline whose prompt has what was found."""
    pipeline = Pipeline()
    pipeline.add_component("faq", component)
    template = "{{ status }}: {% for one in documents %}{{ one.id }} {% endfor %}"
    pipeline.add_component("prompt", PromptBuilder(template, required_variables=["status", "documents"]))
    pipeline.connect("faq.documents", "prompt.documents")
    pipeline.connect("faq.status", "prompt.status")
    return pipeline


def test_it_answers_the_question_of_the_readme(source: str, shipped_index: Path) -> None:
    """Documents, status and confidence are those of the library."""
    found = SouffleurRetriever(source, limit=2).run(QUESTION)
    reply = souffleur.open(shipped_index).answer(QUESTION, limit=2)
    assert [document.id for document in found["documents"]] == [hit.answer.id for hit in reply.hits]
    assert found["documents"][0].id == ANSWER_ID
    assert found["documents"][0].content == reply.hits[0].answer.text
    assert found["documents"][0].meta["source"] == reply.hits[0].answer.source
    assert found["status"] == "answered"
    assert found["confidence"] == round(reply.confidence, 4)
    assert found["missing"] == []


def test_it_refuses_where_the_faq_does(source: str) -> None:
    """The status says so, and there is nothing to build on."""
    found = SouffleurRetriever(source).run(OFF_TOPIC)
    assert (found["documents"], found["status"], found["missing"]) == ([], "no_answer", ["Pérou"])
    assert len(SouffleurRetriever(source, with_refused=True).run(OFF_TOPIC, limit=1)["documents"]) == 1


def test_no_hits_at_all_are_no_default(shipped_index: Path) -> None:
    """As the library says."""
    with pytest.raises(ValueError, match="limit is 0, at least 1 is needed"):
        SouffleurRetriever(str(shipped_index)).run(QUESTION, limit=0)


def test_it_is_a_component_of_a_pipeline_that_can_be_saved(source: str) -> None:
    """What comes out is connected by name; loaded again, the pipeline answers as before."""
    pipeline = pipeline_of(SouffleurRetriever(source, limit=1, facets={"thematique": ["Certificats"]}))
    loaded = Pipeline.loads(pipeline.dumps(), allowed_modules=[SouffleurRetriever.__module__])
    for one in (pipeline, loaded):
        assert one.run({"faq": {"query": QUESTION}})["prompt"]["prompt"].split() == ["answered:", ANSWER_ID]
