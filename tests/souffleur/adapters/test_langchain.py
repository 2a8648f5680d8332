"""The retriever of LangChain, in chains of the real library."""

import asyncio
from pathlib import Path

import pytest

pytest.importorskip("langchain_core", reason="langchain-core is not installed: pip install -e '.[dev]'")

from langchain_core.documents import Document
from langchain_core.runnables import RunnableLambda

import souffleur
from souffleur.adapters.faq import open_faq
from souffleur.adapters.langchain import SouffleurRetriever
from tests.souffleur.adapters.conftest import ANSWER_ID, OFF_TOPIC, QUESTION

pytestmark = pytest.mark.slow


def test_it_answers_the_question_of_the_readme(source: str, shipped_index: Path) -> None:
    """Text, id and what says how far it may be trusted are those of the library."""
    documents = SouffleurRetriever(source, limit=2).invoke(QUESTION)
    reply = souffleur.open(shipped_index).answer(QUESTION, limit=2)
    assert [document.id for document in documents] == [hit.answer.id for hit in reply.hits]
    first, hit = documents[0], reply.hits[0]
    assert first.id == ANSWER_ID
    assert first.page_content == hit.answer.text
    assert first.metadata["status"] == reply.status == "answered"
    assert first.metadata["confidence"] == round(hit.confidence, 4)
    assert first.metadata["missing"] == []
    assert first.metadata["source"] == hit.answer.source
    assert first.metadata["passage"] == hit.passage.text


def test_it_refuses_where_the_faq_does(source: str) -> None:
    """A chain is given nothing to build on, unless it asks for the nearest."""
    assert SouffleurRetriever(source).invoke(OFF_TOPIC) == []
    nearest = SouffleurRetriever(source, with_refused=True, limit=1).invoke(OFF_TOPIC)
    assert nearest[0].metadata["status"] == "no_answer"
    assert nearest[0].metadata["missing"] == ["Pérou"]


def test_it_is_a_step_of_a_chain(source: str) -> None:
    """Composed, in a batch, and in asyncio."""

    def ids(documents: list[Document]) -> list[str | None]:
        return [document.id for document in documents]

    chain = SouffleurRetriever(source, limit=1, facets={"thematique": ["Certificats"]}) | RunnableLambda(ids)
    assert chain.invoke(QUESTION) == [ANSWER_ID]
    assert chain.batch([QUESTION, OFF_TOPIC]) == [[ANSWER_ID], []]
    assert asyncio.run(chain.ainvoke(QUESTION)) == [ANSWER_ID]


def test_an_unknown_facet_is_told(source: str) -> None:
    """By its name, wherever the FAQ is."""
    with pytest.raises(ValueError, match="tematique"):
        SouffleurRetriever(source, facets={"tematique": ["x"]}).invoke(QUESTION)


@pytest.mark.parametrize("option", [{"limt": 1}, {"search_kwargs": {"k": 1}}])
def test_an_unknown_option_is_told(shipped_index: Path, option: dict[str, object]) -> None:
    """One misspelt, or of another retriever, is not passed over."""
    with pytest.raises(ValueError, match=f"{next(iter(option))}\n  Extra inputs are not permitted"):
        SouffleurRetriever(str(shipped_index), **option)


def test_only_a_server_has_addresses(shipped_index: Path, server_url: str) -> None:
    """The page of an answer is where a server shows it."""
    assert open_faq(shipped_index).address_of("a b") is None
    (document,) = SouffleurRetriever(server_url, limit=1).invoke(QUESTION)
    assert document.metadata["url"] == f"{server_url}/reponses/{ANSWER_ID}"
