"""The query sets in corpus/queries: well formed, large enough, and independent of what the editors wrote."""

import json
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

CORPUS = Path(__file__).parents[2] / "corpus"
KINDS = {"in_scope", "near_domain", "general", "chit_chat"}
STYLES = {
    "formal",
    "colloquial",
    "keywords",
    "situation",
    "paraphrase",
    "typos",
    "no_accents",
    "english",
    "long",
}
LEAST = {"dev": (120, 75, 5), "test": (160, 100, 7)}
"""Set to the least number of in-scope queries, of off-topic queries, and of queries that each answer answers."""

SETS = pytest.mark.parametrize("name", sorted(LEAST))


@dataclass(frozen=True)
class _Query:
    id: str
    text: str
    style: str
    language: str
    kind: str


def _queries(name: str) -> list[_Query]:
    lines = (CORPUS / "queries" / name / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [_Query(id=row["_id"], text=row["text"], **row["metadata"]) for row in rows]


def _judgements(name: str) -> list[tuple[str, str, int]]:
    """Return (query id, answer id, grade), in the order of the file."""
    path = CORPUS / "queries" / name / "qrels" / f"{name}.tsv"
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    assert header == "query-id\tcorpus-id\tscore"
    rows = [line.split("\t") for line in lines]
    return [(query, answer, int(grade)) for query, answer, grade in rows]


def _answer_ids() -> set[str]:
    return {path.stem for path in (CORPUS / "answers").glob("**/*.md")}


def _folded(text: str) -> str:
    """Return *text* without case, accents and punctuation, with œ written out, words parted by one space."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe"))
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(re.findall(r"\w+", bare))


def _words(text: str) -> frozenset[str]:
    return frozenset(_folded(text).split())


def _curated_questions() -> list[str]:
    fronts = (path.read_text(encoding="utf-8").split("---\n")[1] for path in (CORPUS / "answers").glob("**/*.md"))
    return [question for front in fronts for question in yaml.safe_load(front)["questions"]]


@SETS
def test_ids_are_unique_and_texts_are_not_blank(name: str) -> None:
    """Each query has an id of its own, a text of its own and something to read in it."""
    queries = _queries(name)
    folded = [_folded(query.text) for query in queries]
    assert len({query.id for query in queries}) == len(queries)
    assert [text for text, count in Counter(folded).items() if count > 1 or not text] == []


@SETS
def test_kinds_styles_and_languages_are_known(name: str) -> None:
    """Metadata uses the announced words alone, and a style of English is in English."""
    queries = _queries(name)
    assert {query.kind for query in queries} == KINDS
    assert {query.style for query in queries} == STYLES
    assert {query.language for query in queries} == {"fr", "en", "es", "de"}
    assert {query.language for query in queries if query.style == "english"} == {"en"}


@SETS
def test_sets_are_large_enough(name: str) -> None:
    """Each set has enough queries of both sorts, and enough for each answer."""
    in_scope, off_topic, for_each = LEAST[name]
    kinds = Counter(query.kind for query in _queries(name))
    answering = Counter(answer for _, answer, grade in _judgements(name) if grade == 2)
    assert kinds["in_scope"] >= in_scope
    assert kinds.total() - kinds["in_scope"] >= off_topic
    assert {answer for answer in _answer_ids() if answering[answer] < for_each} == set()


@SETS
def test_judgements_name_queries_and_answers_that_exist(name: str) -> None:
    """Each judgement is made once, on a scale of 1 and 2, and names a query and an answer that exist."""
    judgements = _judgements(name)
    assert {answer for _, answer, _ in judgements} <= _answer_ids()
    assert {query for query, _, _ in judgements} <= {query.id for query in _queries(name)}
    assert {grade for _, _, grade in judgements} == {1, 2}
    assert len({(query, answer) for query, answer, _ in judgements}) == len(judgements)


@SETS
def test_in_scope_means_that_an_answer_answers(name: str) -> None:
    """A query is in scope exactly when some answer answers it; an off-topic query has no judgement at all."""
    judgements = _judgements(name)
    in_scope = {query.id for query in _queries(name) if query.kind == "in_scope"}
    assert {query for query, _, grade in judgements if grade == 2} == in_scope
    assert {query for query, _, _ in judgements} == in_scope


@SETS
def test_no_query_copies_the_corpus(name: str) -> None:
    """No query has the very words of a curated or shipped off-topic question, in whatever order, case or accents."""
    shipped = (CORPUS / "hors-sujet.txt").read_text(encoding="utf-8").splitlines()
    known = {_words(text) for text in [*_curated_questions(), *shipped]}
    assert len(known) > 100
    assert [query.id for query in _queries(name) if _words(query.text) in known] == []


def test_dev_and_test_share_no_query() -> None:
    """What is tuned on dev is measured on other words."""
    dev, test = ({_words(query.text) for query in _queries(name)} for name in ("dev", "test"))
    assert dev & test == set()
