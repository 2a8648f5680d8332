"""The cases of the teaching: each question asked of an index, and what `coverage` sees of its first hit.

From each real question come others: its answer left out, a word swapped, the thing asked for swapped, another style;
from curated ones the same, and themselves word for word; and questions of other FAQs, which are off topic here.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.corpus import AnswerList
from indexer.encoders import Encoder
from indexer.french.intent import types_told
from indexer.french.words import split_words
from indexer.index.build import build_index
from indexer.index.manifest import Manifest
from indexer.records import Answer
from indexer.search.contents import IndexContents
from indexer.search.coverage import COLUMNS, CoverageReader
from indexer.search.evidence import gather_evidence
from indexer.search.features import feature_matrix
from indexer.search.ranking import best_first
from training.styles import restyle
from training.verifier.faqs import Asked, Kind, Shape
from training.verifier.swaps import KnownWords, Stock, swap, swap_what_is_asked

_MOST_ASKED = 330
_MOST_CURATED = 120
_STOCK_NAMES = ("Napoléon", "Mozart", "Airbus", "Renault", "Sorbonne")
_SEEN_HITS = 2
"""How many hits are looked at: whether a question is broad is seen from two."""


@dataclass(frozen=True, slots=True)
class Cases:
    """First hits as columns, shape (cases,), but rows (cases, len(COLUMNS)): what is seen of each.

    right: whether it answers. kinds: `Kind`. curated: see `SHAPES`. missing: whether the answer lacks a word that means
    one thing. broad: whether the question has several answers.
    """

    rows: NDArray[np.float32]
    right: NDArray[np.bool_]
    missing: NDArray[np.bool_]
    broad: NDArray[np.bool_]
    curated: NDArray[np.int64]
    kinds: NDArray[np.str_]
    faq: NDArray[np.str_]
    label: NDArray[np.str_]
    query_set: NDArray[np.str_]
    text: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.right)

    def pick(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Cases":
        """Return some of the cases."""
        return Cases(*(getattr(self, name)[chosen] for name in self.__slots__))

    @classmethod
    def join(cls, some: Sequence["Cases"]) -> "Cases":
        """Return the cases of several shapes together."""
        return cls(*(np.concatenate([getattr(one, name) for one in some]) for name in cls.__slots__))

    def save(self, file: Path) -> None:
        """Write the cases to *file*, a .npz, to be looked into afterwards."""
        np.savez(file, **{name: getattr(self, name) for name in self.__slots__})

    def are(self, *kinds: Kind) -> NDArray[np.bool_]:
        """Return which cases are of one of these kinds."""
        return np.isin(self.kinds, [str(kind) for kind in kinds])


@dataclass(frozen=True, slots=True)
class Built:
    """A shape with its index."""

    shape: Shape
    contents: IndexContents
    manifest: Manifest


def build(shape: Shape, folder: Path, encoder: Encoder) -> Built:
    """Return the index of a shape, made in *folder* where it is not there yet."""
    path = folder / shape.label.replace(" ", "-")
    corpus = AnswerList.of(shape.answers, acronyms=shape.acronyms, off_topic=shape.strays)
    manifest = build_index(corpus, path, encoder=encoder, keep=1).manifest
    contents = IndexContents.load(path / manifest.id, cosine_scale=manifest.cosine_scale)
    return Built(shape, contents, manifest)


def questions_for(shape: Shape, *, strangers: Sequence[str]) -> list[Asked]:
    """Return all questions that are asked of a shape. strangers: questions of other FAQs and of general matters."""
    generator = random.Random(shape.label)
    plain = [one for one in shape.asked if one.kind in (Kind.REAL, Kind.FOREIGN)]
    if len(plain) > _MOST_ASKED:
        # Those of a query set are measured, so all of them are asked.
        named = [one for one in plain if one.query_set]
        plain = named + generator.sample([one for one in plain if not one.query_set], max(0, _MOST_ASKED - len(named)))
    others = [one for one in shape.asked if one.kind not in (Kind.REAL, Kind.FOREIGN)]
    stock = _stock([one.text for one in plain], strangers)
    known = {answer.id: KnownWords.of([answer.text, *answer.questions]) for answer in shape.answers}
    texts = {answer.id: answer.text for answer in shape.answers}
    asked = [*plain, *(_without_answer(one) for one in others)]
    for one in plain:
        asked += _variants(one, generator, stock, known, texts)
    for answer in generator.sample(shape.answers, min(len(shape.answers), _MOST_CURATED)):
        asked += _curated_variants(answer, generator, stock)
        asked += [Asked(question, frozenset([answer.id]), Kind.APART) for question in answer.questions]
    count = min(len(strangers), max(30, len(plain) // 2))
    strays = {*shape.strays}
    asked += [Asked(text, frozenset(), Kind.OFF_TOPIC) for text in generator.sample(strangers, count)]
    return [one for one in asked if one.text not in strays]


def _without_answer(one: Asked) -> Asked:
    return Asked(one.text, frozenset(), one.kind, one.query_set) if one.kind in (Kind.TRAP, Kind.SENTENCE_GONE) else one


def _stock(asked: Sequence[str], strangers: Sequence[str]) -> Stock:
    words = {
        word.surface for text in (*asked, *strangers[:60]) for word in split_words(text) if word.stems
    }  # proper names among them do no harm
    names = {word.surface for text in asked for word in split_words(text)[1:] if word.surface[:1].isupper()}
    return Stock(
        words=sorted(word for word in words if len(word) > 4),
        names=[*sorted(name for name in names if len(name) > 2), *_STOCK_NAMES],
    )


def _variants(
    one: Asked, generator: random.Random, stock: Stock, known: dict[str, KnownWords], texts: dict[str, str]
) -> Iterator[Asked]:
    yield Asked(one.text, one.right, Kind.LEFT_OUT)
    if one.kind is Kind.FOREIGN:
        return
    right = sorted(one.right)
    words = KnownWords(
        frozenset().union(*(known[answer].words for answer in right)),
        frozenset().union(*(known[answer].groups for answer in right)),
    )
    for _, text in swap(one.text, generator, stock, words):
        yield Asked(text, frozenset(), Kind.SWAPPED)
    told = frozenset().union(*(types_told(texts[answer]) for answer in right))
    if other := swap_what_is_asked(one.text, generator, told):
        yield Asked(other, frozenset(), Kind.ASKED_SWAPPED)
    if generator.random() < 0.4:
        yield Asked(restyle(one.text, generator), one.right, Kind.RESTYLED)


def _curated_variants(answer: Answer, generator: random.Random, stock: Stock) -> Iterator[Asked]:
    questions = answer.questions if len(answer.questions) < 3 else generator.sample(answer.questions, 3)
    for question in questions:
        right = frozenset([answer.id])
        yield Asked(question, right, Kind.VERBATIM)
        for _, text in swap(question, generator, stock, None):
            yield Asked(text, frozenset(), Kind.CURATED_SWAPPED)
        if other := swap_what_is_asked(question, generator, types_told(answer.text)):
            yield Asked(other, frozenset(), Kind.ASKED_SWAPPED)
        if generator.random() < 0.5:
            yield Asked(restyle(question, generator), right, Kind.CURATED_RESTYLED)


def ask(built: Built, asked: Sequence[Asked], encoder: Encoder) -> Cases:
    """Return the cases of some questions, those left out where no answer stays."""
    reader = CoverageReader(built.contents)
    vectors = encoder.encode_questions([one.text for one in asked])
    alone = (Kind.LEFT_OUT, Kind.APART)
    together = [at for at, one in enumerate(asked) if one.kind not in alone]
    apart = [at for at, one in enumerate(asked) if one.kind in alone]
    rows = [
        *_ask_some(built, [asked[at] for at in together], vectors[together], reader),
        *(row for at in apart for row in _ask_some(built, [asked[at]], vectors[at : at + 1], reader)),
    ]
    shape = built.shape
    seen, right, missing, broad, of = zip(*rows, strict=True)
    return Cases(
        rows=np.array(seen, dtype=np.float32).reshape(len(rows), len(COLUMNS)),
        right=np.array(right),
        missing=np.array(missing),
        broad=np.array(broad),
        curated=np.full(len(rows), shape.curated),
        kinds=np.array([str(one.kind) for one in of]),
        faq=np.array([shape.faq] * len(rows)),
        label=np.array([shape.label] * len(rows)),
        query_set=np.array([one.query_set for one in of]),
        text=np.array([one.text for one in of]),
    )


_Row = tuple[NDArray[np.float64], bool, bool, bool, Asked]


def _ask_some(
    built: Built, asked: Sequence[Asked], vectors: NDArray[np.float32], reader: CoverageReader
) -> Iterable[_Row]:
    """Yield the first hit of each question; of one that leaves out its answers or itself, alone, of what remains."""
    contents = built.contents
    remaining = iter(asked)
    for comparison in contents.comparer.compare(vectors):
        some = list(islice(remaining, len(comparison)))
        allowed = _all_but(contents, some[0].right) if some[0].kind is Kind.LEFT_OUT else None
        itself = _row_of(contents, some[0]) if some[0].kind is Kind.APART else None
        evidence = gather_evidence(
            contents, [one.text for one in some], comparison, allowed=allowed, left_out_passage=itself
        )
        if not len(evidence.answers):
            continue
        scores = built.manifest.ranking.score(feature_matrix(evidence))
        for at, one in enumerate(some):
            best = best_first(scores[:, at], _SEEN_HITS)
            coverage = reader.read(one.text, evidence, scores, best.tolist(), at=at, left_out=itself)
            first = contents.answers[int(evidence.answers[best[0]])].id
            is_right = first in one.right and one.kind is not Kind.LEFT_OUT
            yield coverage.rows[0], is_right, bool(coverage.missing[0]), coverage.is_broad, one


def _row_of(contents: IndexContents, curated: Asked) -> int:
    """Return the passage that a curated question is."""
    (answer,) = (contents.answers.row_of(answer) for answer in curated.right)
    assert answer is not None, "a curated question is of an answer that is there"
    return int(contents.table.later_rows[answer]) + contents.answers[answer].questions.index(curated.text)


def _all_but(contents: IndexContents, answers: Iterable[str]) -> NDArray[np.bool_]:
    allowed = np.ones(len(contents.answers), dtype=np.bool_)
    rows = [contents.answers.row_of(answer) for answer in answers]
    allowed[[row for row in rows if row is not None]] = False
    return allowed
